/* cli/cmd_replay: `odw replay`: a range of a source's topic goes through the stage again.
 *
 * Each message is sent to its partition once more, with the place and the time of the one that it is a copy of in headers: its row
 * has the same identity and the same version, so that the copy takes the place of what an earlier transform made of it, and of
 * nothing that came later. A copy whose original is in the range as well is passed over; hence running it twice changes nothing
 * more. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"
#include "base/settings.h"
#include "base/sha256.h"
#include "cli/command.h"
#include "cli/position.h"
#include "cli/progress.h"
#include "letter/letter.h"

enum { CHUNK = 20000, READ_TIMEOUT_MS = 60000, PRODUCE_MS = 60000 };

/* A message of the range that became a dead letter. */
struct failed {
    int64_t offset;
    int attempt; /* of its copy */
    bool discarded;
    struct str corrected; /* n 0: as received */
};

struct range {
    int64_t from, to, next; /* [from, to); up to next it is done */
    struct failed *failed;  /* by offset */
    size_t n_failed, cap, at;
};

struct replay {
    const struct opts *opts;
    struct plan *plan;
    const struct plan_source *source;
    struct clickhouse *ch;
    struct kafka_admin *kafka;
    struct kafka_producer *producer;
    struct kafka_report report;
    struct arena arena;
    struct range *ranges;
    int32_t n, partition; /* the one that is read */
    int64_t since_ms;     /* as in struct positions */
    char file[4096];      /* how far it has come */
    bool dry;
    int64_t sent, letters, copies, discarded, lost, total, before;
    struct err err;
    struct progress progress;
};

static volatile sig_atomic_t stopping;

static void on_signal(int signal)
{
    stopping = signal;
}

/* ---- which messages ---- */

static int64_t moment(struct replay *r, const char *name, struct err *err)
{
    const char *when = opts_text(r->opts, name);
    int64_t ago = declaration_duration(when);
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (ago >= 0)
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 - ago;
    const struct clickhouse_param params[] = { { "when", str_of(when) } };
    char *text =
        when[0] >= '0' && when[0] <= '9'
            ? clickhouse_value(r->ch, "SELECT toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull({when:String}, 3, 'UTC'))",
                               params, 1, err)
            : strdup("");
    int64_t ms = text != NULL && text[0] >= '0' && text[0] <= '9' ? strtoll(text, NULL, 10) : -1;
    free(text);
    if (ms < 0)
        err_set(err, ERR_STOP, "--%s: expected a moment such as 2026-11-20T10:00:00Z or a time such as 2h, got '%s'", name, when);
    return ms;
}

static int read_offsets(const char *text, int64_t *from, int64_t *to, struct err *err)
{
    char *end = NULL;
    *from = strtoll(text, &end, 10);
    bool good = end != text && *end == '-' && *from >= 0;
    const char *second = good ? end + 1 : "";
    *to = strtoll(second, &end, 10);
    if (!good || end == second || *end != '\0' || *to < *from)
        return err_set(err, ERR_STOP, "--offsets: expected FIRST-LAST such as 100-199, got '%s'", text);
    ++*to;
    return 0;
}

static int check_usage(const struct opts *o, struct err *err)
{
    bool times = opts_text(o, "from") != NULL || opts_text(o, "to") != NULL, offsets = opts_text(o, "offsets") != NULL;
    if (opts_text(o, "source") == NULL)
        return err_set(err, ERR_STOP, "expected --source NAME");
    if (times && offsets)
        return err_set(err, ERR_STOP, "give times or --offsets, not both");
    if (!times && !offsets)
        return err_set(err, ERR_STOP, "expected --from WHEN, or --partition N and --offsets FIRST-LAST");
    if (offsets && opts_number(o, "partition") < 0)
        return err_set(err, ERR_STOP, "--offsets: needs --partition N beside it");
    if (times && opts_text(o, "from") == NULL)
        return err_set(err, ERR_STOP, "--to: needs --from WHEN beside it");
    return 0;
}

/* What was consumed of it and is on the topic still: what waits goes through the stage anyway. */
static int find_ranges(struct replay *r, const struct positions *at, struct err *err)
{
    const struct opts *o = r->opts;
    int64_t only = opts_number(o, "partition"), from_ms = -1, to_ms = -1, from = 0, to = 0;
    if (opts_text(o, "offsets") != NULL && read_offsets(opts_text(o, "offsets"), &from, &to, err) < 0)
        return -1;
    if (opts_text(o, "from") != NULL && (from_ms = moment(r, "from", err)) < 0)
        return -1;
    if (opts_text(o, "to") != NULL && (to_ms = moment(r, "to", err)) < 0)
        return -1;
    if (only >= at->n)
        return err_set(err, ERR_STOP, "--partition: topic %s has the partitions 0 to %d", r->source->topic, at->n - 1);
    for (int32_t p = 0; p < r->n; p++) {
        struct range *one = &r->ranges[p];
        const struct position *pos = &at->at[p];
        if (only >= 0 && only != p)
            continue;
        one->from = from;
        one->to = to;
        if (from_ms >= 0 && kafka_offset_at(r->kafka, r->source->topic, p, from_ms, &one->from, err) < 0)
            return -1;
        if (from_ms >= 0)
            one->to = pos->high;
        if (to_ms >= 0 && kafka_offset_at(r->kafka, r->source->topic, p, to_ms, &one->to, err) < 0)
            return -1;
        if (opts_text(o, "offsets") != NULL && one->from < pos->low && one->from < one->to) {
            r->lost += (pos->low < one->to ? pos->low : one->to) - one->from;
            one->from = pos->low;
        }
        if (one->to > pos->committed)
            one->to = pos->committed;
        if (one->to < one->from)
            one->to = one->from;
        one->next = one->from;
    }
    return 0;
}

/* ---- how far it has come ---- */

static int name_file(struct replay *r, struct err *err)
{
    static const char *const names[] = { "from", "to", "offsets", "partition", "kafka-brokers", "database" };
    struct buf text;
    uint8_t digest[32];
    char hash[17];
    buf_init(&text, 0);
    buf_printf(&text, "%s %s", r->source->stem, r->source->topic);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = strcmp(names[i], "partition") != 0 ? opts_text(r->opts, names[i]) : NULL;
        buf_printf(&text, "\n%s", value != NULL ? value : "");
    }
    buf_printf(&text, "\n%" PRId64, opts_number(r->opts, "partition"));
    sha256(buf_str(&text), digest);
    buf_fini(&text);
    for (int i = 0; i < 8; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
    snprintf(r->file, sizeof r->file, "%s/replay", opts_text(r->opts, "state-dir"));
    mkdir(opts_text(r->opts, "state-dir"), 0755);
    if (mkdir(r->file, 0755) < 0 && access(r->file, W_OK) < 0)
        return err_errno(err, ERR_DROP, "%s: the folder where it is kept how far a replay has come", r->file);
    snprintf(r->file, sizeof r->file, "%s/replay/%s-%s.json", opts_text(r->opts, "state-dir"), r->source->stem, hash);
    return 0;
}

/* The ranges as they were resolved when it began: what came since is not among them. */
static bool go_on(struct replay *r)
{
    json_t *saved = json_load_file(r->file, 0, NULL), *one;
    size_t i;
    bool good = json_is_array(saved) && json_array_size(saved) == (size_t)r->n;
    json_array_foreach(saved, i, one)
    {
        json_int_t from, to, next;
        if (!good || json_unpack(one, "{s:I, s:I, s:I}", "from", &from, "to", &to, "next", &next) < 0)
            good = false;
        else
            r->ranges[i] = (struct range){ .from = from, .to = to, .next = next };
    }
    json_decref(saved);
    return good;
}

static int save(const struct replay *r, struct err *err)
{
    char fresh[sizeof r->file + 8];
    json_t *all = json_array();
    snprintf(fresh, sizeof fresh, "%s.new", r->file);
    for (int32_t p = 0; p < r->n; p++)
        json_array_append_new(all, json_pack("{s:I, s:I, s:I}", "from", (json_int_t)r->ranges[p].from, "to",
                                             (json_int_t)r->ranges[p].to, "next", (json_int_t)r->ranges[p].next));
    FILE *f = fopen(fresh, "we");
    int rc = f != NULL && json_dumpf(all, f, JSON_COMPACT) == 0 && fflush(f) == 0 && fsync(fileno(f)) == 0 ? 0 : -1;
    if (f != NULL && fclose(f) != 0)
        rc = -1;
    if (rc < 0 || rename(fresh, r->file) < 0)
        rc = err_errno(err, ERR_DROP, "%s", fresh);
    json_decref(all);
    return rc;
}

/* ---- dead letters of the range ---- */

/* Fields: partition, offset, attempt, whether it is discarded, its correction. */
static int take_failed(void *context, const struct str *f, size_t n)
{
    struct replay *r = context;
    char text[3][32];
    if (n != 5)
        return -1;
    for (int i = 0; i < 3; i++)
        snprintf(text[i], sizeof text[i], "%.*s", STR_ARG(f[i]));
    struct range *one = &r->ranges[strtol(text[0], NULL, 10)];
    if (one->n_failed == one->cap) {
        size_t cap = one->cap > 0 ? one->cap * 2 : 256;
        struct failed *grown = arena_alloc(&r->arena, cap * sizeof *grown);
        if (grown == NULL)
            return -1;
        if (one->n_failed > 0)
            memcpy(grown, one->failed, one->n_failed * sizeof *grown);
        one->failed = grown;
        one->cap = cap;
    }
    const char *corrected = arena_copy(&r->arena, f[4]);
    if (corrected == NULL)
        return -1;
    one->failed[one->n_failed++] = (struct failed){ .offset = strtoll(text[1], NULL, 10),
                                                    .attempt = (int)strtol(text[2], NULL, 10) + 1,
                                                    .discarded = str_eq(f[3], STR("1")),
                                                    .corrected = { corrected, f[4].n } };
    return 0;
}

static int find_failed(struct replay *r, struct err *err)
{
    struct buf sql;
    buf_init(&sql, 0);
    buf_puts(&sql,
             "SELECT partition, offset, attempt, status = 'discarded', corrected FROM dead_letters WHERE source = {source:String}"
             " AND topic = {topic:String}");
    buf_printf(&sql, " AND sent_at >= fromUnixTimestamp64Milli(%" PRId64 ", 'UTC') AND (0", r->since_ms);
    for (int32_t p = 0; p < r->n; p++)
        if (r->ranges[p].next < r->ranges[p].to)
            buf_printf(&sql, " OR (partition = %d AND offset >= %" PRId64 " AND offset < %" PRId64 ")", p, r->ranges[p].next,
                       r->ranges[p].to);
    buf_puts(&sql, ") ORDER BY partition, offset");
    const struct clickhouse_param params[] = { { "source", str_of(r->source->stem) }, { "topic", str_of(r->source->topic) } };
    int rc = clickhouse_rows(r->ch, buf_text(&sql), params, 2, take_failed, r, err);
    buf_fini(&sql);
    return rc;
}

/* ---- a message ---- */

/* Is the message that it is a copy of sent anyway? */
static bool is_in_range(const struct replay *r, struct str origin)
{
    char text[320];
    snprintf(text, sizeof text, "%.*s", STR_ARG(origin));
    size_t n = strlen(r->source->topic);
    if (strncmp(text, r->source->topic, n) != 0 || text[n] != '/')
        return false;
    char *end = NULL;
    long partition = strtol(text + n + 1, &end, 10);
    long long offset = *end == '/' ? strtoll(end + 1, &end, 10) : -1;
    if (r->since_ms > 0 && (*end != '@' || strtoll(end + 1, NULL, 10) < r->since_ms))
        return false; /* an offset of the topic that was there before this one */
    return partition >= 0 && partition < r->n && offset >= r->ranges[partition].from && offset < r->ranges[partition].to;
}

static void on_delivered(void *context, const struct err *err, int32_t partition, int64_t offset)
{
    struct replay *r = context;
    (void)partition, (void)offset;
    if (err != NULL && r->err.class == ERR_NONE)
        r->err = *err;
    r->sent += err == NULL;
}

static int send(struct replay *r, const struct kafka_message *m, struct str payload, const struct kafka_header *headers, size_t n)
{
    for (;;) {
        struct err why = ERR_INIT;
        if (kafka_produce(r->producer, r->source->topic, r->partition, m->key, payload, headers, n, &r->report, &why) == 0)
            return 0;
        if (why.class != ERR_RETRY) {
            r->err = why;
            return -1;
        }
        kafka_producer_poll(r->producer, 100);
    }
}

static int take_message(void *context, const struct kafka_message *m)
{
    struct replay *r = context;
    struct range *one = &r->ranges[r->partition];
    struct kafka_header headers[LETTER_HEADERS_MAX + 3];
    char place[320], attempt[16], appended[24];
    size_t n = 0;
    while (one->at < one->n_failed && one->failed[one->at].offset < m->offset)
        one->at++;
    const struct failed *failed =
        one->at < one->n_failed && one->failed[one->at].offset == m->offset ? &one->failed[one->at] : NULL;
    bool copy = false;
    for (size_t i = 0; i < m->n_headers && n < LETTER_HEADERS_MAX; i++) {
        const struct kafka_header *h = &m->headers[i];
        if (strcmp(h->name, LETTER_ORIGIN) == 0 && h->value.n > 0) {
            if (is_in_range(r, h->value)) {
                r->copies++;
                return 0;
            }
            copy = true;
        }
        headers[n++] = *h;
    }
    if (failed != NULL && failed->discarded) {
        r->discarded++;
        return 0;
    }
    struct str payload = failed != NULL && failed->corrected.n > 0 ? failed->corrected : m->value;
    if (payload.n == 0)
        return 0; /* an empty message, whose letter says so */
    r->letters += failed != NULL;
    if (!copy) { /* else it says itself where it comes from */
        int end = snprintf(place, sizeof place, "%s/%" PRId32 "/%" PRId64, r->source->topic, m->partition, m->offset);
        if (r->since_ms > 0)
            snprintf(place + end, sizeof place - (size_t)end, "@%" PRId64, m->timestamp_ms);
        snprintf(appended, sizeof appended, "%" PRId64, m->timestamp_ms);
        snprintf(attempt, sizeof attempt, "%d", failed != NULL ? failed->attempt : 0);
        headers[n++] = (struct kafka_header){ LETTER_ORIGIN, str_of(place) };
        headers[n++] = (struct kafka_header){ LETTER_APPENDED, str_of(appended) };
        headers[n++] = (struct kafka_header){ LETTER_ATTEMPT, str_of(attempt) };
    }
    if (r->dry) {
        r->sent++;
        return 0;
    }
    return send(r, m, payload, headers, n);
}

/* A stretch is done when each of its messages is acknowledged; then it is written down. */
static int replay_partition(struct replay *r, struct err *err)
{
    struct range *one = &r->ranges[r->partition];
    while (one->next < one->to && !stopping) {
        int64_t to = one->to - one->next > CHUNK ? one->next + CHUNK : one->to;
        int rc = kafka_read(r->kafka, r->source->topic, r->partition, one->next, to, READ_TIMEOUT_MS, take_message, r, err);
        if (!r->dry && kafka_producer_flush(r->producer, PRODUCE_MS + 5000) < 0 && rc == 0)
            rc = err_set(err, ERR_RETRY, "Kafka reported nothing on %d messages", kafka_producer_waiting(r->producer));
        if (rc < 0)
            return -1;
        if (r->err.class != ERR_NONE)
            return err_set(err, r->err.class, "%s", r->err.text);
        r->before += to - one->next;
        one->next = to;
        progress_set(&r->progress, r->before);
        if (!r->dry && save(r, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the command ---- */

static const struct opt own[] = {
    { .name = "source", .type = OPT_TEXT, .arg = "NAME", .help = "Whose topic" },
    { .name = "from",
      .type = OPT_TEXT,
      .arg = "WHEN",
      .help = "From this moment on, by the brokers' clock, or from so long ago: 2h" },
    { .name = "to", .type = OPT_TEXT, .arg = "WHEN", .help = "Up to this moment; without it all that was consumed by now" },
    { .name = "partition",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "-1",
      .min = -1,
      .max = 1000000,
      .help = "Only this partition; -1: all of them" },
    { .name = "offsets", .type = OPT_TEXT, .arg = "FIRST-LAST", .help = "With --partition, in place of times: these offsets" },
    { .name = "dry-run", .type = OPT_FLAG, .help = "Read the range, say what would be sent, send nothing" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw replay",
    .about =
        "Puts a range of a source's topic through the stage again, after a transform or a contract was mended: each message is "
        "sent once more, and its row takes the place of the one that was made of it before. A dead letter of the range goes as "
        "it was corrected last; one that is discarded is passed over.",
    .own = own,
    .shared = settings_shared,
    .more =
        "Running it twice changes nothing more. What came later than a message, of the same record, stays. Stopped or killed, the\n"
        "same command goes on where it was.\n\n"
        "  odw replay --source events --from 2026-11-20T08:00:00Z --to 2026-11-20T11:30:00Z\n"
        "  odw replay --source events --partition 2 --offsets 4000-4999 --dry-run\n\n"
        "Exit codes: 0 done, 1 failed or stopped, 2 the command line is wrong.\n",
};

static int replay(struct replay *r, struct err *err)
{
    const struct opts *o = r->opts;
    struct positions at;
    if (check_usage(o, err) < 0 || (r->plan = plan_load(opts_text(o, "root"), opts_text(o, "database"), err)) == NULL)
        return -1;
    r->source = plan_source(r->plan, opts_text(o, "source"));
    if (r->source == NULL)
        return err_set(err, ERR_STOP, "--source: there is no kafka-engine/%s.sql below %s", opts_text(o, "source"), r->plan->root);
    if ((r->ch = clickhouse_new(o, err)) == NULL || (r->kafka = kafka_admin_new(o, err)) == NULL ||
        positions_load(&r->arena, r->ch, r->kafka, r->source, &at, err) < 0)
        return -1;
    r->n = at.n;
    r->since_ms = at.since_ms;
    r->ranges = arena_alloc(&r->arena, sizeof *r->ranges * (size_t)r->n);
    if (r->ranges == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    memset(r->ranges, 0, sizeof *r->ranges * (size_t)r->n);
    bool goes_on = false;
    if (!r->dry && name_file(r, err) < 0)
        return -1;
    if (!r->dry && (goes_on = go_on(r)))
        log_info("going on where the last one ended file=%s", r->file);
    if (!goes_on && find_ranges(r, &at, err) < 0)
        return -1;
    for (int32_t p = 0; p < r->n; p++) {
        r->total += r->ranges[p].to - r->ranges[p].from;
        r->before += r->ranges[p].next - r->ranges[p].from;
    }
    if (find_failed(r, err) < 0)
        return -1;
    const struct kafka_producer_options po = { .linger_ms = 20,
                                               .timeout_ms = PRODUCE_MS,
                                               .max_message_bytes = r->source->max_message_bytes };
    if (!r->dry && ((r->producer = kafka_producer_new(o, &po, err)) == NULL || kafka_producer_check(r->producer, 4000, err) < 0 ||
                    save(r, err) < 0))
        return -1;
    progress_init(&r->progress, "replay", "messages", r->total);
    for (r->partition = 0; r->partition < r->n; r->partition++)
        if (replay_partition(r, err) < 0)
            return -1;
    progress_clear(&r->progress);
    if (stopping)
        return err_set(err, ERR_DROP, "stopped after %" PRId64 " of %" PRId64 " offsets; the same command goes on there", r->before,
                       r->total);
    if (!r->dry)
        unlink(r->file);
    return 0;
}

static void summary(const struct replay *r)
{
    fprintf(stderr,
            "%s: %" PRId64 " messages %s, %" PRId64 " of them dead letters; passed over: %" PRId64
            " copies of what is sent anyway, %" PRId64 " discarded letters\n",
            r->source->topic, r->sent, r->dry ? "would be sent again" : "sent again", r->letters, r->copies, r->discarded);
    if (r->lost > 0)
        fprintf(stderr, "%" PRId64 " offsets of the range are on the topic no more\n", r->lost);
}

static int run(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(&usage, "odw replay", argc, argv, &o);
    if (code >= 0)
        return code;
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct replay r = { .report = { on_delivered, &r }, .opts = o, .dry = opts_flag(o, "dry-run") };
    arena_init(&r.arena, 0);
    code = 0;
    int rc = replay(&r, &err);
    progress_clear(&r.progress);
    if (r.ranges != NULL && (rc == 0 || r.sent > 0))
        summary(&r);
    if (rc < 0) {
        fprintf(stderr, "odw replay: %s\n", err.text);
        code = err.class == ERR_STOP ? 2 : 1;
        if (code == 2)
            fputs("Try 'odw replay --help'.\n", stderr);
    }
    kafka_producer_free(r.producer);
    kafka_admin_free(r.kafka);
    clickhouse_free(r.ch);
    plan_free(r.plan);
    arena_fini(&r.arena);
    opts_free(o);
    return code;
}

const struct command command_replay = {
    .name = "replay", .about = "put a range of a topic through the stage again, after something was mended", .order = 55, .run = run
};
