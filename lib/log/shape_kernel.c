/* lib/log/shape_kernel: Linux's kernel and its audit: dmesg, /dev/kmsg, netfilter's pairs, auditd. */
#include "log/shape.h"

/* IN=eth0 OUT= SRC=1.2.3.4 DST=5.6.7.8 … PROTO=TCP SYN: pairs, and flags that are left out. */
static void netfilter(struct logline_parser *p, struct str message)
{
    const char *in = memmem(message.p, message.n, "IN=", 3);
    if (in == NULL || memmem(message.p, message.n, " SRC=", 5) == NULL || memmem(message.p, message.n, " DST=", 5) == NULL)
        return;
    struct str rest = str_from(message, (size_t)(in - message.p));
    p->line.format = "netfilter";
    while (rest.n > 0) {
        struct str value = str_cut(&rest, ' '), name = str_cut(&value, '=');
        if (value.n > 0 && name.n > 0)
            put_attribute(p, text_value(name), text_value(value));
    }
}

void put_kernel(struct logline_parser *p, struct str message)
{
    put_source(p, text_value(STR("kernel")), SOURCE_LOGGER, text_value(STR("program")));
    p->line.message = text_value(message);
    netfilter(p, message);
}

bool shape_kernel(struct logline_parser *p, struct str line)
{
    size_t i = 1, dot = 0;
    while (i < line.n && line.p[i] == ' ')
        i++;
    size_t from = i;
    while (i < line.n && i < 32 && (is_digit(line.p[i]) || (line.p[i] == '.' && dot == 0))) {
        if (line.p[i] == '.')
            dot = i;
        i++;
    }
    if (dot == 0 || dot == from || i - dot < 4 || i - dot > 7 || i + 1 >= line.n || line.p[i] != ']' || line.p[i + 1] != ' ')
        return false;
    p->line.format = "kernel";
    put_field(p, "uptime", (struct str){ line.p + from, i - from });
    struct str rest = str_from(line, i + 2);
    /* journalctl -o short-monotonic: host and tag follow. */
    if (p->depth == 0 && rest.n > 4 && is_alpha(rest.p[0])) {
        const char *colon = memchr(rest.p, ':', rest.n < 128 ? rest.n : 128);
        if (colon != NULL && colon[-1] == ']' && memchr(rest.p, ' ', (size_t)(colon - rest.p)) != NULL && shape_syslog_tag(p, rest))
            return true;
    }
    put_kernel(p, rest);
    return true;
}

/* /dev/kmsg: priority,sequence,microseconds,flags;message */
bool shape_kmsg(struct logline_parser *p, struct str line)
{
    struct str message = line, head = str_cut(&message, ';'), f[4];
    if (head.n > 64 || message.n == 0)
        return false;
    for (size_t i = 0; i < 4; i++)
        f[i] = str_cut(&head, ',');
    if (!is_number(f[0]) || f[0].n > 3 || !is_number(f[1]) || !is_number(f[2]) || f[3].n == 0)
        return false;
    unsigned priority = 0;
    for (size_t i = 0; i < f[0].n; i++)
        priority = priority * 10 + (unsigned)(f[0].p[i] - '0');
    if (priority > 191)
        return false;
    p->line.format = "kernel";
    p->line.level = severity_level(priority);
    put_field(p, "uptime_us", f[2]);
    put_kernel(p, message);
    return true;
}

/* The pairs of an audit record; op='…' of user messages holds pairs of its own. */
static void audit_pairs(struct logline_parser *p, struct str s, bool inner)
{
    while (s.n > 0) {
        if (s.p[0] == ' ' || s.p[0] == ',' || s.p[0] == '\x1d' || s.p[0] == '\n') {
            s = str_from(s, 1);
            continue;
        }
        size_t i = 0, k;
        while (i < s.n && s.p[i] != '=' && s.p[i] != ' ' && s.p[i] != '\x1d')
            i++;
        if (i == 0 || i >= s.n || s.p[i] != '=') {
            s = str_from(s, i > 0 ? i : 1);
            continue;
        }
        struct str name = str_head(s, i), value;
        s = str_from(s, i + 1);
        char quote = s.n > 0 && (s.p[0] == '"' || (s.p[0] == '\'' && !inner)) ? s.p[0] : '\0';
        const char *close = quote != '\0' ? memchr(s.p + 1, quote, s.n - 1) : NULL;
        if (close != NULL) {
            value = (struct str){ s.p + 1, (size_t)(close - s.p) - 1 };
            s = str_from(s, value.n + 2);
        } else {
            for (k = 0; k < s.n && s.p[k] != ' ' && s.p[k] != '\x1d' && s.p[k] != '\n' && s.p[k] != ','; k++)
                ;
            value = str_head(s, k);
            s = str_from(s, k);
        }
        if (quote == '\'' && close != NULL)
            audit_pairs(p, value, true);
        else if (value.n > 0 && !(value.n == 1 && value.p[0] == '?'))
            put_attribute(p, text_value(name), text_value(value));
    }
}

/* [node=host ]type=SYSCALL msg=audit(1364481363.243:24287): arch=… */
bool shape_audit(struct logline_parser *p, struct str line)
{
    struct str rest = line, node = { NULL, 0 };
    int64_t ms;
    if (str_starts(rest, STR("node="))) {
        node = str_cut(&rest, ' ');
        node = str_from(node, 5);
    }
    struct str type = str_cut(&rest, ' ');
    const struct str open = STR("msg=audit(");
    if (!str_starts(type, STR("type=")) || !str_starts(rest, open))
        return false;
    rest = str_from(rest, open.n);
    struct str message = rest, moment = str_cut(&message, ')'), serial = moment, time = str_cut(&serial, ':');
    if (!is_number(serial) || !log_time_epoch(time, &ms) || message.n == 0 || message.p[0] != ':')
        return false;
    message = str_trim(str_from(message, 1));
    p->line.format = "audit";
    put_time(p, ms, true, time);
    put_source(p, text_value(STR("audit")), SOURCE_LOGGER, text_value(STR("program")));
    put_field(p, "type", str_from(type, 5));
    put_field(p, "serial", serial);
    put_field(p, "host", node);
    p->line.message = text_value(message);
    audit_pairs(p, message, false);
    return true;
}
