/* shim/param: holds a value from a URL to the ClickHouse type that it will be bound as. */
#include "shim/param.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum kind { KIND_INTEGER, KIND_FLOAT, KIND_BOOL, KIND_STRING, KIND_UUID, KIND_DATE, KIND_TIME, KIND_NONE };

__extension__ typedef __int128 wide;

struct type {
    enum kind kind;
    wide low, high; /* KIND_INTEGER; KIND_DATE in days, KIND_TIME in ticks of 10^-scale seconds, both since 1970 */
    int scale;
    bool single;
};

static const struct {
    const char *name;
    int bits; /* negative: signed */
} integers[] = {
    { "UInt8", 8 }, { "UInt16", 16 }, { "UInt32", 32 }, { "UInt64", 64 },
    { "Int8", -8 }, { "Int16", -16 }, { "Int32", -32 }, { "Int64", -64 },
};

static const wide powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t days_of(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static void date_of(int64_t days, int *y, int *m, int *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = (int)(yoe + era * 400 + (*m <= 2));
}

/* The type inside Nullable(…) or LowCardinality(…). */
static struct str bare(const char *type)
{
    struct str t = str_trim(str_of(type));
    for (;;) {
        struct str inner = t;
        if (str_starts(t, STR("Nullable(")))
            inner.p += 9, inner.n -= 9;
        else if (str_starts(t, STR("LowCardinality(")))
            inner.p += 15, inner.n -= 15;
        else
            return t;
        if (!str_ends(inner, STR(")")))
            return t;
        inner.n--;
        t = str_trim(inner);
    }
}

/* "3", "3, 'UTC'", "'UTC'", "": the arguments of DateTime and DateTime64. -1 where the zone isn't UTC. */
static int time_arguments(struct str s, int *scale)
{
    while (s.n > 0) {
        struct str a = str_trim(str_cut(&s, ','));
        if (a.n == 1 && a.p[0] >= '0' && a.p[0] <= '9' && scale != NULL)
            *scale = a.p[0] - '0';
        else if (!str_eq(a, STR("'UTC'")))
            return -1;
    }
    return 0;
}

static struct type type_of(const char *name)
{
    struct str t = bare(name);
    struct type out = { .kind = KIND_NONE };
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        if (!str_eq(t, str_of(integers[i].name)))
            continue;
        int bits = integers[i].bits;
        out.kind = KIND_INTEGER;
        out.low = bits < 0 ? -((wide)1 << (-bits - 1)) : 0;
        out.high = bits < 0 ? ((wide)1 << (-bits - 1)) - 1 : ((wide)1 << bits) - 1;
        return out;
    }
    if (str_eq(t, STR("String"))) {
        out.kind = KIND_STRING;
    } else if (str_eq(t, STR("Float64")) || str_eq(t, STR("Float32"))) {
        out.kind = KIND_FLOAT;
        out.single = str_eq(t, STR("Float32"));
    } else if (str_eq(t, STR("Bool"))) {
        out.kind = KIND_BOOL;
    } else if (str_eq(t, STR("UUID"))) {
        out.kind = KIND_UUID;
    } else if (str_eq(t, STR("Date"))) {
        out.kind = KIND_DATE;
        out.high = 65535;
    } else if (str_eq(t, STR("Date32"))) {
        out.kind = KIND_DATE;
        out.low = days_of(1900, 1, 1);
        out.high = days_of(2299, 12, 31);
    } else if (str_starts(t, STR("DateTime64(")) && str_ends(t, STR(")"))) {
        int scale = -1;
        if (time_arguments((struct str){ t.p + 11, t.n - 12 }, &scale) == 0 && scale >= 0) {
            out.kind = KIND_TIME;
            out.scale = scale;
            /* Nanoseconds since 1970 fit 64 bits from 1677 to 2262 only. */
            out.low = (wide)days_of(1900, 1, 1) * 86400 * powers[scale];
            out.high = (wide)days_of(2300, 1, 1) * 86400 * powers[scale] - 1;
            if (scale == 9)
                out.high = INT64_MAX;
        }
    } else if (str_eq(t, STR("DateTime")) || (str_starts(t, STR("DateTime(")) && str_ends(t, STR(")")))) {
        if (t.n == 8 || time_arguments((struct str){ t.p + 9, t.n - 10 }, NULL) == 0) {
            out.kind = KIND_TIME;
            out.high = UINT32_MAX;
        }
    }
    return out;
}

bool param_known(const char *type)
{
    return type_of(type).kind != KIND_NONE;
}

/* ---- readers: 0, or -1 with a reason that may be NULL ---- */

static int read_integer(struct str s, wide *out)
{
    bool minus = s.n > 0 && s.p[0] == '-';
    size_t i = minus || (s.n > 0 && s.p[0] == '+');
    if (i == s.n || s.n > 24)
        return -1;
    wide v = 0;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = minus ? -v : v;
    return 0;
}

static void put_integer(struct buf *b, wide v)
{
    char text[48], *p = text + sizeof text;
    bool minus = v < 0;
    do {
        int digit = (int)(v % 10);
        *--p = (char)('0' + (digit < 0 ? -digit : digit));
        v /= 10;
    } while (v != 0);
    if (minus)
        *--p = '-';
    buf_put(b, p, (size_t)(text + sizeof text - p));
}

static int digits(struct str *s, int n, int *out)
{
    if (s->n < (size_t)n)
        return -1;
    *out = 0;
    for (int i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return -1;
        *out = *out * 10 + (s->p[i] - '0');
    }
    s->p += n;
    s->n -= (size_t)n;
    return 0;
}

static bool take(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

static int read_date(struct str *s, int64_t *days, char *reason, size_t size)
{
    static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December" };
    int y, m, d;
    if (digits(s, 4, &y) < 0 || !take(s, '-') || digits(s, 2, &m) < 0 || !take(s, '-') || digits(s, 2, &d) < 0)
        return -1;
    if (m < 1 || m > 12) {
        snprintf(reason, size, " (there is no month %02d)", m);
        return -1;
    }
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    int last = m == 2 ? (leap ? 29 : 28) : m == 4 || m == 6 || m == 9 || m == 11 ? 30 : 31;
    if (d < 1 || d > last) {
        snprintf(reason, size, " (%s%s%.0d has %d days)", months[m - 1], m == 2 ? " " : "", m == 2 ? y : 0, last);
        return -1;
    }
    *days = days_of(y, m, d);
    return 0;
}

/* A date, or a date and a time of day: RFC 3339, and ISO 8601 without a zone, which is UTC here. */
static int read_time(struct str s, int scale, wide *ticks, char *reason, size_t size)
{
    int64_t days;
    int hour = 0, minute = 0, second = 0, zone_hour = 0, zone_minute = 0, sign = 0;
    wide fraction = 0;
    if (read_date(&s, &days, reason, size) < 0)
        return -1;
    if (s.n > 0) {
        if (!take(&s, 'T') && !take(&s, 't') && !take(&s, ' '))
            return -1;
        if (digits(&s, 2, &hour) < 0 || !take(&s, ':') || digits(&s, 2, &minute) < 0)
            return -1;
        if (take(&s, ':')) {
            if (digits(&s, 2, &second) < 0)
                return -1;
            if (take(&s, '.')) {
                int n = 0, digit;
                while (digits(&s, 1, &digit) == 0) {
                    if (n < scale)
                        fraction = fraction * 10 + digit;
                    else if (digit != 0) {
                        snprintf(reason, size, " (more than %d decimals of a second)", scale);
                        return -1;
                    }
                    n++;
                }
                if (n == 0)
                    return -1;
                for (; n < scale; n++)
                    fraction *= 10;
            }
        }
        if (hour > 23 || minute > 59 || second > 59) {
            snprintf(reason, size, " (there is no such time of day)");
            return -1;
        }
        /* A '+' that wasn't percent-encoded arrives as a space; nothing else can mean "+01:00" here. */
        if (take(&s, '+') || take(&s, ' '))
            sign = 1;
        else if (take(&s, '-'))
            sign = -1;
        else if (!take(&s, 'Z'))
            (void)take(&s, 'z');
        if (sign != 0 && (digits(&s, 2, &zone_hour) < 0 || (take(&s, ':'), digits(&s, 2, &zone_minute)) < 0 || zone_hour > 23 ||
                          zone_minute > 59))
            return -1;
    }
    if (s.n > 0)
        return -1;
    wide seconds = (wide)days * 86400 + hour * 3600 + minute * 60 + second - sign * (zone_hour * 3600 + zone_minute * 60);
    *ticks = seconds * powers[scale] + fraction;
    return 0;
}

static void put_date(struct buf *b, int64_t days)
{
    int y, m, d;
    date_of(days, &y, &m, &d);
    buf_printf(b, "%04d-%02d-%02d", y, m, d);
}

static void put_time(struct buf *b, wide ticks, int scale, char between, const char *zone)
{
    wide second = ticks / powers[scale], fraction = ticks % powers[scale];
    if (fraction < 0) {
        fraction += powers[scale];
        second--;
    }
    int64_t days = (int64_t)(second / 86400), rest = (int64_t)(second % 86400);
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    put_date(b, days);
    buf_printf(b, "%c%02d:%02d:%02d", between, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    if (scale > 0)
        buf_printf(b, ".%0*d", scale, (int)fraction);
    buf_puts(b, zone);
}

static int read_float(struct str s, double *out)
{
    char text[64], *end;
    if (s.n == 0 || s.n >= sizeof text)
        return -1;
    for (size_t i = 0; i < s.n; i++) /* no white space, hexadecimal, inf, nan */
        if (strchr("0123456789+-.eE", s.p[i]) == NULL || s.p[i] == '\0')
            return -1;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out) ? 0 : -1;
}

/* Characters of well-formed UTF-8 without NUL, or -1. */
static long long characters(struct str s)
{
    long long n = 0;
    for (size_t i = 0; i < s.n; n++) {
        size_t len = utf8_length(s.p + i, s.n - i);
        if (len == 0 || s.p[i] == '\0')
            return -1;
        i += len;
    }
    return n;
}

static bool is_uuid(struct str s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        char c = s.p[i];
        if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-'
                                                    : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

/* The sentence's end: what was seen, clipped, without control characters. */
static void got(struct str given, const char *reason, char why[PARAM_WHY])
{
    size_t n = strlen(why), clip = given.n;
    if (clip > 64) {
        clip = 64;
        while (clip > 60 && (given.p[clip] & 0xC0) == 0x80)
            clip--;
    }
    struct buf b;
    buf_init(&b, 4096);
    buf_put_json(&b, (struct str){ given.p, clip });
    snprintf(why + n, PARAM_WHY - n, ", got %s%s%s", buf_text(&b), clip < given.n ? "…" : "", reason);
    buf_fini(&b);
}

static const char *between(struct buf *b, const char *what, const char *low, const char *high)
{
    buf_clear(b);
    buf_printf(b, "expected %s from %s to %s", what, low, high);
    return buf_text(b);
}

static int bind_integer(const struct type *t, const char *low, const char *high, struct str given, struct buf *out, struct buf *say)
{
    struct buf a, b;
    wide v, least = t->low, most = t->high, bound;
    buf_init(&a, 64);
    buf_init(&b, 64);
    if (low != NULL && read_integer(str_of(low), &bound) == 0 && bound > least)
        least = bound;
    if (high != NULL && read_integer(str_of(high), &bound) == 0 && bound < most)
        most = bound;
    int rc = read_integer(given, &v) == 0 && v >= least && v <= most ? 0 : -1;
    if (rc == 0) {
        put_integer(out, v);
    } else {
        put_integer(&a, least);
        put_integer(&b, most);
        between(say, "an integer", buf_text(&a), buf_text(&b));
    }
    buf_fini(&a);
    buf_fini(&b);
    return rc;
}

static int bind_time(const struct type *t, const char *low, const char *high, struct str given, struct buf *out, struct buf *say,
                     char *reason, size_t size)
{
    bool date = t->kind == KIND_DATE;
    const char *what = date ? "a date (YYYY-MM-DD)" : "a date-time (RFC 3339, such as 2026-11-20T10:00:00Z) or a date";
    char ignore[128];
    wide v = 0, least = t->low, most = t->high, bound;
    int64_t days;
    struct str rest;
    bool narrowed = false;
    const char *bounds[2] = { low, high };
    for (int i = 0; i < 2; i++) {
        if (bounds[i] == NULL)
            continue;
        rest = str_of(bounds[i]);
        int rc = date ? read_date(&rest, &days, ignore, sizeof ignore) : read_time(rest, t->scale, &bound, ignore, sizeof ignore);
        if (rc < 0)
            continue;
        if (date)
            bound = days;
        narrowed = true;
        if (i == 0 && bound > least)
            least = bound;
        if (i == 1 && bound < most)
            most = bound;
    }
    rest = given;
    int rc = date ? read_date(&rest, &days, reason, size) : read_time(rest, t->scale, &v, reason, size);
    if (rc == 0 && date) {
        v = days;
        rc = rest.n == 0 ? 0 : -1;
    }
    if (rc == 0 && v >= least && v <= most) {
        if (date)
            put_date(out, (int64_t)v);
        else
            put_time(out, v, t->scale, ' ', "");
        return 0;
    }
    if (rc == 0 || narrowed) {
        struct buf a, b;
        buf_init(&a, 64);
        buf_init(&b, 64);
        if (date) {
            put_date(&a, (int64_t)least);
            put_date(&b, (int64_t)most);
        } else {
            put_time(&a, least, t->scale, 'T', "Z");
            put_time(&b, most, t->scale, 'T', "Z");
        }
        between(say, what, buf_text(&a), buf_text(&b));
        buf_fini(&a);
        buf_fini(&b);
    } else {
        buf_printf(say, "expected %s", what);
    }
    return -1;
}

static int bind_float(const struct type *t, const char *low, const char *high, struct str given, struct buf *out, struct buf *say)
{
    double v, bound, least = t->single ? -3.4028234663852886e38 : -1.7976931348623157e308, most = -least;
    if (low != NULL && read_float(str_of(low), &bound) == 0)
        least = bound;
    if (high != NULL && read_float(str_of(high), &bound) == 0)
        most = bound;
    if (read_float(given, &v) == 0 && v >= least && v <= most)
        return buf_printf(out, "%.17g", v);
    if (low != NULL || high != NULL)
        buf_printf(say, "expected a number from %.15g to %.15g", least, most);
    else
        buf_printf(say, "expected a finite number");
    return -1;
}

static int bind_string(const char *low, const char *high, struct str given, struct buf *out, struct buf *say, char *reason,
                       size_t size)
{
    wide least = 0, most = PARAM_TEXT_MAX;
    if (low != NULL)
        (void)read_integer(str_of(low), &least);
    if (high != NULL)
        (void)read_integer(str_of(high), &most);
    long long n = given.n <= PARAM_TEXT_MAX * 4 ? characters(given) : 0;
    if (given.n <= PARAM_TEXT_MAX * 4 && n >= 0 && n >= least && n <= most)
        return buf_put_str(out, given);
    if (n < 0) {
        buf_printf(say, "expected UTF-8 text without NUL");
    } else {
        buf_printf(say, "expected a text of %d to %d characters", (int)least, (int)most);
        if (given.n <= PARAM_TEXT_MAX * 4)
            snprintf(reason, size, " (%lld characters)", n);
    }
    return -1;
}

int param_bind(const char *type, const char *low, const char *high, struct str given, struct buf *out, char why[PARAM_WHY])
{
    struct type t = type_of(type);
    struct buf say;
    char reason[128] = "";
    int rc = -1;
    buf_init(&say, 1024);
    switch (t.kind) {
    case KIND_INTEGER:
        rc = bind_integer(&t, low, high, given, out, &say);
        break;
    case KIND_DATE:
    case KIND_TIME:
        rc = bind_time(&t, low, high, given, out, &say, reason, sizeof reason);
        break;
    case KIND_FLOAT:
        rc = bind_float(&t, low, high, given, out, &say);
        break;
    case KIND_STRING:
        rc = bind_string(low, high, given, out, &say, reason, sizeof reason);
        break;
    case KIND_BOOL:
        if (str_eq(given, STR("true")) || str_eq(given, STR("1")))
            rc = buf_puts(out, "true");
        else if (str_eq(given, STR("false")) || str_eq(given, STR("0")))
            rc = buf_puts(out, "false");
        else
            buf_printf(&say, "expected true or false");
        break;
    case KIND_UUID:
        if (is_uuid(given)) {
            for (size_t i = 0; i < given.n; i++)
                buf_putc(out, (char)(given.p[i] >= 'A' && given.p[i] <= 'F' ? given.p[i] | 0x20 : given.p[i]));
            rc = 0;
        } else {
            buf_printf(&say, "expected a UUID");
        }
        break;
    case KIND_NONE:
        buf_printf(&say, "expected a type that can be checked, and %s isn't one", type);
        break;
    }
    if (rc == 0 && out->failed) {
        buf_printf(&say, "expected less text");
        rc = -1;
    }
    if (rc < 0) {
        snprintf(why, PARAM_WHY, "%.300s", buf_text(&say));
        got(given, reason, why);
    }
    buf_fini(&say);
    return rc;
}

int param_ahead(const char *type, struct str first, struct str last, size_t rows, size_t more, struct buf *out)
{
    struct type t = type_of(type);
    struct str texts[2] = { first, last };
    char ignore[128];
    wide v[2];
    int64_t days;
    for (int i = 0; i < 2; i++) {
        int rc = -1;
        if (t.kind == KIND_INTEGER) {
            rc = read_integer(texts[i], &v[i]);
        } else if (t.kind == KIND_TIME) {
            rc = read_time(texts[i], t.scale, &v[i], ignore, sizeof ignore);
        } else if (t.kind == KIND_DATE) {
            rc = read_date(&texts[i], &days, ignore, sizeof ignore);
            v[i] = days;
        }
        if (rc < 0)
            return -1;
    }
    if (rows == 0 || v[0] == v[1])
        return -1; /* no distance to go by */
    wide far = v[1] + (v[1] - v[0]) * (wide)more * 3 / ((wide)rows * 2);
    far = far < t.low ? t.low : far > t.high ? t.high : far;
    if (t.kind == KIND_INTEGER)
        put_integer(out, far);
    else if (t.kind == KIND_DATE)
        put_date(out, (int64_t)far);
    else
        put_time(out, far, t.scale, ' ', "");
    return out->failed ? -1 : 0;
}

void param_schema(const char *type, const char *low, const char *high, struct buf *out)
{
    struct type t = type_of(type);
    switch (t.kind) {
    case KIND_INTEGER: {
        wide least = t.low, most = t.high, bound;
        if (low != NULL && read_integer(str_of(low), &bound) == 0)
            least = bound;
        if (high != NULL && read_integer(str_of(high), &bound) == 0)
            most = bound;
        buf_puts(out, "{\"type\":\"integer\",\"minimum\":");
        put_integer(out, least);
        buf_puts(out, ",\"maximum\":");
        put_integer(out, most);
        buf_putc(out, '}');
        break;
    }
    case KIND_FLOAT:
        buf_puts(out, "{\"type\":\"number\"");
        if (low != NULL && high != NULL)
            buf_printf(out, ",\"minimum\":%s,\"maximum\":%s", low, high);
        buf_putc(out, '}');
        break;
    case KIND_BOOL:
        buf_puts(out, "{\"type\":\"boolean\"}");
        break;
    case KIND_UUID:
        buf_puts(out, "{\"type\":\"string\",\"format\":\"uuid\"}");
        break;
    case KIND_DATE:
        buf_puts(out, "{\"type\":\"string\",\"format\":\"date\"}");
        break;
    case KIND_TIME:
        buf_puts(out, "{\"type\":\"string\",\"anyOf\":[{\"format\":\"date-time\"},{\"format\":\"date\"}]}");
        break;
    case KIND_STRING:
    case KIND_NONE:
        buf_printf(out, "{\"type\":\"string\",\"minLength\":%s,\"maxLength\":%s}", low != NULL ? low : "0",
                   high != NULL ? high : "4096");
        break;
    }
}

const char *param_nearest(struct str word, const char *const *known, size_t n)
{
    enum { MAX = 40 };
    const char *best = NULL;
    size_t best_distance = 0;
    if (word.n == 0 || word.n > MAX)
        return NULL;
    for (size_t k = 0; k < n; k++) {
        size_t m = strlen(known[k]), row[MAX + 1];
        if (m > MAX)
            continue;
        for (size_t j = 0; j <= m; j++)
            row[j] = j;
        for (size_t i = 1; i <= word.n; i++) { /* Levenshtein, one row at a time */
            size_t diagonal = row[0];
            row[0] = i;
            for (size_t j = 1; j <= m; j++) {
                size_t change = diagonal + (word.p[i - 1] != known[k][j - 1]);
                diagonal = row[j];
                row[j] = row[j] + 1 < change ? row[j] + 1 : change;
                if (row[j - 1] + 1 < row[j])
                    row[j] = row[j - 1] + 1;
            }
        }
        size_t allowed = ((m < word.n ? m : word.n) + 2) / 3;
        if (row[m] <= allowed && (best == NULL || row[m] < best_distance)) {
            best = known[k];
            best_distance = row[m];
        }
    }
    return best;
}
