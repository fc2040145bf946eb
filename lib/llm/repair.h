/* lib/llm/repair: almost-JSON, as models write it, made JSON. */
#ifndef ODW_LLM_REPAIR_H
#define ODW_LLM_REPAIR_H

#include "base/buf.h"
#include "base/str.h"

/* Appends one JSON value (RFC 8259) made of the first thing in the text that looks like an object or an array, whatever stands
 * before and behind it: code fences, prose. Mended are: quotes of other kinds or none, comments, commas too many or missing,
 * Python's and JavaScript's words (True, None, NaN), bare control characters and quotes within strings, wrong escapes, brackets
 * that were never closed. Nothing is invented: a string's letters are those of the text. -1: there is nothing to make one of.
 * *open: brackets or a string had to be closed, so the text may have been cut. */
int llm_repair(struct str text, struct buf *out, bool *open) __attribute__((warn_unused_result));

#endif
