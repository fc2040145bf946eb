/* lib/log/shape: what the files that know one shape of line share; nobody else includes this. */
#ifndef ODW_LOG_SHAPE_H
#define ODW_LOG_SHAPE_H

#include "log/json.h"
#include "log/level.h"
#include "log/logline.h"

enum { SHAPE_DEPTH = 3 };

struct logline_parser {
    struct logline line;
    struct buf texts; /* what had to be unescaped; reserved before, so that it never moves */
    int64_t reference;
    unsigned depth;       /* lines within lines: a container's, syslog's */
    unsigned source_rank; /* how well the name fits that the source was taken from */
    bool overflow;        /* there were more attributes than can be held */
    uint8_t keys[512];    /* json_keys.c's table, by hash */
};

/* Each returns whether the line has its shape; if not, p->line is as before. What follows a shape's own head is read by
 * shape_inner, where it may be a line itself. */
bool shape_json(struct logline_parser *p, struct str line);
bool shape_logfmt(struct logline_parser *p, struct str line);
bool shape_syslog(struct logline_parser *p, struct str line);      /* begins with <PRI> */
bool shape_syslog_3164(struct logline_parser *p, struct str line); /* begins with Mmm dd */
/* host tag[pid]: message, behind a moment; `rest` is behind its blank. */
bool shape_syslog_tag(struct logline_parser *p, struct str rest);
bool shape_access(struct logline_parser *p, struct str line);
/* Takes the level from an attribute `status`, where others say that it is an answer's to a request; returns the attribute that is a
 * request's line ("GET / HTTP/1.1"), as it stands there, or nothing. */
struct logline_value access_fields(struct logline_parser *p);
bool shape_nginx_error(struct logline_parser *p, struct str rest); /* behind the moment */
bool shape_apache_error(struct logline_parser *p, struct str line);
bool shape_klog(struct logline_parser *p, struct str line);
bool shape_redis(struct logline_parser *p, struct str line);
bool shape_ruby(struct logline_parser *p, struct str line);
bool shape_container(struct logline_parser *p, struct str rest); /* behind CRI's moment: "stdout F …" */
bool shape_moment(struct logline_parser *p, struct str line);    /* begins with a moment, perhaps in brackets */
bool shape_level_first(struct logline_parser *p, struct str line);
bool shape_head(struct logline_parser *p, struct str rest);    /* behind a moment: a level, and what surrounds it */
bool shape_journal(struct logline_parser *p, struct str line); /* journalctl -o export */

/* The first byte decides which of these is asked; "behind" says what was read before. */
bool shape_balancer_typed(struct logline_parser *p, struct str line);
bool shape_balancer(struct logline_parser *p, struct str rest); /* behind the moment */
bool shape_s3(struct logline_parser *p, struct str line);
bool shape_cloudfront(struct logline_parser *p, struct str rest); /* behind the moment and its tab */
bool shape_flow(struct logline_parser *p, struct str line);
bool shape_haproxy(struct logline_parser *p, struct str line);
bool shape_envoy(struct logline_parser *p, struct str rest); /* behind the moment */
bool shape_squid(struct logline_parser *p, struct str rest); /* behind an epoch */
bool shape_iis(struct logline_parser *p, struct str rest);   /* behind the moment */
bool shape_kernel(struct logline_parser *p, struct str line);
bool shape_kmsg(struct logline_parser *p, struct str line);
bool shape_audit(struct logline_parser *p, struct str line);
void put_kernel(struct logline_parser *p, struct str message); /* what the kernel says, with netfilter's pairs */
bool shape_cef(struct logline_parser *p, struct str line);
bool shape_leef(struct logline_parser *p, struct str line);
bool shape_cisco(struct logline_parser *p, struct str line);
bool shape_postgres_csv(struct logline_parser *p, struct str s); /* behind the moment and its comma */
bool shape_postgres_rds(struct logline_parser *p, struct str s); /* behind the moment */
bool postgres_part(struct logline_parser *p, struct str s);      /* "DETAIL:  …" */
bool shape_mysql_slow(struct logline_parser *p, struct str line);
bool shape_mongo(struct logline_parser *p, struct str s); /* behind the moment */
bool shape_logcat_brief(struct logline_parser *p, struct str line);
bool shape_logcat(struct logline_parser *p, struct str rest); /* behind the moment */
bool shape_logcat_long(struct logline_parser *p, struct str line);
bool shape_short_moment(struct logline_parser *p, struct str line);
bool shape_nagios(struct logline_parser *p, struct str line);
/* "MOMENT * message": time, the moment; ms, known: what it says; rest: what is behind it. */
bool redis_behind(struct logline_parser *p, struct str pid, struct str time, int64_t ms, bool known, struct str rest);
bool shape_redis_old(struct logline_parser *p, struct str line);
bool shape_counted(struct logline_parser *p, struct str line);
bool shape_cluster(struct logline_parser *p, struct str line);

/* ---- lines of fields in a fixed order ---- */

/* The next field, without its quotes or brackets (sep ' '), or up to the next tab. */
bool cut_field(struct str *s, char sep, struct str *field);
size_t cut_fields(struct str *s, char sep, struct str *fields, size_t max);
/* Each under its name; NULL: not this one. "-" is none. */
void put_fields(struct logline_parser *p, const char *const *names, const struct str *fields, size_t n);
bool is_status(struct str s);
bool is_number(struct str s);
bool is_address(struct str s); /* looks like IPv4 or IPv6 */
bool is_uuid(struct str s);
const char *status_level(struct str status);                        /* of three digits */
const char *severity_level(unsigned priority);                      /* syslog's */
void put_request(struct logline_parser *p, struct str request);     /* "GET /path HTTP/1.1" */
void put_trace_header(struct logline_parser *p, struct str header); /* X-Ray's */
/* Without the colours of a terminal; the text itself where it has none. */
struct str without_colours(struct logline_parser *p, struct str text);

/* Reads the line: the shape that fits. False: none; nothing was taken. */
bool shape_any(struct logline_parser *p, struct str line);
/* What a wrapper holds: what it says itself stands; else it is the message as it is. */
void shape_inner(struct logline_parser *p, struct str text);

/* ---- filling in ---- */

static inline struct logline_value text_value(struct str s)
{
    return (struct logline_value){ s, LOGLINE_TEXT };
}

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static inline bool is_alpha(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static inline struct str str_from(struct str s, size_t n)
{
    return (struct str){ s.p + n, s.n - n };
}

static inline struct str str_head(struct str s, size_t n)
{
    return (struct str){ s.p, n };
}

static inline struct str trim_left(struct str s)
{
    while (s.n > 0 && (*s.p == ' ' || *s.p == '\t'))
        s.p++, s.n--;
    return s;
}

/* All of s is a moment. */
static inline bool is_moment(const struct logline_parser *p, struct str s, int64_t *ms, bool *known)
{
    return s.n > 0 && log_time_read(s, p->reference, ms, known) == s.n;
}

/* A further attribute; of a name that is there already the first one stays, and the later one gets "_2" and so on. */
void put_attribute(struct logline_parser *p, struct logline_value name, struct logline_value value);
static inline void put_field(struct logline_parser *p, const char *name, struct str value)
{
    if (value.n > 0)
        put_attribute(p, text_value(str_of(name)), text_value(value));
}

void put_time(struct logline_parser *p, int64_t ms, bool known, struct str text);
/* rank: a higher one takes the place of a lower; the one that gives way becomes an attribute `name`. */
void put_source(struct logline_parser *p, struct logline_value source, unsigned rank, struct logline_value name);
enum { SOURCE_LOGGER = 1, SOURCE_PROGRAM = 2, SOURCE_SERVICE = 3 };

/* What a key of JSON or logfmt says by its name. */
enum role {
    ROLE_NONE,
    ROLE_TIME,
    ROLE_LEVEL,
    ROLE_PYTHON_LEVEL, /* levelno: 10 is DEBUG */
    ROLE_OTEL_LEVEL,   /* severityNumber: 1 to 24 */
    ROLE_MESSAGE,
    ROLE_SOURCE,
    ROLE_ID,     /* rank is an enum id_kind */
    ROLE_NESTED, /* an object that holds such keys: "log": {"level": …} is log.level */
    ROLE_MONGO_LEVEL,
    ROLE_MONGO_SOURCE,
    ROLE_TEMPLATE, /* serilog's @mt: the message where there is no @m, and a sign that no @l means INFO */
};
struct key {
    const char *name; /* lower case */
    uint8_t role, rank;
};
/* NULL: it says nothing. Case doesn't matter. */
const struct key *key_find(const struct logline_parser *p, struct str name);
void key_table_init(struct logline_parser *p);

/* Takes ids out of what their names say they are; false: the value isn't an id. */
enum id_kind { ID_NONE, ID_TRACE, ID_SPAN, ID_REQUEST, ID_TRACEPARENT, ID_DATADOG_TRACE, ID_DATADOG_SPAN };
enum id_kind id_kind_of(struct str name);
bool put_id(struct logline_parser *p, enum id_kind kind, struct str value);
/* name=value pairs behind a message: attributes, ids by their names; stops where no pair follows. */
void pairs_behind(struct logline_parser *p, struct str pairs);
/* Looks for name=value in text. */
void find_ids(struct logline_parser *p, struct str text);

/* Room for n bytes in p->texts; NULL where it is full. */
char *texts_room(struct logline_parser *p, size_t n);
/* A backslash before any of `escaped` resolved: an n and an r among them are a line feed and a carriage return. */
struct str without_escapes(struct logline_parser *p, struct str raw, const char *escaped);
struct str texts_unescape(struct logline_parser *p, struct str content);

#endif
