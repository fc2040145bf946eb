/* lib/log: what a log line says, whoever wrote it: time, level, source, message, trace, and the rest as attributes.
 *
 * Recognised by their first bytes and their shape: JSON (in the names of pino, bunyan, zap, zerolog, logrus, serilog, logback,
 * GELF, ECS, Stackdriver, OpenTelemetry, journald, MongoDB; with Docker's, Fluent Bit's and Vector's wrappers opened), logfmt,
 * syslog (RFC 5424, RFC 3164, rsyslog's file form), the journal's export, access logs (Common and Combined; HAProxy, Envoy, Squid,
 * IIS, AWS), the error logs of nginx, Apache and PHP, klog, the kernel's and auditd's lines, CEF, LEEF, Cisco, logcat, and the
 * lines of applications and servers that begin with a moment or a level (logback, log4j, java.util.logging, Python, Go, .NET, Ruby,
 * PostgreSQL, MySQL, MongoDB, Redis, ClickHouse, Kafka, uvicorn, gunicorn). Anything else is a message. */
#ifndef ODW_LOGLINE_H
#define ODW_LOGLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "log/time.h"

enum { LOGLINE_ATTRIBUTES = 256, LOGLINE_ID_MAX = 128 };

/* How a value's bytes are to be taken. */
enum logline_form {
    LOGLINE_TEXT,    /* any bytes */
    LOGLINE_ESCAPED, /* the content of a JSON string, checked, with escapes */
    LOGLINE_JSON,    /* another JSON value, checked */
};

struct logline_value {
    struct str text; /* n = 0: there is none */
    enum logline_form form;
};

struct logline_attribute {
    struct logline_value name, value; /* a name is TEXT or ESCAPED, and unlike the others */
};

/* One line as it was understood. Borrows from the line and from the parser: until the parser's next line. */
struct logline {
    const char *format;          /* "json", "syslog", "access", …, "text" where nothing was recognised */
    bool has_time;               /* time_ms is known */
    int64_t time_ms;             /* milliseconds since 1970 UTC */
    const char *level;           /* TRACE, DEBUG, INFO, WARN, ERROR, FATAL; "" where the line says none */
    struct logline_value source; /* who wrote it: service, program or logger */
    struct logline_value message;
    char trace_id[LOGLINE_ID_MAX +
                  1]; /* 32 lower-case hex digits where it is W3C's, B3's, X-Ray's or Datadog's; else as it stands */
    char span_id[LOGLINE_ID_MAX + 1];    /* 16 likewise */
    char request_id[LOGLINE_ID_MAX + 1]; /* as it stands */
    struct logline_attribute attributes[LOGLINE_ATTRIBUTES];
    size_t n_attributes;
};

/* What one thread needs to parse lines. */
struct logline_parser;
struct logline_parser *logline_parser_new(void) __attribute__((warn_unused_result)); /* NULL: no memory */
void logline_parser_free(struct logline_parser *p);

/* Any bytes; newlines within belong to the line (a stack trace), those at its end don't. reference: a moment near the line's own,
 * for times without year or date; LOG_TIME_UNKNOWN: such a time is not taken. The answer is the parser's; NULL: no memory. */
const struct logline *logline_parse(struct logline_parser *p, struct str line, int64_t reference);

/* Appends a value's bytes, escapes resolved; of JSON its text. */
void logline_put_text(struct logline_value v, struct buf *out);
/* Appends a value as JSON: a string, or what it is. Bytes that aren't UTF-8 become \xHH in the text: "caf\xe9". */
void logline_put_json(struct logline_value v, struct buf *out);

/* Appends `"timestamp":"…","level":…` and so on, without braces: what the line says in the names of the logs contract; a level that
 * isn't said is null, other fields that aren't are left out. no_time_ms: the moment of a line that says none; LOG_TIME_UNKNOWN: it
 * goes without. no_source: who wrote a line that says none; n = 0: it goes without. Attributes are an object's member "attributes".
 */
void logline_put_members(const struct logline *l, int64_t no_time_ms, struct str no_source, struct buf *out);

/* Whether this line goes on what was begun before it: a stack trace's, an indented one, a closing bracket. Only its beginning is
 * looked at. */
bool logline_continues(struct str line);
/* Whether the line is half of a pair, as java.util.logging and .NET's console write them: the next one is its message. */
bool logline_expects_more(struct str line);

#endif
