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

struct str without_escapes(struct logline_parser *p, struct str raw, const char *escaped)
{
    if (raw.n == 0 || memchr(raw.p, '\\', raw.n) == NULL)
        return raw;
    char *room = texts_room(p, raw.n);
    size_t n = 0;
    if (room == NULL)
        return raw;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (c == '\\' && i + 1 < raw.n && raw.p[i + 1] != '\0' && strchr(escaped, raw.p[i + 1]) != NULL) {
            c = raw.p[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        room[n++] = c;
    }
    return (struct str){ room, n };
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
        bool understood = shape_any(p, without_colours(p, text));
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

/* "web-1  | …", "nova-api.log …": the name of what a line came from, put before it by what gathered them. rest: behind the name. */
static bool gathered(struct logline_parser *p, struct str name, struct str rest)
{
    bool bar = rest.p[0] == '|' && rest.p[1] == ' ';
    if (p->depth >= SHAPE_DEPTH || (!bar && memmem(name.p, name.n, ".log", 4) == NULL))
        return false;
    p->depth++;
    bool known = bar ? shape_any(p, str_from(rest, 2)) : fits(p, shape_moment, rest);
    p->depth--;
    if (known && bar)
        put_source(p, text_value(name), SOURCE_LOGGER, text_value(STR("container")));
    else if (known)
        put_field(p, "file", name);
    return known;
}

/* Lines that begin with a word of any kind; what follows it decides. */
static bool word_first(struct logline_parser *p, struct str line)
{
    enum { WORD_MAX = 96 };
    size_t i = 0;
    while (i < line.n && i < WORD_MAX && line.p[i] != ' ')
        i++;
    struct str word = str_head(line, i), rest = trim_left(str_from(line, i));
    if (i == WORD_MAX || rest.n < 16)
        return false;
    if (is_digit(rest.p[0]))
        return fits(p, shape_cluster, line) || gathered(p, word, rest);
    if (rest.p[0] == '|')
        return gathered(p, word, rest);
    return i >= 16 && fits(p, shape_s3, line);
}

/* Erlang's: =INFO REPORT==== 25-Nov-2026::10:00:00 === */
static bool erlang(struct logline_parser *p, struct str line)
{
    struct str rest = str_from(line, 1), word = str_cut(&rest, ' ');
    const struct str report = STR("REPORT==== ");
    const char *level = level_word(word);
    int64_t ms;
    bool known;
    if (level == NULL || !str_starts(rest, report))
        return false;
    rest = str_from(rest, report.n);
    size_t n = log_time_read(rest, p->reference, &ms, &known);
    if (n == 0 || !str_starts(str_from(rest, n), STR(" ===")))
        return false;
    p->line.format = "erlang";
    p->line.level = level;
    put_time(p, ms, known, str_head(rest, n));
    p->line.message = text_value(str_trim(str_from(rest, n + 4)));
    find_ids(p, p->line.message.text);
    return true;
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
    switch (line.p[0]) {
    case 'C':
        if (line.p[3] == ':' && fits(p, shape_cef, line))
            return true;
        break;
    case 'L':
        if (line.n > 5 && line.p[3] == 'F' && fits(p, shape_leef, line))
            return true;
        break;
    case 't':
    case 'n':
        if (line.n > 5 && line.p[4] == '=' && fits(p, shape_audit, line))
            return true;
        break;
    case '_':
        if (line.p[1] == '_' && fits(p, shape_journal, line))
            return true;
        break;
    case 'h':
    case 'w':
    case 'g':
        if (fits(p, shape_balancer_typed, line))
            return true;
        break;
    default:
        break;
    }
    if (line.p[1] == '/' && fits(p, shape_logcat_brief, line))
        return true;
    return fits(p, shape_logfmt, line) || fits(p, shape_access, line) || word_first(p, line);
}

static bool bracket_first(struct logline_parser *p, struct str line)
{
    if (line.p[1] == ' ' || is_digit(line.p[1])) {
        if (fits(p, shape_moment, line) || fits(p, shape_kernel, line) || fits(p, shape_nagios, line) ||
            fits(p, shape_redis_old, line) || fits(p, shape_short_moment, line) || fits(p, shape_logcat_long, line))
            return true;
        return fits(p, shape_level_first, line);
    }
    return fits(p, shape_apache_error, line) || fits(p, shape_moment, line) || fits(p, shape_level_first, line);
}

static bool digits_first(struct logline_parser *p, struct str line)
{
    return fits(p, shape_moment, line) || fits(p, shape_access, line) || fits(p, shape_redis, line) ||
           fits(p, shape_logfmt, line) || fits(p, shape_short_moment, line) || fits(p, shape_haproxy, line) ||
           fits(p, shape_s3, line) || fits(p, shape_flow, line) || fits(p, shape_counted, line) || fits(p, shape_kmsg, line);
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
        return bracket_first(p, line);
    if (is_digit(c))
        return digits_first(p, line);
    if (is_alpha(c) || c == '_' || c == '@')
        return letters_first(p, line);
    switch (c) {
    case ':':
        return fits(p, shape_access, line) || fits(p, shape_haproxy, line);
    case '#':
        return fits(p, shape_mysql_slow, line);
    case '-':
        return fits(p, shape_cluster, line);
    case '%':
    case '*':
    case '.':
        return fits(p, shape_cisco, line);
    case '=':
        return fits(p, erlang, line);
    default:
        return false;
    }
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
    /* Each depth unescapes at most the line again, and takes its colours out; names of duplicates and numbers take the rest. */
    buf_shrink(&p->texts, KEEP);
    if (line.n > (SIZE_MAX >> 4) || buf_reserve(&p->texts, (2 * SHAPE_DEPTH + 3) * line.n + 16384) < 0)
        return NULL;
    if (!shape_any(p, without_colours(p, line))) {
        l->message = text_value(line);
        find_ids(p, line);
    }
    if (p->overflow)
        l->message = text_value(line);
    return l;
}
