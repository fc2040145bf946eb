/* lib/log/json_keys: what a key says by its name, in the words of the libraries that write logs. */
#include "log/shape.h"

/* Within a role a higher rank takes the place of a lower one. */
static const struct key keys[] = {
    { "timestamp", ROLE_TIME, 9 },
    { "@timestamp", ROLE_TIME, 9 },
    { "@t", ROLE_TIME, 9 },
    { "ts", ROLE_TIME, 8 },
    { "time", ROLE_TIME, 8 },
    { "asctime", ROLE_TIME, 8 },
    { "datetime", ROLE_TIME, 7 },
    { "date", ROLE_TIME, 7 },
    { "timeunixnano", ROLE_TIME, 7 },
    { "timemillis", ROLE_TIME, 7 },
    { "timestampms", ROLE_TIME, 7 },
    { "timestamp_ms", ROLE_TIME, 7 },
    { "eventtime", ROLE_TIME, 6 },
    { "event_time", ROLE_TIME, 6 },
    { "t.$date", ROLE_TIME, 6 },
    { "__realtime_timestamp", ROLE_TIME, 6 },
    { "_source_realtime_timestamp", ROLE_TIME, 7 },
    { "instant.epochsecond", ROLE_TIME, 5 },
    { "created", ROLE_TIME, 3 },
    { "observedtimeunixnano", ROLE_TIME, 2 },
    { "at", ROLE_TIME, 1 },
    { "t", ROLE_TIME, 1 },

    { "level", ROLE_LEVEL, 9 },
    { "severity", ROLE_LEVEL, 9 },
    { "log.level", ROLE_LEVEL, 9 },
    { "lvl", ROLE_LEVEL, 8 },
    { "@l", ROLE_LEVEL, 8 },
    { "levelname", ROLE_LEVEL, 8 },
    { "loglevel", ROLE_LEVEL, 8 },
    { "log_level", ROLE_LEVEL, 8 },
    { "severitytext", ROLE_LEVEL, 8 },
    { "severity_text", ROLE_LEVEL, 8 },
    { "level_name", ROLE_LEVEL, 8 },
    { "syslog.severity.name", ROLE_LEVEL, 4 },
    { "syslog_severity", ROLE_LEVEL, 4 },
    { "error_severity", ROLE_LEVEL, 5 }, /* PostgreSQL's jsonlog */
    { "priority", ROLE_LEVEL, 3 },
    { "levelno", ROLE_PYTHON_LEVEL, 0 },
    { "severitynumber", ROLE_OTEL_LEVEL, 0 },
    { "severity_number", ROLE_OTEL_LEVEL, 0 },
    { "s", ROLE_MONGO_LEVEL, 0 },
    { "c", ROLE_MONGO_SOURCE, 0 },

    { "message", ROLE_MESSAGE, 9 },
    { "msg", ROLE_MESSAGE, 9 },
    { "@m", ROLE_MESSAGE, 9 },
    { "log", ROLE_MESSAGE, 7 }, /* Docker, Fluent Bit; an object of that name is nested */
    { "short_message", ROLE_MESSAGE, 8 },
    { "textpayload", ROLE_MESSAGE, 8 },
    { "jsonpayload.message", ROLE_MESSAGE, 8 },
    { "jsonpayload.msg", ROLE_MESSAGE, 8 },
    { "renderedmessage", ROLE_MESSAGE, 8 },
    { "body", ROLE_MESSAGE, 6 },
    { "body.stringvalue", ROLE_MESSAGE, 6 },
    { "messagetemplate", ROLE_TEMPLATE, 0 },
    { "@mt", ROLE_TEMPLATE, 0 },
    { "event", ROLE_MESSAGE, 4 }, /* structlog */
    { "error.message", ROLE_MESSAGE, 2 },

    { "service.name", ROLE_SOURCE, SOURCE_SERVICE },
    { "service", ROLE_SOURCE, SOURCE_SERVICE },
    { "service_name", ROLE_SOURCE, SOURCE_SERVICE },
    { "servicename", ROLE_SOURCE, SOURCE_SERVICE },
    { "resource.service.name", ROLE_SOURCE, SOURCE_SERVICE },
    { "source", ROLE_SOURCE, SOURCE_SERVICE },
    { "app", ROLE_SOURCE, SOURCE_PROGRAM },
    { "application", ROLE_SOURCE, SOURCE_PROGRAM },
    { "appname", ROLE_SOURCE, SOURCE_PROGRAM },
    { "app_name", ROLE_SOURCE, SOURCE_PROGRAM },
    { "program", ROLE_SOURCE, SOURCE_PROGRAM },
    { "programname", ROLE_SOURCE, SOURCE_PROGRAM },
    { "syslogtag", ROLE_SOURCE, SOURCE_PROGRAM },
    { "syslog_identifier", ROLE_SOURCE, SOURCE_PROGRAM },
    { "_systemd_unit", ROLE_SOURCE, SOURCE_LOGGER },
    { "container_name", ROLE_SOURCE, SOURCE_LOGGER },
    { "kubernetes.container_name", ROLE_SOURCE, SOURCE_LOGGER },
    { "logger", ROLE_SOURCE, SOURCE_LOGGER },
    { "logger_name", ROLE_SOURCE, SOURCE_LOGGER },
    { "loggername", ROLE_SOURCE, SOURCE_LOGGER },
    { "log.logger", ROLE_SOURCE, SOURCE_LOGGER },
    { "sourcecontext", ROLE_SOURCE, SOURCE_LOGGER },
    { "properties.sourcecontext", ROLE_SOURCE, SOURCE_LOGGER },
    { "component", ROLE_SOURCE, SOURCE_LOGGER },
    { "name", ROLE_SOURCE, SOURCE_LOGGER },
    { "channel", ROLE_SOURCE, SOURCE_LOGGER }, /* Monolog */

    { "trace", ROLE_ID, ID_TRACE },
    { "trace_id", ROLE_ID, ID_TRACE },
    { "traceid", ROLE_ID, ID_TRACE },
    { "trace-id", ROLE_ID, ID_TRACE },
    { "trace.id", ROLE_ID, ID_TRACE },
    { "@tr", ROLE_ID, ID_TRACE },
    { "x-b3-traceid", ROLE_ID, ID_TRACE },
    { "oteltraceid", ROLE_ID, ID_TRACE },
    { "logging.googleapis.com/trace", ROLE_ID, ID_TRACE },
    { "attributes.trace_id", ROLE_ID, ID_TRACE },
    { "jsonpayload.trace_id", ROLE_ID, ID_TRACE },
    { "span_id", ROLE_ID, ID_SPAN },
    { "spanid", ROLE_ID, ID_SPAN },
    { "span-id", ROLE_ID, ID_SPAN },
    { "span.id", ROLE_ID, ID_SPAN },
    { "@sp", ROLE_ID, ID_SPAN },
    { "x-b3-spanid", ROLE_ID, ID_SPAN },
    { "otelspanid", ROLE_ID, ID_SPAN },
    { "logging.googleapis.com/spanid", ROLE_ID, ID_SPAN },
    { "jsonpayload.span_id", ROLE_ID, ID_SPAN },
    { "traceparent", ROLE_ID, ID_TRACEPARENT },
    { "uber-trace-id", ROLE_ID, ID_TRACEPARENT },
    { "b3", ROLE_ID, ID_TRACEPARENT },
    { "dd.trace_id", ROLE_ID, ID_DATADOG_TRACE },
    { "dd.span_id", ROLE_ID, ID_DATADOG_SPAN },
    { "request_id", ROLE_ID, ID_REQUEST },
    { "requestid", ROLE_ID, ID_REQUEST },
    { "request-id", ROLE_ID, ID_REQUEST },
    { "reqid", ROLE_ID, ID_REQUEST },
    { "req_id", ROLE_ID, ID_REQUEST },
    { "x-request-id", ROLE_ID, ID_REQUEST },
    { "x_request_id", ROLE_ID, ID_REQUEST },
    { "awsrequestid", ROLE_ID, ID_REQUEST },
    { "correlation_id", ROLE_ID, ID_REQUEST },
    { "correlationid", ROLE_ID, ID_REQUEST },
    { "x-correlation-id", ROLE_ID, ID_REQUEST },
    { "http.request.id", ROLE_ID, ID_REQUEST },
    { "req.id", ROLE_ID, ID_REQUEST },

    { "span", ROLE_NESTED, 0 },
    { "resource", ROLE_NESTED, 0 },
    { "jsonpayload", ROLE_NESTED, 0 },
    { "instant", ROLE_NESTED, 0 },
    { "kubernetes", ROLE_NESTED, 0 },
    { "properties", ROLE_NESTED, 0 },
    { "attributes", ROLE_NESTED, 0 },
    { "http", ROLE_NESTED, 0 },
    { "req", ROLE_NESTED, 0 },
    { "dd", ROLE_NESTED, 0 },
    { "error", ROLE_NESTED, 0 },
};
_Static_assert(sizeof keys / sizeof *keys < 255, "an index must fit a byte");

enum { NAME_MAX_BYTES = 32 };

static inline unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static inline uint32_t hash(struct str name)
{
    uint32_t h = (uint32_t)name.n * 0x9E3779B1u;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ lower(name.p[i])) * 0x01000193u;
    return (h ^ h >> 15) & 511;
}

void key_table_init(struct logline_parser *p)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        uint32_t at = hash(str_of(keys[i].name));
        while (p->keys[at] != 0)
            at = (at + 1) & 511;
        p->keys[at] = (uint8_t)(i + 1);
    }
}

static bool same(const char *known, struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)known[i] != lower(name.p[i]))
            return false;
    return known[name.n] == '\0';
}

const struct key *key_find(const struct logline_parser *p, struct str name)
{
    if (name.n == 0 || name.n > NAME_MAX_BYTES)
        return NULL;
    for (uint32_t at = hash(name); p->keys[at] != 0; at = (at + 1) & 511)
        if (same(keys[p->keys[at] - 1].name, name))
            return &keys[p->keys[at] - 1];
    return NULL;
}
