/* lib/contract/violation: says what is wrong with a message: where, what was expected, what was seen. */
#ifndef ODW_CONTRACT_VIOLATION_H
#define ODW_CONTRACT_VIOLATION_H

#include "base/buf.h"
#include "base/str.h"

struct reader;
struct node;

enum { VIOLATIONS_MAX = 32, VIOLATION_CLIP = 64 };

/* Where a value stands in the message: steps from it up to the root. */
struct path {
    const struct path *up;
    struct str key; /* p = NULL: an item, number `index` */
    size_t index;
};

/* How many of s's bytes, at most max, end at a UTF-8 boundary. */
size_t violation_clip(struct str s, size_t max);
/* Appends one token of a JSON pointer, with ~ and / escaped. */
void violation_put_token(struct buf *out, struct str token);

/* "WHERE: expected FORMAT, got RAW (WHY)". raw: the value as received; why: NULL where there is no more to say. */
void violation_expected(struct reader *r, struct str raw, const char *why, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));
/* "WHERE: FORMAT". */
void violation_say(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
/* "WHERE: expected <what the node asks for>, got RAW". */
void violation_type(struct reader *r, const struct node *node, struct str raw) __attribute__((cold));
/* "WHERE: expected an integer from … to …, got RAW": what its column holds. */
void violation_width(struct reader *r, const struct node *node, struct str raw) __attribute__((cold));
/* "WHERE: expected one of …, got RAW". */
void violation_choices(struct reader *r, const struct node *node, struct str raw) __attribute__((cold));
/* The message isn't JSON: forgets all else; "byte 17: expected ',' or '}', got \"x\"". */
void violation_parse(struct reader *r) __attribute__((cold));

/* Completes the list that reader_violations gives. */
void violation_finish(struct reader *r);

#endif
