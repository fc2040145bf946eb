/* lib/log/logline_put: a line that was understood as text and as JSON. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/calendar.h"
#include "base/utf8.h"
#include "log/shape.h"

void logline_put_text(struct logline_value v, struct buf *out)
{
    if (v.form == LOGLINE_ESCAPED)
        json_unescape(v.text, out);
    else
        buf_put_str(out, v.text);
}

/* Whether a byte stands in a JSON string as it is, when it is ASCII. */
static inline bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* The first byte at or behind i that isn't plain; s.n where all are. */
static size_t plain_end(struct str s, size_t i)
{
#ifdef __SSE2__
    /* As signed bytes: those of UTF-8 are below the blank, too. */
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), blank = _mm_set1_epi8(' '),
                  del = _mm_set1_epi8(0x7f);
    for (; s.n - i >= 16; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));
        __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(v, blank), _mm_cmpeq_epi8(v, del)),
                                    _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)));
        int mask = _mm_movemask_epi8(stop);
        if (mask != 0)
            return i + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (i < s.n && is_plain((unsigned char)s.p[i]))
        i++;
    return i;
}

static void put_string(struct str s, struct buf *out)
{
    static const char hex[] = "0123456789abcdef";
    size_t i = 0, from = 0;
    buf_putc(out, '"');
    while ((i = plain_end(s, i)) < s.n) {
        unsigned char c = (unsigned char)s.p[i];
        size_t n = c >= 0x80 ? utf8_length(s.p + i, s.n - i) : 0;
        if (n > 0) {
            i += n;
            continue;
        }
        buf_put(out, s.p + from, i - from);
        from = ++i;
        if (c >= 0x80) {
            char escape[] = { '\\', '\\', 'x', hex[c >> 4], hex[c & 15] };
            buf_put(out, escape, sizeof escape);
        } else if (c == '"' || c == '\\') {
            char escape[] = { '\\', (char)c };
            buf_put(out, escape, sizeof escape);
        } else if (c == '\n' || c == '\t' || c == '\r') {
            char escape[] = { '\\', c == '\n' ? 'n' : c == '\t' ? 't' : 'r' };
            buf_put(out, escape, sizeof escape);
        } else {
            char escape[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
            buf_put(out, escape, sizeof escape);
        }
    }
    buf_put(out, s.p + from, i - from);
    buf_putc(out, '"');
}

static void put_value(struct logline_value v, struct buf *out, bool text)
{
    if (v.form == LOGLINE_JSON && !text) {
        buf_put_str(out, v.text);
    } else if (v.form == LOGLINE_ESCAPED) {
        buf_putc(out, '"');
        buf_put_str(out, v.text);
        buf_putc(out, '"');
    } else {
        put_string(v.text, out);
    }
}

void logline_put_json(struct logline_value v, struct buf *out)
{
    put_value(v, out, false);
}

static void put_digits(char *out, unsigned v, int n)
{
    for (int i = n; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
}

static void put_moment(int64_t ms, struct buf *out)
{
    int64_t days = ms / 86400000, rest = ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    int year, month, day;
    calendar_date(days, &year, &month, &day);
    char text[] = "0000-00-00T00:00:00.000Z";
    unsigned second = (unsigned)(rest / 1000);
    put_digits(text, (unsigned)year, 4);
    put_digits(text + 5, (unsigned)month, 2);
    put_digits(text + 8, (unsigned)day, 2);
    put_digits(text + 11, second / 3600, 2);
    put_digits(text + 14, second / 60 % 60, 2);
    put_digits(text + 17, second % 60, 2);
    put_digits(text + 20, (unsigned)(rest % 1000), 3);
    buf_put(out, text, sizeof text - 1);
}

static void put_member(struct buf *out, const char *name, struct str value)
{
    buf_puts(out, name);
    put_string(value, out);
}

void logline_put_members(const struct logline *l, int64_t no_time_ms, struct str no_source, struct buf *out)
{
    int64_t ms = l->has_time ? l->time_ms : no_time_ms;
    if (ms != LOG_TIME_UNKNOWN) {
        buf_puts(out, "\"timestamp\":\"");
        put_moment(ms, out);
        buf_puts(out, "\",");
    }
    buf_puts(out, "\"level\":");
    if (l->level[0] != '\0') {
        buf_putc(out, '"');
        buf_puts(out, l->level);
        buf_putc(out, '"');
    } else {
        buf_puts(out, "null");
    }
    if (l->source.text.n > 0) {
        buf_puts(out, ",\"source\":");
        put_value(l->source, out, true);
    } else if (no_source.n > 0) {
        put_member(out, ",\"source\":", no_source);
    }
    buf_puts(out, ",\"message\":");
    put_value(l->message, out, true);
    if (l->trace_id[0] != '\0')
        put_member(out, ",\"trace_id\":", str_of(l->trace_id));
    if (l->span_id[0] != '\0')
        put_member(out, ",\"span_id\":", str_of(l->span_id));
    if (l->request_id[0] != '\0')
        put_member(out, ",\"request_id\":", str_of(l->request_id));
    if (l->n_attributes == 0)
        return;
    buf_puts(out, ",\"attributes\":{");
    for (size_t i = 0; i < l->n_attributes; i++) {
        if (i > 0)
            buf_putc(out, ',');
        put_value(l->attributes[i].name, out, true);
        buf_putc(out, ':');
        put_value(l->attributes[i].value, out, false);
    }
    buf_putc(out, '}');
}
