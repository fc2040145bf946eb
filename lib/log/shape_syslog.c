/* lib/log/shape_syslog: RFC 5424, RFC 3164 and what rsyslog writes to files. */
#include "log/shape.h"

static const char *const severities[] = { "FATAL", "FATAL", "FATAL", "ERROR", "WARN", "INFO", "INFO", "DEBUG" };
static const char *const facilities[] = { "kern",   "user",   "mail",     "daemon", "auth",   "syslog",   "lpr",     "news",
                                          "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "security", "console", "solaris-cron",
                                          "local0", "local1", "local2",   "local3", "local4", "local5",   "local6",  "local7" };

const char *severity_level(unsigned priority)
{
    return severities[priority & 7];
}

/* A word up to a blank; "-" is nil. */
static bool cut_word(struct str *s, struct str *word)
{
    const char *at = s->n > 0 ? memchr(s->p, ' ', s->n) : NULL;
    size_t n = at != NULL ? (size_t)(at - s->p) : s->n;
    if (n == 0)
        return false;
    *word = n == 1 && s->p[0] == '-' ? (struct str){ s->p, 0 } : str_head(*s, n);
    *s = str_from(*s, at != NULL ? n + 1 : n);
    return true;
}

static bool is_sd_name(char c)
{
    return c > ' ' && c < 0x7f && c != '=' && c != ']' && c != '"';
}

static void put_parameter(struct logline_parser *p, struct str id, struct str name, struct str value)
{
    const struct key *key = key_find(p, name);
    if (key != NULL && key->role == ROLE_ID && put_id(p, (enum id_kind)key->rank, value))
        return;
    char *room = texts_room(p, id.n + 1 + name.n);
    if (room == NULL)
        return;
    memcpy(room, id.p, id.n);
    room[id.n] = '.';
    memcpy(room + id.n + 1, name.p, name.n);
    put_attribute(p, text_value((struct str){ room, id.n + 1 + name.n }), text_value(value));
}

/* [id name="value" …][…], or "-". */
static bool structured_data(struct logline_parser *p, struct str *s)
{
    if (s->n > 0 && s->p[0] == '-') {
        *s = str_from(*s, 1);
        return s->n == 0 || s->p[0] == ' ';
    }
    if (s->n == 0 || s->p[0] != '[')
        return false;
    while (s->n > 0 && s->p[0] == '[') {
        size_t i = 1, n;
        while (i < s->n && is_sd_name(s->p[i]))
            i++;
        struct str id = { s->p + 1, i - 1 };
        if (id.n == 0)
            return false;
        for (;;) {
            if (i >= s->n || (s->p[i] != ' ' && s->p[i] != ']'))
                return false;
            while (i < s->n && s->p[i] == ' ')
                i++;
            if (i < s->n && s->p[i] == ']')
                break;
            size_t from = i;
            while (i < s->n && is_sd_name(s->p[i]))
                i++;
            struct str name = { s->p + from, i - from };
            if (name.n == 0 || i + 1 >= s->n || s->p[i] != '=' || s->p[i + 1] != '"')
                return false;
            i += 2;
            for (n = 0; i + n < s->n && s->p[i + n] != '"'; n++)
                n += s->p[i + n] == '\\';
            if (i + n >= s->n)
                return false;
            put_parameter(p, id, name, without_escapes(p, (struct str){ s->p + i, n }, "\"\\]"));
            i += n + 1;
        }
        *s = str_from(*s, i + 1);
    }
    return s->n == 0 || s->p[0] == ' ';
}

/* Behind "<PRI>1 ". */
static bool rfc5424(struct logline_parser *p, struct str s)
{
    struct str time, host, app, process, id;
    int64_t ms = 0;
    bool known = false;
    if (!cut_word(&s, &time) || !cut_word(&s, &host) || !cut_word(&s, &app) || !cut_word(&s, &process) || !cut_word(&s, &id))
        return false;
    if (time.n > 0 && log_time_read(time, p->reference, &ms, &known) != time.n)
        return false;
    bool heroku = id.n == 0 && s.n > 0 && s.p[0] != '[' && s.p[0] != '-'; /* it leaves the structured data out */
    if (!heroku && !structured_data(p, &s))
        return false;
    if (time.n > 0)
        put_time(p, ms, known, time);
    put_field(p, "host", host);
    put_source(p, text_value(app), SOURCE_PROGRAM, text_value(STR("program")));
    put_field(p, "pid", process);
    put_field(p, "msgid", id);
    s = str_trim(s);
    if (str_starts(s, STR("\xEF\xBB\xBF")))
        s = str_from(s, 3);
    shape_inner(p, s);
    return true;
}

/* A program's name, as it stands before [pid]: or ':'. */
static bool is_tag_byte(char c)
{
    return is_digit(c) || is_alpha(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' || c == '@' ||
           c == '+';
}

/* tag[pid]: message. strict: the colon must be there. */
static bool tag(struct logline_parser *p, struct str s, struct str host, bool strict)
{
    size_t i = 0;
    struct str process = { s.p, 0 };
    if (str_starts(s, STR(": %")))
        s = str_from(s, 2);
    if (s.n > 0 && (s.p[0] == '%' || s.p[0] == '*' || str_starts(s, STR("CEF:")) || str_starts(s, STR("LEEF:")))) {
        put_field(p, "host", host);
        shape_inner(p, s);
        return true;
    }
    while (i < s.n && i < 64 && is_tag_byte(s.p[i]))
        i++;
    struct str program = str_head(s, i);
    if (i < s.n && s.p[i] == '[') {
        const char *close = memchr(s.p + i, ']', s.n - i < 32 ? s.n - i : 32);
        if (close == NULL)
            return false;
        process = (struct str){ s.p + i + 1, (size_t)(close - s.p) - i - 1 };
        i = (size_t)(close - s.p) + 1;
    }
    bool colon = i < s.n && s.p[i] == ':';
    if (program.n == 0 || (!colon && (strict || process.n == 0))) {
        if (strict)
            return false;
        program.n = process.n = i = 0;
    }
    put_field(p, "host", host);
    put_source(p, text_value(program), SOURCE_PROGRAM, text_value(STR("program")));
    put_field(p, "pid", process);
    s = str_from(s, i + (program.n > 0 && colon));
    if (s.n > 0 && s.p[0] == ' ')
        s = str_from(s, 1);
    if (str_eq(program, STR("kernel")) && memmem(s.p, s.n, " SRC=", 5) != NULL && s.p[0] != '[')
        put_kernel(p, s);
    else
        shape_inner(p, s);
    return true;
}

bool shape_syslog_tag(struct logline_parser *p, struct str rest)
{
    struct str host;
    if (!cut_word(&rest, &host) || host.n == 0 || host.n > 255 || rest.n == 0)
        return false;
    for (size_t i = 0; i < host.n; i++)
        if (!is_digit(host.p[i]) && !is_alpha(host.p[i]) && host.p[i] != '.' && host.p[i] != '-' && host.p[i] != '_' &&
            host.p[i] != ':')
            return false;
    if (level_word(host) != NULL || host.p[host.n - 1] == ':')
        return false;
    p->line.format = "syslog";
    return tag(p, rest, host, true);
}

/* Mmm dd hh:mm:ss, or a moment of ISO 8601, then host and tag; behind "<PRI>", where there was one. */
static bool rfc3164(struct logline_parser *p, struct str s, bool has_priority)
{
    int64_t ms;
    bool known;
    struct str host = { s.p, 0 }, before = s;
    if (has_priority && s.n > 0 && is_digit(s.p[0])) { /* Cisco's sequence number */
        struct str rest = s, count = str_cut(&rest, ':');
        if (is_number(count) && rest.n > 1 && rest.p[0] == ' ') {
            put_field(p, "sequence", count);
            s = str_from(rest, 1);
        }
    }
    size_t n = log_time_read(s, p->reference, &ms, &known);
    if (n == 0 || n >= s.n || (s.p[n] != ' ' && s.p[n] != ':')) {
        /* Some send none: <PRI>tag[pid]: message. */
        return has_priority && tag(p, s, host, true);
    }
    struct str time = str_head(s, n);
    s = str_from(s, n);
    if (s.p[0] == ':')
        s = str_from(s, 1);
    s = trim_left(s);
    put_time(p, ms, known, time);
    before = s;
    if (!cut_word(&s, &host) || s.n == 0 || (host.n > 0 && (host.p[host.n - 1] == ':' || host.p[host.n - 1] == ']'))) {
        host.n = 0; /* the tag stands where the host should: a local socket's line */
        s = before;
        return tag(p, s, host, !has_priority);
    }
    return tag(p, s, host, !has_priority);
}

bool shape_syslog_3164(struct logline_parser *p, struct str line)
{
    p->line.format = "syslog";
    return rfc3164(p, line, false);
}

bool shape_syslog(struct logline_parser *p, struct str line)
{
    unsigned priority = 0;
    size_t i = 1;
    while (i < line.n && i < 4 && is_digit(line.p[i]))
        priority = priority * 10 + (unsigned)(line.p[i++] - '0');
    if (i == 1 || i >= line.n || line.p[i] != '>' || priority > 191)
        return false;
    struct str rest = str_from(line, i + 1);
    p->line.format = "syslog";
    p->line.level = severity_level(priority);
    if (i == 2 && rest.n > 8 && rest.p[0] == '[' && shape_kernel(p, rest))
        return true;
    bool done = rest.n > 2 && is_digit(rest.p[0]) && rest.p[1] == ' ' ? rfc5424(p, str_from(rest, 2)) : rfc3164(p, rest, true);
    if (!done && i == 2 && priority < 8 && rest.n > 0 && !is_digit(rest.p[0])) { /* what a service prints to systemd */
        p->line.message = text_value(rest);
        find_ids(p, rest);
        return true;
    }
    if (!done)
        return false;
    put_field(p, "facility", str_of(facilities[priority >> 3]));
    return true;
}
