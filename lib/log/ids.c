/* lib/log/ids: trace, span and request ids, by the names that stand before them. */
#include "log/shape.h"
#include "trace/trace.h"

static bool is_id_byte(char c)
{
    return is_digit(c) || is_alpha(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '+' || c == '/' || c == '=';
}

static void copy_id(char out[LOGLINE_ID_MAX + 1], struct str value)
{
    memcpy(out, value.p, value.n);
    out[value.n] = '\0';
}

/* Datadog writes 64 bits as a decimal number. */
static bool from_decimal(struct str value, char *out, int width)
{
    uint64_t v = 0;
    if (value.n == 0 || value.n > 20)
        return false;
    for (size_t i = 0; i < value.n; i++)
        if (!is_digit(value.p[i]) || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
            __builtin_add_overflow(v, (uint64_t)(value.p[i] - '0'), &v))
            return false;
    if (v == 0)
        return false;
    for (int i = width; i-- > 0; v >>= 4)
        out[i] = "0123456789abcdef"[v & 15];
    out[width] = '\0';
    return true;
}

/* Without the dashes of a UUID ("8-4-4-4-12") or of X-Ray ("1-8-24"). */
static struct str without_dashes(struct str value, char room[TRACE_ID + 1])
{
    size_t n = 0;
    if (value.n == 35 && value.p[0] == '1' && value.p[1] == '-' && value.p[10] == '-')
        value = str_from(value, 2);
    else if (value.n != 36 || value.p[8] != '-' || value.p[13] != '-' || value.p[18] != '-' || value.p[23] != '-')
        return value;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] != '-' && n < TRACE_ID)
            room[n++] = value.p[i];
    return (struct str){ room, n };
}

bool put_id(struct logline_parser *p, enum id_kind kind, struct str value)
{
    struct logline *l = &p->line;
    struct trace trace;
    char room[TRACE_ID + 1];
    value = str_trim(value);
    if (value.n == 0 || value.n > LOGLINE_ID_MAX)
        return false;
    if (kind == ID_TRACEPARENT) {
        if (!trace_parse(value, &trace))
            return false;
        memcpy(l->trace_id, trace.trace_id, sizeof trace.trace_id);
        memcpy(l->span_id, trace.span_id, sizeof trace.span_id);
        return true;
    }
    if (kind == ID_TRACE && str_starts(value, STR("projects/"))) { /* Google's: projects/P/traces/ID */
        const char *slash = memrchr(value.p, '/', value.n);
        value = str_from(value, (size_t)(slash + 1 - value.p));
        if (value.n == 0)
            return false;
    }
    for (size_t i = 0; i < value.n; i++)
        if (!is_id_byte(value.p[i]))
            return false;
    switch (kind) {
    case ID_TRACE:
        if (l->trace_id[0] != '\0')
            return false;
        if (!trace_id_parse(without_dashes(value, room), l->trace_id)) {
            bool zeros = true; /* what isn't sampled: 0, 000… */
            for (size_t i = 0; i < value.n; i++)
                zeros = zeros && (value.p[i] == '0' || value.p[i] == '-');
            l->trace_id[0] = '\0';
            if (!zeros)
                copy_id(l->trace_id, value);
        }
        return true;
    case ID_SPAN:
        if (l->span_id[0] != '\0')
            return false;
        if (!span_id_parse(value, l->span_id)) {
            bool zeros = true;
            for (size_t i = 0; i < value.n; i++)
                zeros = zeros && value.p[i] == '0';
            l->span_id[0] = '\0';
            if (!zeros)
                copy_id(l->span_id, value);
        }
        return true;
    case ID_DATADOG_TRACE:
        if (l->trace_id[0] != '\0')
            return false;
        return from_decimal(value, l->trace_id, TRACE_ID) || put_id(p, ID_TRACE, value);
    case ID_DATADOG_SPAN:
        if (l->span_id[0] != '\0')
            return false;
        return from_decimal(value, l->span_id, SPAN_ID) || put_id(p, ID_SPAN, value);
    case ID_REQUEST:
        if (l->request_id[0] != '\0')
            return false;
        copy_id(l->request_id, value);
        return true;
    default:
        return false;
    }
}

static bool is_name_byte(char c)
{
    return is_digit(c) || is_alpha(c) || c == '_' || c == '-' || c == '.';
}

static inline bool is_blank_or_quote(char c)
{
    return c == ' ' || c == '"' || c == '\'';
}

/* `sign` is a '=' or ':': takes the value behind it, where the name before it is an id's: trace_id=…, "traceId":"…", request-id: ….
 * Returns where to go on. */
static const char *id_at(struct logline_parser *p, struct str text, const char *sign)
{
    enum { NAME_LEAST = 5, NAME_MOST = 32 }; /* "trace", "reqid" */
    const char *end = text.p + text.n, *to = sign, *v = sign + 1;
    if (to > text.p && to[-1] == ' ')
        to--;
    if (to > text.p && (to[-1] == '"' || to[-1] == '\''))
        to--;
    if (to - text.p < NAME_LEAST)
        return v;
    /* They end with "id", "trace" or "traceparent". */
    char last = to[-1];
    if (last != 'd' && last != 'D' && last != 'e' && last != 't') /* "TRACE:" is a level */
        return v;
    const char *from = to;
    while (from > text.p && is_name_byte(from[-1]) && to - from <= NAME_MOST)
        from--;
    const struct key *key = key_find(p, (struct str){ from, (size_t)(to - from) });
    if (key == NULL || key->role != ROLE_ID)
        return v;
    while (v < end && is_blank_or_quote(*v))
        v++;
    const char *stop = v;
    while (stop < end && is_id_byte(*stop) && *stop != '=' && stop - v <= LOGLINE_ID_MAX)
        stop++;
    while (stop > v && (stop[-1] == '.' || stop[-1] == ':'))
        stop--;
    /* A word is rather the text's: an id has a digit, and some length. */
    bool has_digit = false;
    for (const char *c = v; c < stop; c++)
        has_digit = has_digit || is_digit(*c);
    if (has_digit && stop - v >= 4)
        put_id(p, (enum id_kind)key->rank, (struct str){ v, (size_t)(stop - v) });
    return stop;
}

void find_ids(struct logline_parser *p, struct str text)
{
    enum { LOOK = 65536 };
    if (text.n > LOOK)
        text.n = LOOK;
    if (text.n == 0)
        return;
    const char *at = text.p, *end = text.p + text.n;
    const char *equals = memchr(at, '=', text.n), *colon = memchr(at, ':', text.n);
    while (equals != NULL || colon != NULL) {
        const char *sign = colon == NULL || (equals != NULL && equals < colon) ? equals : colon;
        at = id_at(p, text, sign);
        if (equals != NULL && equals < at)
            equals = memchr(at, '=', (size_t)(end - at));
        if (colon != NULL && colon < at)
            colon = memchr(at, ':', (size_t)(end - at));
    }
}
