/* lib/base/file: a small file, read whole. */
#include "base/file.h"

#include <stdio.h>

enum { CHUNK = 16384 };

int file_read(const char *path, struct buf *text, struct err *err)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return err_errno(err, ERR_STOP, "%s", path);
    size_t n = 1;
    while (n > 0 && buf_reserve(text, CHUNK) == 0) {
        n = fread(text->p + text->n, 1, CHUNK, f);
        text->n += n;
    }
    int rc = 0;
    if (ferror(f))
        rc = err_errno(err, ERR_STOP, "%s", path);
    else if (text->failed)
        rc = err_set(err, ERR_STOP, "%s: expected at most %zu bytes, and memory for them", path, text->max);
    fclose(f);
    return rc;
}
