/* lib/log/logline: picks the shape of a line by its first bytes. */
#include "log/logline.h"

#include <stdlib.h>
#include <string.h>

#include "log/shape.h"

struct logline_parser *logline_parser_new(void)
{
    struct logline_parser *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    buf_init(&p->texts, 0);
    key_table_init(p);
    return p;
}

void logline_parser_free(struct logline_parser *p)
{
    if (p == NULL)
        return;
    buf_fini(&p->texts);
    free(p);
}

char *texts_room(struct logline_parser *p, size_t n)
{
    if (p->texts.cap - p->texts.n < n)
        return NULL;
    p->texts.n += n;
    return p->texts.p + p->texts.n - n;
}

struct str texts_unescape(struct logline_parser *p, struct str content)
{
    struct buf out = { .p = p->texts.p + p->texts.n, .cap = p->texts.cap - p->texts.n, .max = p->texts.cap - p->texts.n };
    if (p->texts.p == NULL || out.cap < content.n)
        return content;
    json_unescape(content, &out); /* is never longer than what it is made from */
    p->texts.n += out.n;
    return (struct str){ out.p, out.n };
}

static bool same_name(struct logline_value a, struct logline_value b)
{
    return str_eq(a.text, b.text);
}

/* "name_2": the first that isn't taken. */
static struct logline_value another_name(struct logline_parser *p, struct logline_value name)
{
    char *room = texts_room(p, name.text.n + 4);
    if (room == NULL)
        return (struct logline_value){ { NULL, 0 }, LOGLINE_TEXT };
    memcpy(room, name.text.p, name.text.n);
    for (unsigned i = 2; i <= 99; i++) {
        size_t n = name.text.n;
        room[n++] = '_';
        if (i >= 10)
            room[n++] = (char)('0' + i / 10);
        room[n++] = (char)('0' + i % 10);
        struct logline_value fresh = { { room, n }, name.form };
        bool taken = false;
        for (size_t k = 0; k < p->line.n_attributes && !taken; k++)
            taken = same_name(p->line.attributes[k].name, fresh);
        if (!taken)
            return fresh;
    }
    return (struct logline_value){ { NULL, 0 }, LOGLINE_TEXT };
}

void put_attribute(struct logline_parser *p, struct logline_value name, struct logline_value value)
{
    struct logline *l = &p->line;
    if (name.text.p == NULL)
        return;
    if (l->n_attributes == LOGLINE_ATTRIBUTES) {
        p->overflow = true;
        return;
    }
    for (size_t i = 0; i < l->n_attributes; i++)
        if (same_name(l->attributes[i].name, name)) {
            if (l->attributes[i].value.form == value.form && str_eq(l->attributes[i].value.text, value.text))
                return;
            name = another_name(p, name);
            if (name.text.n == 0)
                return;
            break;
        }
    l->attributes[l->n_attributes++] = (struct logline_attribute){ name, value };
}

void put_time(struct logline_parser *p, int64_t ms, bool known, struct str text)
{
    if (known) {
        p->line.has_time = true;
        p->line.time_ms = ms;
    } else {
        put_field(p, "time", text);
    }
}

void put_source(struct logline_parser *p, struct logline_value source, unsigned rank, struct logline_value name)
{
    struct logline *l = &p->line;
    if (source.text.n == 0)
        return;
    if (l->source.text.n == 0 || rank > p->source_rank) {
        if (l->source.text.n > 0)
            put_attribute(p, text_value(p->source_rank == SOURCE_LOGGER ? STR("logger") : STR("program")), l->source);
        l->source = source;
        p->source_rank = rank;
    } else if (!str_eq(l->source.text, source.text)) {
        put_attribute(p, name, source);
    }
}

void shape_inner(struct logline_parser *p, struct str text)
{
    struct logline *l = &p->line;
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    const char *format = l->format, *level = l->level;
    const int64_t reference = p->reference;
    if (p->depth < SHAPE_DEPTH) {
        p->depth++;
        l->level = "";
        if (l->has_time)
            p->reference = l->time_ms; /* the wrapper's moment has the year that the line in it may lack */
        bool understood = shape_any(p, text);
        p->reference = reference;
        p->depth--;
        l->format = format;
        if (l->level[0] == '\0')
            l->level = level;
        if (understood)
            return;
    }
    l->message = text_value(text);
    find_ids(p, text);
}

typedef bool shape(struct logline_parser *p, struct str line);

/* A shape that doesn't fit after all leaves nothing behind. */
static bool fits(struct logline_parser *p, shape *read, struct str line)
{
    struct logline *l = &p->line;
    const struct logline_value source = l->source, message = l->message;
    const char *format = l->format, *level = l->level;
    const int64_t time_ms = l->time_ms;
    const bool has_time = l->has_time, trace = l->trace_id[0], span = l->span_id[0], request = l->request_id[0];
    const size_t n_attributes = l->n_attributes, texts = p->texts.n;
    const unsigned rank = p->source_rank;
    if (read(p, line))
        return true;
    l->source = source;
    l->message = message;
    l->format = format;
    l->level = level;
    l->time_ms = time_ms;
    l->has_time = has_time;
    l->n_attributes = n_attributes;
    p->texts.n = texts;
    p->source_rank = rank;
    p->overflow = false;
    if (!trace)
        l->trace_id[0] = '\0';
    if (!span)
        l->span_id[0] = '\0';
    if (!request)
        l->request_id[0] = '\0';
    return false;
}

static bool letters_first(struct logline_parser *p, struct str line)
{
    if (line.n > 5 && is_digit(line.p[1]) && is_digit(line.p[2]) && fits(p, shape_klog, line))
        return true;
    if (line.p[1] == ',' && fits(p, shape_ruby, line))
        return true;
    if (fits(p, shape_level_first, line))
        return true;
    /* Jan … Dec, Mon … Sun. */
    if (line.n > 14 && (line.p[3] == ' ' || line.p[3] == ',') && line.p[0] >= 'A' && line.p[0] <= 'Z' &&
        (fits(p, shape_syslog_3164, line) || fits(p, shape_moment, line)))
        return true;
    return fits(p, shape_logfmt, line) || fits(p, shape_access, line);
}

bool shape_any(struct logline_parser *p, struct str line)
{
    if (line.n < 4)
        return false;
    char c = line.p[0];
    if (c == ' ' || c == '\t') {
        struct str rest = trim_left(line);
        return rest.n >= 4 && rest.p[0] == '{' && fits(p, shape_json, rest);
    }
    if (c == '{')
        return fits(p, shape_json, line);
    if (c == '<')
        return fits(p, shape_syslog, line);
    if (c == '[')
        return fits(p, shape_apache_error, line) || fits(p, shape_moment, line) || fits(p, shape_level_first, line);
    if (is_digit(c))
        return fits(p, shape_moment, line) || fits(p, shape_access, line) || fits(p, shape_redis, line) ||
               fits(p, shape_logfmt, line);
    if (is_alpha(c) || c == '_' || c == '@')
        return letters_first(p, line);
    return c == ':' && fits(p, shape_access, line);
}

const struct logline *logline_parse(struct logline_parser *p, struct str line, int64_t reference)
{
    enum { KEEP = 4 << 20 };
    struct logline *l = &p->line;
    l->format = "text";
    l->has_time = false;
    l->time_ms = 0;
    l->level = "";
    l->source = l->message = text_value((struct str){ NULL, 0 });
    l->trace_id[0] = l->span_id[0] = l->request_id[0] = '\0';
    l->n_attributes = 0;
    p->reference = reference;
    p->depth = 0;
    p->source_rank = 0;
    p->overflow = false;
    while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    /* Each depth unescapes at most the line again; names of duplicates and numbers take the rest. */
    buf_shrink(&p->texts, KEEP);
    if (line.n > (SIZE_MAX >> 4) || buf_reserve(&p->texts, (SHAPE_DEPTH + 2) * line.n + 16384) < 0)
        return NULL;
    if (!shape_any(p, line)) {
        l->message = text_value(line);
        find_ids(p, line);
    }
    if (p->overflow)
        l->message = text_value(line);
    return l;
}
