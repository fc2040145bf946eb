/* lib/log/shape_security: the event formats of security products: CEF, LEEF, and Cisco's %FACILITY-SEVERITY-MNEMONIC. */
#include "log/shape.h"

/* A severity of 0 to 10, or CEF's words for its quarters. */
static const char *event_level(struct str s)
{
    static const struct {
        const char *word, *level;
    } words[] = { { "low", "INFO" }, { "medium", "WARN" }, { "high", "ERROR" }, { "very-high", "FATAL" } };
    if (is_number(s) && s.n <= 2) {
        unsigned v = (unsigned)(s.p[0] - '0');
        if (s.n == 2)
            v = v * 10 + (unsigned)(s.p[1] - '0');
        return v <= 3 ? "INFO" : v <= 6 ? "WARN" : v <= 8 ? "ERROR" : v <= 10 ? "FATAL" : "";
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word), k = 0;
        while (k < n && k < s.n && (s.p[k] | 0x20) == (words[i].word[k] | 0x20))
            k++;
        if (k == n && s.n == n)
            return words[i].level;
    }
    return "";
}

/* Up to the next '|' that isn't escaped. */
static bool cut_pipe(struct str *s, struct str *field)
{
    size_t i = 0;
    while (i < s->n && s->p[i] != '|')
        i += s->p[i] == '\\' ? 2 : 1;
    if (i >= s->n)
        return false;
    *field = str_head(*s, i);
    *s = str_from(*s, i + 1);
    return true;
}

/* What a backslash stands before in CEF. */
static const char escaped[] = "\\|=nr";

static bool is_key_byte(char c)
{
    return is_digit(c) || is_alpha(c) || c == '_' || c == '.' || c == '-' || c == '[' || c == ']';
}

static void put_pair(struct logline_parser *p, struct str name, struct str value)
{
    static const char *const moments[] = { "rt", "end", "devTime" };
    int64_t ms;
    bool known;
    value = without_escapes(p, value, escaped);
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        if (str_eq(name, str_of(moments[i])) && (i == 0 || !p->line.has_time) && log_time_whole(value, p->reference, &ms, &known)) {
            put_time(p, ms, known, value);
            return;
        }
    if (value.n > 0)
        put_attribute(p, text_value(name), text_value(value));
}

/* key=value key=value: a value goes on until a blank with a key and '=' behind it. */
static void extension(struct logline_parser *p, struct str s)
{
    s = trim_left(s);
    size_t i = 0;
    while (i < s.n && is_key_byte(s.p[i]))
        i++;
    while (i > 0 && i < s.n && s.p[i] == '=') {
        struct str name = str_head(s, i);
        size_t from = i + 1, at = from, next = 0, end = s.n;
        for (; at < s.n; at++) {
            if (s.p[at] == '\\') {
                at++;
            } else if (s.p[at] == ' ') {
                next = at + 1;
                while (next < s.n && is_key_byte(s.p[next]))
                    next++;
                if (next > at + 1 && next < s.n && s.p[next] == '=') {
                    end = at;
                    break;
                }
                at = next - 1; /* what was passed is no key: each byte is looked at twice at most */
            }
        }
        put_pair(p, name, str_trim((struct str){ s.p + from, end - from }));
        if (end == s.n)
            return;
        i = next - end - 1;
        s = str_from(s, end + 1);
    }
}

/* CEF:0|vendor|product|version|signature|name|severity|extension */
bool shape_cef(struct logline_parser *p, struct str line)
{
    struct str rest = str_from(line, 4), f[7];
    if (!str_starts(line, STR("CEF:")))
        return false;
    for (size_t i = 0; i < 6; i++)
        if (!cut_pipe(&rest, &f[i]))
            return false;
    if (!cut_pipe(&rest, &f[6])) {
        f[6] = rest;
        rest.n = 0;
    }
    if (!is_number(f[0]))
        return false;
    p->line.format = "cef";
    p->line.level = event_level(str_trim(f[6]));
    put_source(p, text_value(without_escapes(p, f[2], escaped)), SOURCE_PROGRAM, text_value(STR("product")));
    put_field(p, "vendor", without_escapes(p, f[1], escaped));
    put_field(p, "version", without_escapes(p, f[3], escaped));
    put_field(p, "event_id", without_escapes(p, f[4], escaped));
    put_field(p, "severity", str_trim(f[6]));
    p->line.message = text_value(without_escapes(p, f[5], escaped));
    extension(p, rest);
    return true;
}

/* LEEF:1.0|vendor|product|version|event|key=value TAB key=value; 2.0 has the delimiter, a byte or 0x and its hex, before the pairs.
 */
bool shape_leef(struct logline_parser *p, struct str line)
{
    struct str rest = str_from(line, 5), f[5];
    char delimiter = '\t';
    if (!str_starts(line, STR("LEEF:")))
        return false;
    for (size_t i = 0; i < 5; i++)
        if (!cut_pipe(&rest, &f[i]))
            return false;
    struct str after = rest, given;
    if (str_starts(f[0], STR("2")) && cut_pipe(&after, &given) && given.n <= 4) {
        unsigned code = 0;
        size_t skip = given.n > 1 && given.p[0] == '0' ? 2 : given.n > 1 && given.p[0] == 'x' ? 1 : 0;
        for (size_t i = skip; skip > 0 && i < given.n; i++) {
            unsigned char low = (unsigned char)(given.p[i] | 0x20);
            code = code << 4 | (is_digit(given.p[i]) ? (unsigned)(given.p[i] - '0') : low >= 'a' && low <= 'f' ? low - 87u : 0u);
        }
        delimiter = skip > 0 && code > 0 && code < 128 ? (char)code : given.n == 1 ? given.p[0] : '\t';
        rest = after;
    }
    p->line.format = "leef";
    put_source(p, text_value(f[2]), SOURCE_PROGRAM, text_value(STR("product")));
    put_field(p, "vendor", f[1]);
    put_field(p, "version", f[3]);
    p->line.message = text_value(f[4]);
    while (rest.n > 0) {
        struct str value = str_cut(&rest, delimiter), name = str_trim(str_cut(&value, '='));
        if (str_eq(name, STR("sev")))
            p->line.level = event_level(value);
        if (name.n > 0)
            put_pair(p, name, value);
    }
    return true;
}

/* [*|.]moment: %SYS-5-CONFIG_I: message, or without the moment; the digit is syslog's severity. */
bool shape_cisco(struct logline_parser *p, struct str line)
{
    int64_t ms = 0;
    bool known = false;
    struct str s = line, time = { NULL, 0 };
    if (s.p[0] != '%') {
        s = str_from(s, s.p[0] == '*' || s.p[0] == '.');
        size_t n = log_time_read(s, p->reference, &ms, &known);
        if (n == 0 || n + 3 >= s.n || s.p[n] != ':' || s.p[n + 1] != ' ')
            return false;
        time = str_head(s, n);
        s = str_from(s, n + 2);
    }
    struct str message = s, mnemonic = str_cut(&message, ':'), rest = mnemonic, facility, severity;
    if (mnemonic.n < 6 || mnemonic.n > 64 || mnemonic.p[0] != '%' || memchr(mnemonic.p, ' ', mnemonic.n) != NULL)
        return false;
    rest = str_from(rest, 1);
    facility = str_cut(&rest, '-');
    severity = str_cut(&rest, '-');
    if (severity.n != 1 || severity.p[0] < '0' || severity.p[0] > '7' || rest.n == 0 || facility.n == 0)
        return false;
    p->line.format = "cisco";
    p->line.level = severity_level((unsigned)(severity.p[0] - '0'));
    if (time.n > 0)
        put_time(p, ms, known, time);
    put_source(p, text_value(facility), SOURCE_LOGGER, text_value(STR("component")));
    put_field(p, "event_id", str_from(mnemonic, 1));
    p->line.message = text_value(trim_left(message));
    return true;
}
