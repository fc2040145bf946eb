/* lib/base/file: a small file, read or written whole. */
#ifndef ODW_FILE_H
#define ODW_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the file's bytes; the buffer's own maximum is the most it may hold. -1 and err (ERR_STOP, it names the path): no such
 * file, not readable, too large. */
int file_read(const char *path, struct buf *text, struct err *err) __attribute__((warn_unused_result));

/* Whole or not at all: written beside it, synced, renamed, and the folder synced; whoever has the old file open goes on with that.
 * mode is the file's, whatever the umask. -1 and err (ERR_STOP, it names the path). */
int file_write(const char *path, struct str bytes, mode_t mode, struct err *err) __attribute__((warn_unused_result));

/* The folder and those above it, where they aren't there. */
int file_make_folders(const char *path, mode_t mode, struct err *err) __attribute__((warn_unused_result));

#endif
