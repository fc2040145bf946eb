/* loaders/logs/tail: events out of files that grow, are rotated, are compressed: each once, by file and offset. */
#ifndef ODW_LOGS_TAIL_H
#define ODW_LOGS_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* A line longer than this is cut into pieces; joined lines together are at most so long. (As text, with every byte written \xHH, a
 * piece still fits into the contract's million characters.) */
enum { TAIL_LINE_MAX = 250000, TAIL_LINES_MAX = 1000, TAIL_ID = 16 };

/* What was logged at once: a line, and those that go on it (a stack trace). */
struct tail_event {
    struct str text;       /* without the last newline; until the next call */
    const char *file_id;   /* 16 hex digits: of the machine, the file, and its first line; the same after a rename */
    int64_t offset;        /* of the first byte within the file, uncompressed */
    unsigned part;         /* 0: whole; 1, 2, …: a piece of a line that is too long */
    const char *stem;      /* the file's name without .log, rotation's suffixes and .gz; "" for standard input */
    int64_t modified_ms;   /* when the file was written last: a moment near the line's */
    int64_t *last_time_ms; /* the file's: of the last line that had a time, at first when the file was made; the caller keeps it */
};

struct tail;

/* patterns: paths, or patterns of them as a shell has (*, ?, [a-z], {a,b}; ** across folders); "-" is standard input. follow: never
 * ends. The paths are borrowed. -1 (NULL) and err: a file that isn't a pattern and isn't there (without follow), or no memory. */
struct tail *tail_new(char *const *patterns, size_t n, bool follow, bool join, struct err *err) __attribute__((warn_unused_result));
void tail_free(struct tail *t);

/* 1: the next event. 0: the end. -1 and err: ERR_RETRY: nothing yet, or a signal came. */
int tail_next(struct tail *t, struct tail_event *e, struct err *err) __attribute__((warn_unused_result));

int64_t tail_blank(const struct tail *t); /* blank lines passed over */

/* As in loader.h: behind the event that tail_next gave last, for all files. */
int tail_position(struct tail *t, struct buf *out);
int tail_resume(struct tail *t, struct str position, struct err *err) __attribute__((warn_unused_result));

#endif
