/* lib/base/lines: reads a file, or stdin, line by line, whatever its bytes. */
#ifndef ODW_LINES_H
#define ODW_LINES_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct lines;

/* path "-" is stdin. NULL and err where it can't be opened. */
struct lines *lines_open(const char *path, struct err *err) __attribute__((warn_unused_result));
/* Over bytes from elsewhere: `read` is as read(2), but its error is in `err` (ERR_RETRY: a signal came, nothing is lost). name: for
 * messages; number, offset: how many lines and bytes stand before what comes first. context is borrowed. */
struct lines *lines_over(const char *name, ssize_t (*read)(void *context, char *p, size_t n, struct err *err), void *context,
                         int64_t number, int64_t offset, struct err *err) __attribute__((warn_unused_result));
void lines_close(struct lines *l);

/* Appends the next line that isn't blank to `out`, without its newline (LF or CRLF); a last line without a newline counts too.
 * 1: there is one; 0: the end; -1: err. ERR_DROP: the line is longer than `out` may grow, and has been passed over: go on.
 * ERR_RETRY: a signal came while waiting: nothing is lost, call again. ERR_STOP: it can't be read. */
int lines_next(struct lines *l, struct buf *out, struct err *err) __attribute__((warn_unused_result));

/* The number of the line read last, from 1, and how many blank ones were passed over. */
int64_t lines_number(const struct lines *l);
int64_t lines_blank(const struct lines *l);
/* Where the line read last ends: bytes from the beginning. */
int64_t lines_offset(const struct lines *l);

/* Where the line read last ends, with what tells the file from another: for lines_resume of a later process. 1: appended to `out`;
 * 0: it can't be had (not a regular file). */
int lines_position(struct lines *l, struct buf *out);
/* Before the first lines_next: goes on behind `position`. -1 and err: another file, or it has become shorter. */
int lines_resume(struct lines *l, struct str position, struct err *err) __attribute__((warn_unused_result));

#endif
