/* shim/split: cuts the body of a POST into records, without a tree. */
#ifndef ODW_SHIM_SPLIT_H
#define ODW_SHIM_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* It looks at strings, brackets and commas only: whether a record is JSON and keeps its contract, the contract's reader says. */

enum { SPLIT_DEPTH = 4096 };

enum split_form {
    SPLIT_LOOK,  /* an array, lines, or one value: by looking */
    SPLIT_LINES, /* one record per line; empty lines are none */
};

enum split_found { SPLIT_ONE, SPLIT_ARRAY, SPLIT_NDJSON };

struct split {
    struct str *records; /* borrowed from the body */
    size_t n, cap;
    enum split_found found;
    char why[160]; /* what is wrong, with the byte where it was seen */
};

/* 0, or -1 with `why`: an array that isn't complete and well-formed as an array, more than max records, nothing at all.
 * The caller calls split_fini in either case. */
int split_body(struct split *s, struct str body, enum split_form form, size_t max) __attribute__((warn_unused_result));
void split_fini(struct split *s);

/* The value of an object's member as a key: a string's text, a number's or a boolean's spelling. False where the object has no such
 * member, or it is null, an object or an array. Appends to out. For objects that the contract's reader found well-formed; anything
 * else gives false or some text, no more. */
bool split_member(struct str object, const char *name, struct buf *out);

/* The byte after the JSON value that begins at `at`, or 0 with why (which may be NULL). */
size_t split_value(struct str s, size_t at, char *why, size_t size);
/* Appends a JSON value as text: a string without quotes and escapes, anything else as it is spelled. */
void split_text(struct str value, struct buf *out);

#endif
