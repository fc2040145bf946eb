/* lib/log/json: RFC 8259 text, checked while it is walked; no copies. */
#ifndef ODW_LOG_JSON_H
#define ODW_LOG_JSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum { JSON_DEPTH = 64 };

struct json_member {
    struct str name;  /* between the quotes, escapes and all */
    struct str value; /* a string's content between the quotes; else the value's text */
    char kind;        /* its first byte: '"' '{' '[' '-' (any number) 't' 'f' 'n' */
    bool escaped;     /* the string has escapes */
};

/* p is behind the '{' of an object, or behind a member: the next member into *m, and what is behind it; NULL: not JSON, or nested
 * deeper than JSON_DEPTH. m->kind is 0 at the closing brace, which the result is behind. */
const char *json_next(const char *p, const char *end, struct json_member *m);

/* Past the value at p; NULL: not JSON. Strings are valid UTF-8 without lone surrogates. */
const char *json_skip(const char *p, const char *end, unsigned depth);

const char *json_space(const char *p, const char *end);

/* Appends the text of a string's content that was checked, escapes resolved. */
void json_unescape(struct str content, struct buf *out);

#endif
