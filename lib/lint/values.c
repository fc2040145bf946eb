/* lib/lint: columns of made-up values: the same row of the same kind has the same value again. */
#include "lint/values.h"

#include <math.h>
#include <stdio.h>

static const char *const usual[] = {
    "plain words",
    "user ada@example.com logged in from 192.0.2.17",
    "+49 30 901820, 4111 1111 1111 1111",
    "2001:db8::17",
    "203.0.113.7",
    "https://www.example.co.uk/a/b?utm_source=x&token=1#f",
    "{\"id\":\"1\",\"n\":[1,2,{\"a\":null}],\"mail\":\"ada@example.com\"}",
    "2026-11-20T10:00:00.123Z INFO  [main] started trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
    "<34>1 2026-11-20T10:00:00Z web su - ID47 - 'su root' failed",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "na\303\257ve caf\303\251 \344\270\255\346\226\207 \360\237\230\200",
    "42",
    "-7.5",
    "2026-11-20",
    "",
};

static const struct {
    const char *name;
    struct str value;
    size_t times; /* repeated */
} hostile[] = {
    { "an empty text", { "", 0 }, 1 },
    { "a NUL", { "\0", 1 }, 1 },
    { "text around a NUL", { "a\0b", 3 }, 1 },
    { "100,000 NULs", { "\0", 1 }, 100000 },
    { "invalid UTF-8", { "\xff\xfe\xc3", 3 }, 1 },
    { "UTF-8 that is cut short", { "caf\xc3", 4 }, 1 },
    { "a surrogate as UTF-8", { "\xed\xa0\x80", 3 }, 1 },
    { "bytes of Latin-1", { "na\xefve", 5 }, 500 },
    { "a newline", { "a\nb", 3 }, 1 },
    { "a newline at the end", { "a\n", 2 }, 1 },
    { "a carriage return", { "a\r\nb", 4 }, 1 },
    { "a tab", { "a\tb", 3 }, 1 },
    { "a backslash", { "a\\b\\", 4 }, 1 },
    { "TabSeparated's NULL as text", { "\\N", 2 }, 1 },
    { "quotes", { "\"'`\"\"", 5 }, 1 },
    { "a comma and a quote", { ",\"", 2 }, 1 },
    { "an opening brace", { "{\"a\":", 5 }, 1 },
    { "10,000 opening brackets", { "[", 1 }, 10000 },
    { "10,000 nested objects", { "{\"a\":", 5 }, 10000 },
    { "a row count of the chunk header", { "65409\n", 6 }, 1 },
    { "blanks", { "  \t ", 4 }, 1 },
    { "a byte order mark", { "\xef\xbb\xbf\x61", 4 }, 1 },
    { "text from right to left", { "\xd7\xa9\xd7\x9c\xe2\x80\xae", 7 }, 1 },
    { "combining marks", { "a\xcc\x81\xcc\x82", 5 }, 2000 },
    { "all control characters", { "\1\2\3\4\5\6\7\x8\xb\xc\xe\xf\x1b\x7f", 14 }, 1 },
    { "percent signs", { "%s%n%999999d", 12 }, 100 },
    { "a shell's words", { "$(exit 1);`exit 1`|&", 20 }, 1 },
    { "a path upwards", { "../../../../etc/passwd", 22 }, 1 },
    { "64 KiB of digits", { "7", 1 }, 65536 },
    { "64 KiB of @", { "@", 1 }, 65536 },
    { "64 KiB of dots", { "a.", 2 }, 32768 },
    { "64 KiB of colons", { "::", 2 }, 32768 },
    { "a number beyond 64 bits", { "99999999999999999999999999", 26 }, 1 },
    { "1 MiB of words", { "mail ada@example.com or call +1 415 555 0132; ", 46 }, 22795 },
};
enum { USUAL = sizeof usual / sizeof *usual, HOSTILE = sizeof hostile / sizeof *hostile, MOMENT = 1795168800 };

size_t values_hostile(void)
{
    return HOSTILE;
}

const char *value_name(uint64_t row)
{
    return hostile[row % HOSTILE].name;
}

bool value_nullable(const struct col *c)
{
    bool any = c->nullable;
    for (size_t i = 0; i < c->n_kids; i++)
        any |= value_nullable(&c->kids[i]);
    return any;
}

static bool type_is(const struct col *c, const char *prefix)
{
    const char *type = strncmp(c->type, "Nullable(", 9) == 0 ? c->type + 9 : c->type;
    return strncmp(type, prefix, strlen(prefix)) == 0;
}

static void put_string(struct col *c, enum values values, uint64_t row)
{
    char text[400];
    size_t k = row % HOSTILE;
    if (values != VALUES_HOSTILE) {
        int n = snprintf(text, sizeof text, "%s", usual[row % USUAL]);
        if (row % 3 == 0)
            n += snprintf(text + n, sizeof text - (size_t)n, " %llu", (unsigned long long)row);
        col_put_str(c, (struct str){ text, (size_t)n });
        return;
    }
    col_put_not_null(c);
    buf_put_varint(&c->data, hostile[k].value.n * hostile[k].times);
    for (size_t i = 0; i < hostile[k].times; i++)
        buf_put_str(&c->data, hostile[k].value);
    c->rows++;
}

static void put_fixed(struct col *c, enum values values, uint64_t row)
{
    unsigned char bytes[16] = { 0 };
    bool is_hostile = values == VALUES_HOSTILE;
    uint64_t v = row % 1000;
    if (type_is(c, "Bool")) {
        v = row & 1;
    } else if (type_is(c, "Enum")) {
        v = c->initial;
    } else if (type_is(c, "Float64")) {
        const double all[] = { 0, -0.0, INFINITY, -INFINITY, NAN, 5e-324, 1.7976931348623157e308, -1e-9 };
        double d = is_hostile ? all[row % 8] : (double)v / 8;
        memcpy(&v, &d, sizeof d);
    } else if (type_is(c, "Float32")) {
        const float all[] = { 0, -0.0F, INFINITY, -INFINITY, NAN, 1e-45F, 3.4e38F, -1e-9F };
        float f = is_hostile ? all[row % 8] : (float)v / 8;
        v = 0;
        memcpy(&v, &f, sizeof f);
    } else if (type_is(c, "DateTime64(")) {
        v = MOMENT + row % 86400;
        for (int digit = atoi(strstr(c->type, "64(") + 3); digit > 0 && digit <= 9; digit--)
            v *= 10;
        v = !is_hostile ? v : row % 3 == 0 ? 0 : row % 3 == 1 ? (uint64_t)-1 : v;
    } else if (type_is(c, "DateTime")) {
        v = is_hostile ? (row % 2 ? UINT32_MAX : 0) : MOMENT + row % 86400;
    } else if (type_is(c, "Date")) {
        v = is_hostile ? row % 2 * 49709 : 20777 + row % 300;
    } else if (is_hostile) {
        const uint64_t all[] = { 0, UINT64_MAX,
                                 (uint64_t)1 << (8 * (c->width < 8 ? c->width : 8) - 1), /* the least of a signed one */
                                 ((uint64_t)1 << (8 * (c->width < 8 ? c->width : 8) - 1)) - 1, 1 };
        v = all[row % 5];
        memset(bytes, row % 5 == 1 ? 0xFF : 0, sizeof bytes);
    }
    memcpy(bytes, &v, sizeof v);
    col_put_fixed(c, bytes);
}

void value_put(struct col *c, enum values values, uint64_t row)
{
    if (values == VALUES_CONSTANT)
        row = 1;
    if (values == VALUES_NULL && c->nullable && row % 3 == 0) {
        col_put_null(c);
        return;
    }
    switch (c->kind) {
    case COL_STRING:
    case COL_LOW:
        put_string(c, values, row);
        break;
    case COL_FIXED:
        put_fixed(c, values, row);
        break;
    case COL_ARRAY:
        for (uint64_t i = 0; i < row % 4; i++)
            value_put(&c->kids[0], values, row + i);
        col_end_array(c);
        break;
    case COL_TUPLE:
        for (size_t i = 0; i < c->n_kids; i++)
            value_put(&c->kids[i], values, row + i);
        col_end_tuple(c);
        break;
    }
}
