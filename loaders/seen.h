/* loaders/seen: what the last listing saw, in a file in the order of paths: read beside the next listing it tells what is
 * new, changed and gone, and neither is ever held in memory. About 60 bytes an object: a path is kept as what differs from the one
 * before. */
#ifndef ODW_LOADERS_SEEN_H
#define ODW_LOADERS_SEEN_H

#include "loaders/listing.h"

struct seen_reader;
struct seen_writer;

/* NULL and err (ERR_STOP): no such file, or it isn't one of these. */
struct seen_reader *seen_open(const char *path, struct err *err) __attribute__((warn_unused_result));
/* 1: the next object, good until the next call; 0: the end; -1: the file is damaged. */
int seen_next(struct seen_reader *r, struct blob *blob, struct err *err) __attribute__((warn_unused_result));
void seen_close(struct seen_reader *r);

/* A new file; or (offset > 0) the one that was being written, cut there. */
struct seen_writer *seen_create(const char *path, int64_t offset, struct err *err) __attribute__((warn_unused_result));
int seen_put(struct seen_writer *w, const struct blob *blob, struct err *err) __attribute__((warn_unused_result));
int64_t seen_offset(const struct seen_writer *w);
/* Everything that was put is on the disk. */
int seen_sync(struct seen_writer *w, struct err *err) __attribute__((warn_unused_result));
void seen_free(struct seen_writer *w);

#endif
