/* loaders/logs/generated: log lines as services would write them: a function of seed and index. */
#ifndef ODW_LOGS_GENERATED_H
#define ODW_LOGS_GENERATED_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"

struct generated;
struct generated *generated_new(const struct opts *o, int64_t *total, struct err *err) __attribute__((warn_unused_result));
void generated_free(struct generated *g);
/* As `next` in loader.h. */
int generated_next(struct generated *g, struct buf *record, struct buf *key, struct err *err);

#endif
