/* lib/pii/secret: what opens doors and says so itself: private keys, tokens of known issuers. */
#include "pii/secret.h"

enum { PEM_MAX = 16384 };

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

static bool url_safe(unsigned c)
{
    return pii_is_word(c) || c == '-';
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
        while (url_safe(pii_byte(t, i)))
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
    if (run < t->floor)
        return false;
    if (pii_starts(t, run, "eyJ")) {
        size_t end = jwt_end(t, run);
        if (end > 0)
            return pii_secret_put(s, run, end, 0.95f);
    }
    if (pii_issued_at(t, run, s))
        return true;
    /* "Bearer …" */
    if (before == ' ' && run >= 7 && run - 7 >= t->words && strncasecmp((const char *)t->p + run - 7, "bearer", 6) == 0) {
        size_t end = run;
        while (end - run < PII_SECRET_MAX &&
               (url_safe(pii_byte(t, end)) || (pii_byte(t, end) != 0 && memchr("+/=.", (int)pii_byte(t, end), 4) != NULL)))
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
