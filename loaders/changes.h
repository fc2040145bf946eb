/* loaders/changes: what has changed since the last listing: this listing and what that one saw, read side by side. */
#ifndef ODW_LOADERS_CHANGES_H
#define ODW_LOADERS_CHANGES_H

#include "base/buf.h"
#include "loaders/listing.h"

struct changes;

struct change {
    struct blob blob;
    bool gone;     /* the last listing saw it, this one doesn't */
    int64_t place; /* for changes_position, with the blob's path */
};

/* `open` makes the listing that begins behind a path; it is called once, before the first change. context is borrowed. allow_empty:
 * a listing without any object, where the last one had some, is taken for what it says. */
struct changes *changes_new(int (*open)(void *context, struct listing *l, struct str after, struct err *err), void *context,
                            bool allow_empty, struct err *err) __attribute__((warn_unused_result));
void changes_free(struct changes *c);

/* Before the first change, where contents count and not what a listing says of them: `content` looks at what is new (`was` NULL),
 * or where size, time or mark differ. It may set now->etag, which is kept as the mark (borrowed until the next call), and
 * now->modified_ms to 0, so that the next listing looks again. 1: the same as it was; 0: not; -1: err, ERR_RETRY (it is asked
 * again) or ERR_STOP. */
void changes_by_content(struct changes *c,
                        int (*content)(void *context, struct blob *now, const struct blob *was, struct err *err));

/* Before the first change: what is seen is kept in files whose names begin with this path, and compared with what was seen. Without
 * it everything is new. */
int changes_keep(struct changes *c, const char *path, struct err *err) __attribute__((warn_unused_result));
/* After changes_keep: goes on where an earlier process was, by what changes_position said there. */
int changes_resume(struct changes *c, struct str position, struct err *err) __attribute__((warn_unused_result));

/* 1: a change, good until the next call; 0: the end; -1: err. ERR_DROP: a part couldn't be read, what lay below it counts as
 * unchanged. ERR_RETRY: none for a while: call again. */
int changes_next(struct changes *c, struct change *change, struct err *err) __attribute__((warn_unused_result));

/* Appends where a change's place and path are; place -1: everything up to now, changed or not. What was seen up to now is then on
 * the disk. */
int changes_position(struct changes *c, int64_t place, struct str path, struct buf *out, struct err *err)
    __attribute__((warn_unused_result));
int64_t changes_unchanged(const struct changes *c);

#endif
