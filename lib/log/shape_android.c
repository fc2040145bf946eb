/* lib/log/shape_android: logcat's forms: threadtime, time, brief, long. */
#include "log/shape.h"

static const char *letter_level(char c)
{
    return c == 'V'               ? "TRACE"
           : c == 'D'             ? "DEBUG"
           : c == 'I'             ? "INFO"
           : c == 'W'             ? "WARN"
           : c == 'E'             ? "ERROR"
           : c == 'F' || c == 'A' ? "FATAL"
                                  : NULL;
}

/* I/Tag( 1234): message */
bool shape_logcat_brief(struct logline_parser *p, struct str line)
{
    const char *level = line.n > 6 && line.p[1] == '/' ? letter_level(line.p[0]) : NULL;
    const char *open = level != NULL ? memchr(line.p, '(', line.n < 160 ? line.n : 160) : NULL;
    const char *close =
        open != NULL ? memchr(open, ')', (size_t)(line.p + line.n - open) < 16 ? (size_t)(line.p + line.n - open) : 16) : NULL;
    if (close == NULL || close + 1 >= line.p + line.n || close[1] != ':' || open < line.p + 3)
        return false;
    struct str pid = str_trim((struct str){ open + 1, (size_t)(close - open) - 1 });
    if (!is_number(pid))
        return false;
    p->line.format = "logcat";
    p->line.level = level;
    put_source(p, text_value(str_trim((struct str){ line.p + 2, (size_t)(open - line.p) - 2 })), SOURCE_LOGGER,
               text_value(STR("tag")));
    put_field(p, "pid", pid);
    p->line.message = text_value(trim_left(str_from(line, (size_t)(close + 2 - line.p))));
    find_ids(p, p->line.message.text);
    return true;
}

/* Behind the moment: "[uid] pid tid I Tag: message". */
static bool threadtime(struct logline_parser *p, struct str s)
{
    struct str f[3], rest = s, letter;
    size_t n = 0;
    while (n < 3 && (s = trim_left(s)).n > 0 && is_digit(s.p[0])) {
        f[n] = str_cut(&s, ' ');
        if (!is_number(f[n++]))
            return false;
    }
    rest = trim_left(s);
    letter = str_cut(&rest, ' ');
    const char *level = n >= 2 && letter.n == 1 ? letter_level(letter.p[0]) : NULL;
    struct str message = rest, tag = str_cut(&message, ':');
    if (level == NULL || tag.n == 0 || tag.n > 128 || tag.n == rest.n)
        return false;
    p->line.level = level;
    put_source(p, text_value(str_trim(tag)), SOURCE_LOGGER, text_value(STR("tag")));
    put_field(p, "pid", f[n - 2]);
    put_field(p, "tid", f[n - 1]);
    p->line.message = text_value(trim_left(message));
    find_ids(p, message);
    return true;
}

/* Behind the moment, which may have been one of a year: threadtime, or time. */
bool shape_logcat(struct logline_parser *p, struct str rest)
{
    rest = trim_left(rest);
    if (!threadtime(p, rest) && !shape_logcat_brief(p, rest))
        return false;
    p->line.format = "logcat";
    return true;
}

/* [ 11-25 10:00:00.123  1234: 5678 I/Tag ]
 * message */
bool shape_logcat_long(struct logline_parser *p, struct str line)
{
    int64_t ms;
    bool known;
    struct str rest = str_from(line, 1);
    if (line.n < 30 || line.p[1] != ' ')
        return false;
    rest = trim_left(rest);
    size_t n = log_time_read_short(rest, p->reference, &ms, &known);
    const char *close = n > 0 ? memmem(rest.p, rest.n < 200 ? rest.n : 200, " ]", 2) : NULL;
    if (close == NULL || close < rest.p + n)
        return false;
    struct str time = str_head(rest, n), inner = { rest.p + n, (size_t)(close - rest.p) - n };
    struct str tid = inner, pid = str_trim(str_cut(&tid, ':'));
    tid = trim_left(tid);
    struct str tag = tid;
    tid = str_cut(&tag, ' ');
    const char *level = tag.n > 2 && tag.p[1] == '/' ? letter_level(tag.p[0]) : NULL;
    if (level == NULL || !is_number(pid) || !is_number(tid))
        return false;
    p->line.format = "logcat";
    p->line.level = level;
    put_time(p, ms, known, time);
    put_source(p, text_value(str_trim(str_from(tag, 2))), SOURCE_LOGGER, text_value(STR("tag")));
    put_field(p, "pid", pid);
    put_field(p, "tid", tid);
    p->line.message = text_value(str_trim(str_from(rest, (size_t)(close + 2 - rest.p))));
    find_ids(p, p->line.message.text);
    return true;
}
