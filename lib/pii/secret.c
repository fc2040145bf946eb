/* lib/pii/secret: what opens doors and says so itself: private keys, tokens of known issuers. */
#include "pii/secret.h"

enum { PEM_MAX = 16384 };

/* Tokens as their issuers write them: a prefix, then so many of a set of bytes. */
enum set { ALNUM, UPPER, HEX, WORD, URLSAFE, BASE64 };

static const struct token {
    const char *prefix;
    enum set set;
    unsigned short min, max; /* bytes behind the prefix */
} tokens[] = {
    /* Amazon Web Services: access key ids */
    { "AKIA", UPPER, 16, 16 },
    { "ASIA", UPPER, 16, 16 },
    { "ABIA", UPPER, 16, 16 },
    { "ACCA", UPPER, 16, 16 },
    { "A3TA", UPPER, 16, 16 },
    { "AROA", UPPER, 16, 17 },
    { "AIDA", UPPER, 16, 17 },
    /* Google */
    { "AIza", URLSAFE, 35, 35 },
    { "GOCSPX-", URLSAFE, 28, 28 },
    { "ya29.", URLSAFE, 20, 400 },
    /* GitHub */
    { "ghp_", ALNUM, 36, 251 },
    { "gho_", ALNUM, 36, 251 },
    { "ghu_", ALNUM, 36, 251 },
    { "ghs_", ALNUM, 36, 251 },
    { "ghr_", ALNUM, 36, 251 },
    { "github_pat_", WORD, 60, 250 },
    /* GitLab */
    { "glpat-", URLSAFE, 20, 300 },
    { "gldt-", URLSAFE, 20, 64 },
    { "glrt-", URLSAFE, 20, 64 },
    { "glrtr-", URLSAFE, 20, 64 },
    { "glcbt-", URLSAFE, 20, 64 },
    { "glptt-", URLSAFE, 20, 64 },
    { "glft-", URLSAFE, 20, 64 },
    { "glsoat-", URLSAFE, 20, 64 },
    { "glagent-", URLSAFE, 20, 64 },
    { "gloas-", URLSAFE, 20, 80 },
    { "glimt-", URLSAFE, 20, 64 },
    { "GR1348941", URLSAFE, 20, 40 },
    /* Slack */
    { "xoxb-", URLSAFE, 10, 250 },
    { "xoxp-", URLSAFE, 10, 250 },
    { "xoxa-", URLSAFE, 10, 250 },
    { "xoxo-", URLSAFE, 10, 250 },
    { "xoxr-", URLSAFE, 10, 250 },
    { "xoxs-", URLSAFE, 10, 250 },
    { "xoxe-", URLSAFE, 10, 250 },
    { "xapp-", URLSAFE, 10, 250 },
    /* Stripe */
    { "sk_live_", ALNUM, 10, 200 },
    { "sk_test_", ALNUM, 10, 200 },
    { "sk_prod_", ALNUM, 10, 200 },
    { "rk_live_", ALNUM, 10, 200 },
    { "rk_test_", ALNUM, 10, 200 },
    { "rk_prod_", ALNUM, 10, 200 },
    { "whsec_", ALNUM, 16, 80 },
    /* registries */
    { "npm_", ALNUM, 36, 36 },
    { "pypi-AgE", URLSAFE, 50, 1000 },
    { "rubygems_", HEX, 48, 48 },
    { "dckr_pat_", URLSAFE, 20, 60 },
    { "dckr_oat_", URLSAFE, 20, 60 },
    { "CLOJARS_", ALNUM, 60, 60 },
    { "oy2", ALNUM, 43, 43 },
    /* language models */
    { "sk-ant-", URLSAFE, 20, 200 },
    { "sk-proj-", URLSAFE, 20, 300 },
    { "sk-svcacct-", URLSAFE, 20, 300 },
    { "sk-admin-", URLSAFE, 20, 300 },
    { "sk-or-v", URLSAFE, 20, 100 },
    { "sk-", ALNUM, 40, 64 },
    { "hf_", ALNUM, 30, 50 },
    { "gsk_", ALNUM, 40, 64 },
    { "pplx-", ALNUM, 40, 64 },
    /* clouds and services */
    { "dop_v1_", HEX, 64, 64 },
    { "doo_v1_", HEX, 64, 64 },
    { "dor_v1_", HEX, 64, 64 },
    { "shpat_", HEX, 32, 32 },
    { "shpss_", HEX, 32, 32 },
    { "shpca_", HEX, 32, 32 },
    { "shppa_", HEX, 32, 32 },
    { "sq0atp-", URLSAFE, 22, 22 },
    { "sq0csp-", URLSAFE, 43, 43 },
    { "SK", HEX, 32, 32 },
    { "key-", HEX, 32, 32 },
    { "dapi", HEX, 32, 32 },
    { "glc_", BASE64, 32, 400 },
    { "glsa_", WORD, 41, 41 },
    { "lin_api_", ALNUM, 40, 40 },
    { "ntn_", ALNUM, 43, 50 },
    { "secret_", ALNUM, 43, 43 },
    { "PMAK-", URLSAFE, 59, 59 },
    { "pul-", HEX, 40, 40 },
    { "NRAK-", ALNUM, 27, 27 },
    { "NRII-", URLSAFE, 32, 32 },
    { "NRJS-", HEX, 19, 19 },
    { "HRKU-", URLSAFE, 36, 64 },
    { "pscale_tkn_", URLSAFE, 32, 64 },
    { "pscale_pw_", URLSAFE, 32, 64 },
    { "pscale_oauth_", URLSAFE, 32, 64 },
    { "sntrys_", BASE64, 40, 500 },
    { "sntryu_", HEX, 64, 64 },
    { "figd_", URLSAFE, 38, 50 },
    { "ATATT3", URLSAFE, 180, 250 },
    { "ATCTT3", URLSAFE, 180, 250 },
    { "LTAI", ALNUM, 16, 26 },
    { "AKID", ALNUM, 32, 40 },
    { "AGE-SECRET-KEY-1", ALNUM, 58, 58 },
    { "FLWSECK_TEST-", HEX, 12, 40 },
    { "EZAK", ALNUM, 54, 54 },
    { "EZTK", ALNUM, 54, 54 },
    { "PRIVATE-TOKEN-", URLSAFE, 16, 64 },
    { "ops_eyJ", BASE64, 200, 2000 },
    { "v1.0-", HEX, 24, 200 },
    { "tfp_", URLSAFE, 40, 60 },
    { "fio-u-", URLSAFE, 64, 64 },
    { "sgp_", WORD, 40, 64 },
    { "shippo_live_", HEX, 40, 40 },
    { "shippo_test_", HEX, 40, 40 },
    { "xkeysib-", URLSAFE, 70, 90 },
    { "SG.", URLSAFE, 20, 64 },
    { "hvs.", URLSAFE, 20, 300 },
    { "hvb.", URLSAFE, 20, 300 },
    { "dp.pt.", ALNUM, 40, 50 },
    { "dp.st.", URLSAFE, 40, 60 },
    { "1//0", URLSAFE, 30, 120 },
};

enum { TOKENS = sizeof tokens / sizeof *tokens };

/* Which tokens start with two bytes: chains, so that what starts a UUID or a name costs one look. */
static unsigned char head[256], chain[TOKENS]; /* index + 1; 0: the end */

static unsigned pair(unsigned a, unsigned b)
{
    return (a * 7 + b * 31) % 256;
}

/* Before main, so that threads only ever read it. */
__attribute__((constructor)) static void index_tokens(void)
{
    _Static_assert(TOKENS < 255, "an index is a byte");
    for (size_t k = TOKENS; k-- > 0;) {
        unsigned slot = pair((unsigned char)tokens[k].prefix[0], (unsigned char)tokens[k].prefix[1]);
        chain[k] = head[slot];
        head[slot] = (unsigned char)(k + 1);
    }
}

static bool in_set(unsigned c, enum set set)
{
    switch (set) {
    case ALNUM:
        return pii_is_alnum(c);
    case UPPER:
        return pii_is_digit(c) || c - 'A' < 26;
    case HEX:
        return pii_hex(c) >= 0;
    case WORD:
        return pii_is_word(c);
    case URLSAFE:
        return pii_is_word(c) || c == '-';
    default:
        return pii_is_word(c) || c == '-' || c == '+' || c == '/' || c == '=';
    }
}

/* Whether a value is one of many: the chance that two of its bytes are the same is under one in seven (in words of a language,
 * repeated fillers and counters it isn't). */
bool pii_is_random(const unsigned char *p, size_t n)
{
    unsigned count[256] = { 0 }, same = 0, digits = 0, letters = 0;
    for (size_t i = 0; i < n; i++) {
        same += 2 * count[p[i]]++ + 1;
        digits += pii_is_digit(p[i]);
        letters += pii_is_letter(p[i]);
    }
    return n * n >= (size_t)same * 7 && digits > 0 && letters > 0;
}

int pii_base64url(unsigned c)
{
    if (pii_is_letter(c))
        return (int)(c >= 'a' ? c - 'a' + 26 : c - 'A');
    if (pii_is_digit(c))
        return (int)(c - '0' + 52);
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* RFC 7515: the header is a JSON object in base64url that has "alg". */
static bool jwt_header(const struct pii_text *t, size_t i, size_t n)
{
    char plain[768];
    size_t length = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (; n > 0 && length < sizeof plain; i++, n--) {
        bits = bits << 6 | (uint32_t)pii_base64url(t->p[i]);
        have += 6;
        if (have >= 8) {
            have -= 8;
            plain[length++] = (char)(bits >> have);
        }
    }
    return length > 0 && plain[0] == '{' && memmem(plain, length, "\"alg\"", 5) != NULL;
}

/* RFC 7519: a header and two more parts in base64url, four where it is encrypted; an unsigned one ends in a dot. */
static size_t jwt_end(const struct pii_text *t, size_t start)
{
    size_t part = start, end = 0;
    for (unsigned parts = 1; parts <= 5; parts++) {
        size_t i = part;
        while (in_set(pii_byte(t, i), URLSAFE))
            i++;
        if (parts == 1 && !jwt_header(t, part, i - part))
            return 0;
        if (i == part && parts != 3 && parts != 2)
            break;
        if (parts >= 2 && i > part)
            end = i;
        if (pii_byte(t, i) != '.')
            break;
        part = i + 1;
    }
    return end;
}

/* run: where 16 bytes of letters, digits, '_' and '-' start. */
bool pii_token_secret_at(const struct pii_text *t, size_t run, struct pii_span *s)
{
    unsigned before = pii_before(t, run);
    size_t start = run;
    if (start < t->floor)
        return false;
    if (pii_starts(t, run, "eyJ")) {
        size_t end = jwt_end(t, run);
        if (end > 0)
            return pii_secret_put(s, run, end, 0.95f);
    }
    if (before == '.' || before == '/') {
        static const char *const heads[] = { "SG.", "hvs.", "hvb.", "ya29.", "dp.pt.", "dp.st.", "1//" };
        for (size_t k = 0; k < sizeof heads / sizeof *heads; k++)
            if (pii_ends_before(t, run, heads[k]) && !pii_is_word(pii_before(t, run - strlen(heads[k]))))
                start = run - strlen(heads[k]);
        /* hooks.slack.com/services/T…/B…/… */
        if (before == '/' && start == run) {
            size_t k = run - 1, parts = 0;
            while (k > t->floor && run - k < 64 && parts < 2) {
                while (k > t->floor && pii_is_alnum(t->p[k - 1]))
                    k--;
                if (pii_before(t, k) != '/')
                    break;
                parts++;
                if (parts < 2)
                    k--;
            }
            if (parts == 2 && pii_ends_before(t, k, "/services/") && (t->p[k] == 'T' || t->p[k] == 'B')) {
                size_t end = run;
                while (pii_is_alnum(pii_byte(t, end)))
                    end++;
                return pii_secret_put(s, k, end, 0.9f);
            }
        }
    }
    for (unsigned k = head[pair(t->p[start], pii_byte(t, start + 1))]; k > 0; k = chain[k - 1]) {
        const struct token *token = &tokens[k - 1];
        if (!pii_starts(t, start, token->prefix))
            continue;
        size_t from = start + strlen(token->prefix), end = from;
        while (end - from <= token->max && in_set(pii_byte(t, end), token->set))
            end++;
        if (end - from < token->min || end - from > token->max || (token->set != BASE64 && pii_is_word(pii_byte(t, end))) ||
            pii_token_at(t, end) > 0)
            continue;
        /* A second part behind a dot: SendGrid, Postman, Vault. */
        if (pii_byte(t, end) == '.' && token->prefix[strlen(token->prefix) - 1] == '.')
            for (end++; in_set(pii_byte(t, end), URLSAFE); end++)
                ;
        if (!pii_is_word(pii_before(t, start)))
            return pii_secret_put(s, start, end, 0.9f);
    }
    /* "Bearer …" */
    if (before == ' ' && run >= 7 && run - 7 >= t->words && strncasecmp((const char *)t->p + run - 7, "bearer", 6) == 0) {
        size_t end = run;
        while (end - run < PII_SECRET_MAX && (in_set(pii_byte(t, end), BASE64) || pii_byte(t, end) == '.'))
            end++;
        if (pii_is_random(t->p + run, end - run))
            return pii_secret_put(s, run, end, 0.7f);
    }
    return false;
}

/* fifth: of five dashes. "-----BEGIN … PRIVATE KEY-----" (RFC 7468, OpenSSH, PGP) up to its end, or the text's. */
bool pii_private_key_at(const struct pii_text *t, size_t fifth, struct pii_span *s)
{
    size_t start = fifth - 4, i = fifth + 1;
    if (start < t->floor || !pii_starts(t, i, "BEGIN "))
        return false;
    bool is_private = false;
    for (i += 5; i - fifth < 60 && (pii_is_alnum(pii_byte(t, i)) || pii_byte(t, i) == ' '); i++)
        is_private |= pii_starts(t, i, " PRIVATE KEY");
    if (!is_private || !pii_starts(t, i, "-----"))
        return false;
    i += 5;
    size_t end = i, stop = t->n - i > PEM_MAX ? i + PEM_MAX : t->n;
    while (i < stop && t->p[i] != '"') {
        if (t->p[i] == '-' && pii_starts(t, i, "-----")) {
            if (!pii_starts(t, i, "-----END "))
                break;
            end = i + 9;
            while (end - i < 60 && (pii_is_alnum(pii_byte(t, end)) || pii_byte(t, end) == ' '))
                end++;
            while (pii_byte(t, end) == '-' && end - i < 70)
                end++;
            return pii_secret_put(s, start, end, 1.0f);
        }
        unsigned c = t->p[i++];
        if (pii_is_alnum(c) || c == '+' || c == '/' || c == '=')
            end = i;
    }
    return pii_secret_put(s, start, end, 0.9f);
}
