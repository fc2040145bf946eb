/* lib/log/shape_server: klog, Redis, Ruby: forms with a letter or a number in front that belong to one program. */
#include "log/shape.h"

/* A message in quotes with pairs behind it, as klog's structured calls write: "Pod updated" pod="a/b" status="ready". */
static void quoted_message(struct logline_parser *p, struct str s)
{
    size_t i = 1;
    while (i < s.n && s.p[i] != '"')
        i += s.p[i] == '\\' ? 2 : 1;
    if (s.n < 2 || s.p[0] != '"' || i >= s.n) {
        p->line.message = text_value(s);
        find_ids(p, s);
        return;
    }
    p->line.message = text_value((struct str){ s.p + 1, i - 1 });
    struct str rest = trim_left(str_from(s, i + 1));
    pairs_behind(p, rest);
}

/* I1125 10:00:00.123456    1234 file.go:12] message */
bool shape_klog(struct logline_parser *p, struct str line)
{
    static const char levels[] = "IWEF";
    static const char *const names[] = { "INFO", "WARN", "ERROR", "FATAL" };
    const char *letter = strchr(levels, line.p[0]);
    int64_t ms;
    bool known;
    if (letter == NULL || line.p[0] == '\0')
        return false;
    struct str rest = str_from(line, 1);
    size_t n = log_time_read_klog(rest, p->reference, &ms, &known);
    if (n == 0 || n >= rest.n)
        return false;
    struct str time = str_head(rest, n);
    rest = trim_left(str_from(rest, n));
    size_t i = 0;
    while (i < rest.n && is_digit(rest.p[i]))
        i++;
    struct str thread = str_head(rest, i);
    rest = trim_left(str_from(rest, i));
    const char *close = memchr(rest.p, ']', rest.n < 200 ? rest.n : 200);
    if (thread.n == 0 || close == NULL || close == rest.p || memchr(rest.p, ' ', (size_t)(close - rest.p)) != NULL)
        return false;
    p->line.format = "klog";
    p->line.level = names[letter - levels];
    put_time(p, ms, known, time);
    put_field(p, "tid", thread);
    put_field(p, "caller", str_head(rest, (size_t)(close - rest.p)));
    quoted_message(p, trim_left(str_from(rest, (size_t)(close + 1 - rest.p))));
    return true;
}

bool redis_behind(struct logline_parser *p, struct str pid, struct str time, int64_t ms, bool known, struct str rest)
{
    if (rest.n < 3 || rest.p[0] != ' ' || rest.p[2] != ' ')
        return false;
    char mark = rest.p[1];
    p->line.level = mark == '#' ? "WARN" : mark == '*' ? "INFO" : mark == '-' ? "DEBUG" : mark == '.' ? "TRACE" : "";
    if (p->line.level[0] == '\0')
        return false;
    p->line.format = "redis";
    put_time(p, ms, known, time);
    put_source(p, text_value(STR("redis")), SOURCE_LOGGER, text_value(STR("program")));
    put_field(p, "pid", pid);
    p->line.message = text_value(str_from(rest, 3));
    return true;
}

/* 1234:M 25 Nov 2026 10:00:00.123 * message */
bool shape_redis(struct logline_parser *p, struct str line)
{
    size_t i = 0;
    int64_t ms;
    bool known;
    while (i < line.n && i < 10 && is_digit(line.p[i]))
        i++;
    if (i == 0 || i + 30 > line.n || line.p[i] != ':' || strchr("MSCX", line.p[i + 1]) == NULL || line.p[i + 2] != ' ')
        return false;
    struct str pid = str_head(line, i), role = { line.p + i + 1, 1 }, rest = str_from(line, i + 3);
    size_t n = log_time_read(rest, p->reference, &ms, &known);
    if (n == 0 || !redis_behind(p, pid, str_head(rest, n), ms, known, str_from(rest, n)))
        return false;
    put_field(p, "role", role);
    return true;
}

/* I, [2026-11-25T10:00:00.123456 #1234]  INFO -- program: message */
bool shape_ruby(struct logline_parser *p, struct str line)
{
    int64_t ms;
    bool known;
    if (!str_starts(str_from(line, 1), STR(", [")))
        return false;
    struct str rest = str_from(line, 4);
    size_t n = log_time_read(rest, p->reference, &ms, &known);
    const char *close = n > 0 ? memchr(rest.p, ']', rest.n < 64 ? rest.n : 64) : NULL;
    if (close == NULL || close < rest.p + n)
        return false;
    struct str process = str_trim((struct str){ rest.p + n, (size_t)(close - rest.p) - n }), time = str_head(rest, n);
    rest = trim_left(str_from(rest, (size_t)(close + 1 - rest.p)));
    struct str word = str_cut(&rest, ' ');
    const char *level = level_normalise(word);
    if (!str_starts(rest, STR("-- ")) || (level == NULL && !str_eq(word, STR("ANY"))))
        return false;
    rest = str_from(rest, 3);
    struct str message = rest, program = str_cut(&message, ':');
    p->line.format = "ruby";
    p->line.level = level != NULL ? level : "";
    put_time(p, ms, known, time);
    put_source(p, text_value(str_trim(program)), SOURCE_PROGRAM, text_value(STR("program")));
    put_field(p, "pid", process.n > 1 ? str_from(process, process.p[0] == '#') : process);
    message = trim_left(message);
    /* Rails puts the request's id before the message. */
    if (message.n > 38 && message.p[0] == '[' && message.p[37] == ']' && message.p[9] == '-') {
        put_id(p, ID_REQUEST, (struct str){ message.p + 1, 36 });
        message = trim_left(str_from(message, 38));
    }
    p->line.message = text_value(message);
    find_ids(p, message);
    return true;
}
