/* lib/llm/document: cleaning, folding and cutting of text. */
#include "llm/document.h"

#include <stdlib.h>

#include "base/utf8.h"

static unsigned long decode(const char *p, size_t n)
{
    const unsigned char *s = (const unsigned char *)p;
    return n == 1   ? s[0]
           : n == 2 ? (s[0] & 31UL) << 6 | (s[1] & 63UL)
           : n == 3 ? (s[0] & 15UL) << 12 | (s[1] & 63UL) << 6 | (s[2] & 63UL)
                    : (s[0] & 7UL) << 18 | (s[1] & 63UL) << 12 | (s[2] & 63UL) << 6 | (s[3] & 63UL);
}

/* Unicode's default ignorable code points that no letter of a living script needs in order to be read, and controls. */
static bool is_hidden(unsigned long c)
{
    if (c < 0x20)
        return c != '\t' && c != '\n' && c != '\r' && c != '\f';
    return (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x34F || c == 0x61C || c == 0x115F || c == 0x1160 || c == 0x17B4 ||
           c == 0x17B5 || (c >= 0x180B && c <= 0x180F) || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0x3164 || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || c == 0xFFA0 ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

/* How many of the next bytes are printable ASCII, at least; eight at a time. */
static size_t plain_bytes(const char *p, size_t n)
{
    const uint64_t ones = 0x0101010101010101u;
    size_t i = 0;
    for (uint64_t v; i + sizeof v <= n; i += sizeof v) {
        memcpy(&v, p + i, sizeof v);
        if (((v | (v - ones * 0x20) | (v + ones)) & ones * 0x80) != 0) /* above 0x7F, below 0x20, 0x7F */
            break;
    }
    return i;
}

int llm_document_clean(struct str text, struct buf *out)
{
    if (buf_reserve(out, text.n) < 0)
        return -1;
    size_t kept = 0; /* from here nothing was put yet */
    for (size_t i = 0; i < text.n;) {
        unsigned char c = (unsigned char)text.p[i];
        if (c >= ' ' && c < 0x7F) {
            size_t plain = plain_bytes(text.p + i, text.n - i);
            i += plain > 0 ? plain : 1;
            continue;
        }
        size_t n = utf8_length(text.p + i, text.n - i);
        if (n > 0 && !is_hidden(decode(text.p + i, n))) {
            i += n;
            continue;
        }
        buf_put(out, text.p + kept, i - kept);
        if (n == 0)
            buf_puts(out, "\xEF\xBF\xBD");
        i += n > 0 ? n : 1;
        kept = i;
    }
    return kept < text.n ? buf_put(out, text.p + kept, text.n - kept) : out->failed ? -1 : 0;
}

/* Simple case folding of the alphabets that have case (Latin, Greek, Cyrillic, Armenian). */
static unsigned long fold_case(unsigned long c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3AB && c != 0x3A2) || (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if (c >= 0x531 && c <= 0x556)
        return c + 48;
    if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) ||
        (c >= 0x1E00 && c <= 0x1E95) || (c >= 0x1EA0 && c <= 0x1EFF))
        return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
        return (c & 1) != 0 ? c + 1 : c;
    return c == 0x178 ? 0xFF : c == 0x3C2 ? 0x3C3 : c;
}

/* What a character is compared as; NULL: as itself. */
static const char *fold_shape(unsigned long c)
{
    switch (c) {
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x201B:
    case 0x2032:
    case 0x60:
    case 0xB4:
        return "'";
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x201F:
    case 0x2033:
    case 0xAB:
    case 0xBB:
        return "\"";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
        return "-";
    case 0x2026:
        return "...";
    case 0xFB00:
        return "ff";
    case 0xFB01:
        return "fi";
    case 0xFB02:
        return "fl";
    case 0xFB03:
        return "ffi";
    case 0xFB04:
        return "ffl";
    case 0xDF:
    case 0x1E9E:
        return "ss";
    default:
        return NULL;
    }
}

static bool is_blank(unsigned long c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == ',' || c == ';' || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFFFD;
}

int llm_fold(struct str text, struct folded *out)
{
    /* Nothing becomes more than twice as long as it was (ss for two bytes, ... for three). */
    size_t cap = 2 * text.n + 2;
    buf_init(&out->text, cap + 8);
    out->at = malloc((cap + 1) * sizeof *out->at);
    if (out->at == NULL || buf_reserve(&out->text, cap) < 0) {
        llm_folded_fini(out);
        return -1;
    }
    char *to = out->text.p;
    size_t n = 0;
    bool blank = true; /* none at the beginning */
    for (size_t i = 0; i < text.n;) {
        unsigned char byte = (unsigned char)text.p[i];
        if (byte > ' ' && byte < 0x7F && byte != ',' && byte != ';' && byte != '`') { /* the most, without all that follows */
            to[n] = (char)fold_case(byte);
            out->at[n++] = (uint32_t)i++;
            blank = false;
            continue;
        }
        size_t length = utf8_length(text.p + i, text.n - i);
        unsigned long c = length > 0 ? decode(text.p + i, length) : 0xFFFD;
        const char *shape;
        char bytes[4];
        size_t put = 0;
        if (length == 0)
            length = 1;
        if (is_blank(c)) {
            bytes[0] = ' ';
            put = blank ? 0 : 1;
        } else if (is_hidden(c)) {
            i += length;
            continue;
        } else if ((shape = fold_shape(c)) != NULL) {
            put = strlen(shape);
            memcpy(bytes, shape, put);
        } else {
            put = utf8_encode(bytes, fold_case(c));
        }
        for (size_t k = 0; k < put; k++) {
            to[n] = bytes[k];
            out->at[n++] = (uint32_t)i;
        }
        blank = is_blank(c);
        i += length;
    }
    while (n > 0 && to[n - 1] == ' ')
        n--;
    out->text.n = n;
    out->at[n] = (uint32_t)text.n;
    return 0;
}

void llm_folded_fini(struct folded *f)
{
    buf_fini(&f->text);
    free(f->at);
    f->at = NULL;
}

/* How good a place it is to cut before byte i: 6 between pages … 0 within a character. */
static int cut_quality(struct str text, size_t i)
{
    const char *p = text.p;
    if (i == 0 || i >= text.n)
        return 0;
    if (p[i - 1] == '\f')
        return 6;
    if (p[i - 1] == '\n') {
        bool paragraph = i >= 2 && (p[i - 2] == '\n' || (i >= 3 && p[i - 2] == '\r' && p[i - 3] == '\n'));
        return paragraph ? (p[i] == '#' ? 6 : 5) : 4;
    }
    if (p[i - 1] == ' ')
        return i >= 2 && strchr(".!?:;", p[i - 2]) != NULL ? 3 : 2;
    return ((unsigned char)p[i] & 0xC0) != 0x80 ? 1 : 0;
}

struct str llm_document_part(struct str text, size_t from, size_t bytes)
{
    size_t left = text.n - from;
    if (left == 0) /* an empty text may be at NULL */
        return (struct str){ text.p, 0 };
    if (left <= bytes)
        return (struct str){ text.p + from, left };
    /* Of the last third the best place, and of equal ones the last. */
    size_t best = from + bytes;
    int quality = -1;
    for (size_t i = from + bytes; i > from + bytes - bytes / 3 && i > from; i--) {
        int q = cut_quality(text, i);
        if (q > quality) {
            quality = q;
            best = i;
        }
    }
    return (struct str){ text.p + from, best - from };
}

size_t llm_document_overlap(struct str text, struct str part)
{
    size_t start = (size_t)(part.p - text.p), end = start + part.n, best = end;
    if (end >= text.n)
        return text.n;
    for (size_t i = end - 1, quality = 1; i > end - part.n / 10 && i > start; i--)
        if ((size_t)cut_quality(text, i) > quality) {
            quality = (size_t)cut_quality(text, i);
            best = i;
        }
    return best;
}
