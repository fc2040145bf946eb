/* shim/reply: what goes back to a client. */
#ifndef ODW_SHIM_REPLY_H
#define ODW_SHIM_REPLY_H

#include "base/buf.h"

struct reply {
    int status;
    struct buf body;
    const char *type;  /* Content-Type */
    const char *allow; /* for 405 and OPTIONS, or NULL */
    int retry_after;   /* seconds; 0: none */
    char cache[64];    /* Cache-Control; "": no-store */
    char etag[40];     /* with its quotes, or "" */
};

enum { REPLY_MAX = 64 << 20 };

void reply_init(struct reply *a);
void reply_fini(struct reply *a);

/* The kinds of problem that a client may tell apart: the last word of RFC 9457's `type`, urn:odw:problem:WORD. */
enum problem {
    PROBLEM_PARAMETER,    /* 400 */
    PROBLEM_BODY,         /* 400 */
    PROBLEM_UNAUTHORISED, /* 401 */
    PROBLEM_ORIGIN,       /* 403 */
    PROBLEM_SCOPE,        /* 403 */
    PROBLEM_NOT_FOUND,    /* 404 */
    PROBLEM_METHOD,       /* 405 */
    PROBLEM_CONFLICT,     /* 409 */
    PROBLEM_TOO_LARGE,    /* 413 */
    PROBLEM_CONTENT_TYPE, /* 415 */
    PROBLEM_REFUSED,      /* 422 */
    PROBLEM_INTERNAL,     /* 500 */
    PROBLEM_QUERY,        /* 502 */
    PROBLEM_CLICKHOUSE,   /* 503 */
    PROBLEM_KAFKA,        /* 503 */
    PROBLEM_BUSY,         /* 503 */
    PROBLEM_TIMEOUT,      /* 504 */
};

/* Makes the answer a problem document, whatever it held before. parameter: the one at fault, or NULL. The document is left open
 * where `more` is set: the caller appends members (each with a comma before it) and the closing brace. */
void reply_problem(struct reply *a, enum problem problem, struct str instance, const char *parameter, int more, const char *format,
                   ...) __attribute__((format(printf, 6, 7)));

#endif
