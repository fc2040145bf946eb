/* lib/pii/url: the user and password in a URL (RFC 3986, 3.2.1), and whole URLs where they are asked for. */
#include "pii/scan.h"

enum { USERINFO_MAX = 256, HOST_MAX = 253 };

/* colon: of "://". The user and password up to the '@'. */
bool pii_url_credentials_at(const struct pii_text *t, size_t colon, struct pii_span *s)
{
    size_t start = colon + 3, i = start, password = 0;
    if (start < t->floor || start >= t->n)
        return false;
    /* Most URLs stand where no '@' is near. */
    if (memchr(t->p + start, '@', t->n - start < USERINFO_MAX ? t->n - start : USERINFO_MAX) == NULL)
        return false;
    for (; i - start < USERINFO_MAX; i++) {
        unsigned c = pii_byte(t, i);
        if (pii_is_alnum(c) || c == '.')
            continue;
        if (c == '@')
            break;
        if (c <= ' ' || c == 0x7F || memchr("/?#\"'<>\\`[]{}|", (int)c, 14) != NULL)
            return false;
        if (c == ':' && password == 0)
            password = i + 1;
    }
    /* "user:p@ss@host": nobody's host has one, but passwords do. */
    for (size_t k = i + 1; k - start < USERINFO_MAX; k++) {
        unsigned c = pii_byte(t, k);
        if (c == '@' && password != 0)
            i = k;
        else if (!pii_is_alnum(c) && (c == 0 || memchr(".-_~!$&*+=%:", (int)c, 12) == NULL))
            break;
    }
    if (i - start >= USERINFO_MAX || password == 0 || i == password || pii_token_at(t, i + 1) > 0)
        return false;
    /* Placeholders of documents: user:password is as good as none, but who knows. */
    *s = (struct pii_span){ start, i - start, PII_URL_CREDENTIALS, 0.9f };
    return true;
}

/* at: "user:password@tcp(host:3306)/base", as Go's drivers write it. */
bool pii_dsn_at(const struct pii_text *t, size_t at, struct pii_span *s)
{
    static const char *const networks[] = { "tcp(", "tcp6(", "unix(" };
    size_t start = at;
    bool known = false;
    for (size_t k = 0; k < sizeof networks / sizeof *networks; k++) {
        size_t n = strlen(networks[k]);
        known |= t->n - at > n && memcmp(t->p + at + 1, networks[k], n) == 0;
    }
    if (!known)
        return false;
    while (start > t->floor && at - start < USERINFO_MAX && t->p[start - 1] > ' ' &&
           memchr("/\"'`=[]()<>,;", (int)t->p[start - 1], 13) == NULL)
        start--;
    const unsigned char *colon = memchr(t->p + start, ':', at - start);
    if (colon == NULL || colon + 1 == t->p + at || pii_before(t, start) == ']')
        return false;
    *s = (struct pii_span){ start, at - start, PII_URL_CREDENTIALS, 0.9f };
    return true;
}

/* Suffixes that make a bare name a host's: those of countries that aren't also endings of files, and the common others. */
static bool known_suffix(const unsigned char *p, size_t n)
{
    static const char suffixes[] =
        " com org net edu gov mil int info biz name pro mobi asia jobs travel coop aero museum arpa app dev io ai me tv cc ws site "
        "online store shop tech blog cloud xyz club top live news world life today email agency company digital network systems "
        "solutions services media design studio software academy finance bank health care law vip work win one fun space website "
        "page wiki link click eu us uk ca au nz de fr es it nl be lu at ch li pt ie dk se no fi is ee lv lt pl cz sk hu ro bg gr "
        "tr "
        "ru ua by rs hr si ba mk al md ge am az kz uz jp cn kr tw hk sg my th vn ph id in pk bd lk np ir iq il sa ae qa kw om jo "
        "lb "
        "eg ma dz tn ng ke gh za et ug tz zm zw br ar cl co pe ve uy py bo ec mx gt cr pa do cu pr ";
    char low[16];
    if (n < 2 || n > 12)
        return false;
    low[0] = ' ';
    for (size_t i = 0; i < n; i++)
        low[i + 1] = (char)(p[i] | 0x20);
    low[n + 1] = ' ';
    low[n + 2] = '\0';
    return strstr(suffixes, low) != NULL;
}

/* The end of the host name at i, with a suffix of letters; i: none. scheme: any suffix will do. */
static size_t host_end(const struct pii_text *t, size_t i, bool scheme)
{
    size_t start = i, label = i;
    unsigned labels = 0;
    for (;;) {
        unsigned c = pii_byte(t, i);
        if (pii_is_alnum(c) || (c == '-' && i > label) || c == '_') {
            i++;
            continue;
        }
        if (i == label || i - label > 63)
            return start;
        labels++;
        if (c != '.' || !(pii_is_alnum(pii_byte(t, i + 1))))
            break;
        label = ++i;
    }
    bool letters = true;
    for (size_t k = label; k < i; k++)
        letters &= pii_is_letter(t->p[k]);
    bool punycode = i - label > 5 && strncasecmp((const char *)t->p + label, "xn--", 4) == 0;
    if (labels < 2 || !(punycode || (letters && i - label >= 2)) || !(scheme || punycode || known_suffix(t->p + label, i - label)))
        return start;
    return i;
}

/* Port, path, query and fragment from i on; no punctuation at the end. */
static size_t rest_end(const struct pii_text *t, size_t i)
{
    size_t start = i;
    if (pii_byte(t, i) == ':' && pii_is_digit(pii_byte(t, i + 1)))
        for (i++; pii_is_digit(pii_byte(t, i)); i++)
            ;
    unsigned c = pii_byte(t, i);
    if (c != '/' && c != '?' && c != '#')
        return i;
    while ((c = pii_byte(t, i)) > ' ' && c != 0x7F && memchr("\"'<>`\\{}|^", (int)c, 10) == NULL)
        i++;
    while (i > start && memchr(".,;:!?)]", t->p[i - 1], 8) != NULL)
        i--;
    return i;
}

/* colon: of "://". */
bool pii_url_at(const struct pii_text *t, size_t colon, struct pii_span *s)
{
    size_t start = colon;
    while (start > t->floor && colon - start < 16 &&
           (pii_is_alnum(t->p[start - 1]) || t->p[start - 1] == '+' || t->p[start - 1] == '-'))
        start--;
    while (start < colon && !pii_is_letter(t->p[start]))
        start++;
    size_t host = colon + 3;
    if (start == colon)
        return false;
    size_t end = host_end(t, host, true);
    if (end == host)
        return false;
    end = rest_end(t, end);
    *s = (struct pii_span){ start, end - start, PII_URL, 0.6f };
    return true;
}

/* dot: within "example.com"; only the first of a name is looked at. */
bool pii_bare_url_at(const struct pii_text *t, size_t dot, struct pii_span *s)
{
    size_t start = dot;
    while (start > t->floor && dot - start < 64 && (pii_is_alnum(t->p[start - 1]) || t->p[start - 1] == '-'))
        start--;
    unsigned before = pii_before(t, start);
    if (start == dot || dot - start >= 64 || pii_glued_before(t, start) || before == '.' || before == '@' || before == '_' ||
        before == '/' || before == '\\' || before == '-')
        return false;
    size_t end = host_end(t, start, false);
    if (end == start || end - start > HOST_MAX || pii_is_word(pii_byte(t, end)) || pii_byte(t, end) == '@' ||
        pii_byte(t, end) == '(')
        return false;
    end = rest_end(t, end);
    *s = (struct pii_span){ start, end - start, PII_URL, 0.5f };
    return true;
}
