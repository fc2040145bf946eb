/* lib/letter: a dead letter as JSON, each payload exact. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "letter/letter.h"

/* Names of the fields in the order of LETTER_JSON_COLUMNS; those in `bytes` may be anything, the others are JSON of ClickHouse's
 * making. */
static const char *const texts[] = { "id",       "source", "class",       "status",    "note",     "origin",
                                     "contract", "topic",  "appended_at", "failed_at", "offspring" };
static const char *const numbers[] = { "partition", "offset", "attempt" };
static const char *const bytes[] = { "key", "payload", "corrected" };
enum {
    N_TEXTS = sizeof texts / sizeof *texts,
    N_NUMBERS = sizeof numbers / sizeof *numbers,
    N_BYTES = sizeof bytes / sizeof *bytes
};
enum { FIELDS = N_TEXTS + N_NUMBERS + 1 + N_BYTES + 1 };

static bool is_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.n - i)) == 0)
            return false;
    return true;
}

/* RFC 4648, with padding. */
static void put_base64(struct buf *b, struct str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;
        v |= left > 1 ? (uint32_t)(unsigned char)s.p[i + 1] << 8 : 0;
        v |= left > 2 ? (uint32_t)(unsigned char)s.p[i + 2] : 0;
        buf_putc(b, digits[v >> 18]);
        buf_putc(b, digits[v >> 12 & 63]);
        buf_putc(b, left > 1 ? digits[v >> 6 & 63] : '=');
        buf_putc(b, left > 2 ? digits[v & 63] : '=');
    }
}

/* "name": "text", or "name_base64": "…" where the bytes are no UTF-8. */
static void put_bytes(struct buf *b, const char *name, struct str s)
{
    bool plain = is_utf8(s);
    buf_printf(b, ",\"%s%s\":", name, plain ? "" : "_base64");
    if (plain) {
        buf_put_json(b, s);
        return;
    }
    buf_putc(b, '"');
    put_base64(b, s);
    buf_putc(b, '"');
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

static void unhex(struct buf *out, struct str hex)
{
    buf_clear(out);
    for (size_t i = 0; i + 1 < hex.n; i += 2)
        buf_putc(out, (char)(digit(hex.p[i]) << 4 | digit(hex.p[i + 1])));
}

static void put_headers(struct buf *b, struct str list)
{
    struct buf text;
    buf_init(&text, 0);
    buf_puts(b, ",\"headers\":[");
    for (bool first = true; list.n > 0; first = false) {
        struct str value = str_cut(&list, ',');
        unhex(&text, str_cut(&value, '='));
        buf_puts(b, first ? "{\"name\":" : ",{\"name\":");
        buf_put_json(b, buf_str(&text));
        unhex(&text, value);
        put_bytes(b, "value", buf_str(&text));
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
    buf_fini(&text);
}

int letter_put_json(struct buf *b, const struct str *f, size_t n)
{
    if (n != FIELDS)
        return -1;
    for (size_t i = 0; i < N_TEXTS; i++) {
        buf_printf(b, "%c\"%s\":", i == 0 ? '{' : ',', texts[i]);
        buf_put_json(b, *f++);
    }
    for (size_t i = 0; i < N_NUMBERS; i++, f++)
        buf_printf(b, ",\"%s\":%.*s", numbers[i], STR_ARG(*f));
    buf_puts(b, ",\"violations\":");
    buf_put_str(b, *f++);
    for (size_t i = 0; i < N_BYTES; i++, f++)
        if (f->n > 0 || strcmp(bytes[i], "payload") == 0)
            put_bytes(b, bytes[i], *f);
    put_headers(b, *f);
    return buf_putc(b, '}');
}
