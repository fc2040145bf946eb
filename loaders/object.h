/* loaders/object: what records of objects have in common, as JSON. */
#ifndef ODW_LOADERS_OBJECT_H
#define ODW_LOADERS_OBJECT_H

#include <stdint.h>

#include "base/buf.h"

/* Begins the record: {"id":"…", 32 hex digits that are a function of the parts: the same for all versions of an object. */
void object_put_id(struct buf *out, const struct str *parts, size_t n);
/* ,"name":"text" */
void object_put_text(struct buf *out, const char *name, struct str text);
/* The same with `marker` before a path. JSON has no bytes that aren't UTF-8: each becomes \xHH. */
void object_put_path(struct buf *out, const char *name, const char *marker, struct str path);
/* ,"name":"2026-11-20T10:00:00.123Z" */
void object_put_moment(struct buf *out, const char *name, int64_t ms);

#endif
