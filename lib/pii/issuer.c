/* lib/pii/issuer: tokens that say whose they are: a prefix, a length, an alphabet (as their issuers document them, and scanners of
 * repositories know them); a few that only their parts tell. */
#include "pii/secret.h"

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
    { "glffct-", URLSAFE, 20, 64 },
    { "glwt-", URLSAFE, 20, 64 },
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
    { "sk-", HEX, 32, 32 },
    { "sk-lf-", URLSAFE, 36, 36 },
    { "xai-", ALNUM, 70, 90 },
    { "r8_", ALNUM, 37, 37 },
    { "nvapi-", URLSAFE, 60, 70 },
    { "tgp_v1_", URLSAFE, 40, 60 },
    { "pcsk_", WORD, 60, 75 },
    { "tvly-", URLSAFE, 32, 48 },
    { "lsv2_pt_", WORD, 43, 43 },
    { "lsv2_sk_", WORD, 43, 43 },
    { "api_org_", ALNUM, 34, 34 },
    { "ABSK", BASE64, 109, 272 },
    { "bedrock-api-key-", BASE64, 40, 1200 },
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
    { "FLWSECK_TEST-", ALNUM, 12, 40 },
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
    { "hvr.", URLSAFE, 20, 300 },
    { "dp.ct.", ALNUM, 40, 50 },
    { "dp.sa.", ALNUM, 40, 50 },
    { "dp.scim.", ALNUM, 40, 50 },
    { "dp.audit.", ALNUM, 40, 50 },
    { "dt0c01.", ALNUM, 24, 24 },
    { "dt0s01.", ALNUM, 24, 24 },
    { "sl.", URLSAFE, 100, 2000 },
    { "sha256~", URLSAFE, 43, 43 },
    { "rdme_", ALNUM, 70, 70 },
    { "sm_aat_", ALNUM, 16, 16 },
    { "sm_pat_", ALNUM, 16, 16 },
    { "sm_sat_", ALNUM, 16, 16 },
    { "pnu_", ALNUM, 36, 36 },
    { "tk-us-", URLSAFE, 48, 48 },
    { "ico-", ALNUM, 32, 32 },
    { "p8e-", ALNUM, 32, 32 },
    { "AKCp", ALNUM, 69, 69 },
    { "cmVmd", ALNUM, 59, 59 },
    { "duffel_test_", URLSAFE, 43, 43 },
    { "duffel_live_", URLSAFE, 43, 43 },
    { "fo1_", URLSAFE, 43, 43 },
    { "fm1a_", BASE64, 100, 1000 },
    { "fm1r_", BASE64, 100, 1000 },
    { "fm2_", BASE64, 100, 1000 },
    { "FLWSECK-", HEX, 32, 32 },
    { "s-s4t2ud-", HEX, 64, 64 },
    { "s-s4t2af-", HEX, 64, 64 },
    { "pubkey-", HEX, 32, 32 },
    { "slk_", HEX, 64, 64 },
    { "xsmtpsib-", URLSAFE, 70, 90 },
    { "AQVN", URLSAFE, 35, 38 },
    { "EAAA", URLSAFE, 60, 60 },
    { "EAAM", ALNUM, 100, 300 },
    { "EAAC", ALNUM, 100, 300 },
    { "ATBB", ALNUM, 32, 32 },
    { "sbp_", HEX, 40, 40 },
    { "sb_secret_", WORD, 31, 40 },
    { "nfp_", ALNUM, 36, 40 },
    { "tskey-auth-", URLSAFE, 20, 80 },
    { "tskey-api-", URLSAFE, 20, 80 },
    { "tskey-client-", URLSAFE, 20, 80 },
    { "bkua_", HEX, 40, 40 },
    { "CCIPAT_", WORD, 40, 90 },
    { "CCIPRJ_", WORD, 40, 90 },
    { "CFPAT-", URLSAFE, 43, 43 },
    { "rnd_", ALNUM, 32, 32 },
    { "rootly_", HEX, 64, 64 },
    { "access-production-", URLSAFE, 36, 36 },
    { "access-sandbox-", URLSAFE, 36, 36 },
    { "pat-na1-", URLSAFE, 36, 36 },
    { "pat-eu1-", URLSAFE, 36, 36 },
    { "BBFF-", ALNUM, 30, 30 },
    { "zpka_", WORD, 40, 60 },
    { "eyJrIjoi", BASE64, 70, 400 },
    { "phc_", ALNUM, 43, 43 },
    { "phx_", ALNUM, 43, 48 },
    { "4b1d", ALNUM, 38, 38 },
    { "fw_", ALNUM, 24, 24 },
};

enum { TOKENS = sizeof tokens / sizeof *tokens };

/* Which tokens start with two bytes: chains, so that what starts a UUID or a name costs one look. */
enum { HEADS = 1024 };

static unsigned char head[HEADS], chain[TOKENS]; /* index + 1; 0: the end */

static unsigned pair(unsigned a, unsigned b)
{
    return (a * 37 + b * 5) % HEADS;
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

static size_t alnum_before(const struct pii_text *t, size_t i, size_t max)
{
    size_t end = i;
    while (i > t->floor && end - i <= max && pii_is_alnum(t->p[i - 1]))
        i--;
    return end - i;
}

static size_t run_of(const struct pii_text *t, size_t i, enum set set, size_t max)
{
    size_t n = 0;
    while (n <= max && in_set(pii_byte(t, i + n), set))
        n++;
    return n;
}

/* Behind a prefix that a run of names doesn't hold whole: where that starts, or run. */
static size_t prefix_before(const struct pii_text *t, size_t run)
{
    static const char *const heads[] = { "SG.",    "hvs.",     "hvb.",      "hvr.",    "ya29.",   "dp.pt.", "dp.st.", "dp.ct.",
                                         "dp.sa.", "dp.scim.", "dp.audit.", "dt0c01.", "dt0s01.", "sl.",    "1//",    "sha256~" };
    unsigned last = run > 1 ? pii_before(t, run - 1) : 0;
    if (last == 0 || memchr("Gsbr9tam1l/6", (int)last, 12) == NULL)
        return run;
    for (size_t k = 0; k < sizeof heads / sizeof *heads; k++)
        if (pii_ends_before(t, run, heads[k]) && !pii_is_word(pii_before(t, run - strlen(heads[k]))))
            return run - strlen(heads[k]);
    return run;
}

/* hooks.slack.com/services/T…/B…/…, discord.com/api/webhooks/…/…: the parts behind the address. */
static bool hook_at(const struct pii_text *t, size_t run, struct pii_span *s)
{
    size_t k = run - 1, parts = 0;
    while (k > t->floor && run - k < 64 && parts < 2) {
        k -= alnum_before(t, k, 64);
        if (pii_before(t, k) != '/')
            break;
        parts++;
        if (pii_ends_before(t, k, "/webhooks/") && run_of(t, run, URLSAFE, 80) >= 60)
            return pii_secret_put(s, k, run + run_of(t, run, URLSAFE, 80), 0.9f);
        if (parts < 2)
            k--;
    }
    if (parts != 2 || !pii_ends_before(t, k, "/services/") || (t->p[k] != 'T' && t->p[k] != 'B'))
        return false;
    return pii_secret_put(s, k, run + run_of(t, run, ALNUM, 64), 0.9f);
}

/* Telegram's bots: 123456789:AA… */
static bool telegram_at(const struct pii_text *t, size_t run, struct pii_span *s)
{
    size_t n = run_of(t, run, URLSAFE, 35), digits = 0;
    while (run - 1 - digits > t->floor && digits < 17 && pii_is_digit(t->p[run - 2 - digits]))
        digits++;
    size_t start = run - 1 - digits;
    bool bot = start >= t->floor + 3 && memcmp(t->p + start - 3, "bot", 3) == 0;
    return n == 35 && digits >= 8 && digits <= 16 && (bot || !pii_is_word(pii_before(t, start))) && pii_is_random(t->p + run, n) &&
           pii_secret_put(s, start, run + n, 0.9f);
}

/* What has no prefix: its parts are so long and what stands between them is so particular. A look at one byte or two spares most
 * runs the rest. */
static bool parts_at(const struct pii_text *t, size_t run, struct pii_span *s)
{
    unsigned before = pii_before(t, run), first = t->p[run];
    size_t n;
    if (before == ':')
        return first == 'A' && telegram_at(t, run, s);
    /* Terraform: 14 letters and digits, .atlasv1., 60 to 70 */
    if (before == '.')
        return pii_ends_before(t, run, ".atlasv1.") && alnum_before(t, run - 9, 14) == 14 &&
               (n = run_of(t, run, URLSAFE, 70)) >= 60 && n <= 70 && pii_secret_put(s, run - 23, run + n, 0.95f);
    /* Microsoft's client secrets: three bytes, a digit, Q~, 31 to 34 */
    if (before == '~')
        return pii_ends_before(t, run, "Q~") && run >= t->floor + 6 && pii_is_digit(t->p[run - 3]) &&
               alnum_before(t, run - 2, 4) == 4 && (n = run_of(t, run, URLSAFE, 34)) >= 31 && n <= 34 &&
               pii_is_random(t->p + run, n) && pii_secret_put(s, run - 6, run + n, 0.9f);
    if (pii_is_word(before) || before == '-')
        return false;
    /* Mailchimp: 32 hexadecimal digits, -us12 */
    if (pii_byte(t, run + 33) == 'u' && pii_starts(t, run + 32, "-us") && run_of(t, run, HEX, 32) == 32) {
        n = run_of(t, run + 35, URLSAFE, 2);
        return n >= 1 && n <= 2 && run_of(t, run + 35, ALNUM, 2) == n && pii_is_digit(t->p[run + 35]) &&
               pii_secret_put(s, run, run + 35 + n, 0.85f);
    }
    /* MaxMind: six, 29, _mmk */
    if (pii_byte(t, run + 6) == '_' && pii_byte(t, run + 36) == '_')
        return pii_starts(t, run + 37, "mmk") && run_of(t, run, URLSAFE, 40) == 40 && pii_secret_put(s, run, run + 40, 0.9f);
    /* Airtable: pat, 14, a dot, 64 hexadecimal digits */
    if (first == 'p' && pii_byte(t, run + 17) == '.')
        return pii_starts(t, run, "pat") && run_of(t, run, ALNUM, 17) == 17 && run_of(t, run + 18, HEX, 64) == 64 &&
               pii_secret_put(s, run, run + 82, 0.95f);
    /* Discord's bots: an id, a time and a code; the id is digits in base64. */
    if (first != 'M' && first != 'N' && first != 'O')
        return false;
    n = run_of(t, run, URLSAFE, 28);
    size_t code = run + n + 8, more;
    return n >= 23 && n <= 28 && pii_byte(t, run + n) == '.' && run_of(t, run + n + 1, URLSAFE, 6) == 6 &&
           pii_byte(t, code - 1) == '.' && (more = run_of(t, code, URLSAFE, 38)) >= 27 && more <= 38 &&
           pii_secret_put(s, run, code + more, 0.9f);
}

/* Behind an access key's id its secret, as in a file of them: 40 bytes of base64. */
static size_t aws_secret_end(const struct pii_text *t, size_t end)
{
    size_t i = end;
    while (i - end < 3 && pii_byte(t, i) != 0 && memchr(":,; \t|", (int)t->p[i], 6) != NULL)
        i++;
    size_t n = i > end ? run_of(t, i, BASE64, 40) : 0;
    return n == 40 && pii_is_random(t->p + i, n) ? i + 40 : end;
}

bool pii_issued_at(const struct pii_text *t, size_t run, struct pii_span *s)
{
    size_t edge = run, start = run; /* edge: with the dashes that the run starts with */
    while (edge > t->floor && t->p[edge - 1] == '-')
        edge--;
    unsigned before = pii_before(t, edge);
    if (before == '.' || before == '/' || before == '~') {
        start = prefix_before(t, edge);
        if (start == edge)
            start = run;
    } else {
        edge = run;
    }
    if (before == '/' && start == run && hook_at(t, edge, s))
        return true;
    for (unsigned k = head[pair(t->p[start], pii_byte(t, start + 1))]; k > 0; k = chain[k - 1]) {
        const struct token *token = &tokens[k - 1];
        if (token->prefix[0] != (char)t->p[start] || !pii_starts(t, start, token->prefix))
            continue;
        size_t from = start + strlen(token->prefix), n = run_of(t, from, token->set, token->max), end = from + n;
        if (n < token->min || n > token->max || (token->set != BASE64 && pii_is_word(pii_byte(t, end))) || pii_token_at(t, end) > 0)
            continue;
        if (pii_is_word(pii_before(t, start)))
            continue;
        /* A second part behind a dot: SendGrid, Vault, Dynatrace. */
        if (pii_byte(t, end) == '.' && token->prefix[strlen(token->prefix) - 1] == '.')
            for (end++; in_set(pii_byte(t, end), URLSAFE); end++)
                ;
        if (token->set == UPPER)
            end = aws_secret_end(t, end);
        return pii_secret_put(s, start, end, 0.9f);
    }
    return parts_at(t, edge, s);
}
