/* cli/dlq_replay: odw dlq replay: a letter's message, as it is or corrected, to its topic again.
 *
 * The header odw-origin names the message that it all began with, however often it is replayed: the stream closes that letter when
 * an offspring holds. A state is written only after Kafka's delivery report: a crash between the two leaves a letter open whose
 * message is in the topic; replaying it again is harmless, for rows have an identity. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/settings.h"
#include "cli/dlq.h"
#include "cli/progress.h"
#include "kafka/kafka.h"

enum { BATCH = 200, HEADERS_MAX = 64, FIELDS = 11 };

struct letter {
    const char *id, *topic, *origin, *status, *class;
    int attempt; /* of the message that is sent now */
    struct str key, payload;
    struct kafka_header headers[HEADERS_MAX];
    size_t n_headers;
    char attempt_text[16];
    char offspring[320]; /* "" until Kafka has it */
    struct err err;
};

struct replay {
    const struct opts *opts;
    struct clickhouse *ch;
    struct kafka_producer *producer;
    struct arena arena; /* of the batch */
    struct letter *letters[BATCH];
    size_t n;
    int64_t sent, failed, refused;
    bool broken; /* of the batch: memory is out */
};

static const char *copy(struct replay *r, struct str s)
{
    const char *p = arena_copy(&r->arena, s);
    if (p == NULL)
        r->broken = true;
    return p != NULL ? p : "";
}

/* "6f6477,78" → the i-th run of bytes. */
static struct str unhex(struct replay *r, struct str *list)
{
    struct str hex = str_cut(list, ',');
    char *p = arena_alloc(&r->arena, hex.n / 2 + 1);
    if (p == NULL) {
        r->broken = true;
        return STR("");
    }
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        char pair[3] = { hex.p[i], hex.p[i + 1], '\0' };
        p[i / 2] = (char)strtoul(pair, NULL, 16);
    }
    return (struct str){ p, hex.n / 2 };
}

static int take(void *context, const struct str *f, size_t n_fields)
{
    struct replay *r = context;
    struct letter *l = n_fields == FIELDS && r->n < BATCH ? arena_alloc(&r->arena, sizeof *l) : NULL;
    if (l == NULL)
        return -1;
    r->letters[r->n++] = l;
    l->id = copy(r, f[0]);
    l->topic = copy(r, f[1]);
    l->origin = f[2].n > 0 ? copy(r, f[2]) : l->id;
    l->status = copy(r, f[3]);
    l->class = copy(r, f[4]);
    l->attempt = (int)strtol(copy(r, f[5]), NULL, 10) + 1;
    l->key = f[6].n > 0 ? (struct str){ copy(r, f[6]), f[6].n } : (struct str){ NULL, 0 };
    l->payload = (struct str){ copy(r, f[7]), f[7].n };
    snprintf(l->attempt_text, sizeof l->attempt_text, "%d", l->attempt);
    l->headers[0] = (struct kafka_header){ "odw-origin", str_of(l->origin) };
    l->headers[1] = (struct kafka_header){ "odw-attempt", str_of(l->attempt_text) };
    l->n_headers = 2;
    struct str names = f[8], values = f[9];
    for (long count = strtol(copy(r, f[10]), NULL, 10); count > 0 && l->n_headers < HEADERS_MAX; count--) {
        struct str name = unhex(r, &names), value = unhex(r, &values);
        if (!str_eq(name, STR("odw-origin")) && !str_eq(name, STR("odw-attempt")))
            l->headers[l->n_headers++] = (struct kafka_header){ copy(r, name), value };
    }
    return r->broken ? -1 : 0;
}

static void on_delivered(void *context, const struct err *err, int32_t partition, int64_t offset)
{
    struct letter *l = context;
    if (err != NULL)
        l->err = *err;
    else
        snprintf(l->offspring, sizeof l->offspring, "%s/%" PRId32 "/%" PRId64, l->topic, partition, offset);
}

static void put_field(struct buf *b, const char *text, char end)
{
    for (; *text != '\0'; text++) {
        if (*text == '\t' || *text == '\n' || *text == '\\')
            buf_putc(b, '\\');
        buf_putc(b, *text == '\t' ? 't' : *text == '\n' ? 'n' : *text);
    }
    buf_putc(b, end);
}

/* What Kafka has acknowledged becomes a state, all of the batch in one insert. */
static int write_states(struct replay *r, struct err *err)
{
    struct buf b;
    char number[16];
    buf_init(&b, 0);
    for (size_t i = 0; i < r->n; i++) {
        const struct letter *l = r->letters[i];
        if (l->offspring[0] == '\0')
            continue;
        put_field(&b, l->id, '\t');
        put_field(&b, l->offspring, '\t');
        snprintf(number, sizeof number, "%d", l->attempt);
        put_field(&b, number, '\t');
        put_field(&b, "odw dlq replay", '\n');
    }
    const struct clickhouse_query q = {
        .sql = "INSERT INTO dead_letter_states (letter, status, changed_at, offspring, attempt, changed_by) "
               "SELECT letter, 'replayed', now64(3), offspring, attempt, changed_by "
               "FROM input('letter String, offspring String, attempt UInt16, changed_by String') FORMAT TabSeparated",
        .data = buf_str(&b),
    };
    int rc = b.n > 0 ? clickhouse_run(r->ch, &q, NULL, NULL, err) : 0;
    if (rc < 0)
        err_at(err, "the messages are sent, but their letters could not be marked as replayed");
    buf_fini(&b);
    return rc;
}

static const char *why_not(const struct letter *l, bool corrected)
{
    if (strcmp(l->status, "recovered") == 0)
        return "is recovered already";
    if (strcmp(l->class, "empty") == 0 && !corrected)
        return "was an empty message: sent again it would be one again (give a --payload)";
    return NULL;
}

static int send_batch(struct replay *r, const struct buf *corrected, struct err *err)
{
    bool dry = opts_flag(r->opts, "dry-run");
    for (size_t i = 0; i < r->n; i++) {
        struct letter *l = r->letters[i];
        struct str payload = corrected != NULL ? buf_str(corrected) : l->payload;
        const char *refusal = why_not(l, corrected != NULL);
        if (refusal != NULL) {
            fprintf(stderr, "odw dlq replay: %s %s\n", l->id, refusal);
            r->refused++;
            continue;
        }
        if (dry) {
            printf("%s: would send %zu bytes to %s, origin %s, attempt %d\n", l->id, payload.n, l->topic, l->origin, l->attempt);
            r->sent++;
            continue;
        }
        for (;;) {
            struct err why = ERR_INIT;
            if (kafka_produce(r->producer, l->topic, -1, l->key, payload, l->headers, l->n_headers, on_delivered, l, &why) == 0)
                break;
            if (why.class == ERR_RETRY) {
                kafka_producer_poll(r->producer, 100);
                continue;
            }
            l->err = why;
            break;
        }
    }
    if (dry)
        return 0;
    /* Every message has its report by its own timeout; what is over after that is a defect, not a wait. */
    int timeout_ms = (int)opts_number(r->opts, "timeout") + 5000;
    if (kafka_producer_flush(r->producer, timeout_ms) < 0)
        return err_set(err, ERR_RETRY, "Kafka reported nothing on %d messages in %d ms", kafka_producer_waiting(r->producer),
                       timeout_ms);
    for (size_t i = 0; i < r->n; i++) {
        struct letter *l = r->letters[i];
        if (l->offspring[0] != '\0') {
            r->sent++;
            if (opts_operands(r->opts) > 0)
                printf("%s: sent as %s, attempt %d\n", l->id, l->offspring, l->attempt);
        } else if (l->err.class != ERR_NONE) {
            r->failed++;
            fprintf(stderr, "odw dlq replay: %s: %s\n", l->id, l->err.text);
        }
    }
    return write_states(r, err);
}

#define LETTER_COLUMNS                                                                                                             \
    "id, topic, origin, status, class, attempt, key, payload, arrayStringConcat(arrayMap(x -> hex(x), header_names), ','), "       \
    "arrayStringConcat(arrayMap(x -> hex(x), header_values), ','), length(header_names)"

static int replay_ids(struct replay *r, const struct buf *corrected, struct err *err)
{
    for (int i = 0; i < opts_operands(r->opts); i++) {
        const char *id = opts_operand(r->opts, i);
        const struct clickhouse_param params[] = { { "id", str_of(id) } };
        arena_reset(&r->arena);
        r->n = 0;
        if (clickhouse_rows(r->ch, "SELECT " LETTER_COLUMNS " FROM dead_letters WHERE " DLQ_BY_ID " LIMIT 1", params, 1, take, r,
                            err) < 0)
            return -1;
        if (r->n == 0) {
            fprintf(stderr, "odw dlq replay: there is no dead letter '%s'\n", id);
            r->refused++;
            continue;
        }
        if (send_batch(r, corrected, err) < 0)
            return -1;
    }
    return 0;
}

/* All open letters that fail the filters' test, oldest first, each once: a letter that can't be sent must not come up again, so the
 * batches go along the table's key. */
static int replay_all(struct replay *r, struct err *err)
{
    int rc = -1;
    struct dlq_filter f;
    struct buf sql;
    struct progress progress;
    char after[512] = "";
    progress_init(&progress, "replay", "letters", -1);
    buf_init(&sql, 65536);
    if (dlq_filter_init(&f, r->opts, "open", err) < 0)
        goto out;
    size_t n = f.n_params;
    buf_printf(&sql,
               "SELECT " LETTER_COLUMNS " FROM dead_letters WHERE %s AND ({after:String} = '' OR (topic, partition, offset) > "
               "(splitByChar('/', {after:String})[1], toUInt32OrZero(splitByChar('/', {after:String})[2]), "
               "toUInt64OrZero(splitByChar('/', {after:String})[3]))) ORDER BY topic, partition, offset LIMIT %d",
               buf_text(&f.where), BATCH);
    for (;;) {
        f.params[n] = (struct clickhouse_param){ "after", str_of(after) };
        arena_reset(&r->arena);
        r->n = 0;
        if (clickhouse_rows(r->ch, buf_text(&sql), f.params, n + 1, take, r, err) < 0 || send_batch(r, NULL, err) < 0)
            goto out;
        if (r->n < BATCH)
            break;
        snprintf(after, sizeof after, "%s", r->letters[r->n - 1]->id);
        progress_set(&progress, r->sent + r->failed + r->refused);
    }
    rc = 0;
out:
    progress_clear(&progress);
    dlq_filter_fini(&f);
    buf_fini(&sql);
    return rc;
}

static const struct opt options[] = {
    { .name = "payload",
      .type = OPT_TEXT,
      .arg = "FILE",
      .help = "Send this file's bytes in place of what was received ('-' is stdin); for one ID" },
    { .name = "all", .type = OPT_FLAG, .help = "Every open letter that the filters below let through, in place of IDs" },
    { .name = "source", .type = OPT_TEXT, .arg = "NAME", .help = "With --all: only this source's" },
    { .name = "class",
      .type = OPT_CHOICE,
      .arg = "CLASS",
      .choices = DLQ_CLASSES,
      .help = "With --all: only this kind of failure" },
    { .name = "since",
      .type = OPT_TEXT,
      .arg = "WHEN",
      .help = "With --all: only those that failed since: a moment, or a time such as 2h" },
    { .name = "dry-run", .type = OPT_FLAG, .help = "Say what would be sent, send nothing" },
    { .name = "timeout",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "30s",
      .min = 1000,
      .max = 3600000,
      .help = "How long a message may wait for Kafka's acknowledgement" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw dlq replay",
    .about = "Sends dead letters to their topic again, as they were received or corrected. A letter is marked as replayed when "
             "Kafka has "
             "acknowledged its message, and as recovered when the stream has accepted it.",
    .operands = "[ID]...",
    .max_operands = -1,
    .own = options,
    .shared = settings_shared,
    .more = "Exit codes: 0 all sent, 1 some were not, 2 the command line is wrong.\n",
};

static int check_usage(const struct opts *o, struct err *err)
{
    static const char *const filters[] = { "source", "class", "since" };
    bool all = opts_flag(o, "all");
    if (all == (opts_operands(o) > 0))
        return err_set(err, ERR_STOP, all ? "give IDs or --all, not both" : "expected a dead letter's ID, or --all");
    if (opts_text(o, "payload") != NULL && opts_operands(o) != 1)
        return err_set(err, ERR_STOP, "--payload stands for one message: give one ID");
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (!all && opts_given(o, filters[i]))
            return err_set(err, ERR_STOP, "--%s goes with --all", filters[i]);
    for (int i = 0; i < opts_operands(o); i++)
        if (dlq_check_id(opts_operand(o, i), err) < 0)
            return -1;
    return 0;
}

static int replay(const struct opts *o, struct err *err)
{
    int rc = -1;
    struct replay r = { .opts = o };
    struct buf corrected;
    const char *file = opts_text(o, "payload");
    arena_init(&r.arena, (size_t)1 << 30);
    buf_init(&corrected, (size_t)64 << 20);
    if (check_usage(o, err) < 0 || (file != NULL && dlq_read_file(file, &corrected, err) < 0) ||
        (r.ch = clickhouse_new(o, err)) == NULL)
        goto out;
    const struct kafka_producer_options po = { .linger_ms = 5,
                                               .timeout_ms = opts_number(o, "timeout"),
                                               .max_message_bytes = (int64_t)64 << 20 };
    if (!opts_flag(o, "dry-run") &&
        ((r.producer = kafka_producer_new(o, &po, err)) == NULL || kafka_producer_check(r.producer, 4000, err) < 0))
        goto out;
    rc = opts_flag(o, "all") ? replay_all(&r, err) : replay_ids(&r, file != NULL ? &corrected : NULL, err);
    fprintf(stderr, "%" PRId64 " %s, %" PRId64 " failed, %" PRId64 " left as they are\n", r.sent,
            r.producer != NULL ? "sent again" : "would be sent", r.failed, r.refused);
    if (rc == 0 && (r.failed > 0 || r.refused > 0))
        rc = err_set(err, ERR_DROP, "not every letter was sent");
out:
    kafka_producer_free(r.producer);
    clickhouse_free(r.ch);
    arena_fini(&r.arena);
    buf_fini(&corrected);
    return rc;
}

int dlq_replay(int argc, char **argv)
{
    return dlq_verb(&usage, replay, argc, argv);
}
