/* cli/dlq_export: odw dlq export: letters as JSON lines, each payload exact. */
#include <stdio.h>
#include <unistd.h>

#include "base/settings.h"
#include "cli/dlq.h"

enum { BATCH = 5000, BATCH_BYTES = 32 << 20 };

static int take(void *context, const struct str *f, size_t n)
{
    struct buf *b = context;
    buf_clear(b);
    if (letter_put_json(b, f, n) < 0 || buf_putc(b, '\n') < 0)
        return -1;
    return fwrite(b->p, 1, b->n, stdout) == b->n ? 0 : -1;
}

static void missing(void *context, const char *id)
{
    (void)context;
    fprintf(stderr, "odw dlq export: there is no dead letter '%s'\n", id);
}

static const struct opt options[] = {
    DLQ_FILTERS("Only"),
    DLQ_STATUS,
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw dlq export",
    .about = "Writes dead letters to stdout, one JSON object a line, with all that was received. Bytes that are no UTF-8 stand as "
             "base64 in a field of that name (payload_base64). Payloads are raw: they may hold personal data.",
    .operands = "[ID]...",
    .max_operands = -1,
    .own = options,
    .shared = settings_shared,
    .more = "Exit codes: 0 all are written, 1 some are not, 2 the command line is wrong.\n",
};

static int export(const struct opts *o, struct err *err)
{
    struct progress progress;
    struct buf line;
    int rc = 0;
    buf_init(&line, (size_t)256 << 20);
    progress_init(&progress, "export", "letters", -1);
    struct clickhouse *ch = NULL;
    for (int i = 0; i < opts_operands(o) && rc == 0; i++)
        rc = letter_check_id(opts_operand(o, i), err);
    if (rc == 0 && (ch = clickhouse_new(o, err)) == NULL)
        rc = -1;
    struct dlq_walk walk = { .ch = ch,
                             .opts = o,
                             .status = opts_text(o, "status"),
                             .columns = LETTER_JSON_COLUMNS,
                             .page_rows = BATCH,
                             .page_bytes = BATCH_BYTES,
                             .each = take,
                             .missing = missing,
                             .context = &line,
                             .progress = isatty(STDOUT_FILENO) ? NULL : &progress };
    if (rc == 0)
        rc = dlq_walk(&walk, err);
    if (rc == 0 && fflush(stdout) != 0)
        rc = err_errno(err, ERR_DROP, "writing to stdout");
    if (rc == 0 && walk.seen < opts_operands(o))
        rc = err_set(err, ERR_DROP, "not every letter is there");
    clickhouse_free(ch);
    buf_fini(&line);
    return rc;
}

static int run(int argc, char **argv)
{
    return dlq_verb(&usage, export, argc, argv);
}

const struct verb dlq_export = { "export", "all of them that a filter lets through, as JSON lines with their payloads", run };
