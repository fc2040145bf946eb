/* lib/base/file: a small file, read whole. */
#ifndef ODW_FILE_H
#define ODW_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the file's bytes; the buffer's own maximum is the most it may hold. -1 and err (ERR_STOP, it names the path): no such
 * file, not readable, too large. */
int file_read(const char *path, struct buf *text, struct err *err) __attribute__((warn_unused_result));

#endif
