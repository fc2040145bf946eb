/* lib/log/shape_proxy: what proxies and IIS write: HAProxy, Envoy, Squid, W3C's extended form as IIS has it by default. */
#include "log/shape.h"

/* a/b/c…: n parts at least. */
static bool has_slashes(struct str s, size_t n)
{
    size_t slashes = 0;
    for (size_t i = 0; i < s.n; i++)
        slashes += s.p[i] == '/';
    return slashes >= n;
}

/* client:port [accepted] frontend backend/server, then of HTTP: times status bytes cookies state connections queues {headers}
 * "request"; of TCP: times bytes state connections queues. */
bool shape_haproxy(struct logline_parser *p, struct str line)
{
    static const char *const http[] = { "client", NULL,        "frontend",   "backend", "times",       "status",
                                        "bytes",  "cookie_in", "cookie_out", "state",   "connections", "queues" };
    static const char *const tcp[] = { "client", NULL, "frontend", "backend", "times", "bytes", "state", "connections", "queues" };
    struct str f[12], request = { NULL, 0 }, rest = line;
    int64_t ms;
    bool known;
    const char *bracket = memchr(line.p, '[', line.n < 64 ? line.n : 64);
    if (bracket == NULL || bracket == line.p || bracket[-1] != ' ' || memchr(line.p, ':', (size_t)(bracket - line.p)) == NULL)
        return false;
    if (cut_fields(&rest, ' ', f, 9) != 9 || f[1].p != bracket + 1 || !is_moment(p, f[1], &ms, &known) || !has_slashes(f[3], 1) ||
        !has_slashes(f[4], 2))
        return false;
    bool is_http = f[5].n > 0 && has_slashes(f[4], 4) && (is_status(f[5]) || str_eq(f[5], STR("-1")));
    if (is_http ? cut_fields(&rest, ' ', f + 9, 3) != 3 : !is_number(f[5]) || !has_slashes(f[7], 4))
        return false;
    p->line.format = "haproxy";
    put_time(p, ms, known, f[1]);
    if (is_http) {
        const char *quote = rest.n > 0 ? memchr(rest.p, '"', rest.n) : NULL;
        p->line.level = is_status(f[5]) ? status_level(f[5]) : "ERROR";
        put_fields(p, http, f, 12);
        if (quote != NULL) {
            put_field(p, "headers", str_trim(str_head(rest, (size_t)(quote - rest.p))));
            rest = str_from(rest, (size_t)(quote - rest.p));
            cut_field(&rest, ' ', &request);
        }
        put_request(p, request.n > 0 ? request : line);
    } else {
        p->line.level = str_eq(f[6], STR("--")) ? "INFO" : "WARN";
        put_fields(p, tcp, f, 9);
        p->line.message = text_value(line);
    }
    put_source(p, text_value(STR("haproxy")), SOURCE_LOGGER, text_value(STR("program")));
    return true;
}

/* Behind "[time] ": "request" status flags [details "failure"] received sent duration upstream-time "forwarded" "agent"
 * "request-id" "authority" "upstream" … */
bool shape_envoy(struct logline_parser *p, struct str rest)
{
    static const char *const names[] = { NULL,         "status",      "flags",       "received_bytes",
                                         "bytes",      "duration_ms", "upstream_ms", "forwarded_for",
                                         "user_agent", NULL,          "host",        "upstream" };
    static const char *const istio[] = {
        NULL,       "status",      "flags",          "details",       "termination", "failure",     "received_bytes",
        "bytes",    "duration_ms", "upstream_ms",    "forwarded_for", "user_agent",  NULL,          "host",
        "upstream", "cluster",     "upstream_local", "local",         "client",      "server_name", "route"
    };
    enum { ISTIO = sizeof istio / sizeof *istio };
    struct str f[ISTIO];
    if (rest.n == 0 || rest.p[0] != '"')
        return false;
    size_t n = cut_fields(&rest, ' ', f, ISTIO);
    bool is_istio = n >= 15 && !is_number(f[3]);
    size_t received = is_istio ? 6 : 3, id = is_istio ? 12 : 9;
    if (n < 9 || n < id || !(is_status(f[1]) || str_eq(f[1], STR("0"))) || !is_number(f[received]) || !is_number(f[received + 1]))
        return false;
    p->line.format = "envoy";
    p->line.level = is_status(f[1]) ? status_level(f[1]) : "ERROR";
    put_source(p, text_value(STR("envoy")), SOURCE_LOGGER, text_value(STR("program")));
    put_request(p, f[0]);
    put_fields(p, is_istio ? istio : names, f, is_istio || n < 12 ? n : 12);
    if (n > id && !str_eq(f[id], STR("-")))
        put_id(p, ID_REQUEST, f[id]);
    return true;
}

/* Behind an epoch: elapsed client result/status bytes method url user hierarchy/host type */
bool shape_squid(struct logline_parser *p, struct str rest)
{
    static const char *const names[] = { "time_ms", "client", NULL, "bytes", "method", "url", "user", "hierarchy", "content_type" };
    struct str f[9];
    if (cut_fields(&rest, ' ', f, 9) != 9 || !is_number(f[0]) || !is_number(f[3]))
        return false;
    struct str status = f[2], result = str_cut(&status, '/');
    if (!is_status(status) && !str_eq(status, STR("000")))
        return false;
    p->line.format = "squid";
    p->line.level = is_status(status) ? status_level(status) : "";
    p->line.message = text_value((struct str){ f[4].p, (size_t)(f[5].p + f[5].n - f[4].p) });
    put_source(p, text_value(STR("squid")), SOURCE_LOGGER, text_value(STR("program")));
    put_field(p, "result", result);
    put_field(p, "status", status);
    put_fields(p, names, f, 9);
    return true;
}

/* Behind date and time: server method path query port user client agent [referrer] status substatus win32-status [time-taken] */
bool shape_iis(struct logline_parser *p, struct str rest)
{
    static const char *const names[] = { "server",     "method",   "path",   "query",     "port",         "user",   "client",
                                         "user_agent", "referrer", "status", "substatus", "win32_status", "time_ms" };
    struct str f[14];
    size_t n = cut_fields(&rest, ' ', f, 14);
    if (n < 11 || n > 13 || !is_address(f[0]) || !is_number(f[4]) || !is_address(f[6]))
        return false;
    if (!is_status(f[9])) { /* IIS 7 has no referrer */
        if (!is_status(f[8]) || n == 13)
            return false;
        memmove(f + 9, f + 8, (n - 8) * sizeof *f);
        f[8] = STR("-");
        n++;
    }
    p->line.format = "iis";
    p->line.level = status_level(f[9]);
    p->line.message = text_value((struct str){ f[1].p, (size_t)(f[2].p + f[2].n - f[1].p) });
    put_fields(p, names, f, n);
    return true;
}
