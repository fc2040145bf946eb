/* lib/log/shape_numbers: lines that begin with digits that are no moment by themselves: short dates, counters, epochs in brackets,
 * the logs of supercomputers. */
#include "log/shape.h"

/* What stands behind a short moment: a level with a logger, logcat's columns, MySQL 5's [Note]. */
static bool behind(struct logline_parser *p, struct str rest)
{
    if (shape_logcat(p, rest))
        return true;
    return shape_head(p, rest);
}

/* yymmdd hh:mm:ss, yymmdd hhmmss, MM-DD hh:mm:ss, h:mmAM. */
bool shape_short_moment(struct logline_parser *p, struct str line)
{
    int64_t ms;
    bool known, bracket = line.p[0] == '[';
    struct str s = str_from(line, bracket), rest;
    size_t n = log_time_read_short(s, p->reference, &ms, &known);
    if (n == 0 || n + 1 >= s.n || (bracket ? s.p[n] != ']' : s.p[n] != ' ' && s.p[n] != '|'))
        return false;
    put_time(p, ms, known, str_head(s, n));
    p->line.format = "app";
    rest = str_from(s, n + bracket);
    if (!bracket && rest.p[0] == '|') { /* Huawei Health: |component|pid|message */
        struct str message = str_from(rest, 1), component = str_cut(&message, '|'), pid = str_cut(&message, '|');
        if (component.n == 0 || !is_number(pid))
            return false;
        put_source(p, text_value(component), SOURCE_LOGGER, text_value(STR("component")));
        put_field(p, "pid", pid);
        p->line.message = text_value(message);
        find_ids(p, message);
        return true;
    }
    if (behind(p, rest))
        return true;
    if (!bracket)
        return false; /* the digits may be anything */
    p->line.message = text_value(trim_left(rest));
    find_ids(p, rest);
    return true;
}

/* Nagios and its heirs: [1764064800] SERVICE ALERT: host;service;CRITICAL;HARD;3;message */
bool shape_nagios(struct logline_parser *p, struct str line)
{
    struct str rest = str_from(line, 1), time = str_cut(&rest, ']'), message, fields, word;
    int64_t ms;
    if (time.n != 10 || !log_time_epoch(time, &ms) || rest.n < 2 || rest.p[0] != ' ')
        return false;
    message = str_from(rest, 1);
    fields = message;
    put_time(p, ms, true, time);
    p->line.format = "nagios";
    p->line.message = text_value(message);
    put_source(p, text_value(STR("nagios")), SOURCE_LOGGER, text_value(STR("program")));
    struct str kind = str_cut(&fields, ':');
    if (fields.n == 0 || !(str_ends(kind, STR(" ALERT")) || str_ends(kind, STR(" STATE")) || str_ends(kind, STR(" CHECK"))))
        return true;
    static const struct {
        const char *state, *level;
    } states[] = { { "OK", "INFO" },        { "UP", "INFO" },    { "WARNING", "WARN" },     { "UNKNOWN", "WARN" },
                   { "CRITICAL", "ERROR" }, { "DOWN", "ERROR" }, { "UNREACHABLE", "ERROR" } };
    bool service = str_starts(kind, STR("SERVICE")) || memmem(kind.p, kind.n, "SERVICE", 7) != NULL;
    fields = trim_left(fields);
    put_field(p, "kind", kind);
    put_field(p, "host", str_cut(&fields, ';'));
    if (service)
        put_field(p, "service", str_cut(&fields, ';'));
    word = str_cut(&fields, ';');
    put_field(p, "state", word);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (str_eq(word, str_of(states[i].state)))
            p->line.level = states[i].level;
    return true;
}

/* Redis before 3: [1234] 25 Nov 10:00:00.123 * message */
bool shape_redis_old(struct logline_parser *p, struct str line)
{
    struct str rest = str_from(line, 1), pid = str_cut(&rest, ']');
    int64_t ms;
    bool known;
    if (!is_number(pid) || rest.n < 20 || rest.p[0] != ' ')
        return false;
    rest = str_from(rest, 1);
    size_t n = log_time_read_short(rest, p->reference, &ms, &known);
    return n > 0 && redis_behind(p, pid, str_head(rest, n), ms, known, str_from(rest, n));
}

/* Octet counting of RFC 6587: "83 <40>1 …". */
bool shape_counted(struct logline_parser *p, struct str line)
{
    struct str rest = line, count = str_cut(&rest, ' ');
    return is_number(count) && count.n <= 6 && rest.n > 8 && rest.p[0] == '<' && shape_syslog(p, rest);
}

/* Alert (or '-'), epoch, yyyy.mm.dd, node: Blue Gene and the clusters whose logs Sandia and Livermore published; then the node's
 * own moment and "type component level message", or a line of syslog. */
bool shape_cluster(struct logline_parser *p, struct str line)
{
    struct str rest = line, alert = str_cut(&rest, ' '), time = str_cut(&rest, ' '), date = str_cut(&rest, ' '), node;
    int64_t ms;
    if (time.n != 10 || date.n != 10 || date.p[4] != '.' || date.p[7] != '.' || !log_time_epoch(time, &ms) || rest.n == 0)
        return false;
    node = str_cut(&rest, ' ');
    p->line.format = "cluster";
    put_time(p, ms, true, time);
    if (!str_eq(alert, STR("-")))
        put_field(p, "alert", alert);
    struct str tail = rest, moment = str_cut(&tail, ' '), again = str_cut(&tail, ' ');
    if (moment.n == 26 && moment.p[10] == '-' && moment.p[13] == '.' && str_eq(again, node)) {
        struct str type = str_cut(&tail, ' '), component = str_cut(&tail, ' '), word = str_cut(&tail, ' ');
        const char *level = level_normalise(word);
        put_field(p, "host", node);
        put_field(p, "type", type);
        put_source(p, text_value(component), SOURCE_LOGGER, text_value(STR("component")));
        p->line.level = level != NULL ? level : str_eq(word, STR("FAILURE")) ? "ERROR" : "";
        p->line.message = text_value(tail);
        return true;
    }
    int64_t reference = p->reference;
    p->reference = ms;
    bool inner = shape_syslog_3164(p, rest);
    p->reference = reference;
    p->line.format = "cluster";
    p->line.has_time = true; /* the epoch knows its zone */
    p->line.time_ms = ms;
    if (!inner) {
        put_field(p, "host", node);
        p->line.message = text_value(rest);
    }
    return true;
}
