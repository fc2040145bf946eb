/* lib/log/shape_moment: lines of applications and servers: a moment, then in any order thread, process, level, logger, and the
 * message. */
#include "log/shape.h"

enum { STEPS = 12, BRACKET_MAX = 200, WORD_MAX = 200 };

/* What the head of a line has told so far. */
struct head {
    struct logline_parser *p;
    struct str s; /* what is left */
    const char *start;
    const char *level;
    struct str thread, pid, name; /* name: stood before the level */
    bool dashes;                  /* Spring's "---" was passed */
    bool code;                    /* MySQL's [MY-…] was passed */
    bool clickhouse;              /* <Level> was passed */
    bool has_source;
    bool in_bracket; /* the logger stood in brackets, as JBoss has it */
    bool tagged;     /* the level stood in the second of a row of brackets, as Envoy and the JVM have it */
};

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f'))
            return false;
    return s.n > 0;
}

static bool in_name(char c)
{
    switch (c) {
    case '_':
    case '.':
    case '-':
    case ':':
    case '$':
    case '/':
    case '<':
    case '>':
    case '@':
    case '#':
        return true;
    default:
        return is_alpha(c) || is_digit(c);
    }
}

/* The name of a logger, a module, a class: no white space, brackets or quotes. */
static bool is_name(struct str s)
{
    if (s.n == 0 || s.n > WORD_MAX || !(is_alpha(s.p[0]) || s.p[0] == '_' || s.p[0] == '<'))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!in_name(s.p[i]))
            return false;
    return true;
}

static void take_source(struct head *h, struct str name)
{
    put_source(h->p, text_value(name), SOURCE_LOGGER, text_value(STR("logger")));
    h->has_source = true;
}

/* Go's file.go:12. */
static bool is_caller(struct str s)
{
    const char *colon = memrchr(s.p, ':', s.n);
    return colon != NULL && colon > s.p + 3 && all_digits(str_from(s, (size_t)(colon + 1 - s.p))) &&
           memchr(s.p, '.', (size_t)(colon - s.p));
}

/* [app,trace,span,exported] as Spring Cloud Sleuth, or [trace-span] as Spring Boot 3 writes it. */
static bool trace_bracket(struct head *h, struct str inner)
{
    struct str rest = inner, app = str_cut(&rest, ','), trace = str_cut(&rest, ','), span = str_cut(&rest, ',');
    if (memchr(inner.p, ',', inner.n) != NULL && memchr(inner.p, ' ', inner.n) == NULL && (trace.n == 0 || is_hex(trace)) &&
        (span.n == 0 || is_hex(span)) && (app.n == 0 || is_name(app))) {
        put_source(h->p, text_value(app), SOURCE_SERVICE, text_value(STR("service")));
        put_id(h->p, ID_TRACE, trace);
        put_id(h->p, ID_SPAN, span);
        return true;
    }
    if (inner.n == 49 && inner.p[32] == '-' && is_hex(str_head(inner, 32)) && is_hex(str_from(inner, 33))) {
        put_id(h->p, ID_TRACE, str_head(inner, 32));
        put_id(h->p, ID_SPAN, str_from(inner, 33));
        return true;
    }
    return false;
}

/* The bracket that closes the one at s.p[0]: ZooKeeper's threads have some within. */
static const char *bracket_close(struct str s)
{
    size_t depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        depth += s.p[i] == '[';
        depth -= s.p[i] == ']';
        if (depth == 0)
            return s.p + i;
    }
    return memchr(s.p, ']', s.n);
}

/* ZooKeeper's thread:class@line. */
static bool zookeeper_bracket(struct head *h, struct str inner)
{
    const char *at = inner.n > 3 ? memrchr(inner.p, '@', inner.n) : NULL;
    const char *colon = at != NULL ? memrchr(inner.p, ':', (size_t)(at - inner.p)) : NULL;
    if (colon == NULL || h->has_source || !all_digits(str_from(inner, (size_t)(at + 1 - inner.p))))
        return false;
    struct str class = { colon + 1, (size_t)(at - colon) - 1 };
    if (!is_name(class))
        return false;
    take_source(h, class);
    put_field(h->p, "caller", str_from(inner, (size_t)(colon + 1 - inner.p)));
    if (h->thread.n == 0)
        h->thread = str_head(inner, (size_t)(colon - inner.p));
    return true;
}

/* The JVM's time since its start: 0.005s. */
static bool is_uptime(struct str s)
{
    return s.n > 2 && s.p[s.n - 1] == 's' && is_digit(s.p[0]) && is_digit(s.p[s.n - 2]) && memchr(s.p, '.', s.n) != NULL;
}

/* At a '['. False: it belongs to the message. */
static bool step_bracket(struct head *h)
{
    size_t look = h->s.n < BRACKET_MAX ? h->s.n : BRACKET_MAX;
    const char *close = bracket_close(str_head(h->s, look));
    if (close == NULL)
        return false;
    bool adjacent = h->s.p > h->start && h->s.p[-1] == ']';
    struct str inner = str_trim((struct str){ h->s.p + 1, (size_t)(close - h->s.p) - 1 });
    struct str after = str_from(h->s, (size_t)(close + 1 - h->s.p));
    const char *level = all_digits(inner) ? NULL : level_normalise(inner);
    if (h->level == NULL && level != NULL) {
        h->level = level;
        h->tagged = h->tagged || (adjacent && h->pid.n > 0);
    } else if (h->level == NULL && is_uptime(inner)) {
        put_field(h->p, "uptime", inner);
        h->tagged = true;
    } else if (h->tagged && adjacent && h->level != NULL && !h->has_source) {
        take_source(h, inner);
        h->tagged = false;
    } else if (h->level != NULL && inner.n >= 40 && str_starts(inner, STR("req-")) && is_uuid((struct str){ inner.p + 4, 36 })) {
        put_id(h->p, ID_REQUEST, str_head(inner, 40)); /* OpenStack's context */
    } else if (h->level != NULL && h->has_source && is_caller(inner)) {
        put_field(h->p, "caller", inner);
    } else if (str_starts(inner, STR("myid:"))) {
        put_field(h->p, "myid", str_from(inner, 5));
    } else if (zookeeper_bracket(h, inner) || trace_bracket(h, inner)) {
        /* done */
    } else if (all_digits(inner) && h->pid.n == 0) {
        h->pid = inner;
    } else if (h->level != NULL && str_starts(inner, STR("MY-"))) {
        put_field(h->p, "code", inner);
        h->code = true;
    } else if (h->level != NULL && !h->has_source && (h->code || (memchr(inner.p, '.', inner.n) != NULL && is_name(inner)))) {
        take_source(h, inner);
        h->in_bracket = true;
    } else if (h->dashes && h->thread.n == 0 && h->p->source_rank < SOURCE_PROGRAM && after.n > 1 && after.p[0] == ' ' &&
               after.p[1] == '[') {
        put_source(h->p, text_value(inner), SOURCE_PROGRAM, text_value(STR("application")));
    } else if (inner.n == 0) {
        /* an empty one says nothing */
    } else if (h->thread.n == 0 && (h->level == NULL || h->dashes || memchr(inner.p, ' ', inner.n) == NULL)) {
        h->thread = inner;
    } else {
        return false;
    }
    if (after.n > 0 && after.p[0] == ':')
        after = str_from(after, 1);
    h->s = after;
    return true;
}

/* What follows a word: " - ", " : ", '|' or a tab makes a name of it. */
static bool names(struct str after)
{
    if (after.n > 0 && (after.p[0] == '|' || after.p[0] == '\t'))
        return true;
    after = trim_left(after);
    return after.n > 1 && (after.p[0] == '-' || after.p[0] == ':' || after.p[0] == '|') && after.p[1] == ' ';
}

/* level:logger:message, channel.LEVEL:, LEVEL/process. */
static bool step_compound(struct head *h, struct str word, struct str after)
{
    const char *colon = memchr(word.p, ':', word.n), *slash = memchr(word.p, '/', word.n), *dot = memrchr(word.p, '.', word.n);
    if (colon != NULL && colon + 1 < word.p + word.n) {
        const char *level = level_word(str_head(word, (size_t)(colon - word.p)));
        struct str rest = str_from(h->s, (size_t)(colon + 1 - word.p)), logger = rest;
        size_t i = 0;
        while (i < rest.n && rest.p[i] != ':' && rest.p[i] != ' ')
            i++;
        logger = str_head(rest, i);
        if (level == NULL || i >= rest.n || rest.p[i] != ':' || !is_name(logger))
            return false;
        h->level = level;
        take_source(h, logger);
        h->s = str_from(rest, i + 1);
        return true;
    }
    if (slash != NULL) {
        const char *level = level_word(str_head(word, (size_t)(slash - word.p)));
        if (level == NULL)
            return false;
        h->level = level;
        h->thread = str_from(word, (size_t)(slash + 1 - word.p));
        h->s = after;
        return true;
    }
    if (dot != NULL && after.p > word.p + word.n) {
        const char *level = level_word(str_from(word, (size_t)(dot + 1 - word.p)));
        if (level == NULL)
            return false;
        h->level = level;
        take_source(h, str_head(word, (size_t)(dot - word.p)));
        h->s = after;
        return true;
    }
    return false;
}

/* A bare word before the level was seen. False: it belongs to the message. */
static bool step_word_before(struct head *h, struct str word, struct str after, bool colon)
{
    const char *level = level_word(word);
    if (level == NULL && word.n >= 3 && (colon || (after.n > 0 && (after.p[0] == '|' || after.p[0] == '\t')) || h->name.n > 0))
        level = level_normalise(word);
    if (level != NULL && !all_digits(word)) {
        h->level = level;
        h->s = after;
        return true;
    }
    if (step_compound(h, word, after))
        return true;
    if (colon)
        return false;
    if (all_digits(word) && word.n <= 10 && h->pid.n == 0) {
        h->pid = word;
    } else if (word.n == 36 && after.n > 0 && after.p[0] == '\t' && is_uuid(word)) {
        put_id(h->p, ID_REQUEST, word); /* AWS Lambda */
    } else if (memchr(word.p, '@', word.n) != NULL && h->pid.n > 0) {
        put_field(h->p, "user", word); /* PostgreSQL: user@database */
    } else if (h->name.n == 0 && is_name(word) && names(after)) {
        h->name = word;
    } else {
        return false;
    }
    h->s = after;
    return true;
}

/* module:function:12, as loguru writes it. */
static bool is_function(struct str s)
{
    const char *first = memchr(s.p, ':', s.n), *last = memrchr(s.p, ':', s.n);
    return first != NULL && last != first && all_digits(str_from(s, (size_t)(last + 1 - s.p)));
}

/* org.apache.Server.await */
static bool is_class(struct str s)
{
    size_t dots = 0;
    for (size_t i = 0; i < s.n; i++)
        dots += s.p[i] == '.' && i > 0 && i + 1 < s.n && is_alpha(s.p[i + 1]);
    return dots >= 2 && memchr(s.p, '/', s.n) == NULL && memchr(s.p, '@', s.n) == NULL;
}

/* Python's and Java's names are lower-case or have something between their parts; "Error:" begins a message. */
static bool is_qualified(struct str s)
{
    bool lower = true;
    for (size_t i = 0; i < s.n; i++) {
        if (strchr("._-/$", s.p[i]) != NULL || (s.p[i] == ':' && i + 1 < s.n && s.p[i + 1] == ':'))
            return true;
        lower = lower && s.p[i] >= 'a' && s.p[i] <= 'z';
    }
    return lower;
}

/* A bare word behind the level. False: the message begins here. */
static bool step_word_behind(struct head *h, struct str word, struct str after, bool colon)
{
    int64_t ms;
    bool known;
    if (word.n == 36 && after.n > 0 && after.p[0] == '\t' && is_uuid(word)) {
        put_id(h->p, ID_REQUEST, word);
        h->s = str_from(after, 1);
        return false;
    }
    if (!h->p->line.has_time && word.n >= 19 && is_digit(word.p[0]) && is_moment(h->p, word, &ms, &known)) {
        put_time(h->p, ms, known, word);
    } else if (!h->has_source && h->pid.n > 0 && str_starts(after, STR(" [req-")) && is_name(word)) {
        take_source(h, word); /* OpenStack */
    } else if (all_digits(word) && h->pid.n == 0 && (h->dashes || str_starts(trim_left(after), STR("--- ")))) {
        h->pid = word;
    } else if (h->clickhouse && colon && !h->has_source && is_name(word)) {
        take_source(h, word);
    } else if (!h->has_source && !colon && names(after) && is_name(word) && !is_caller(word)) {
        take_source(h, word);
    } else if (!h->has_source && colon && is_name(word) && is_qualified(word)) {
        take_source(h, word);
    } else if (!h->has_source && !colon && h->thread.n > 0 && is_name(word) && is_class(word)) {
        take_source(h, word);
        h->s = after;
        return false; /* nothing parts it from the message: java.util.logging in one line, as Tomcat writes it */
    } else if (!h->has_source && names(after) && is_name(word) && is_function(word)) {
        put_field(h->p, "caller", word);
        take_source(h, str_head(word, (size_t)((const char *)memchr(word.p, ':', word.n) - word.p)));
    } else if (is_caller(word) && after.n > 0 && (after.p[0] == '\t' || names(after))) {
        put_field(h->p, "caller", word);
    } else {
        return false;
    }
    h->s = after;
    return !(colon && h->has_source) || h->clickhouse;
}

static bool step(struct head *h)
{
    h->s = trim_left(h->s);
    if (h->s.n == 0)
        return false;
    char c = h->s.p[0];
    if ((c == '-' || c == '|' || c == ':') && h->s.n > 1 && (h->s.p[1] == ' ' || c == '|')) {
        /* Behind a logger a separator ends the head, save where fields go on. */
        bool ends = h->level != NULL && h->has_source && c != '|';
        h->s = str_from(h->s, 1);
        return !ends;
    }
    if (str_starts(h->s, STR("--- "))) {
        h->dashes = true;
        h->s = str_from(h->s, 4);
        return true;
    }
    if (c == '[')
        return step_bracket(h);
    if (c == '{' && h->level == NULL) {
        const char *close = memchr(h->s.p, '}', h->s.n < 80 ? h->s.n : 80);
        if (close == NULL || (size_t)(close + 2 - h->s.p) >= h->s.n || close[1] != ' ' || close[2] != '<')
            return false;
        put_field(h->p, "query_id", (struct str){ h->s.p + 1, (size_t)(close - h->s.p) - 1 });
        h->s = str_from(h->s, (size_t)(close + 1 - h->s.p));
        return true;
    }
    if (c == '(' && h->in_bracket && h->thread.n == 0) { /* JBoss: [logger] (thread) */
        const char *close = memchr(h->s.p, ')', h->s.n < 80 ? h->s.n : 80);
        if (close == NULL)
            return false;
        h->thread = (struct str){ h->s.p + 1, (size_t)(close - h->s.p) - 1 };
        h->s = str_from(h->s, (size_t)(close + 1 - h->s.p));
        return false;
    }
    if (c == '<' && h->level != NULL && h->s.n > 6 && is_digit(h->s.p[1])) { /* Erlang's process: <0.123.0> */
        const char *close = memchr(h->s.p, '>', h->s.n < 32 ? h->s.n : 32);
        if (close == NULL || close[-1] == '<' || h->pid.n > 0)
            return false;
        h->pid = str_head(h->s, (size_t)(close + 1 - h->s.p));
        h->s = str_from(h->s, h->pid.n);
        return false;
    }
    if (c == '<' && h->level == NULL) {
        const char *close = memchr(h->s.p, '>', h->s.n < 20 ? h->s.n : 20);
        struct str inner = { h->s.p + 1, close != NULL ? (size_t)(close - h->s.p) - 1 : 0 };
        h->level = level_normalise(inner);
        if (h->level == NULL && str_eq(inner, STR("Test")))
            h->level = "TRACE"; /* ClickHouse's lowest */
        if (h->level == NULL)
            return false;
        h->clickhouse = true;
        h->s = str_from(h->s, (size_t)(close + 1 - h->s.p));
        return true;
    }
    size_t i = 0;
    while (i < h->s.n && i <= WORD_MAX && h->s.p[i] != ' ' && h->s.p[i] != '\t' && h->s.p[i] != '|' && h->s.p[i] != '\n' &&
           h->s.p[i] != '[')
        i++;
    if (i == 0 || i > WORD_MAX)
        return false;
    struct str word = str_head(h->s, i), after = str_from(h->s, i);
    bool colon = word.p[i - 1] == ':';
    word.n -= colon;
    if (word.n == 0)
        return false;
    return h->level == NULL ? step_word_before(h, word, after, colon) : step_word_behind(h, word, after, colon);
}

/* Kafka's layout, "%m (%c)", has the logger at the end. */
static struct str cut_logger(struct head *h, struct str message)
{
    if (h->has_source || message.n < 5 || message.p[message.n - 1] != ')')
        return message;
    const char *open = memrchr(message.p, '(', message.n);
    if (open == NULL || open == message.p || open[-1] != ' ')
        return message;
    struct str name = { open + 1, message.n - (size_t)(open - message.p) - 2 };
    if (!is_name(name) || memchr(name.p, '.', name.n) == NULL)
        return message;
    take_source(h, name);
    return str_head(message, (size_t)(open - 1 - message.p));
}

/* Reads the head; false: no level in it, and nothing taken. */
static bool walk(struct head *h)
{
    h->start = h->s.p;
    for (unsigned i = 0; i < STEPS && step(h); i++)
        ;
    if (h->level == NULL) {
        if (h->pid.n == 0 || !postgres_part(h->p, trim_left(h->s)))
            return false;
        put_field(h->p, "pid", h->pid);
        return true;
    }
    if (h->name.n > 0 && !h->has_source)
        take_source(h, h->name);
    put_field(h->p, "thread", h->thread);
    put_field(h->p, "pid", h->pid);
    h->p->line.level = h->level;
    struct str message = trim_left(h->s);
    while (message.n > 1 && (message.p[0] == '-' || message.p[0] == '|' || message.p[0] == ':') && message.p[1] == ' ')
        message = trim_left(str_from(message, 2));
    if (message.n > 0 && message.p[0] == '\n')
        message = trim_left(str_from(message, 1));
    message = cut_logger(h, message);
    if (message.n > 1 && message.p[0] == '{' && h->p->depth < SHAPE_DEPTH) {
        const char *level = h->level;
        shape_inner(h->p, message);
        if (h->p->line.level[0] == '\0')
            h->p->line.level = level;
        return true;
    }
    h->p->line.message = text_value(message);
    find_ids(h->p, message);
    return true;
}

/* java.util.logging: "moment class method", and below it "LEVEL: message". */
static bool two_lines(struct logline_parser *p, struct str rest)
{
    const char *newline = rest.n > 0 ? memchr(rest.p, '\n', rest.n) : NULL;
    if (newline == NULL)
        return false;
    struct str first = str_trim(str_head(rest, (size_t)(newline - rest.p))),
               second = str_from(rest, (size_t)(newline + 1 - rest.p));
    struct str method = first, class = str_cut(&method, ' '), message = second, word = str_cut(&message, ':');
    const char *level = message.n > 0 ? level_normalise(word) : NULL;
    if (level == NULL || !is_name(class) || word.n < 4)
        return false;
    p->line.level = level;
    put_source(p, text_value(class), SOURCE_LOGGER, text_value(STR("logger")));
    put_field(p, "method", method);
    p->line.message = text_value(trim_left(message));
    find_ids(p, message);
    return true;
}

/* Behind a moment in brackets that doesn't end with them: "[10:00:00 INF] m", "[… INFO  crate::mod] m", "[…: INFO/Main] m". */
static bool in_brackets(struct logline_parser *p, struct str rest)
{
    const char *close = memchr(rest.p, ']', rest.n < BRACKET_MAX ? rest.n : BRACKET_MAX);
    if (close == NULL)
        return false;
    struct str inner = str_head(rest, (size_t)(close - rest.p)), word;
    if (inner.n > 0 && inner.p[0] == ':')
        inner = str_from(inner, 1);
    inner = str_trim(inner);
    word = str_cut(&inner, ' ');
    struct str process = word, level_text = str_cut(&process, '/');
    const char *level = level_normalise(level_text);
    if (level == NULL || all_digits(level_text))
        return false;
    p->line.level = level;
    put_field(p, "thread", process);
    inner = str_trim(inner);
    if (is_name(inner))
        put_source(p, text_value(inner), SOURCE_LOGGER, text_value(STR("logger")));
    p->line.message = text_value(trim_left(str_from(rest, (size_t)(close + 1 - rest.p))));
    find_ids(p, p->line.message.text);
    return true;
}

bool shape_head(struct logline_parser *p, struct str rest)
{
    struct head h = { .p = p, .s = rest };
    return walk(&h);
}

/* "PHP Warning:  …", "PHP Fatal error:  …" */
static bool php(struct logline_parser *p, struct str s)
{
    static const struct {
        struct str kind;
        const char *level;
    } kinds[] = { { { "PHP Fatal error", 15 }, "FATAL" },
                  { { "PHP Parse error", 15 }, "ERROR" },
                  { { "PHP Warning", 11 }, "WARN" },
                  { { "PHP Deprecated", 14 }, "WARN" },
                  { { "PHP Notice", 10 }, "INFO" } };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_starts(s, kinds[i].kind) && s.n > kinds[i].kind.n && s.p[kinds[i].kind.n] == ':') {
            p->line.level = kinds[i].level;
            put_source(p, text_value(STR("php")), SOURCE_LOGGER, text_value(STR("program")));
            p->line.message = text_value(trim_left(str_from(s, kinds[i].kind.n + 1)));
            return true;
        }
    return false;
}

/* Forms of one program each, behind a moment, where nothing more general fits. time: the moment as it stands. */
static bool of_one_program(struct logline_parser *p, struct str time, bool bracket, struct str rest, struct str trimmed)
{
    if (rest.n < 2)
        return false;
    if (bracket) {
        if (rest.p[0] == ' ' && shape_envoy(p, trimmed))
            return true;
        if (!is_alpha(time.p[0]) || trimmed.n == 0 || !is_alpha(trimmed.p[0]) || str_starts(trimmed, STR("PHP ")))
            return php(p, trimmed);
        p->line.format = "kernel"; /* dmesg -T */
        put_kernel(p, trimmed);
        return true;
    }
    switch (rest.p[0]) {
    case ',':
        return (rest.p[1] == '"' || rest.p[1] == ',') && shape_postgres_csv(p, str_from(rest, 1));
    case ':':
        return shape_postgres_rds(p, rest);
    case '\t':
        return shape_cloudfront(p, str_from(rest, 1));
    case ' ':
        if (memchr(time.p, '-', time.n) == NULL && trimmed.n > 0 && is_digit(trimmed.p[0]) && shape_squid(p, trimmed))
            return true;
        if (trimmed.n < 8)
            return false;
        if (trimmed.p[1] == ' ' || trimmed.p[1] == '/' || trimmed.p[2] == ' ')
            return shape_mongo(p, trimmed) || shape_logcat(p, trimmed);
        if (is_digit(trimmed.p[0]) && (shape_logcat(p, trimmed) || shape_iis(p, trimmed)))
            return true;
        return time.p[4] == '-' && shape_balancer(p, trimmed);
    default:
        return false;
    }
}

bool shape_container(struct logline_parser *p, struct str rest)
{
    bool out = str_starts(rest, STR(" stdout ")), error = str_starts(rest, STR(" stderr "));
    if ((!out && !error) || rest.n < 10 || (rest.p[8] != 'F' && rest.p[8] != 'P') || rest.p[9] != ' ')
        return false;
    p->line.format = "cri";
    put_field(p, "stream", str_from(str_head(rest, 7), 1));
    shape_inner(p, str_from(rest, 10));
    return true;
}

bool shape_moment(struct logline_parser *p, struct str line)
{
    int64_t ms;
    bool known = true, bracket = line.p[0] == '[';
    struct str s = str_from(line, bracket), rest;
    size_t n = log_time_read(s, p->reference, &ms, &known);
    if (n == 0) {
        struct str after = s, word = str_cut(&after, ' ');
        if (bracket || word.n < 10 || after.n == 0 || !log_time_epoch(word, &ms))
            return false;
        n = word.n;
    }
    struct str time = str_head(s, n);
    rest = str_from(s, n);
    if (rest.n > 0 && (is_digit(rest.p[0]) || is_alpha(rest.p[0]) || rest.p[0] == '_' || rest.p[0] == '/' || rest.p[0] == '='))
        return false;
    put_time(p, ms, known, time);
    p->line.format = "app";
    if (bracket && (rest.n == 0 || rest.p[0] != ']'))
        return in_brackets(p, rest);
    rest = str_from(rest, bracket);
    if (rest.n > 0 && (rest.p[0] == ':' || rest.p[0] == ',') && (rest.n == 1 || rest.p[1] == ' '))
        rest = str_from(rest, 1);
    if (shape_container(p, rest))
        return true;
    struct str trimmed = trim_left(rest);
    if (time.p[4] == '/' && shape_nginx_error(p, trimmed))
        return true;
    struct head h = { .p = p, .s = rest };
    const size_t n_attributes = p->line.n_attributes;
    const struct logline_value source = p->line.source;
    const unsigned rank = p->source_rank;
    if (walk(&h))
        return true;
    p->line.n_attributes = n_attributes;
    p->line.source = source;
    p->source_rank = rank;
    if (of_one_program(p, time, bracket, rest, trimmed) || two_lines(p, trimmed))
        return true;
    if (!bracket && shape_syslog_tag(p, trimmed))
        return true;
    p->line.format = "app";
    while (trimmed.n > 1 && (trimmed.p[0] == '-' || trimmed.p[0] == '|') && trimmed.p[1] == ' ')
        trimmed = trim_left(str_from(trimmed, 2));
    if (trimmed.n > 0 && (trimmed.p[0] == '{' || is_alpha(trimmed.p[0])) && p->depth < SHAPE_DEPTH) {
        shape_inner(p, trimmed);
        return true;
    }
    p->line.message = text_value(trimmed);
    find_ids(p, trimmed);
    return true;
}

/* .NET's console: "info: Category[14]", and below it, indented, the message. */
static bool dotnet(struct logline_parser *p, struct str line)
{
    static const struct str words[] = { { "info", 4 }, { "warn", 4 }, { "fail", 4 }, { "crit", 4 }, { "dbug", 4 }, { "trce", 4 } };
    struct str rest = str_from(line, 5), message = rest, category = str_cut(&message, '\n');
    bool known = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        known = known || str_starts(line, words[i]);
    category = str_trim(category);
    const char *open = category.n > 3 && category.p[category.n - 1] == ']' ? memrchr(category.p, '[', category.n) : NULL;
    if (!known || line.p[4] != ':' || open == NULL || open == category.p)
        return false;
    struct str name = str_head(category, (size_t)(open - category.p)), id = { open + 1, category.n - name.n - 2 };
    if (!is_name(name) || !all_digits(id))
        return false;
    p->line.format = "dotnet";
    p->line.level = level_normalise(str_head(line, 4));
    put_source(p, text_value(name), SOURCE_LOGGER, text_value(STR("logger")));
    put_field(p, "event_id", id);
    p->line.message = text_value(str_trim(message));
    find_ids(p, message);
    return true;
}

/* "error: …", "Warning: …", "panic: …", "Traceback (…", "Exception in thread …": a level, and all of it is the message. */
static const char *sentence_level(struct str line, size_t word)
{
    if (str_starts(line, STR("Traceback (most recent call last)")) || str_starts(line, STR("Exception in thread ")))
        return "ERROR";
    if (str_starts(line, STR("fatal error: ")))
        return "FATAL";
    if (word < 5 || word >= line.n || line.p[word] != ':')
        return NULL;
    const char *level = level_normalise(str_head(line, word));
    return level != NULL && (level[0] == 'E' || level[0] == 'F' || level[0] == 'W') && line.p[0] != 's' && line.p[0] != 'S' ? level
                                                                                                                            : NULL;
}

/* logrus on a terminal: "INFO[0000] message        key=value", or a moment within the brackets. */
static bool logrus(struct logline_parser *p, struct str rest)
{
    const char *close = memchr(rest.p, ']', rest.n < 48 ? rest.n : 48);
    int64_t ms;
    bool known;
    if (close == NULL || close + 1 >= rest.p + rest.n || close[1] != ' ')
        return false;
    struct str inner = { rest.p + 1, (size_t)(close - rest.p) - 1 },
               message = trim_left(str_from(rest, (size_t)(close + 1 - rest.p)));
    if (inner.n >= 4 && all_digits(inner))
        put_field(p, "uptime", inner);
    else if (is_moment(p, inner, &ms, &known))
        put_time(p, ms, known, inner);
    else
        return false;
    const char *gap = memmem(message.p, message.n, "  ", 2),
               *equals = gap != NULL ? memchr(gap, '=', (size_t)(message.p + message.n - gap)) : NULL;
    if (gap == NULL && message.n > 44 && message.p[44] == ' ') { /* padded to 44 */
        gap = message.p + 44;
        equals = memchr(gap, '=', (size_t)(message.p + message.n - gap));
    }
    p->line.message = text_value(equals != NULL ? str_head(message, (size_t)(gap - message.p)) : message);
    if (equals != NULL)
        pairs_behind(p, str_from(message, (size_t)(gap - message.p)));
    return true;
}

bool shape_level_first(struct logline_parser *p, struct str line)
{
    struct head h = { .p = p, .s = line };
    if (line.p[0] == 'P' && php(p, line)) {
        p->line.format = "app";
        return true;
    }
    p->line.format = "app";
    if (line.p[0] == '[') {
        if (!walk(&h))
            return false;
        return true;
    }
    size_t i = 0;
    while (i < line.n && i < 14 && (is_alpha(line.p[i]) || is_digit(line.p[i])))
        i++;
    if (i < 3)
        return false;
    if (i == 4 && line.n > 8 && dotnet(p, line))
        return true;
    const char *level =
        i < line.n && strchr(" :\t|,[", line.p[i]) != NULL && line.p[i] != '\0' ? level_word(str_head(line, i)) : NULL;
    bool upper = i > 1 && line.p[1] >= 'A' && line.p[1] <= 'Z';
    int64_t ms;
    bool known;
    if (level != NULL && !upper && line.p[i] == '\t') /* Windows' event viewer: level, moment, source */
        upper = log_time_read(str_from(line, i + 1), p->reference, &ms, &known) > 0;
    if (level != NULL && upper && line.p[i] == '[' && logrus(p, str_from(line, i))) {
        p->line.level = level;
        return true;
    }
    if (level == NULL || !upper) {
        level = sentence_level(line, i);
        if (level == NULL)
            return false;
        p->line.level = level;
        p->line.message = text_value(line);
        find_ids(p, line);
        return true;
    }
    /* LEVEL:logger:message */
    if (line.p[i] == ':' && i + 1 < line.n && line.p[i + 1] != ' ')
        return walk(&h);
    struct str rest = str_from(line, i + (line.p[i] == ':'));
    rest = trim_left(rest);
    bool bracket = rest.n > 8 && rest.p[0] == '[';
    size_t n = rest.n > 8 ? log_time_read(str_from(rest, bracket), p->reference, &ms, &known) : 0;
    if (n > 0 && (!bracket || (n + 1 < rest.n && rest.p[n + 1] == ']'))) {
        put_time(p, ms, known, str_head(str_from(rest, bracket), n));
        rest = str_from(rest, n + 2u * bracket);
    }
    h.level = level;
    h.s = rest;
    /* "INFO:     message" has no logger. */
    if (line.p[i] == ':' && n == 0) {
        p->line.level = level;
        p->line.message = text_value(rest);
        find_ids(p, rest);
        return true;
    }
    return walk(&h);
}
