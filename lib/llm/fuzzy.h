/* lib/llm/fuzzy: where in a text something stands that is alike. */
#ifndef ODW_LLM_FUZZY_H
#define ODW_LLM_FUZZY_H

#include "base/str.h"

enum { FUZZY_PATTERN_MAX = 1024 };

struct fuzzy_match {
    size_t start, end, edits;
};

/* The place with the fewest edits (insertions, deletions, replacements of bytes), of equal ones the first. False: none has at most
 * `edits`, or the pattern has more than FUZZY_PATTERN_MAX bytes. Time: text × pattern / 64. */
bool fuzzy_find(struct str text, struct str pattern, size_t edits, struct fuzzy_match *match);

#endif
