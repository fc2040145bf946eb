/* udfs: the golden cases: calls in a .in file, answers in the .out file beside it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "udf/row.h"
#include "udfs/registry.h"

enum { FILE_BYTES = 64 << 20 };

struct cases {
    const char *folder; /* udfs/NAME/cases, or udfs/NAME/cases/STEM */
    const struct udf *udf;
    bool update;
    size_t run, differ;
};

static int write_all(const char *path, struct str text, struct err *err)
{
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return err_errno(err, ERR_STOP, "%s", path);
    size_t n = fwrite(text.p, 1, text.n, f);
    return fclose(f) == 0 && n == text.n ? 0 : err_errno(err, ERR_STOP, "%s", path);
}

static int unescape(struct str s, struct buf *out, const char *where, struct err *err)
{
    static const char from[] = "tnr0\\", to[] = "\t\n\r\0\\";
    for (size_t i = 0; i < s.n; i++) {
        const char *known;
        char hex[3] = "", *end;
        if (s.p[i] != '\\') {
            buf_putc(out, s.p[i]);
        } else if (i + 1 < s.n && s.p[i + 1] != '\0' && (known = strchr(from, s.p[i + 1])) != NULL) {
            buf_putc(out, to[known - from]);
            i++;
        } else {
            if (i + 3 < s.n + 0 && s.p[i + 1] == 'x')
                memcpy(hex, s.p + i + 2, 2);
            long v = strtol(hex, &end, 16);
            if (hex[0] == '\0' || *end != '\0')
                return err_set(err, ERR_STOP, "%s: expected \\t \\n \\r \\0 \\\\ or \\xHH after byte %zu of an argument", where, i);
            buf_putc(out, (char)v);
            i += 3;
        }
    }
    return 0;
}

/* 2026-11-20 10:00:00.123 in ticks. */
static bool read_time(const char *text, int digits, int64_t *ticks)
{
    struct tm utc = { 0 };
    const char *rest = strptime(text, "%Y-%m-%d %H:%M:%S", &utc);
    if (rest == NULL)
        return false;
    int64_t v = timegm(&utc);
    if (*rest == '.')
        rest++;
    for (int d = 0; d < digits; d++)
        v = v * 10 + (*rest >= '0' && *rest <= '9' ? *rest++ - '0' : 0);
    *ticks = v;
    return *rest == '\0';
}

/* One argument, as it would come over the wire. */
static int put_argument(const struct signature *sig, int i, struct str text, struct buf *out, const char *where, struct err *err)
{
    const char *type = sig->udf->args[i].type;
    struct buf value;
    buf_init(&value, FILE_BYTES);
    int done = unescape(text, &value, where, err);
    if (done == 0 && sig->width[i] == 0) {
        buf_put_varint(out, value.n);
        buf_put_str(out, buf_str(&value));
    } else if (done == 0) {
        const char *z = buf_text(&value);
        char *end = NULL;
        int64_t v = 0;
        errno = 0;
        if (strncmp(type, "Float", 5) == 0) {
            double d = strtod(z, &end);
            float f = (float)d;
            memcpy(&v, sig->width[i] == 4 ? (void *)&f : (void *)&d, sig->width[i]);
        } else if (strncmp(type, "DateTime", 8) != 0 || !read_time(z, type[8] == '6' ? atoi(type + 11) : 0, &v)) {
            v = strncmp(type, "UInt", 4) == 0 ? (int64_t)strtoull(z, &end, 10) : strtoll(z, &end, 10);
        }
        if (end != NULL && (end == z || *end != '\0' || errno != 0))
            done = err_set(err, ERR_STOP, "%s: expected a %s, got \"%.60s\"", where, type, z);
        buf_put(out, &v, sig->width[i]);
    }
    buf_fini(&value);
    return done;
}

/* The answers to all calls of one file. */
static int answer(const struct cases *cases, const char *path, struct str calls, struct buf *out, struct err *err)
{
    struct signature sig;
    struct rows rows = { 0 };
    struct buf values[UDF_ARGS] = { 0 };
    void *state = NULL;
    int done = -1;
    _Atomic uint64_t current = 0;
    if (signature_init(&sig, cases->udf, err) < 0)
        return -1;
    if (cases->udf->open != NULL && (state = cases->udf->open(cases->udf, err)) == NULL)
        return -1;
    if (rows_init(&rows, &sig, &udf_limits_default, state, err) < 0)
        goto out;
    for (size_t line = 1; calls.n > 0; line++) {
        char where[512];
        struct str call = str_cut(&calls, '\n');
        struct run run = { .part = { .rows = 1 }, .from = 0, .to = 1 };
        snprintf(where, sizeof where, "%s:%zu", path, line);
        for (int i = 0; i < sig.n; i++) {
            if (i > 0 && call.p[-1] != '\t') {
                err_set(err, ERR_STOP, "%s: expected %d arguments separated by tabs, got %d", where, sig.n, i);
                goto out;
            }
            struct str text = i < sig.n - 1 ? str_cut(&call, '\t') : call;
            buf_clear(&values[i]);
            if (put_argument(&sig, i, text, &values[i], where, err) < 0)
                goto out;
            run.part.values[i] = values[i].p;
        }
        int ran = rows_run(&rows, &run, &current);
        if (ran == UDF_STOP) {
            buf_printf(out, "! %s\n", rows.stopped.text);
            continue;
        }
        if (ran == 0 && rows.failed > 0)
            fprintf(stderr, "%s: %s\n", where, rows.failed_why);
        struct buf block;
        buf_init(&block, 0);
        int whole = col_write_block(&rows.out, &block); /* as it would be sent; also finds rows that don't agree */
        buf_fini(&block);
        if (whole < 0 || print_rows(&rows.out, out) < 0) {
            err_set(err, ERR_STOP, "%s: the answer of %s has parts of different lengths", where, cases->udf->name);
            goto out;
        }
    }
    done = 0;
out:
    for (int i = 0; i < UDF_ARGS; i++)
        buf_fini(&values[i]);
    rows_fini(&rows);
    if (cases->udf->close != NULL)
        cases->udf->close(state);
    return done;
}

/* The first line that differs, on stderr. */
static void show_difference(const char *path, struct str expected, struct str got)
{
    for (size_t line = 1;; line++) {
        struct str a = str_cut(&expected, '\n'), b = str_cut(&got, '\n');
        if (str_eq(a, b) && (expected.n > 0 || got.n > 0))
            continue;
        fprintf(stderr, "%s:%zu:\n  expected %.*s\n  got      %.*s\n", path, line, STR_ARG(a), STR_ARG(b));
        return;
    }
}

static int run_file(struct cases *cases, const char *name, struct err *err)
{
    char in[2048], out[2048];
    struct buf calls, expected, got;
    buf_init(&calls, FILE_BYTES);
    buf_init(&expected, FILE_BYTES);
    buf_init(&got, FILE_BYTES);
    snprintf(in, sizeof in, "%s/%s", cases->folder, name);
    snprintf(out, sizeof out, "%s/%.*s.out", cases->folder, (int)strlen(name) - 3, name);
    int done = file_read(in, &calls, err);
    if (done == 0)
        done = answer(cases, in, buf_str(&calls), &got, err);
    if (done == 0 && cases->update) {
        done = write_all(out, buf_str(&got), err);
    } else if (done == 0) {
        struct err missing = ERR_INIT;
        bool same = file_read(out, &expected, &missing) == 0 && str_eq(buf_str(&expected), buf_str(&got));
        if (!same && missing.class != ERR_NONE)
            fprintf(stderr, "%s: UPDATE=1 writes it\n", missing.text);
        else if (!same)
            show_difference(out, buf_str(&expected), buf_str(&got));
        cases->differ += !same;
    }
    cases->run++;
    buf_fini(&calls);
    buf_fini(&expected);
    buf_fini(&got);
    return done;
}

static int is_case(const struct dirent *e)
{
    return str_ends(str_of(e->d_name), STR(".in"));
}

static int run_folder(struct cases *cases, struct err *err)
{
    struct dirent **files = NULL;
    int n = scandir(cases->folder, &files, is_case, alphasort), done = 0;
    if (n <= 0)
        done = n < 0 ? err_errno(err, ERR_STOP, "%s", cases->folder)
                     : err_set(err, ERR_STOP, "%s: expected NN_name.in, found none", cases->folder);
    for (int i = 0; i < n; i++) {
        if (done == 0)
            done = run_file(cases, files[i]->d_name, err);
        free(files[i]);
    }
    free(files);
    return done;
}

struct family_cases {
    struct cases cases;
    const char *folder;
    struct err *err;
};

static int run_stem(const struct udf *udf, const char *stem, void *arg)
{
    struct family_cases *f = arg;
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/cases/%s", f->folder, stem);
    f->cases.folder = folder;
    f->cases.udf = udf;
    return run_folder(&f->cases, f->err);
}

int cases_run(const char *folder, const char *contracts, struct err *err)
{
    char path[1024], name[256] = "";
    size_t n = strlen(folder);
    while (n > 0 && folder[n - 1] == '/')
        n--;
    size_t start = n;
    while (start > 0 && folder[start - 1] != '/')
        start--;
    if (n - start < sizeof name)
        memcpy(name, folder + start, n - start);
    const struct udf_entry *e = udf_registry;
    while (e->folder != NULL && strcmp(e->folder, name) != 0)
        e++;
    if (e->folder == NULL)
        return err_set(err, ERR_STOP, "%s: expected a function's folder, such as udfs/ip_anonymise", folder);
    const char *update = getenv("UPDATE");
    struct family_cases f = { .folder = folder, .err = err, .cases = { .update = update != NULL && strcmp(update, "1") == 0 } };
    int done;
    if (e->udf != NULL) {
        snprintf(path, sizeof path, "%s/cases", folder);
        f.cases.folder = path;
        f.cases.udf = e->udf;
        done = run_folder(&f.cases, err);
    } else {
        done = e->family->all(contracts, run_stem, &f, err);
    }
    if (done == 0)
        printf("%s: %zu files of cases %s, %zu differ\n", name, f.cases.run, f.cases.update ? "written" : "run", f.cases.differ);
    return done < 0 ? -1 : f.cases.differ > 0;
}
