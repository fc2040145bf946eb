/* lib/log/shape_web: what web servers write: access logs, and the error logs of nginx and Apache. */
#include "log/shape.h"

/* A quoted field, as nginx and Apache escape it: \" and \xHH stay as they are. s is at the quote. */
static bool cut_quoted(struct str *s, struct str *out)
{
    if (s->n < 2 || s->p[0] != '"')
        return false;
    const char *quote = memchr(s->p + 1, '"', s->n - 1);
    if (quote == NULL)
        return false;
    size_t i = (size_t)(quote - s->p);
    if (memchr(s->p + 1, '\\', i - 1) != NULL)
        for (i = 1; i < s->n && s->p[i] != '"';)
            i += s->p[i] == '\\' ? 2 : 1;
    if (i >= s->n)
        return false;
    *out = (struct str){ s->p + 1, i - 1 };
    if (out->n == 1 && out->p[0] == '-')
        out->n = 0;
    *s = str_from(*s, i + 1);
    return true;
}

static struct str cut_word(struct str *s)
{
    *s = trim_left(*s);
    size_t i = 0;
    while (i < s->n && s->p[i] != ' ')
        i++;
    struct str word = str_head(*s, i);
    *s = str_from(*s, i);
    return word.n == 1 && word.p[0] == '-' ? (struct str){ word.p, 0 } : word;
}

static bool is_hex_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f'))
            return false;
    return s.n == 32;
}

/* "GET /path HTTP/1.1" */
void put_request(struct logline_parser *p, struct str request)
{
    struct str rest = request, method = str_cut(&rest, ' ');
    const char *blank = rest.n > 0 ? memrchr(rest.p, ' ', rest.n) : NULL;
    bool is_method = method.n > 0 && method.n <= 20 && rest.n > 0;
    for (size_t i = 0; i < method.n; i++)
        is_method = is_method && is_alpha(method.p[i]);
    p->line.message = text_value(request);
    if (!is_method)
        return;
    put_field(p, "method", method);
    if (blank != NULL && str_starts(str_from(rest, (size_t)(blank + 1 - rest.p)), STR("HTTP/"))) {
        put_field(p, "path", str_head(rest, (size_t)(blank - rest.p)));
        put_field(p, "protocol", str_from(rest, (size_t)(blank + 1 - rest.p)));
    } else {
        put_field(p, "path", rest);
    }
}

/* What formats of one's own append, such as ingress-nginx: quoted fields and words; a request id among them is taken. */
static void put_further(struct logline_parser *p, struct str s)
{
    s = str_trim(s);
    size_t name = 0;
    if (s.n == 0)
        return;
    while (name < s.n && (is_alpha(s.p[name]) || s.p[name] == '_'))
        name++;
    if (name > 0 && name < s.n && s.p[name] == '=') { /* rt=0.004 urt="0.003" */
        pairs_behind(p, s);
        return;
    }
    put_field(p, "further", s);
    const char *blank = memrchr(s.p, ' ', s.n);
    struct str last = blank != NULL ? str_from(s, (size_t)(blank + 1 - s.p)) : s;
    if (last.n > 2 && last.p[0] == '"' && last.p[last.n - 1] == '"')
        last = (struct str){ last.p + 1, last.n - 2 };
    if (is_hex_id(last))
        put_id(p, ID_REQUEST, last);
    find_ids(p, s);
}

const char *status_level(struct str status)
{
    return status.p[0] == '5' ? "ERROR" : status.p[0] == '4' ? "WARN" : "INFO";
}

/* An access log that was given the form of JSON or of pairs: a status, and beside it what was asked for. */
struct logline_value access_fields(struct logline_parser *p)
{
    static const char *const asked[] = { "request", "request_uri", "uri", "url", "path", "method", "request_method" };
    const struct logline *l = &p->line;
    struct logline_value request = text_value((struct str){ NULL, 0 });
    struct str status = { NULL, 0 };
    bool is_access = false;
    for (size_t i = 0; i < l->n_attributes; i++) {
        struct str name = l->attributes[i].name.text, value = l->attributes[i].value.text;
        if (str_eq(name, STR("status")) && value.n == 3 && value.p[0] >= '1' && value.p[0] <= '5' && is_digit(value.p[1]) &&
            is_digit(value.p[2]))
            status = value;
        for (size_t k = 0; k < sizeof asked / sizeof *asked; k++)
            if (str_eq(name, str_of(asked[k]))) {
                is_access = true;
                if (k == 0 && memmem(value.p, value.n, " HTTP/", 6) != NULL)
                    request = l->attributes[i].value;
            }
    }
    if (status.n == 0 || !is_access)
        return text_value((struct str){ NULL, 0 });
    p->line.level = status_level(status);
    return request;
}

/* [host:port] client identity user [25/Nov/2026:10:00:00 +0000] "request" status bytes ["referrer" "agent" …] */
bool shape_access(struct logline_parser *p, struct str line)
{
    enum { LOOK = 512 };
    size_t look = line.n < LOOK ? line.n : LOOK;
    const char *open = memchr(line.p, '[', look);
    if (open == NULL || open == line.p || open[-1] != ' ')
        return false;
    size_t at = (size_t)(open - line.p);
    if (line.n - at < 28 || !is_digit(open[1]) || open[3] != '/' || open[7] != '/')
        return false;
    int64_t ms;
    bool known;
    size_t n = log_time_read(str_from(line, at + 1), p->reference, &ms, &known);
    if (n == 0 || line.n <= at + n + 4 || open[n + 1] != ']' || open[n + 2] != ' ')
        return false;
    struct str head = str_head(line, at - 1), rest = str_from(line, at + n + 3), request, status, bytes, quoted;
    struct str words[5];
    size_t n_words = 0;
    while (head.n > 0 && n_words < 5)
        words[n_words++] = str_cut(&head, ' ');
    if (n_words < 1 || n_words > 4 || head.n > 0 || !cut_quoted(&rest, &request))
        return false;
    status = cut_word(&rest);
    bytes = cut_word(&rest);
    if (status.n != 3 || !is_digit(status.p[0]) || !is_digit(status.p[1]) || !is_digit(status.p[2]))
        return false;
    p->line.format = "access";
    p->line.has_time = true;
    p->line.time_ms = ms;
    p->line.level = status_level(status);
    size_t w = 0;
    if (n_words == 4)
        put_field(p, "host", words[w++]);
    put_field(p, "client", words[w++]);
    if (n_words >= 3 && !str_eq(words[w], STR("-")))
        put_field(p, "identity", words[w]);
    w++;
    if (n_words >= 3 && !str_eq(words[w], STR("-")))
        put_field(p, "user", words[w]);
    put_request(p, request);
    put_field(p, "status", status);
    put_field(p, "bytes", bytes);
    rest = trim_left(rest);
    if (cut_quoted(&rest, &quoted)) {
        put_field(p, "referrer", quoted);
        rest = trim_left(rest);
        if (cut_quoted(&rest, &quoted))
            put_field(p, "user_agent", quoted);
    }
    put_further(p, rest);
    return true;
}

/* ", name: value" pairs at the end of nginx's error lines. */
static void nginx_pairs(struct logline_parser *p, struct str message)
{
    static const char *const names[] = { "client", "server", "request", "upstream", "host", "referrer" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char look[16] = ", ";
        size_t n = strlen(names[i]);
        memcpy(look + 2, names[i], n);
        memcpy(look + 2 + n, ": ", 3);
        const char *at = memmem(message.p, message.n, look, n + 4);
        if (at == NULL)
            continue;
        struct str value = str_from(message, (size_t)(at + n + 4 - message.p)), quoted;
        if (cut_quoted(&value, &quoted))
            put_field(p, names[i], quoted);
        else
            put_field(p, names[i], str_cut(&value, ','));
    }
}

/* [error] 31#31: *1 message, client: …; behind the moment. */
bool shape_nginx_error(struct logline_parser *p, struct str rest)
{
    const char *close = rest.n > 3 && rest.p[0] == '[' ? memchr(rest.p, ']', rest.n < 12 ? rest.n : 12) : NULL;
    if (close == NULL)
        return false;
    const char *level = level_normalise((struct str){ rest.p + 1, (size_t)(close - rest.p) - 1 });
    rest = str_from(rest, (size_t)(close + 1 - rest.p));
    size_t i = 1, n;
    while (i < rest.n && is_digit(rest.p[i]))
        i++;
    if (level == NULL || i == 1 || i >= rest.n || rest.p[i] != '#')
        return false;
    struct str process = { rest.p + 1, i - 1 }, thread = { rest.p + i + 1, 0 };
    for (n = 0; i + 1 + n < rest.n && is_digit(rest.p[i + 1 + n]); n++)
        thread.n++;
    i += 1 + n;
    if (i >= rest.n || rest.p[i] != ':')
        return false;
    rest = trim_left(str_from(rest, i + 1));
    if (rest.n > 1 && rest.p[0] == '*' && is_digit(rest.p[1])) {
        struct str connection = str_cut(&rest, ' ');
        put_field(p, "connection", str_from(connection, 1));
    }
    p->line.format = "nginx";
    p->line.level = level;
    put_source(p, text_value(STR("nginx")), SOURCE_LOGGER, text_value(STR("program")));
    put_field(p, "pid", process);
    put_field(p, "tid", thread);
    p->line.message = text_value(rest);
    nginx_pairs(p, rest);
    find_ids(p, rest);
    return true;
}

/* [Wed Nov 25 10:00:00.123456 2026] [core:error] [pid 1:tid 2] [client 1.2.3.4:5] message */
bool shape_apache_error(struct logline_parser *p, struct str line)
{
    int64_t ms;
    bool known;
    if (line.n < 30 || !is_alpha(line.p[1]))
        return false;
    size_t n = log_time_read(str_from(line, 1), p->reference, &ms, &known);
    if (n == 0 || n + 3 >= line.n || line.p[n + 1] != ']' || line.p[n + 2] != ' ')
        return false;
    struct str rest = str_from(line, n + 3);
    bool has_level = false;
    for (unsigned i = 0; i < 6 && rest.n > 2 && rest.p[0] == '['; i++) {
        const char *close = memchr(rest.p, ']', rest.n);
        if (close == NULL)
            break;
        struct str inner = { rest.p + 1, (size_t)(close - rest.p) - 1 }, after = inner, module = str_cut(&after, ':');
        const char *level = level_normalise(after.n > 0 ? after : inner);
        if (i == 0 && level != NULL) {
            p->line.level = level;
            has_level = true;
            if (after.n > 0)
                put_field(p, "module", module);
        } else if (str_starts(inner, STR("pid "))) {
            put_field(p, "pid", str_from(module, 4));
            if (str_starts(after, STR("tid ")))
                put_field(p, "tid", str_from(after, 4));
        } else if (str_starts(inner, STR("client "))) {
            put_field(p, "client", str_from(inner, 7));
        } else {
            break;
        }
        rest = trim_left(str_from(rest, (size_t)(close + 1 - rest.p)));
    }
    if (!has_level)
        return false;
    p->line.format = "apache";
    put_time(p, ms, known, str_from(str_head(line, n + 1), 1));
    put_source(p, text_value(STR("apache")), SOURCE_LOGGER, text_value(STR("program")));
    p->line.message = text_value(rest);
    find_ids(p, rest);
    return true;
}
