/* cli/dlq_replay: odw dlq replay: a letter's message, as it is or corrected, to its topic again. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "cli/dlq.h"
#include "cli/resend.h"

enum { BATCH = 1000, BATCH_BYTES = 32 << 20 };

struct replay {
    const struct opts *opts;
    struct resend resend;
    struct arena arena; /* of the batch */
    struct buf corrected;
    bool has_corrected;
    char who[64];
    int64_t refused, would_send;
    struct err err;
};

static void refuse(struct replay *r, const char *id, const char *why)
{
    fprintf(stderr, "odw dlq replay: %s%s%s\n", id, why[0] != '\0' ? " " : "", why);
    r->refused++;
}

static void missing(void *context, const char *id)
{
    char text[400];
    snprintf(text, sizeof text, "there is no dead letter '%s'", id);
    refuse(context, text, "");
}

static int take(void *context, const struct str *fields, size_t n_fields)
{
    struct replay *r = context;
    const struct letter *l = letter_read(&r->arena, fields, n_fields);
    if (l == NULL)
        return -1;
    struct str payload = r->has_corrected                                        ? buf_str(&r->corrected)
                         : l->corrected.n > 0 && !opts_flag(r->opts, "original") ? l->corrected
                                                                                 : l->payload;
    if (strcmp(l->status, "recovered") == 0) {
        refuse(r, l->id, "is recovered already");
    } else if (r->has_corrected && letter_is_extraction(l)) {
        refuse(r, l->id, "is about a document, which can't be corrected here: a model is asked about it again (without --payload)");
    } else if (payload.n == 0) {
        refuse(r, l->id, "was an empty message: sent again it would be one again (give a --payload)");
    } else if (opts_flag(r->opts, "dry-run") && letter_is_extraction(l)) {
        printf("%s: would have a model asked again\n", l->id);
        r->would_send++;
    } else if (opts_flag(r->opts, "dry-run")) {
        printf("%s: would send %zu bytes%s to %s, origin %s, attempt %d\n", l->id, payload.n,
               payload.p == l->corrected.p ? ", as corrected," : "", l->topic, l->origin, l->attempt);
        r->would_send++;
    } else {
        return resend_letter(&r->resend, l, payload, r->who, &r->err);
    }
    return 0;
}

static void tell(void *context, const struct resend_item *item)
{
    const struct replay *r = context;
    if (item->asked && opts_operands(r->opts) > 0)
        printf("%s: a model is asked again\n", item->letter->id);
    else if (item->offspring[0] == '\0' && !item->asked)
        fprintf(stderr, "odw dlq replay: %s: %s\n", item->letter->id, item->err.text);
    else if (!item->asked && opts_operands(r->opts) > 0)
        printf("%s: sent as %s, attempt %d\n", item->letter->id, item->offspring, item->letter->attempt);
}

static int end_page(void *context, struct err *err)
{
    struct replay *r = context;
    int rc = resend_finish(&r->resend, tell, r, err);
    arena_reset(&r->arena);
    return rc;
}

static const struct opt options[] = {
    { .name = "payload",
      .type = OPT_TEXT,
      .arg = "FILE",
      .help = "Send this file's bytes, unchecked, in place of what was received ('-' is stdin); for one ID" },
    { .name = "original", .type = OPT_FLAG, .help = "What was received, also where 'odw dlq edit' has saved a correction" },
    DLQ_ALL,
    DLQ_BY,
    { .name = "dry-run", .type = OPT_FLAG, .help = "Say what would be sent, send nothing" },
    DLQ_TIMEOUT,
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw dlq replay",
    .about = "Sends dead letters to their topic again, as they were corrected, else as they were received. A letter is marked as "
             "replayed when Kafka has acknowledged its message, and as recovered when the stream has accepted it.",
    .operands = "[ID]...",
    .max_operands = -1,
    .own = options,
    .shared = settings_shared,
    .more =
        "What fails again becomes a letter of its own, with the first one's id as its origin: the newest stands for all of them.\n"
        "A document that no record could be made of (class extraction) isn't sent: a model is asked about it again.\n"
        "\n"
        "Exit codes: 0 all sent, 1 some were not, 2 the command line is wrong.\n",
};

static int replay(const struct opts *o, struct err *err)
{
    int rc = -1;
    struct progress progress;
    struct replay r = { .opts = o, .resend = { .arena = &r.arena, .timeout_ms = opts_number(o, "timeout") } };
    const char *file = opts_text(o, "payload");
    arena_init(&r.arena, (size_t)1 << 30);
    buf_init(&r.corrected, (size_t)64 << 20);
    progress_init(&progress, "replay", "letters", -1);
    if (dlq_check_selection(o, err) < 0)
        goto out;
    if (dlq_ids(o) != opts_operands(o)) {
        err_set(err, ERR_STOP, "expected IDs as topic/partition/offset");
        goto out;
    }
    if (file != NULL && opts_operands(o) != 1) {
        err_set(err, ERR_STOP, "--payload stands for one message: give one ID");
        goto out;
    }
    r.has_corrected = file != NULL;
    dlq_who(o, r.who);
    if ((file != NULL && dlq_read_file(file, &r.corrected, err) < 0) || (r.resend.ch = clickhouse_new(o, err)) == NULL)
        goto out;
    const struct kafka_producer_options po = { .linger_ms = 5,
                                               .timeout_ms = r.resend.timeout_ms,
                                               .max_message_bytes = (int64_t)64 << 20 };
    if (!opts_flag(o, "dry-run") &&
        ((r.resend.producer = kafka_producer_new(o, &po, err)) == NULL || kafka_producer_check(r.resend.producer, 4000, err) < 0))
        goto out;
    struct dlq_walk walk = { .ch = r.resend.ch,
                             .opts = o,
                             .status = "open",
                             .columns = LETTER_COLUMNS,
                             .page_rows = BATCH,
                             .page_bytes = BATCH_BYTES,
                             .each = take,
                             .page = end_page,
                             .missing = missing,
                             .context = &r,
                             .progress = &progress };
    rc = dlq_walk(&walk, err);
    progress_clear(&progress);
    if (r.err.class != ERR_NONE)
        *err = r.err;
    fprintf(stderr, "%" PRId64 " %s, %" PRId64 " failed, %" PRId64 " left as they are\n",
            opts_flag(o, "dry-run") ? r.would_send : r.resend.sent, opts_flag(o, "dry-run") ? "would be sent" : "sent again",
            r.resend.failed, r.refused);
    if (rc == 0 && (r.resend.failed > 0 || r.refused > 0))
        rc = err_set(err, ERR_DROP, "not every letter was sent");
out:
    kafka_producer_free(r.resend.producer);
    clickhouse_free(r.resend.ch);
    arena_fini(&r.arena);
    buf_fini(&r.corrected);
    return rc;
}

static int run(int argc, char **argv)
{
    return dlq_verb(&usage, replay, argc, argv);
}

const struct verb dlq_replay = { "replay", "send them to their topic again, as they are or corrected", run };
