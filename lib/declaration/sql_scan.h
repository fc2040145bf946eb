/* lib/declaration/sql_scan: ClickHouse SQL as tokens, just deep enough to tell quotes, comments and placeholders apart. */
#ifndef ODW_SQL_SCAN_H
#define ODW_SQL_SCAN_H

#include "base/str.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,        /* letters, digits, _ and embedded {word}: events_queue, {source}_queue, 42 */
    TOKEN_NAME,        /* `name` or "name"; text is without the quotes, escapes are left */
    TOKEN_TEXT,        /* 'text', with the quotes; also $tag$text$tag$ */
    TOKEN_PLACEHOLDER, /* {name:Type}; text is name:Type */
    TOKEN_COMMENT,
    TOKEN_SIGN,     /* one other character */
    TOKEN_OPEN_END, /* a quote or comment that isn't closed begins here; nothing follows */
};

struct token {
    enum token_kind kind;
    struct str text;
    struct str raw; /* as written */
    int line;
};

struct sql_scan {
    struct str rest;
    int line;
};

/* line: of the text's first byte. */
struct sql_scan sql_scan_of(struct str text, int line);
/* The next token, comments included; TOKEN_END for ever at the end. */
struct token sql_scan_next(struct sql_scan *s);
/* The next that isn't a comment. */
struct token sql_scan_code(struct sql_scan *s);

/* A keyword, whatever its case. */
bool token_is(struct token t, const char *word);
bool token_is_sign(struct token t, char sign);

/* The length of the {word} at p ("{", a lower-case name, "}"), 0 where there is none. */
size_t sql_stamp_length(struct str s);

#endif
