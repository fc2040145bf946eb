/* lib/trace: the headers that carry a trace from one program to the next.
 *
 * W3C Trace Context: https://www.w3.org/TR/trace-context-2/#traceparent-header
 * b3: https://github.com/openzipkin/b3-propagation#single-header
 * uber-trace-id: https://www.jaegertracing.io/docs/1.76/client-libraries/#tracespan-identity */
#include "trace/trace.h"

enum { W3C_LENGTH = 2 + 1 + TRACE_ID + 1 + SPAN_ID + 1 + 2 };

const char *trace_format_name(enum trace_format f)
{
    static const char *const names[] = { "", "w3c", "b3", "jaeger" };
    return names[f];
}

/* The value of a hex digit, -1: not one. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `digits` hex digits from text, which may have fewer (at least `least`), padded with zeros. False: others, or all zeros. */
static bool read_id(struct str text, size_t least, size_t digits, char *out)
{
    char any = 0;
    *out = '\0';
    if (text.n < least || text.n > digits)
        return false;
    size_t pad = digits - text.n;
    for (size_t i = 0; i < text.n; i++) {
        int v = hex_value(text.p[i]);
        if (v < 0) {
            *out = '\0';
            return false;
        }
        any |= (char)v;
        out[pad + i] = "0123456789abcdef"[v];
    }
    if (any == 0) {
        *out = '\0';
        return false;
    }
    memset(out, '0', pad);
    out[digits] = '\0';
    return true;
}

bool trace_id_parse(struct str text, char out[TRACE_ID + 1])
{
    *out = '\0';
    return (text.n == TRACE_ID || text.n == SPAN_ID) && read_id(text, SPAN_ID, TRACE_ID, out);
}

bool span_id_parse(struct str text, char out[SPAN_ID + 1])
{
    return read_id(text, SPAN_ID, SPAN_ID, out);
}

/* Two digits at p; -1: they aren't. */
static int read_byte(const char *p)
{
    int high = hex_value(p[0]), low = hex_value(p[1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Upper case is not allowed: "a vendor MUST ignore the traceparent when …". */
static bool read_w3c(struct str s, struct trace *out)
{
    const char *p = s.p;
    if (s.n < W3C_LENGTH || p[2] != '-' || p[35] != '-' || p[52] != '-')
        return false;
    for (size_t i = 0; i < W3C_LENGTH; i++)
        if (p[i] >= 'A' && p[i] <= 'F')
            return false;
    int version = read_byte(p), flags = read_byte(p + 53);
    if (version < 0 || version == 0xFF || flags < 0)
        return false;
    /* Version 00 ends here; a later one may go on behind a dash. */
    if (s.n > W3C_LENGTH && (version == 0 || p[W3C_LENGTH] != '-'))
        return false;
    if (!trace_id_parse((struct str){ p + 3, TRACE_ID }, out->trace_id) ||
        !span_id_parse((struct str){ p + 36, SPAN_ID }, out->span_id))
        return false;
    out->format = TRACE_W3C;
    out->version = (uint8_t)version;
    out->flags = (uint8_t)flags;
    return true;
}

/* A state without ids ("0": don't sample) belongs to no trace. */
static bool read_b3(struct str s, struct trace *out)
{
    struct str trace_id = str_cut(&s, '-'), span_id = str_cut(&s, '-');
    if (!trace_id_parse(trace_id, out->trace_id) || !span_id_parse(span_id, out->span_id))
        return false;
    if (span_id.p + span_id.n < s.p) { /* there was a dash */
        struct str state = str_cut(&s, '-');
        if (state.n != 1 || (state.p[0] != '0' && state.p[0] != '1' && state.p[0] != 'd'))
            return false;
        out->flags = state.p[0] != '0' ? TRACE_FLAG_SAMPLED : 0; /* d, debug, is sampled too */
        if (state.p + state.n < s.p && !span_id_parse(s, out->parent_span_id))
            return false;
    }
    out->format = TRACE_B3;
    return true;
}

/* What stands before the next colon, which may be written as in a URL. False: there is none. */
static bool cut_colon(struct str *s, struct str *part)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t wide = s->p[i] == ':'                                                                         ? 1
                      : s->n - i >= 3 && s->p[i] == '%' && s->p[i + 1] == '3' && (s->p[i + 2] | 0x20) == 'a' ? 3
                                                                                                             : 0;
        if (wide == 0)
            continue;
        *part = (struct str){ s->p, i };
        *s = (struct str){ s->p + i + wide, s->n - i - wide };
        return true;
    }
    return false;
}

static bool read_jaeger(struct str s, struct trace *out)
{
    struct str trace_id, span_id, parent;
    char flags[3] = "00";
    if (!cut_colon(&s, &trace_id) || !cut_colon(&s, &span_id) || !cut_colon(&s, &parent) || s.n == 0 || s.n > 2)
        return false;
    memcpy(flags + 2 - s.n, s.p, s.n);
    int value = read_byte(flags);
    if (value < 0 || !read_id(trace_id, 1, TRACE_ID, out->trace_id) || !read_id(span_id, 1, SPAN_ID, out->span_id))
        return false;
    /* 0: the sender is the root. */
    if (!read_id(parent, 1, SPAN_ID, out->parent_span_id))
        for (size_t i = 0; i < parent.n; i++)
            if (parent.p[i] != '0' || parent.n > SPAN_ID)
                return false;
    out->format = TRACE_JAEGER;
    out->flags = (value & 3) != 0 ? TRACE_FLAG_SAMPLED : 0; /* 2, debug, is sampled too */
    return true;
}

bool trace_parse(struct str text, struct trace *out)
{
    while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t'))
        text.p++, text.n--;
    while (text.n > 0 && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t'))
        text.n--;
    *out = (struct trace){ 0 };
    /* None of the three can be read as another: b3 has a dash after 16 or 32 digits, W3C after 2, Jaeger none. */
    if (read_w3c(text, out) || read_b3(text, out) || read_jaeger(text, out))
        return true;
    *out = (struct trace){ 0 };
    return false;
}
