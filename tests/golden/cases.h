/* tests/golden: runs NN_name.in files and compares what comes out of each with NN_name.out; UPDATE=1 rewrites those. */
#ifndef ODW_GOLDEN_CASES_H
#define ODW_GOLDEN_CASES_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"

/* The line; of one that begins with '~' what follows, with \xHH a byte. */
static inline struct str cases_unescape(struct str line, struct buf *scratch)
{
    if (line.n == 0 || line.p[0] != '~')
        return line;
    buf_clear(scratch);
    for (size_t i = 1; i < line.n; i++) {
        char hex[3] = { 0 };
        if (i + 3 < line.n && line.p[i] == '\\' && line.p[i + 1] == 'x') {
            memcpy(hex, line.p + i + 2, 2);
            buf_putc(scratch, (char)strtol(hex, NULL, 16));
            i += 3;
        } else {
            buf_putc(scratch, line.p[i]);
        }
    }
    return buf_str(scratch);
}

/* 1: some case isn't as it should be. run: appends what comes out of a file's text; -1: that can't be right, whatever is expected.
 */
static inline int cases_run(const char *pattern, int (*run)(struct str in, struct buf *out))
{
    glob_t files;
    int failed = 0;
    const char *update = getenv("UPDATE");
    if (glob(pattern, 0, NULL, &files) != 0) {
        fprintf(stderr, "%s: no cases\n", pattern);
        return 1;
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct err err = ERR_INIT;
        struct buf in, out, expected;
        char path[4096];
        buf_init(&in, 0);
        buf_init(&out, 0);
        buf_init(&expected, 0);
        snprintf(path, sizeof path, "%.*s.out", (int)strlen(files.gl_pathv[i]) - 3, files.gl_pathv[i]);
        bool bad = file_read(files.gl_pathv[i], &in, &err) < 0 || run(buf_str(&in), &out) < 0;
        if (err.class == ERR_NONE && update != NULL && *update == '1') {
            bad |= file_write(path, buf_str(&out), 0644, &err) < 0;
        } else if (err.class == ERR_NONE && (file_read(path, &expected, &err) < 0 || !str_eq(buf_str(&out), buf_str(&expected)))) {
            fprintf(stderr, "%s: expected what is there, got:\n%.*s", path, STR_ARG(buf_str(&out)));
            bad = true;
        }
        if (err.class != ERR_NONE)
            fprintf(stderr, "%s\n", err.text);
        printf("%s %s\n", bad ? "FAIL" : "ok  ", files.gl_pathv[i]);
        failed += bad;
        buf_fini(&in);
        buf_fini(&out);
        buf_fini(&expected);
    }
    globfree(&files);
    return failed > 0;
}

#endif
