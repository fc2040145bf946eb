/* lib/log/shape_json: lines that are a JSON object, and pairs, as logfmt and the journal write them: fields by their names, the
 * rest as attributes. */
#include "log/shape.h"

/* The best that was found for each role while the keys go by. */
struct found {
    struct logline_value time, level, message, template;
    struct logline_value time_name, level_name, message_name; /* to give a loser back as an attribute */
    struct logline_value structured;                          /* an object or array in the message's place */
    struct logline_value mongo_level, mongo_source;
    uint8_t time_rank, level_rank, message_rank;
    const char *numbered; /* a level from levelno or severityNumber */
    bool mongo, has_message_key;
    int64_t time_ms;
    bool time_known;
};

static struct logline_value member_value(const struct json_member *m)
{
    return (struct logline_value){ m->value, m->kind == '"' ? LOGLINE_ESCAPED : LOGLINE_JSON };
}

static struct str plain(struct logline_parser *p, struct logline_value v)
{
    if (v.form == LOGLINE_ESCAPED && memchr(v.text.p, '\\', v.text.n) != NULL)
        return texts_unescape(p, v.text);
    return v.text;
}

static const char *python_level(struct str number)
{
    if (number.n == 1 && number.p[0] >= '1' && number.p[0] <= '9')
        return "TRACE";
    if (number.n != 2 || number.p[0] < '1' || number.p[0] > '9')
        return NULL;
    static const char *const levels[] = { "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };
    unsigned tens = (unsigned)(number.p[0] - '1');
    return levels[tens > 4 ? 4 : tens];
}

/* OpenTelemetry: 1 to 4 are TRACE, 5 to 8 DEBUG, … 21 to 24 FATAL. */
static const char *otel_level(struct str number)
{
    static const char *const levels[] = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };
    unsigned v = 0;
    for (size_t i = 0; i < number.n && i < 3; i++)
        v = v * 10 + (unsigned)(unsigned char)number.p[i] - '0';
    return number.n > 0 && number.n <= 2 && v >= 1 && v <= 24 ? levels[(v - 1) / 4] : NULL;
}

static bool is_scalar(struct logline_value v)
{
    return v.text.n > 0 && (v.form != LOGLINE_JSON || is_digit(v.text.p[0]) || v.text.p[0] == '-');
}

static bool take_time(struct logline_parser *p, struct found *f, const struct key *key, struct logline_value name,
                      struct logline_value v)
{
    int64_t ms;
    bool known;
    if (!is_scalar(v) || key->rank <= f->time_rank || !log_time_whole(v.text, p->reference, &ms, &known))
        return false;
    if (f->time_rank > 0)
        put_attribute(p, f->time_name, f->time);
    f->time = v;
    f->time_name = name;
    f->time_rank = key->rank;
    f->time_ms = ms;
    f->time_known = known;
    return true;
}

static bool take_level(struct logline_parser *p, struct found *f, const struct key *key, struct logline_value name,
                       struct logline_value v)
{
    if (!is_scalar(v) || key->rank <= f->level_rank || level_normalise(v.text) == NULL)
        return false;
    if (f->level_rank > 0)
        put_attribute(p, f->level_name, f->level);
    f->level = v;
    f->level_name = name;
    f->level_rank = key->rank;
    return true;
}

static bool take_message(struct logline_parser *p, struct found *f, const struct key *key, struct logline_value name,
                         struct logline_value v)
{
    f->has_message_key = true;
    if (v.form == LOGLINE_JSON && !is_scalar(v)) {
        if (v.text.p[0] != 'n')
            f->structured = v; /* stays an attribute, too */
        return false;
    }
    if (key->rank <= f->message_rank)
        return false;
    if (f->message_rank > 0)
        put_attribute(p, f->message_name, f->message);
    f->message = v;
    f->message_name = name;
    f->message_rank = key->rank;
    return true;
}

/* A member whose name says what it is. False: it is an attribute. */
static bool take(struct logline_parser *p, struct found *f, const struct key *key, struct logline_value name,
                 struct logline_value v)
{
    switch ((enum role)key->role) {
    case ROLE_TIME:
        return take_time(p, f, key, name, v);
    case ROLE_LEVEL:
        return take_level(p, f, key, name, v);
    case ROLE_PYTHON_LEVEL:
        f->numbered = f->numbered == NULL && is_scalar(v) ? python_level(v.text) : f->numbered;
        return false;
    case ROLE_OTEL_LEVEL:
        f->numbered = f->numbered == NULL && is_scalar(v) ? otel_level(v.text) : f->numbered;
        return false;
    case ROLE_MESSAGE:
        return take_message(p, f, key, name, v);
    case ROLE_TEMPLATE:
        f->template = v;
        return false;
    case ROLE_SOURCE:
        if (!is_scalar(v) || v.text.n > 1000)
            return false;
        /* A person's name has a blank in it, or its key a capital; a logger's has neither. */
        if (str_eq(str_of(key->name), STR("name")) &&
            (memchr(v.text.p, ' ', v.text.n) != NULL || (name.text.p != NULL && name.text.p[0] != 'n')))
            return false;
        put_source(p, v, key->rank, name.text.p != NULL ? name : text_value(str_of(key->name)));
        return true;
    case ROLE_ID:
        return is_scalar(v) && put_id(p, (enum id_kind)key->rank, v.text);
    case ROLE_MONGO_LEVEL:
        f->mongo_level = v;
        return false;
    case ROLE_MONGO_SOURCE:
        f->mongo_source = v;
        return false;
    default:
        return false;
    }
}

/* Looks into an object one level deep, for names such as log.level. The object itself stays an attribute as a whole. */
static void look_into(struct logline_parser *p, struct found *f, struct str outer, struct str object)
{
    const char *at = object.p + 1, *end = object.p + object.n;
    struct json_member m;
    char dotted[64];
    if (outer.n > 24)
        return;
    memcpy(dotted, outer.p, outer.n);
    dotted[outer.n] = '.';
    while ((at = json_next(at, end, &m)) != NULL && m.kind != 0) {
        if (m.name.n > sizeof dotted - outer.n - 1 || m.kind == '{' || m.kind == '[')
            continue;
        memcpy(dotted + outer.n + 1, m.name.p, m.name.n);
        const struct key *key = key_find(p, (struct str){ dotted, outer.n + 1 + m.name.n });
        if (key == NULL || key->role == ROLE_MESSAGE)
            continue;
        struct logline_value nothing = { { NULL, 0 }, LOGLINE_TEXT };
        /* What loses its place later needs no attribute of its own. */
        if (take(p, f, key, nothing, member_value(&m)) && key->role == ROLE_TIME)
            f->mongo = f->mongo || (outer.n == 1 && outer.p[0] == 't');
    }
}

/* The message of a nested payload is the line's, where it has none of its own. */
static void look_for_message(struct logline_parser *p, struct found *f, struct str outer, struct str object)
{
    const char *at = object.p + 1, *end = object.p + object.n;
    struct json_member m;
    char dotted[64];
    if (outer.n > 24 || f->message_rank > 0)
        return;
    memcpy(dotted, outer.p, outer.n);
    dotted[outer.n] = '.';
    while ((at = json_next(at, end, &m)) != NULL && m.kind != 0) {
        if (m.name.n > sizeof dotted - outer.n - 1 || m.kind != '"')
            continue;
        memcpy(dotted + outer.n + 1, m.name.p, m.name.n);
        const struct key *key = key_find(p, (struct str){ dotted, outer.n + 1 + m.name.n });
        if (key != NULL && key->role == ROLE_MESSAGE && key->rank > f->message_rank) {
            f->message = member_value(&m);
            f->message_rank = key->rank;
        }
    }
}

static bool is_nested(const struct key *key, struct str name)
{
    return (key != NULL &&
            (key->role == ROLE_NESTED || str_eq(str_of(key->name), STR("log")) || str_eq(str_of(key->name), STR("trace")) ||
             str_eq(str_of(key->name), STR("service")) || str_eq(str_of(key->name), STR("body")))) ||
           (name.n == 1 && name.p[0] == 't');
}

static void settle(struct logline_parser *p, struct found *f, struct str line)
{
    struct logline *l = &p->line;
    if (f->time_rank > 0)
        put_time(p, f->time_ms, f->time_known, f->time.text);
    if (f->level_rank > 0)
        l->level = level_normalise(f->level.text);
    else if (f->numbered != NULL)
        l->level = f->numbered;
    else if (f->mongo && f->mongo_level.text.n > 0 && level_normalise(f->mongo_level.text) != NULL)
        l->level = level_normalise(f->mongo_level.text);
    else if (f->template.text.n > 0)
        l->level = "INFO"; /* serilog's compact form leaves Information out */
    struct logline_value request = text_value(STR(""));
    if (l->level[0] == '\0' && f->level_rank == 0)
        request = access_fields(p);
    if (f->mongo && f->mongo_source.text.n > 0)
        put_source(p, f->mongo_source, SOURCE_LOGGER, text_value(STR("c")));
    if (f->message_rank == 0 && f->template.text.n > 0)
        f->message = f->template;
    if (f->message.text.n == 0 && f->structured.text.n > 0) {
        l->message = f->structured;
        return;
    }
    if (f->message.text.n == 0 && !f->has_message_key) {
        l->message = request.text.n > 0 ? request : text_value(line);
        return;
    }
    l->message = f->message;
    /* A wrapper says no level: the line in it may. */
    if (l->level[0] == '\0' && f->message.form == LOGLINE_ESCAPED && f->message.text.n > 0) {
        struct str inner = plain(p, f->message);
        shape_inner(p, inner);
        if (l->message.form == LOGLINE_TEXT && str_eq(l->message.text, f->message.text))
            l->message = f->message; /* as it came */
    } else if (f->message.form == LOGLINE_ESCAPED) {
        find_ids(p, f->message.text);
    }
}

bool shape_json(struct logline_parser *p, struct str line)
{
    const char *at = line.p + 1, *end = line.p + line.n;
    struct json_member m;
    struct found f = { 0 };
    struct str nested[8], nested_names[8];
    size_t n_nested = 0;
    p->line.format = "json";
    for (;;) {
        at = json_next(at, end, &m);
        if (at == NULL)
            return false;
        if (m.kind == 0)
            break;
        struct logline_value name = { m.name, LOGLINE_ESCAPED }, v = member_value(&m);
        const struct key *key = key_find(p, m.name);
        if (key == NULL && m.name.n > 1 && m.name.p[0] == '_') { /* GELF's own fields */
            key = key_find(p, str_from(m.name, 1));
            if (key != NULL && key->role != ROLE_ID)
                key = NULL;
        }
        if (m.kind == '{' && n_nested < 8 && is_nested(key, m.name)) {
            nested_names[n_nested] = m.name;
            nested[n_nested++] = m.value;
        } else if (key != NULL && take(p, &f, key, name, v)) {
            continue;
        }
        put_attribute(p, name, v);
    }
    if (json_space(at, end) != end)
        return false;
    for (size_t i = 0; i < n_nested; i++)
        look_into(p, &f, nested_names[i], nested[i]);
    for (size_t i = 0; i < n_nested; i++)
        look_for_message(p, &f, nested_names[i], nested[i]);
    settle(p, &f, line);
    return true;
}

/* A pair's name: no white space, '=', quotes, control characters. */
static bool is_pair_name(char c)
{
    return is_digit(c) || is_alpha(c) || c == '_' || c == '.' || c == '-' || c == '@' || c == '/' || c == '$' || c == '%';
}

/* Cuts name=value off s; false: it doesn't begin with a pair. */
static bool cut_pair(struct logline_parser *p, struct str *s, struct str *name, struct logline_value *value)
{
    size_t i = 0;
    while (i < s->n && is_pair_name(s->p[i]))
        i++;
    if (i == 0 || i >= s->n || s->p[i] != '=')
        return false;
    *name = str_head(*s, i);
    *s = str_from(*s, i + 1);
    if (s->n > 0 && s->p[0] == '"') {
        const char *quote = memchr(s->p + 1, '"', s->n - 1);
        if (quote == NULL)
            return false;
        size_t k = (size_t)(quote - s->p);
        bool escaped = memchr(s->p + 1, '\\', k - 1) != NULL;
        if (escaped)
            for (k = 1; k < s->n && s->p[k] != '"';)
                k += s->p[k] == '\\' ? 2 : 1;
        if (k >= s->n || (k + 1 < s->n && s->p[k + 1] != ' ' && s->p[k + 1] != '\t'))
            return false;
        struct str content = { s->p + 1, k - 1 };
        *value = text_value(content);
        if (escaped) {
            struct json_member m;
            /* As Go and JSON quote; what isn't so stays as it is. */
            char *room = texts_room(p, content.n + 8);
            if (room != NULL) {
                memcpy(room, "{\"\":\"", 5);
                memcpy(room + 5, content.p, content.n);
                memcpy(room + 5 + content.n, "\"}", 2);
                if (json_next(room + 1, room + content.n + 7, &m) != NULL)
                    *value = text_value(texts_unescape(p, content));
            }
        }
        *s = str_from(*s, k + 1);
        return true;
    }
    size_t k = 0;
    while (k < s->n && s->p[k] != ' ' && s->p[k] != '\t' && s->p[k] != '\n')
        k++;
    *value = text_value(str_head(*s, k));
    *s = str_from(*s, k);
    return true;
}

void pairs_behind(struct logline_parser *p, struct str pairs)
{
    struct str name;
    struct logline_value value;
    while ((pairs = trim_left(pairs)).n > 0 && cut_pair(p, &pairs, &name, &value)) {
        const struct key *key = key_find(p, name);
        if (key == NULL || key->role != ROLE_ID || !put_id(p, (enum id_kind)key->rank, value.text))
            put_attribute(p, text_value(name), value);
    }
    put_field(p, "further", pairs);
}

bool shape_logfmt(struct logline_parser *p, struct str line)
{
    struct found f = { 0 };
    struct str name, whole = line;
    struct logline_value value;
    size_t pairs = 0, known = 0, i = 0;
    /* The first word decides cheaply for lines that aren't. */
    while (i < line.n && is_pair_name(line.p[i]))
        i++;
    if (i == 0 || i >= line.n || line.p[i] != '=')
        return false;
    p->line.format = "logfmt";
    while ((line = trim_left(line)).n > 0) {
        if (!cut_pair(p, &line, &name, &value))
            return false;
        pairs++;
        const struct key *key = key_find(p, name);
        known += key != NULL;
        if (key == NULL || !take(p, &f, key, text_value(name), value))
            put_attribute(p, text_value(name), value);
    }
    if (pairs < 2 && known == 0)
        return false;
    settle(p, &f, whole);
    return true;
}

/* journalctl -o export: NAME=value lines, or a name, and below it eight bytes that say how long the value is. */
bool shape_journal(struct logline_parser *p, struct str line)
{
    struct found f = { 0 };
    struct str whole = line;
    size_t fields = 0;
    p->line.format = "journal";
    while (line.n > 0 && line.p[0] != '\n') {
        size_t i = 0;
        while (i < line.n && i < 64 && ((line.p[i] >= 'A' && line.p[i] <= 'Z') || is_digit(line.p[i]) || line.p[i] == '_'))
            i++;
        struct str name = str_head(line, i), value;
        if (i == 0 || i >= line.n || (line.p[i] != '=' && line.p[i] != '\n'))
            return false;
        bool binary = line.p[i] == '\n';
        line = str_from(line, i + 1);
        if (binary) {
            uint64_t n = 0;
            if (line.n < 8)
                return false;
            for (int k = 7; k >= 0; k--)
                n = n << 8 | (unsigned char)line.p[k];
            if (n > line.n - 8)
                return false;
            value = (struct str){ line.p + 8, (size_t)n };
            line = str_from(line, 8 + (size_t)n);
            if (line.n > 0 && line.p[0] == '\n')
                line = str_from(line, 1);
        } else {
            value = str_cut(&line, '\n');
        }
        const struct key *key = key_find(p, name);
        if (key == NULL || !take(p, &f, key, text_value(name), text_value(value)))
            put_attribute(p, text_value(name), text_value(value));
        fields++;
    }
    if (fields < 2)
        return false;
    settle(p, &f, whole);
    return true;
}
