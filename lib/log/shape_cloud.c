/* lib/log/shape_cloud: what AWS writes into buckets: load balancers, S3, CloudFront, flow logs of a VPC. */
#include "log/shape.h"

/* [type] time balancer client target three times two statuses two sizes "request" "agent" … */
static const char *const balancer_names[] = {
    "balancer",
    "client",
    "target",
    "request_time",
    "target_time",
    "response_time",
    "status",
    "target_status",
    "received_bytes",
    "bytes",
    NULL, /* the request */
    "user_agent",
    "cipher",
    "protocol_tls",
    "target_group",
    NULL, /* the trace */
    "host",
    "certificate",
    "rule",
    "created",
    "actions",
    "redirect",
    "error_reason",
    "targets",
    "target_statuses",
    "classification",
    "classification_reason",
};
enum { BALANCER_NAMES = sizeof balancer_names / sizeof *balancer_names, BALANCER_REQUEST = 10, BALANCER_TRACE = 15 };

bool shape_balancer(struct logline_parser *p, struct str rest)
{
    struct str f[BALANCER_NAMES], client = rest;
    str_cut(&client, ' ');
    if (client.n < 9 || (!is_digit(client.p[0]) && client.p[0] != '[')) /* cheap to refuse */
        return false;
    size_t n = cut_fields(&rest, ' ', f, BALANCER_NAMES);
    if (n <= BALANCER_REQUEST || !is_number(f[8]) || !is_number(f[9]) || memchr(f[3].p, '.', f[3].n) == NULL)
        return false;
    if (!is_status(f[6]) && !str_eq(f[6], STR("-")))
        return false;
    p->line.format = "aws-elb";
    p->line.level = is_status(f[6]) ? status_level(f[6]) : "";
    put_request(p, f[BALANCER_REQUEST]);
    put_fields(p, balancer_names, f, n);
    if (n > BALANCER_TRACE)
        put_trace_header(p, f[BALANCER_TRACE]);
    return true;
}

/* "Root=1-…;Self=1-…", in any order. */
void put_trace_header(struct logline_parser *p, struct str header)
{
    while (header.n > 0) {
        struct str value = str_cut(&header, ';'), name = str_cut(&value, '=');
        if (str_eq(str_trim(name), STR("Root")))
            put_id(p, ID_TRACE, value);
        else if (str_eq(str_trim(name), STR("Parent")))
            put_id(p, ID_SPAN, value);
    }
}

bool shape_balancer_typed(struct logline_parser *p, struct str line)
{
    static const char *const types[] = { "http", "https", "h2", "ws", "wss", "grpcs" };
    struct str rest = line, type = str_cut(&rest, ' ');
    bool known = false, is_type = false;
    int64_t ms;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        is_type = is_type || str_eq(type, str_of(types[i]));
    size_t n = is_type ? log_time_read(rest, p->reference, &ms, &known) : 0;
    if (n == 0 || n >= rest.n || rest.p[n] != ' ')
        return false;
    put_time(p, ms, known, str_head(rest, n));
    put_field(p, "type", type);
    return shape_balancer(p, str_from(rest, n + 1));
}

/* owner bucket [time] client requester request-id operation key "request" status error bytes size total turn-around "referrer"
 * "agent" version … */
bool shape_s3(struct logline_parser *p, struct str line)
{
    static const char *const names[] = {
        "owner",      "bucket",  NULL,      "client",    "requester", NULL,      "operation", "key",
        NULL,         "status",  "error",   "bytes",     "size",      "time_ms", "turn_ms",   "referrer",
        "user_agent", "version", "host_id", "signature", "cipher",    "auth",    "host",      "protocol_tls",
    };
    enum { NAMES = sizeof names / sizeof *names };
    struct str f[NAMES];
    int64_t ms;
    bool known;
    /* Cheap to refuse: a word, a word, a bracket. */
    const char *bracket = memchr(line.p, '[', line.n < 192 ? line.n : 192);
    if (bracket == NULL || bracket - line.p < 4 || bracket[-1] != ' ' || memchr(line.p, '"', (size_t)(bracket - line.p)) != NULL)
        return false;
    size_t n = cut_fields(&line, ' ', f, NAMES);
    if (n < 12 || f[2].p != bracket + 1 || !is_moment(p, f[2], &ms, &known) || !is_status(f[9]) ||
        (!is_address(f[3]) && f[3].n != 1) || memchr(f[6].p, '.', f[6].n) == NULL)
        return false;
    p->line.format = "aws-s3";
    p->line.level = status_level(f[9]);
    put_time(p, ms, known, f[2]);
    put_id(p, ID_REQUEST, f[5]);
    if (f[8].n > 1)
        put_request(p, f[8]);
    else
        p->line.message = text_value(f[6]);
    put_fields(p, names, f, n);
    return true;
}

/* Behind "date TAB time TAB": edge bytes client method host path status referrer agent query cookie result request-id … */
bool shape_cloudfront(struct logline_parser *p, struct str rest)
{
    static const char *const names[] = {
        "edge",         "bytes",       "client",          "method",         "host",           "path",
        "status",       "referrer",    "user_agent",      "query",          "cookie",         "result",
        NULL,           "host_header", "scheme",          "received_bytes", "time_taken",     "forwarded",
        "protocol_tls", "cipher",      "response_result", "protocol",       "fle_status",     "fle_fields",
        "port",         "first_byte",  "detailed_result", "content_type",   "content_length", "range_start",
        "range_end",
    };
    enum { NAMES = sizeof names / sizeof *names };
    struct str f[NAMES];
    size_t n = cut_fields(&rest, '\t', f, NAMES);
    if (n < 13 || !is_number(f[1]) || !is_address(f[2]) || (!is_status(f[6]) && !str_eq(f[6], STR("000"))))
        return false;
    p->line.format = "aws-cloudfront";
    p->line.level = is_status(f[6]) ? status_level(f[6]) : "";
    p->line.message = text_value((struct str){ f[3].p, (size_t)(f[5].p + f[5].n - f[3].p) });
    put_id(p, ID_REQUEST, f[12]);
    put_fields(p, names, f, n);
    return true;
}

/* version account interface source destination ports protocol packets bytes start end action status */
bool shape_flow(struct logline_parser *p, struct str line)
{
    static const char *const names[] = { "version",  "account", "interface", "client", "destination", "client_port", "port",
                                         "protocol", "packets", "bytes",     NULL,     "end",         "action",      "log_status" };
    enum { NAMES = sizeof names / sizeof *names };
    struct str f[NAMES];
    int64_t ms;
    struct str rest = line;
    if (cut_fields(&rest, ' ', f, NAMES) != NAMES || rest.n > 0 || !str_starts(f[2], STR("eni-")) || !log_time_epoch(f[10], &ms))
        return false;
    if (!str_eq(f[12], STR("ACCEPT")) && !str_eq(f[12], STR("REJECT")) && !str_eq(f[12], STR("-")))
        return false;
    p->line.format = "aws-flow";
    put_time(p, ms, true, f[10]);
    p->line.message = text_value(line);
    put_fields(p, names, f, NAMES);
    return true;
}
