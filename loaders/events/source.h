/* loaders/events/source: JSON lines out of a file, standard input, or objects of a store, also gzipped, one after another. */
#ifndef ODW_EVENTS_SOURCE_H
#define ODW_EVENTS_SOURCE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

struct source;

/* operand: a file, "-", or s3://BUCKET/PATTERN. NULL and err as in loader.h's `open`. */
struct source *source_open(const struct opts *o, const char *operand, struct err *err) __attribute__((warn_unused_result));
void source_close(struct source *s);
/* As lines_next, over all files; ERR_DROP also where an object can't be had: go on with the next one. */
int source_next(struct source *s, struct buf *line, struct err *err) __attribute__((warn_unused_result));
int64_t source_blank(const struct source *s);
/* As in loader.h. */
int source_position(struct source *s, struct buf *out);
int source_resume(struct source *s, struct str position, struct err *err) __attribute__((warn_unused_result));

#endif
