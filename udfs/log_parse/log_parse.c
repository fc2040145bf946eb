/* udfs/log_parse: what a log line says, whoever wrote it. */
#include "udfs/log_parse/row.h"

enum { TIMESTAMP, LEVEL, SOURCE, MESSAGE, TRACE, SPAN, ATTRIBUTES };

void *log_parse_open(const struct udf *udf, struct err *err)
{
    struct logline_parser *p = logline_parser_new();
    if (p == NULL)
        err_set(err, ERR_RETRY, "%s: out of memory", udf->name);
    return p;
}

void log_parse_close(void *state)
{
    logline_parser_free(state);
}

/* The value's text; what had to be unescaped lies in scratch. */
static struct str text_of(struct udf_row *row, struct logline_value v)
{
    if (v.form != LOGLINE_ESCAPED || memchr(v.text.p, '\\', v.text.n) == NULL)
        return v.text;
    buf_clear(row->scratch);
    logline_put_text(v, row->scratch);
    return buf_str(row->scratch);
}

int log_parse_row(struct udf_row *row, struct str line, int64_t reference)
{
    struct col *kids = row->out->kids, *map = &kids[ATTRIBUTES], *pairs = &map->kids[0];
    const struct logline *l = logline_parse(row->state, line, reference);
    if (l == NULL)
        return -1;
    if (l->has_time)
        col_put_i64(&kids[TIMESTAMP], l->time_ms);
    else
        col_put_null(&kids[TIMESTAMP]);
    col_put_str(&kids[LEVEL], str_of(l->level));
    col_put_str(&kids[SOURCE], text_of(row, l->source));
    col_put_str(&kids[MESSAGE], text_of(row, l->message));
    col_put_str(&kids[TRACE], str_of(l->trace_id));
    col_put_str(&kids[SPAN], str_of(l->span_id));
    if (l->request_id[0] != '\0')
        col_put_pair(map, STR("request_id"), str_of(l->request_id));
    for (size_t i = 0; i < l->n_attributes; i++) {
        /* One after the other: both may need the scratch. */
        col_put_str(&pairs->kids[0], text_of(row, l->attributes[i].name));
        col_put_str(&pairs->kids[1], text_of(row, l->attributes[i].value));
        pairs->rows++;
    }
    col_end_array(map);
    col_end_tuple(row->out);
    return row->scratch->failed ? -1 : 0;
}

static int row(struct udf_row *row)
{
    return log_parse_row(row, row->str[0], LOG_TIME_UNKNOWN);
}

const struct udf udf_log_parse = {
    .name = "logParse",
    .group = "Parsing",
    .about =
        "What a log line says: JSON (pino, bunyan, zap, zerolog, logrus, serilog, logback, GELF, ECS, Stackdriver, OpenTelemetry, "
        "journald, MongoDB; inside of Docker's, Fluent Bit's and Vector's wrappers too), logfmt, syslog (RFC 5424, RFC 3164), the "
        "journal (export, short), access logs (Common, Combined, IIS, Squid, HAProxy, Envoy, AWS load balancers, S3, CloudFront), "
        "VPC flow logs, nginx, Apache, PHP, klog, Java, Python, Go, .NET, Ruby, Erlang, logcat, PostgreSQL (stderr, csvlog, "
        "jsonlog), MySQL (error, slow), MongoDB, Redis, ClickHouse, Kafka, ZooKeeper, the kernel (dmesg, netfilter, auditd), CEF, "
        "LEEF, Cisco, Nagios, Lambda and container prefixes; a terminal's colours are taken out; anything else is the message. "
        "The level is TRACE, DEBUG, INFO, WARN, ERROR, FATAL, or '' where the "
        "line says none; of an access log it comes from the status, of CEF and LEEF from the severity. Times with a zone are "
        "turned to UTC, without one they are taken for UTC. trace_id and span_id are "
        "lower-case hex where they are W3C's; a request id is attributes['request_id']. A time that lacks its year or date (RFC "
        "3164, klog) needs logParseAt: here the timestamp is NULL, and attributes['time'] has its text.",
    .errors = "Never: what isn't recognised is the message as it came, any bytes, with nothing else.",
    .examples = { { "tupleElement(logParse('{\"level\":50,\"time\":1764064800123,\"msg\":\"no stock\"}'), 'level')", "ERROR" },
                  { "tupleElement(logParse('2026-11-25 10:00:00,123 WARN  [main] c.e.Shop - low stock'), 'message')",
                    "low stock" } },
    .args = { { "line", "String" } },
    .returns = LOG_PARSE_TYPE,
    .deterministic = true,
    .open = log_parse_open,
    .row = row,
    .close = log_parse_close,
};
