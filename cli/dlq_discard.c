/* cli/dlq_discard: odw dlq discard: a letter that nothing more is to be done about. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "cli/dlq.h"

enum { BATCH = 5000 };

struct discard {
    const struct opts *opts;
    struct clickhouse *ch;
    struct buf states;
    char who[64];
    int64_t done, refused;
};

static void missing(void *context, const char *id)
{
    struct discard *d = context;
    fprintf(stderr, "odw dlq discard: there is no dead letter '%s'\n", id);
    d->refused++;
}

/* Fields: id, status, attempt. */
static int take(void *context, const struct str *f, size_t n)
{
    struct discard *d = context;
    char id[320];
    if (n != 3)
        return -1;
    snprintf(id, sizeof id, "%.*s", STR_ARG(f[0]));
    if (str_eq(f[1], STR("recovered")) || str_eq(f[1], STR("discarded"))) {
        fprintf(stderr, "odw dlq discard: %s is %.*s already\n", id, STR_ARG(f[1]));
        d->refused++;
        return 0;
    }
    d->done++;
    if (opts_flag(d->opts, "dry-run")) {
        printf("%s: would be discarded\n", id);
        return 0;
    }
    letter_state_put(&d->states,
                     &(struct letter_state){
                         .letter = id, .status = LETTER_DISCARDED, .changed_by = d->who, .reason = opts_text(d->opts, "why") });
    return 0;
}

static int end_page(void *context, struct err *err)
{
    struct discard *d = context;
    int rc = letter_states_write(d->ch, &d->states, err);
    buf_clear(&d->states);
    return rc;
}

static const struct opt options[] = {
    { .name = "why", .type = OPT_TEXT, .arg = "TEXT", .help = "The reason, for the record; required" }, DLQ_ALL,          DLQ_BY,
    { .name = "dry-run", .type = OPT_FLAG, .help = "Say what would be discarded, change nothing" },     { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw dlq discard",
    .about =
        "Marks dead letters as done with: rules leave them alone, 'odw replay' passes over their messages. The bytes stay until "
        "their retention; 'odw dlq replay ID' still sends one.",
    .operands = "[ID]...",
    .max_operands = -1,
    .own = options,
    .shared = settings_shared,
    .more = "Exit codes: 0 done, 1 some are not there or were done with already, 2 the command line is wrong.\n",
};

static int discard(const struct opts *o, struct err *err)
{
    struct progress progress;
    struct discard d = { .opts = o };
    int rc = -1;
    buf_init(&d.states, 0);
    progress_init(&progress, "discard", "letters", -1);
    if (dlq_check_selection(o, err) < 0)
        goto out;
    if (dlq_ids(o) != opts_operands(o)) {
        err_set(err, ERR_STOP, "expected IDs as topic/partition/offset");
        goto out;
    }
    if (opts_text(o, "why") == NULL || opts_text(o, "why")[0] == '\0') {
        err_set(err, ERR_STOP, "expected --why TEXT: the reason, for those who look at it later");
        goto out;
    }
    dlq_who(o, d.who);
    if ((d.ch = clickhouse_new(o, err)) == NULL)
        goto out;
    struct dlq_walk walk = { .ch = d.ch,
                             .opts = o,
                             .status = "open",
                             .columns = "id, status, attempt",
                             .page_rows = BATCH,
                             .page_bytes = (size_t)BATCH * 1024,
                             .each = take,
                             .page = end_page,
                             .missing = missing,
                             .context = &d,
                             .progress = &progress };
    rc = dlq_walk(&walk, err);
    progress_clear(&progress);
    fprintf(stderr, "%" PRId64 " %s, %" PRId64 " left as they are\n", d.done,
            opts_flag(o, "dry-run") ? "would be discarded" : "discarded", d.refused);
    if (rc == 0 && d.refused > 0)
        rc = err_set(err, ERR_DROP, "not every letter was discarded");
out:
    clickhouse_free(d.ch);
    buf_fini(&d.states);
    return rc;
}

static int run(int argc, char **argv)
{
    return dlq_verb(&usage, discard, argc, argv);
}

const struct verb dlq_discard = { "discard", "nothing more is to be done about them", run };
