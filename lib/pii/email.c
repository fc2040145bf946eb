/* lib/pii/email: e-mail addresses (RFC 5321, 5322; 6531 for other scripts), from the '@' outwards. */
#include "base/utf8.h"
#include "pii/scan.h"

enum { LOCAL_MAX = 128, LABEL_MAX = 63, DOMAIN_MAX = 253 }; /* a standard local part has 64, some senders write more */

/* Of RFC 5322's atext what people's addresses have; '=', '/', '?', '&', '{', '|', '`' part fields where logs and URLs hold one. */
static bool local_byte(unsigned c)
{
    return pii_is_word(c) || c == '.' || c == '-' || c == '+' || c == '%' || c == '\'' || c == '!' || c == '#' || c == '$' ||
           c == '*' || c == '~' || c == '^';
}

/* Whether the code point whose n bytes start at p is a letter for our purpose: no punctuation, no space. */
static bool foreign_letter(const unsigned char *p, size_t n)
{
    if (n == 2)
        return !(p[0] == 0xC2 && p[1] != 0xAA && p[1] != 0xB5 && p[1] != 0xBA) && !(p[0] == 0xC3 && (p[1] == 0x97 || p[1] == 0xB7));
    if (n == 4)
        return p[0] == 0xF0 && p[1] >= 0xA0; /* ideographs; not emoji */
    if (p[0] == 0xE2 || p[0] == 0xEE)
        return false; /* punctuation, symbols, private use */
    if (p[0] == 0xE3 && p[1] == 0x80)
        return p[2] >= 0x85 && p[2] <= 0x87;
    return p[0] != 0xEF; /* full-width forms and the replacement character */
}

/* The start of the well-formed foreign letter that ends before i, or i. */
static size_t foreign_before(const struct pii_text *t, size_t floor, size_t i)
{
    for (size_t back = 2; back <= 4 && back <= i - floor; back++) {
        const unsigned char *p = t->p + i - back;
        if ((*p & 0xC0) == 0x80)
            continue;
        return utf8_length((const char *)p, back) == back && foreign_letter(p, back) ? i - back : i;
    }
    return i;
}

/* Where the local part starts that ends at `at`; `at` if there is none. */
static size_t local_start(const struct pii_text *t, size_t at)
{
    size_t stop = at > LOCAL_MAX ? at - LOCAL_MAX : 0;
    if (stop < t->floor)
        stop = t->floor;
    size_t i = at;
    bool ascii = false;
    while (i > stop) {
        unsigned c = t->p[i - 1];
        if (c < 0x80) {
            /* VERP: bounces+1-user=example.com@host names the user before the '='. */
            if (c == '=' && i - 1 > stop && memchr(t->p + i, '.', at - i) != NULL) {
                size_t k = i - 1;
                bool plus = false;
                while (k > stop && local_byte(t->p[k - 1]))
                    plus |= t->p[--k] == '+';
                if (plus && pii_is_alnum(t->p[i - 2])) {
                    i = k;
                    break;
                }
            }
            if (!local_byte(c))
                break;
            ascii = true;
            i--;
            continue;
        }
        size_t k = foreign_before(t, stop, i);
        /* Ideographs right before an ASCII address are the sentence around it. */
        if (k == i || (ascii && i - k >= 3 && t->p[k] >= 0xE2))
            break;
        i = k;
    }
    if (i == stop && i > t->floor && i > 0 && (local_byte(t->p[i - 1]) || t->p[i - 1] >= 0x80))
        return at; /* longer than any address */
    while (i < at && t->p[i] < 0x80 && !pii_is_word(t->p[i]))
        i++;
    return i;
}

/* "a quoted local part"@host; a text that is JSON can't hold one unescaped. */
static size_t quoted_start(const struct pii_text *t, size_t at)
{
    if (t->json || at < t->floor + 3 || t->p[at - 1] != '"')
        return at;
    size_t stop = at - 1 > LOCAL_MAX ? at - 1 - LOCAL_MAX : 0;
    if (stop < t->floor)
        stop = t->floor;
    for (size_t i = at - 1; i > stop; i--) {
        unsigned c = t->p[i - 1];
        if (c == '"')
            return i < at - 1 && !pii_is_word(pii_before(t, i - 1)) && pii_token_before(t, i - 1) == 0 &&
                           (i < 2 || t->p[i - 2] != '\\')
                       ? i - 1
                       : at;
        if (c < ' ' || c == 0x7F || c == '@' || c == '<' || c == '>' || c == ',' || c == '[')
            break;
    }
    return at;
}

/* What ends in these is no address but a unit, a file, an image at another resolution. */
static bool is_file_suffix(const unsigned char *p, size_t n)
{
    static const char *const suffixes[] = {
        "service", "socket", "target", "timer", "mount", "slice", "scope", "device", "swap", "png",  "jpg", "jpeg", "gif",
        "svg",     "webp",   "avif",   "ico",   "css",   "js",    "mjs",   "ts",     "json", "html", "htm", "php",  "txt",
        "log",     "xml",    "yml",    "yaml",  "conf",  "java",  "class", "jar",    "tgz",  "gz",   "dll", "exe",  "cpp",
    };
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (strlen(suffixes[i]) == n && strncasecmp(suffixes[i], (const char *)p, n) == 0)
            return true;
    return false;
}

/* Whether the bytes can be a top-level domain: letters of any script, or punycode. */
static bool top_level(const unsigned char *p, size_t n)
{
    if (n >= 6 && strncasecmp((const char *)p, "xn--", 4) == 0)
        return true;
    if (n < 2)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!pii_is_letter(p[i]) && p[i] < 0x80)
            return false;
    return !is_file_suffix(p, n);
}

/* The end of the domain that starts at i; i if there is none. */
static size_t domain_end(const struct pii_text *t, size_t i)
{
    size_t start = i, label = i, good = start;
    unsigned labels = 0;
    bool foreign = false;
    for (;;) {
        unsigned c = pii_byte(t, i);
        size_t step = 0;
        /* After ideographs ASCII is the next thing, as in "公司192.0.2.1". */
        bool after = i > label && i - start >= 3 && t->p[i - 1] >= 0x80 && t->p[i - 2] >= 0x80 && t->p[i - 3] >= 0xE0;
        if ((pii_is_alnum(c) && !after) || (c == '-' && i > label)) {
            step = 1;
        } else if (c >= 0x80) {
            size_t n = utf8_length((const char *)t->p + i, t->n - i);
            /* An ASCII domain ends where a sentence in ideographs goes on. */
            if (n > 1 && foreign_letter(t->p + i, n) && (foreign || n == 2 || i == label || t->p[i] < 0xE2)) {
                step = n;
                foreign = true;
            }
        }
        if (step > 0) {
            i += step;
            if (i - label > LABEL_MAX || i - start > DOMAIN_MAX)
                return start;
            continue;
        }
        size_t end = i;
        while (end > label && t->p[end - 1] == '-')
            end--;
        if (end == label)
            break;
        if (labels++ > 0 && top_level(t->p + label, end - label))
            good = end;
        else
            good = start;
        if (end != i || c != '.' || i == t->n)
            break;
        unsigned next = pii_byte(t, i + 1);
        if (!pii_is_alnum(next) && next < 0x80)
            break;
        label = ++i;
    }
    /* What goes on as one of our tokens went on as something else before: it wasn't the end then. */
    while (pii_byte(t, i) == '-' || pii_byte(t, i) == '.')
        i++;
    return pii_token_at(t, i) > 0 ? start : good;
}

/* [192.0.2.1] or [IPv6:2001:db8::1] after the '@'. */
static size_t literal_end(const struct pii_text *t, size_t i)
{
    size_t end = i + 1;
    while (end < t->n && end - i < 64 && t->p[end] != ']')
        end++;
    if (pii_byte(t, end) != ']')
        return i;
    struct str inside = { (const char *)t->p + i + 1, end - i - 1 };
    if (inside.n > 5 && strncasecmp(inside.p, "IPv6:", 5) == 0)
        inside.p += 5, inside.n -= 5;
    unsigned char address[16];
    return pii_address_parse(inside, address) != 0 ? end + 1 : i;
}

bool pii_email_at(const struct pii_text *t, size_t at, size_t width, struct pii_span *s)
{
    size_t domain = at + width;
    unsigned next = pii_byte(t, domain);
    if (at <= t->floor || (!pii_is_alnum(next) && next < 0x80 && next != '['))
        return false;
    size_t end = next == '[' ? literal_end(t, domain) : domain_end(t, domain);
    if (end == domain)
        return false;
    size_t start = local_start(t, at);
    if (start == at)
        start = quoted_start(t, at);
    if (start == at)
        return false;
    *s = (struct pii_span){ start, end - start, PII_EMAIL, 0.95f };
    return true;
}
