/* lib/url/idna: UTS 46 by Unicode's properties (libunistring), as section 7 of it derives its table from them; and RFC 3492. */
#include "url/idna.h"

#include <errno.h>
#include <stdint.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/utf8.h"

enum {
    MAPPED_MAX = 32,    /* of one code point: U+FDFA has 18 */
    NAME_MAX_CP = 8192, /* after mapping */
    FOLDS = 4,
};

struct name {
    uint32_t cp[NAME_MAX_CP];
    size_t n;
};

/* What stays itself although case folding or the table of old would change it. */
static bool is_deviation(uint32_t c)
{
    return c == 0xDF || c == 0x3C2 || c == 0x200C || c == 0x200D;
}

/* Format characters that are refused rather than left out. */
static bool is_refused(uint32_t c)
{
    return (c >= 0x200E && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2065 && c <= 0x2069) || c == 0x61C ||
           (c >= 0xE0000 && c <= 0xE00FF) || (c >= 0xE01F0 && c <= 0xE0FFF) || (c >= 0xFFF0 && c <= 0xFFFF);
}

/* The mapping of one code point; SIZE_MAX: it has none, or (errno ENOMEM) there is no memory. */
static size_t map(uint32_t c, uint32_t out[MAPPED_MAX])
{
    if (c < 0x80) {
        out[0] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        return 1;
    }
    if (is_refused(c))
        return SIZE_MAX;
    if (c == 0x3002 || c == 0xFF0E || c == 0xFF61) {
        out[0] = '.';
        return 1;
    }
    if (c == 0x1E9E)
        c = 0xDF;
    if (is_deviation(c) || idna_is_newer(c)) {
        out[0] = c;
        return 1;
    }
    uint32_t folded[MAPPED_MAX];
    size_t n = 1;
    out[0] = c;
    /* A fixed point of folding and NFKC, without what is ignored. */
    for (int i = 0; i < FOLDS; i++) {
        size_t m = MAPPED_MAX, kept = 0;
        uint32_t *room = u32_casefold(out, n, NULL, UNINORM_NFKC, folded, &m);
        if (room != folded) {
            free(room);
            return SIZE_MAX;
        }
        for (size_t k = 0; k < m; k++)
            if (!uc_is_property_default_ignorable_code_point(folded[k]))
                folded[kept++] = folded[k];
        bool same = kept == n && memcmp(out, folded, n * sizeof *out) == 0;
        memcpy(out, folded, kept * sizeof *out);
        n = kept;
        if (same || n == 0)
            break;
    }
    for (size_t k = 0; k < n; k++)
        if (out[k] == '.') /* "⒈" and "…" would part labels */
            return SIZE_MAX;
    return n;
}

static bool is_valid(uint32_t c)
{
    uint32_t mapped[MAPPED_MAX];
    if (c < 0x80)
        return c < 'A' || c > 'Z';
    if (is_deviation(c) || idna_is_newer(c))
        return true;
    if (is_refused(c) || (c >= 0x2FF0 && c <= 0x2FFF) || c == 0x1E9E ||
        uc_is_general_category_withtable(c, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z))
        return false;
    return map(c, mapped) == 1 && mapped[0] == c;
}

/* ---- RFC 3492 ---- */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    for (delta += delta / points; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

static bool punycode_read(const uint32_t *in, size_t n, uint32_t *out, size_t max, size_t *length)
{
    uint32_t code = FIRST, i = 0, bias = BIAS;
    size_t at = 0, written = 0;
    for (size_t k = n; k > 0 && written == 0; k--)
        if (in[k - 1] == '-') {
            written = k - 1;
            at = k;
            break;
        }
    if (written > max)
        return false;
    for (size_t k = 0; k < written; k++)
        out[k] = in[k];
    while (at < n) {
        uint32_t before = i, weight = 1;
        for (uint32_t k = BASE;; k += BASE) {
            if (at >= n)
                return false;
            uint32_t c = in[at++];
            uint32_t digit = c >= 'a' && c <= 'z'   ? c - 'a'
                             : c >= 'A' && c <= 'Z' ? c - 'A'
                             : c >= '0' && c <= '9' ? c - '0' + 26
                                                    : BASE;
            uint32_t t = threshold(k, bias), add;
            if (digit >= BASE || __builtin_mul_overflow(digit, weight, &add) || __builtin_add_overflow(i, add, &i))
                return false;
            if (digit < t)
                break;
            if (__builtin_mul_overflow(weight, BASE - t, &weight))
                return false;
        }
        if (written >= max)
            return false;
        bias = adapt(i - before, (uint32_t)written + 1, before == 0);
        if (__builtin_add_overflow(code, i / (uint32_t)(written + 1), &code) || code > 0x10FFFF ||
            (code >= 0xD800 && code <= 0xDFFF))
            return false;
        i %= (uint32_t)(written + 1);
        memmove(out + i + 1, out + i, (written - i) * sizeof *out);
        out[i++] = code;
        written++;
    }
    *length = written;
    return true;
}

static bool punycode_write(const uint32_t *in, size_t n, struct buf *out)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    uint32_t code = FIRST, delta = 0, bias = BIAS;
    size_t basic = 0, done;
    for (size_t i = 0; i < n; i++)
        if (in[i] < 0x80) {
            buf_putc(out, (char)in[i]);
            basic++;
        }
    if (basic > 0)
        buf_putc(out, '-');
    for (done = basic; done < n; delta++, code++) {
        uint32_t least = UINT32_MAX, step;
        for (size_t i = 0; i < n; i++)
            if (in[i] >= code && in[i] < least)
                least = in[i];
        if (__builtin_mul_overflow(least - code, (uint32_t)done + 1, &step) || __builtin_add_overflow(delta, step, &delta))
            return false;
        code = least;
        for (size_t i = 0; i < n; i++) {
            if (in[i] < code)
                delta++;
            if (in[i] != code)
                continue;
            uint32_t q = delta;
            for (uint32_t k = BASE;; k += BASE) {
                uint32_t t = threshold(k, bias);
                if (q < t)
                    break;
                buf_putc(out, digits[t + (q - t) % (BASE - t)]);
                q = (q - t) / (BASE - t);
            }
            buf_putc(out, digits[q]);
            bias = adapt(delta, (uint32_t)done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return true;
}

/* ---- what a label must hold to ---- */

static bool is_virama(uint32_t c)
{
    return uc_combining_class(c) == UC_CCC_VR;
}

/* RFC 5892, A.1 and A.2: a joiner stands behind a virama, or (U+200C) between letters that join across it. */
static bool joins(const uint32_t *cp, size_t n, size_t at)
{
    if (at > 0 && is_virama(cp[at - 1]))
        return true;
    if (cp[at] == 0x200D)
        return false;
    size_t left = at, right = at + 1;
    int type = UC_JOINING_TYPE_T;
    while (left > 0 && (type = uc_joining_type(cp[left - 1])) == UC_JOINING_TYPE_T)
        left--;
    if (left == 0 || (type != UC_JOINING_TYPE_L && type != UC_JOINING_TYPE_D))
        return false;
    while (right < n && (type = uc_joining_type(cp[right])) == UC_JOINING_TYPE_T)
        right++;
    return right < n && (type == UC_JOINING_TYPE_R || type == UC_JOINING_TYPE_D);
}

static bool is_right_to_left(const uint32_t *cp, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int class = cp[i] < 0x80 ? UC_BIDI_L : uc_bidi_class(cp[i]);
        if (class == UC_BIDI_R || class == UC_BIDI_AL || class == UC_BIDI_AN)
            return true;
    }
    return false;
}

/* RFC 5893, section 2. */
static bool directions_hold(const uint32_t *cp, size_t n)
{
    bool european = false, arabic = false, ends = false;
    if (n == 0)
        return true;
    int first = uc_bidi_class(cp[0]);
    bool right = first == UC_BIDI_R || first == UC_BIDI_AL;
    if (!right && first != UC_BIDI_L)
        return false;
    for (size_t i = 0; i < n; i++) {
        int class = uc_bidi_class(cp[i]);
        switch (class) {
        case UC_BIDI_L:
            if (right)
                return false;
            ends = true;
            break;
        case UC_BIDI_R:
        case UC_BIDI_AL:
            if (!right)
                return false;
            ends = true;
            break;
        case UC_BIDI_AN:
            if (!right)
                return false;
            arabic = ends = true;
            break;
        case UC_BIDI_EN:
            european = ends = true;
            break;
        case UC_BIDI_ES:
        case UC_BIDI_CS:
        case UC_BIDI_ET:
        case UC_BIDI_ON:
        case UC_BIDI_BN:
            ends = false;
            break;
        case UC_BIDI_NSM:
            break;
        default:
            return false;
        }
    }
    return ends && !(right && european && arabic);
}

static bool label_holds(const uint32_t *cp, size_t n)
{
    if (n == 0)
        return true;
    if (uc_is_general_category_withtable(cp[0], UC_CATEGORY_MASK_M))
        return false;
    if (n >= 4 && cp[0] == 'x' && cp[1] == 'n' && cp[2] == '-' && cp[3] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (cp[i] == '.' || !is_valid(cp[i]) || ((cp[i] == 0x200C || cp[i] == 0x200D) && !joins(cp, n, i)))
            return false;
    return true;
}

/* A label that says it is punycode: what it stands for must be such that it can have come from a name. */
static bool encoded_holds(const uint32_t *cp, size_t n, struct name *decoded)
{
    bool ascii = true;
    if (!punycode_read(cp + 4, n - 4, decoded->cp, NAME_MAX_CP, &decoded->n) || decoded->n == 0)
        return false;
    for (size_t i = 0; i < decoded->n; i++)
        ascii = ascii && decoded->cp[i] < 0x80;
    if (ascii)
        return false;
    uint32_t *normal = NULL;
    size_t length = 0;
    normal = u32_normalize(UNINORM_NFC, decoded->cp, decoded->n, NULL, &length);
    bool same = normal != NULL && length == decoded->n && memcmp(normal, decoded->cp, length * sizeof *normal) == 0;
    free(normal);
    return same && label_holds(decoded->cp, decoded->n);
}

/* The name's code points, each mapped. */
static bool map_name(struct str text, struct name *name)
{
    name->n = 0;
    for (size_t i = 0; i < text.n;) {
        size_t n = utf8_length(text.p + i, text.n - i);
        const unsigned char *p = (const unsigned char *)text.p + i;
        if (n == 0)
            return false;
        uint32_t c = n == 1 ? p[0] : n == 2 ? p[0] & 0x1Fu : n == 3 ? p[0] & 0x0Fu : p[0] & 0x07u, mapped[MAPPED_MAX];
        for (size_t k = 1; k < n; k++)
            c = c << 6 | (p[k] & 0x3Fu);
        n = map(c, mapped);
        if (n == SIZE_MAX || n > NAME_MAX_CP - name->n)
            return false;
        memcpy(name->cp + name->n, mapped, n * sizeof *mapped);
        name->n += n;
        i += utf8_length(text.p + i, text.n - i);
    }
    return true;
}

/* One label of the mapped name to out. *right: it is written from right to left. In the first round only that is asked. */
static bool put_label(const uint32_t *cp, size_t n, struct name *decoded, bool bidi, bool *right, struct buf *out)
{
    bool encoded = n >= 4 && cp[0] == 'x' && cp[1] == 'n' && cp[2] == '-' && cp[3] == '-', ascii = true;
    for (size_t i = 0; i < n; i++)
        ascii = ascii && cp[i] < 0x80;
    if (encoded ? !ascii || !encoded_holds(cp, n, decoded) : !label_holds(cp, n))
        return false;
    const uint32_t *text = encoded ? decoded->cp : cp;
    size_t length = encoded ? decoded->n : n;
    *right = *right || is_right_to_left(text, length);
    if (bidi && !(ascii && !encoded) && !directions_hold(text, length)) /* browsers leave labels of ASCII alone: "1.ي" */
        return false;
    if (out == NULL)
        return true;
    if (!ascii) {
        buf_puts(out, "xn--");
        return punycode_write(cp, n, out);
    }
    for (size_t i = 0; i < n; i++)
        buf_putc(out, (char)cp[i]);
    return true;
}

static bool put_labels(const struct name *name, struct name *decoded, bool bidi, bool *right, struct buf *out)
{
    for (size_t from = 0, to; from <= name->n; from = to + 1) {
        for (to = from; to < name->n && name->cp[to] != '.'; to++)
            ;
        if (!put_label(name->cp + from, to - from, decoded, bidi, right, out))
            return false;
        if (to < name->n && out != NULL)
            buf_putc(out, '.');
    }
    return true;
}

bool idna_to_ascii(struct str text, struct buf *out)
{
    const size_t start = out->n;
    bool done = false, right = false;
    if (text.n > IDNA_BYTES)
        return false;
    struct name *name = malloc(2 * sizeof *name);
    if (name == NULL) {
        out->failed = true;
        return false;
    }
    errno = 0;
    size_t n = NAME_MAX_CP;
    if (map_name(text, name)) {
        uint32_t *normal = u32_normalize(UNINORM_NFC, name->cp, name->n, NULL, &n);
        if (normal != NULL && n <= NAME_MAX_CP) {
            memcpy(name->cp, normal, n * sizeof *normal);
            name->n = n;
            done = put_labels(name, name + 1, false, &right, NULL) && put_labels(name, name + 1, right, &right, out);
        }
        free(normal);
    }
    out->failed = out->failed || (!done && errno == ENOMEM);
    free(name);
    if (!done)
        out->n = start;
    return done;
}
