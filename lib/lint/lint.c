/* lib/lint: runs the checks and reports what each found. */
#include "lint/lint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

enum { GRACE_MS = 10000 };

int find(struct trial *t, enum verdict verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->found.text, sizeof t->found.text, format, args);
    va_end(args);
    t->found.verdict = verdict;
    return -1;
}

const char *last_words(struct program *p)
{
    static char line[300];
    struct str rest = str_trim(buf_str(&p->words));
    const char *last = rest.n > 0 ? memrchr(rest.p, '\n', rest.n) : NULL;
    if (last != NULL)
        rest = (struct str){ last + 1, rest.n - (size_t)(last + 1 - rest.p) };
    if (rest.n == 0)
        return "";
    snprintf(line, sizeof line, "; it said: %.*s", (int)(rest.n < 200 ? rest.n : 200), rest.p);
    return line;
}

void answer_init(struct answer *a)
{
    *a = (struct answer){ .why = "" };
    buf_init(&a->hashes, (size_t)1 << 30);
}

void answer_fini(struct answer *a)
{
    buf_fini(&a->hashes);
}

int chunk_init(struct chunk *chunk, const struct lint *l, enum values values, uint64_t first, size_t rows)
{
    struct err err = ERR_INIT;
    *chunk = (struct chunk){ .cols = calloc((size_t)l->f->n_args + 1, sizeof *chunk->cols), .rows = rows };
    for (int i = 0; chunk->cols != NULL && i < l->f->n_args; i++) {
        struct col *c = &chunk->cols[chunk->n_cols];
        if (col_init(c, l->f->args[i].name, l->f->args[i].type, (size_t)4 << 30, &err) < 0)
            break;
        chunk->n_cols++;
        for (size_t row = 0; row < rows; row++) {
            if (l->f->args[i].value != NULL && c->kind == COL_STRING)
                col_put_str(c, str_of(l->f->args[i].value));
            else if (l->f->args[i].value != NULL && c->kind == COL_FIXED)
                col_put_i64(c, strtoll(l->f->args[i].value, NULL, 10));
            else
                value_put(c, values, first + row);
        }
        if (col_failed(c))
            break;
    }
    if (chunk->cols != NULL && chunk->n_cols == (size_t)l->f->n_args &&
        (chunk->n_cols == 0 || !col_failed(&chunk->cols[chunk->n_cols - 1])))
        return 0;
    chunk_fini(chunk);
    return -1;
}

void chunk_fini(struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->n_cols; i++)
        col_fini(&chunk->cols[i]);
    free(chunk->cols);
    *chunk = (struct chunk){ 0 };
}

static int run_program(void *arg)
{
    char **argv = arg;
    execvp(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    return 127;
}

int lint_fill(const struct lint *l, struct trial *t, enum values values, uint64_t first, size_t rows)
{
    chunk_fini(&t->chunk);
    return chunk_init(&t->chunk, l, values, first, rows) < 0 ? find(t, VERDICT_FAILED, "no memory for %zu rows", rows) : 0;
}

int lint_start(const struct lint *l, struct trial *t)
{
    struct err err = ERR_INIT;
    if (t->started)
        program_fini(&t->program);
    t->started = program_start(&t->program, run_program, l->argv, &err) == 0;
    if (!t->started)
        return find(t, VERDICT_FAILED, "%s", err.text);
    t->program.silence_ms = l->timeout_ms;
    t->program.close_after = !l->f->pool;
    return 0;
}

/* Why an answer didn't come, in the words of somebody who wrote the program. */
static int explain(const struct lint *l, struct trial *t, enum got got)
{
    struct program *p = &t->program;
    size_t have = answer_rows(&t->answer), rows = t->chunk.rows;
    char seen[200];
    switch (got) {
    case GOT_SILENCE:
        if (program_left(p) == 0 && have == 0)
            return find(t, VERDICT_FAILED,
                        "no answer to a chunk of %zu rows within %u ms while its input is open: it waits for the end of its input, "
                        "or doesn't flush its output after each chunk%s",
                        rows, l->timeout_ms, last_words(p));
        return find(t, VERDICT_FAILED,
                    "only %zu of %zu rows were answered, then nothing for %u ms: too few rows, or output that isn't flushed%s",
                    have, rows, l->timeout_ms, last_words(p));
    case GOT_END: {
        int status;
        enum program_end end = program_wait(p, l->grace_ms, &status);
        return find(t, VERDICT_FAILED, "its output ended after %zu of %zu rows (%s %d)%s", have, rows,
                    end == PROGRAM_EXITED   ? "it exited with"
                    : end == PROGRAM_KILLED ? "killed by signal"
                                            : "though it still runs,",
                    status, last_words(p));
    }
    default:
        preview((struct str){ p->got.p, p->got.n }, seen, sizeof seen);
        return find(t, VERDICT_FAILED, "the answer isn't %s: %s; it begins with: %s%s", l->format->names[0], t->answer.why, seen,
                    last_words(p));
    }
}

int lint_exchange(const struct lint *l, struct trial *t)
{
    struct program *p = &t->program;
    struct err err = ERR_INIT;
    answer_fini(&t->answer);
    answer_init(&t->answer);
    if (l->f->chunk_header)
        buf_printf(&p->sent, "%zu\n", t->chunk.rows);
    if (l->format->write(&t->chunk, &p->sent, &err) < 0 || program_send(p, &err) < 0)
        return find(t, VERDICT_FAILED, "%s", err.text);
    enum got got = l->format->read(p, &l->returns, t->chunk.rows, &t->answer);
    if (got != GOT_ALL)
        return explain(l, t, got);
    program_sent(p);
    return 0;
}

int lint_finish(const struct lint *l, struct trial *t)
{
    struct program *p = &t->program;
    int status;
    char seen[200];
    enum program_end end = program_end(p, l->grace_ms, &status);
    preview((struct str){ p->got.p + p->at, program_left(p) }, seen, sizeof seen);
    if (program_left(p) > 0)
        return find(t, VERDICT_FAILED,
                    "%zu bytes more than the rows that were asked for: too many rows, or something printed to stdout; in a pool "
                    "they are taken for the next query's answer, which is then shifted: %s",
                    program_left(p), seen);
    if (end == PROGRAM_STAYED)
        return find(t, VERDICT_FAILED,
                    "it still runs %u ms after the end of its input: the server waits that long and kills it, at each reload and "
                    "at its own end",
                    l->grace_ms);
    if (end == PROGRAM_KILLED || status != 0)
        return find(t, VERDICT_FAILED, "at the end of its input it %s %d, where exit code 0 is expected (check_exit_code)%s",
                    end == PROGRAM_KILLED ? "was killed by signal" : "exited with", status, last_words(p));
    if (l->f->stderr_throws && p->words.n > 0)
        return find(t, VERDICT_FAILED, "it writes to stderr, and is declared with stderr_reaction = throw: the query fails%s",
                    last_words(p));
    return 0;
}

int lint_ask(const struct lint *l, struct trial *t, struct manner manner)
{
    if (lint_start(l, t) < 0)
        return -1;
    t->program.cut = manner.cut;
    t->program.slow = manner.slow;
    return lint_exchange(l, t) < 0 ? -1 : lint_finish(l, t);
}

int lint_as_usual(const struct lint *l, struct trial *t, const char *what)
{
    const uint64_t *x = (const uint64_t *)(const void *)l->usual.hashes.p;
    const uint64_t *y = (const uint64_t *)(const void *)t->answer.hashes.p;
    size_t rows = answer_rows(&l->usual) < answer_rows(&t->answer) ? answer_rows(&l->usual) : answer_rows(&t->answer);
    for (size_t i = 0; i < rows; i++)
        if (x[i] != y[i])
            return find(t, VERDICT_FAILED, "%s, row %zu of %zu has another answer", what, i + 1, rows);
    return 0;
}

static void report(const struct lint *l, const struct check *check, const struct finding *f)
{
    static const char *const words[] = { "ok", "skipped", "note", "FAILED" };
    if (l->json) {
        struct buf line;
        buf_init(&line, 0);
        buf_puts(&line, "{\"function\":");
        buf_put_json(&line, str_of(l->f->name));
        buf_puts(&line, ",\"check\":");
        buf_put_json(&line, str_of(check->name));
        buf_printf(&line, ",\"verdict\":\"%s\",\"text\":", f->verdict == VERDICT_FAILED ? "failed" : words[f->verdict]);
        buf_put_json(&line, str_of(f->text));
        fprintf(l->to, "%s}\n", buf_text(&line));
        buf_fini(&line);
        return;
    }
    fprintf(l->to, "%-8s %-18s %s%s%s\n", words[f->verdict], check->name, check->about, f->text[0] != '\0' ? ": " : "", f->text);
    fflush(l->to);
}

/* Columns of all types that are sent and read, so that an unknown one is said at once. */
static int prepare(struct lint *l, struct err *err)
{
    const struct lint_function *f = l->f;
    l->format = format_find(f->format);
    if (l->format == NULL)
        return err_set(err, ERR_STOP,
                       "expected a format that lint knows (Native, RowBinary, TabSeparated, CSV, JSONEachRow), got \"%s\"",
                       f->format);
    l->grace_ms = f->termination_timeout_ms > GRACE_MS ? f->termination_timeout_ms : GRACE_MS;
    for (int i = 0; i < f->n_args; i++) {
        struct col c;
        if (col_init(&c, f->args[i].name, f->args[i].type, 0, err) < 0)
            return err_at(err, "argument %s", f->args[i].name);
        col_fini(&c);
    }
    if (col_init(&l->returns, f->return_name, f->returns, 0, err) < 0) {
        if (!l->format->any_type)
            return err_at(err, "the return type");
        *err = ERR_INIT; /* only its lines are looked at */
        l->returns = (struct col){ .kind = COL_STRING, .name = strdup(f->return_name), .type = strdup(f->returns) };
        if (l->returns.name == NULL || l->returns.type == NULL)
            return err_set(err, ERR_STOP, "no memory");
    }
    return 0;
}

static const char *not_for(const struct lint *l, const struct check *check)
{
    if (check->needs & NEEDS_POOL && !l->f->pool)
        return "it isn't declared as a pool";
    if (check->needs & NEEDS_HEADER && !l->f->chunk_header)
        return "send_chunk_header is off";
    if (check->needs & NEEDS_NATIVE && l->format != &format_native)
        return "only Native has types and blocks";
    if (check->needs & NEEDS_ARGUMENTS && l->f->n_args == 0)
        return "it takes no arguments";
    return NULL;
}

static enum verdict run(struct lint *l, const struct check *check)
{
    struct trial t = { .found.verdict = VERDICT_OK };
    const char *why = not_for(l, check);
    answer_init(&t.answer);
    buf_init(&t.bytes, (size_t)1 << 30);
    if (why != NULL)
        find(&t, VERDICT_SKIPPED, "%s", why);
    else if (lint_fill(l, &t, check->values, 0, check->rows == LARGE ? l->large_rows : check->rows) == 0 &&
             (!check->started || lint_start(l, &t) == 0) && check->run(l, &t) < 0 && t.found.verdict == VERDICT_OK)
        t.found.verdict = VERDICT_FAILED;
    report(l, check, &t.found);
    if (t.started)
        program_fini(&t.program);
    chunk_fini(&t.chunk);
    answer_fini(&t.answer);
    buf_fini(&t.bytes);
    return t.found.verdict;
}

int lint_run(struct lint *l, struct err *err)
{
    static const struct check *const groups[] = { checks_chunks, checks_values, checks_pipes, checks_end };
    int failed = 0, notes = 0, asked = 0;
    bool stop = false, known = l->only == NULL;
    answer_init(&l->usual);
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (const struct check *check = groups[g]; check->name != NULL; check++)
            known |= l->only != NULL && strcmp(l->only, check->name) == 0;
    if (!known)
        return err_set(err, ERR_STOP, "expected the name of a check, as the report has them, got \"%s\"", l->only);
    if (prepare(l, err) < 0)
        return -1;
    for (size_t g = 0; g < sizeof groups / sizeof *groups && !stop; g++)
        for (const struct check *check = groups[g]; check->name != NULL && !stop; check++) {
            if (l->only != NULL && strcmp(l->only, check->name) != 0 && !check->vital)
                continue;
            enum verdict verdict = run(l, check);
            failed += verdict == VERDICT_FAILED;
            notes += verdict == VERDICT_NOTE;
            asked += verdict != VERDICT_SKIPPED;
            stop = check->vital && verdict == VERDICT_FAILED;
        }
    if (!l->json)
        fprintf(l->to, "%s: %d checks, %d failed, %d notes%s\n", l->f->name, asked, failed, notes,
                stop ? "; the others can't be asked before this is mended" : "");
    answer_fini(&l->usual);
    col_fini(&l->returns);
    return failed;
}
