/* cli/functions_file: files that are put whole or not at all; what there is to say where that can't be. */
#ifndef ODW_FUNCTIONS_FILE_H
#define ODW_FUNCTIONS_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/changes.h"

enum { FUNCTIONS_FILE_MAX = 512 << 20 };

/* Can files be put into this folder, and where `programs` says so, run from there? -1 and err: no, why, and who could. A folder
 * that doesn't exist is judged by the nearest one above it that does. Touches nothing. */
int functions_check_folder(const char *folder, bool programs, struct err *err) __attribute__((warn_unused_result));

/* Puts bytes as folder/name: folders are made, a file that has these bytes and this mode is left alone. Written beside it and
 * renamed: whoever runs or reads the old file goes on with the old one. what: how the change is called. */
int functions_put(const char *folder, const char *name, struct str bytes, mode_t mode, const char *what, struct changes *changes,
                  struct err *err) __attribute__((warn_unused_result));

/* Takes a file away; one that isn't there is no change. */
int functions_remove(const char *path, const char *what, struct changes *changes, struct err *err)
    __attribute__((warn_unused_result));

/* 1: read into the buffer, which is set up here and the caller finis; 0: there is no such file; -1 and err. */
int functions_read(const char *path, struct buf *out, struct err *err) __attribute__((warn_unused_result));

/* The bytes' SHA-256 in hex. */
void functions_digest(struct str bytes, char hex[65]);

#endif
