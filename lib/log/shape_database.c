/* lib/log/shape_database: PostgreSQL's csvlog, details and RDS prefix, MySQL's slow log, MongoDB before 4.4. */
#include "log/shape.h"

/* A field of CSV: "" within quotes is a quote. s is behind the last field's comma. */
static bool cut_csv(struct logline_parser *p, struct str *s, struct str *field)
{
    if (s->n == 0 || s->p[0] != '"') {
        const char *at = s->n > 0 ? memchr(s->p, ',', s->n) : NULL;
        size_t n = at != NULL ? (size_t)(at - s->p) : s->n;
        *field = str_head(*s, n);
        *s = str_from(*s, at != NULL ? n + 1 : n);
        return true;
    }
    size_t i = 1;
    bool doubled = false;
    for (; i < s->n; i++) {
        if (s->p[i] != '"')
            continue;
        if (i + 1 >= s->n || s->p[i + 1] != '"')
            break;
        doubled = true;
        i++;
    }
    if (i >= s->n || (i + 1 < s->n && s->p[i + 1] != ','))
        return false;
    *field = (struct str){ s->p + 1, i - 1 };
    char *room = doubled ? texts_room(p, field->n) : NULL;
    if (room != NULL) {
        size_t n = 0;
        for (size_t k = 0; k < field->n; k++) {
            room[n++] = field->p[k];
            k += field->p[k] == '"';
        }
        *field = (struct str){ room, n };
    }
    *s = str_from(*s, i + 1 < s->n ? i + 2 : i + 1);
    return true;
}

/* Behind the moment and its comma. */
bool shape_postgres_csv(struct logline_parser *p, struct str s)
{
    static const char *const names[] = {
        "user",
        "database",
        "pid",
        "client",
        "session",
        "session_line",
        "command_tag",
        "session_start",
        "transaction",
        "transaction_id",
        NULL,
        "sqlstate",
        NULL,
        "detail",
        "hint",
        "internal_query",
        "internal_position",
        "context",
        "query",
        "position",
        "caller",
        "application",
        "backend_type",
        "leader_pid",
        "query_id",
    };
    enum { NAMES = sizeof names / sizeof *names, LEVEL = 10, MESSAGE = 12, LEAST = 22 };
    struct str f[NAMES];
    size_t n = 0;
    const char *level;
    while (n < NAMES && s.n > 0)
        if (!cut_csv(p, &s, &f[n++]))
            return false;
    if (n < LEAST || !is_number(f[2]) || (level = level_normalise(f[LEVEL])) == NULL)
        return false;
    p->line.format = "postgres-csv";
    p->line.level = level;
    put_source(p, text_value(STR("postgres")), SOURCE_LOGGER, text_value(STR("program")));
    p->line.message = text_value(f[MESSAGE]);
    for (size_t i = 0; i < n; i++)
        if (names[i] != NULL)
            put_field(p, names[i], f[i]);
    find_ids(p, f[MESSAGE]);
    return true;
}

/* "STATEMENT:  select 1" behind "moment [pid] user@database": what belongs to the line before. */
bool postgres_part(struct logline_parser *p, struct str s)
{
    static const char *const parts[] = { "STATEMENT", "DETAIL", "HINT", "CONTEXT", "QUERY", "LOCATION", "BACKTRACE" };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t n = strlen(parts[i]);
        if (str_starts(s, str_of(parts[i])) && s.n > n + 2 && s.p[n] == ':' && s.p[n + 1] == ' ' && s.p[n + 2] == ' ') {
            put_field(p, "part", str_head(s, n));
            p->line.message = text_value(str_from(s, n + 3));
            return true;
        }
    }
    return false;
}

/* RDS: behind the moment ":client(port):user@database:[pid]:LEVEL:  message". */
bool shape_postgres_rds(struct logline_parser *p, struct str s)
{
    if (s.n < 8 || s.p[0] != ':' || s.p[1] == ' ')
        return false;
    const char *open = memmem(s.p, s.n < 300 ? s.n : 300, ":[", 2);
    const char *close = open != NULL ? memmem(open, (size_t)(s.p + s.n - open), "]:", 2) : NULL;
    if (close == NULL)
        return false;
    struct str head = { s.p + 1, open > s.p ? (size_t)(open - s.p) - 1 : 0 }, pid = { open + 2, (size_t)(close - open) - 2 };
    struct str message = str_from(s, (size_t)(close + 2 - s.p)), rest = message, word = str_cut(&rest, ':');
    const char *at = head.n > 0 ? memrchr(head.p, ':', head.n) : NULL;
    const char *level = level_normalise(word);
    if (!is_number(pid) || (level == NULL && !postgres_part(p, message)))
        return false;
    p->line.format = "app";
    put_source(p, text_value(STR("postgres")), SOURCE_LOGGER, text_value(STR("program")));
    if (at != NULL)
        put_field(p, "client", str_head(head, (size_t)(at - head.p)));
    put_field(p, "user", at != NULL ? str_from(head, (size_t)(at + 1 - head.p)) : head);
    put_field(p, "pid", pid);
    if (level != NULL) {
        p->line.level = level;
        p->line.message = text_value(trim_left(rest));
        find_ids(p, rest);
    }
    return true;
}

/* "# Query_time: 1.5  Lock_time: 0.0 Rows_sent: 1" as attributes in lower case. */
static void slow_numbers(struct logline_parser *p, struct str s)
{
    for (;;) {
        s = trim_left(s);
        struct str name = str_cut(&s, ':');
        s = trim_left(s);
        if (s.n == 0 || name.n == 0 || name.n > 40 || memchr(name.p, ' ', name.n) != NULL)
            return;
        struct str value = str_cut(&s, ' ');
        char *room = texts_room(p, name.n);
        if (room == NULL)
            return;
        for (size_t i = 0; i < name.n; i++)
            room[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]);
        put_attribute(p, text_value((struct str){ room, name.n }), text_value(value));
    }
}

/* user[account] @ host [address]  Id: 8 */
static void slow_user(struct logline_parser *p, struct str s)
{
    struct str user = trim_left(s), rest = user;
    const char *at = user.n > 0 ? memmem(user.p, user.n, " @ ", 3) : NULL;
    if (at == NULL)
        return;
    rest = str_from(user, (size_t)(at + 3 - user.p));
    user = str_head(user, (size_t)(at - user.p));
    put_field(p, "user", str_cut(&user, '['));
    put_field(p, "host", str_trim(str_cut(&rest, '[')));
    put_field(p, "client", str_cut(&rest, ']'));
    rest = trim_left(rest);
    if (str_starts(rest, STR("Id:")))
        put_field(p, "connection", str_trim(str_from(rest, 3)));
}

/* One entry of MySQL's slow log: lines that begin with '#', then statements. */
bool shape_mysql_slow(struct logline_parser *p, struct str line)
{
    struct str rest = line;
    int64_t ms = 0;
    bool known = false, numbers = false;
    if (!str_starts(line, STR("# Time: ")) && !str_starts(line, STR("# User@Host: ")))
        return false;
    p->line.format = "mysql-slow";
    while (rest.n > 0 && rest.p[0] == '#') {
        struct str one = str_cut(&rest, '\n');
        if (str_starts(one, STR("# Time: "))) {
            struct str time = str_trim(str_from(one, 8));
            bool read =
                is_moment(p, time, &ms, &known) || (time.n > 0 && log_time_read_short(time, p->reference, &ms, &known) == time.n);
            put_time(p, ms, read && known, time);
        } else if (str_starts(one, STR("# User@Host: "))) {
            slow_user(p, str_from(one, 13));
        } else {
            numbers = numbers || str_starts(one, STR("# Query_time: "));
            slow_numbers(p, str_from(one, 1));
        }
    }
    while (str_starts(rest, STR("use ")) || str_starts(rest, STR("SET timestamp="))) {
        struct str one = str_cut(&rest, '\n'), name = one, value;
        bool is_use = one.p[0] == 'u';
        value = str_from(name, is_use ? 4 : 14);
        value = str_cut(&value, ';');
        if (is_use)
            put_field(p, "database", value);
        else if (!p->line.has_time && log_time_epoch(value, &ms))
            put_time(p, ms, true, value);
    }
    put_source(p, text_value(STR("mysql")), SOURCE_LOGGER, text_value(STR("program")));
    p->line.message = text_value(rest.n > 0 ? rest : line);
    return numbers || p->line.has_time;
}

/* Behind the moment: "I NETWORK  [conn1] message". */
bool shape_mongo(struct logline_parser *p, struct str s)
{
    static const char levels[] = "DIWEF";
    static const char *const names[] = { "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };
    if (s.n < 8 || (s.p[1] != ' ' && !(s.p[0] == 'D' && is_digit(s.p[1]) && s.p[2] == ' ')))
        return false;
    const char *letter = memchr(levels, s.p[0], 5);
    struct str rest = trim_left(str_from(s, 2)), component = str_cut(&rest, ' ');
    rest = trim_left(rest);
    const char *close = rest.n > 0 && rest.p[0] == '[' ? memchr(rest.p, ']', rest.n < 200 ? rest.n : 200) : NULL;
    if (letter == NULL || close == NULL || component.n == 0)
        return false;
    for (size_t i = 0; i < component.n; i++)
        if (!(component.p[i] >= 'A' && component.p[i] <= 'Z') && component.p[i] != '-' && component.p[i] != '_')
            return false;
    p->line.format = "app";
    p->line.level = names[letter - levels];
    if (component.p[0] != '-')
        put_source(p, text_value(component), SOURCE_LOGGER, text_value(STR("component")));
    put_field(p, "thread", (struct str){ rest.p + 1, (size_t)(close - rest.p) - 1 });
    p->line.message = text_value(trim_left(str_from(rest, (size_t)(close + 1 - rest.p))));
    find_ids(p, p->line.message.text);
    return true;
}
