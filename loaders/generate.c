/* loaders/generate: what generators of records share. */
#include "loaders/generate.h"

#include <string.h>
#include <time.h>

void gen_put_digits(struct buf *b, uint64_t v, int width)
{
    char text[20];
    for (int i = width; i-- > 0; v /= 10)
        text[i] = (char)('0' + v % 10);
    buf_put(b, text, (size_t)width);
}

void gen_put_number(struct buf *b, uint64_t v)
{
    int width = 1;
    for (uint64_t rest = v; rest >= 10; rest /= 10)
        width++;
    gen_put_digits(b, v, width);
}

void gen_put_hex(struct buf *b, uint64_t v, int width)
{
    static const char hex[] = "0123456789abcdef";
    char text[16];
    for (int i = width; i-- > 0; v >>= 4)
        text[i] = hex[v & 15];
    buf_put(b, text, (size_t)width);
}

void gen_put_uuid(struct buf *b, int64_t ms, uint64_t unique, uint64_t more)
{
    gen_put_hex(b, (uint64_t)ms >> 16, 8);
    buf_putc(b, '-');
    gen_put_hex(b, (uint64_t)ms, 4);
    buf_puts(b, "-7");
    gen_put_hex(b, unique >> 52, 3);
    buf_putc(b, '-');
    gen_put_hex(b, 0x8000 | (unique >> 38 & 0x3fff), 4);
    buf_putc(b, '-');
    gen_put_hex(b, (unique & 0x3fffffffff) << 10 | (more & 0x3ff), 12);
}

void gen_put_time(struct buf *b, int64_t ms)
{
    int64_t days = ms / GEN_DAY_MS, rest = ms % GEN_DAY_MS;
    if (rest < 0)
        days--, rest += GEN_DAY_MS;
    /* Days to year, month, day: eras of 400 years that begin in March. */
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
    gen_put_digits(b, (uint64_t)year, 4);
    buf_putc(b, '-');
    gen_put_digits(b, (uint64_t)month, 2);
    buf_putc(b, '-');
    gen_put_digits(b, (uint64_t)day, 2);
    buf_putc(b, 'T');
    gen_put_digits(b, (uint64_t)(rest / 3600000), 2);
    buf_putc(b, ':');
    gen_put_digits(b, (uint64_t)(rest / 60000 % 60), 2);
    buf_putc(b, ':');
    gen_put_digits(b, (uint64_t)(rest / 1000 % 60), 2);
    buf_putc(b, '.');
    gen_put_digits(b, (uint64_t)(rest % 1000), 3);
    buf_putc(b, 'Z');
}

int gen_read_moment(const char *option, const char *text, int64_t *ms, struct err *err)
{
    struct tm t = { 0 }, again;
    char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &t);
    if (end == NULL || *end != '\0') {
        memset(&t, 0, sizeof t);
        end = strptime(text, "%Y-%m-%d", &t);
    }
    int day = t.tm_mday;
    time_t seconds = end != NULL && *end == '\0' ? timegm(&t) : -1;
    if (seconds < 0 || gmtime_r(&seconds, &again) == NULL || again.tm_mday != day)
        return err_set(err, ERR_STOP, "%s: expected a moment such as 2026-11-20T10:00:00Z, or a day, got '%s'", option, text);
    *ms = (int64_t)seconds * 1000;
    return 0;
}
