/* cli/cmd_load: odw load NAME: a loader's records into its topic, each one followed to its delivery report. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/settings.h"
#include "cli/checkpoint.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "declaration/declaration.h"
#include "kafka/kafka.h"
#include "loaders/loader.h"

extern const struct loader *const loaders[]; /* generated: see loaders/CMakeLists.txt */

enum { REASONS_MAX = 16, REASON_TEXT_MAX = 256, SAID_MAX = 10, POLL_EVERY = 256, STALL_MS = 3000, OPTIONS_MAX = 64 };
enum { DRAIN_ENDLESS_MS = 30000 }; /* what isn't acknowledged by then is sent again by the next load */

struct reason {
    char text[REASON_TEXT_MAX];
    int64_t count;
};

struct load {
    const struct loader *loader;
    const struct opts *opts;
    void *state;
    char topic[256];
    struct kafka_producer *producer;
    struct checkpoint *checkpoint; /* NULL: this load keeps no position */
    struct stretch alone;          /* the records' stretch then */
    bool endless;
    int64_t timeout_ms;
    int64_t produced, acknowledged, failed, bytes, said;
    int64_t started_ms, heard_ms, asked_ms;
    bool stalled;
    struct reason reasons[REASONS_MAX]; /* the last one stands for all that are left over */
    struct progress progress;
};

static volatile sig_atomic_t stopping; /* 1: end after what is on its way; 2: at once */

/* A second signal means "at once", but not the echo of the first: timeout(1) and terminals signal a process and its group. */
static void on_signal(int number)
{
    static volatile int64_t first_ms;
    (void)number;
    if (stopping == 0) {
        first_ms = monotonic_ms();
        stopping = 1;
    } else if (monotonic_ms() - first_ms > 500) {
        stopping = 2;
    }
}

static void count_failure(struct load *l, const char *text)
{
    int i = 0;
    l->failed++;
    while (i < REASONS_MAX - 1 && l->reasons[i].count > 0 && strncmp(l->reasons[i].text, text, REASON_TEXT_MAX - 1) != 0)
        i++;
    if (l->reasons[i].count == 0)
        snprintf(l->reasons[i].text, REASON_TEXT_MAX, "%s", i < REASONS_MAX - 1 ? text : "other reasons");
    l->reasons[i].count++;
}

/* The first ones by name, then only the count: a broken file has a million of them. */
static void say_failure(struct load *l, const char *text)
{
    progress_clear(&l->progress);
    if (++l->said <= SAID_MAX)
        log_error("%s", text);
    if (l->said == SAID_MAX)
        log_error("further records that can't be sent are only counted");
}

static void on_delivered(void *context, const struct err *err, int32_t partition, int64_t offset)
{
    (void)partition;
    (void)offset;
    struct stretch *stretch = context;
    struct load *l = stretch->owner;
    stretch->waiting--;
    if (err == NULL) {
        l->acknowledged++;
    } else {
        stretch->lost = true;
        count_failure(l, err->text);
    }
}

/* Serves reports, and says when there are none for a while, and why. */
static void serve(struct load *l, int timeout_ms, bool flush)
{
    int64_t before = l->acknowledged;
    if (!flush || kafka_producer_flush(l->producer, timeout_ms) < 0)
        kafka_producer_poll(l->producer, flush ? 0 : timeout_ms);
    progress_set(&l->progress, l->acknowledged);
    int64_t now = monotonic_ms();
    if (l->acknowledged > before || kafka_producer_waiting(l->producer) == 0) {
        if (l->stalled && l->acknowledged > before) {
            progress_clear(&l->progress);
            progress_note(&l->progress, NULL);
            log_info("Kafka acknowledges again");
            l->stalled = false;
        }
        l->heard_ms = now;
        return;
    }
    if (now - l->heard_ms < STALL_MS || now - l->asked_ms < 10 * STALL_MS)
        return;
    l->asked_ms = now;
    struct err why = ERR_INIT;
    if (kafka_producer_check(l->producer, 500, &why) == 0)
        err_set(&why, ERR_RETRY, "the brokers answer, but acknowledge nothing");
    progress_clear(&l->progress);
    progress_note(&l->progress, "waiting for Kafka");
    if (l->endless)
        log_warn("waiting for Kafka: %s", why.text);
    else
        log_warn("waiting for Kafka, for %lld s at most after a record was sent: %s", (long long)(l->timeout_ms / 1000), why.text);
    l->stalled = true;
}

/* From kafka-engine/NAME.sql, where the topic of a source is declared. */
static int find_topic(struct load *l, struct err *err)
{
    int rc = -1;
    struct arena arena;
    arena_init(&arena, 0);
    const char *given = opts_text(l->opts, "topic"), *root = opts_text(l->opts, "root");
    if (given != NULL) {
        snprintf(l->topic, sizeof l->topic, "%s", given);
        rc = 0;
        goto out;
    }
    snprintf(l->topic, sizeof l->topic, "%s", l->loader->name);
    char *path = arena_printf(&arena, "%s/kafka-engine/%s.sql", root != NULL ? root : ".", l->loader->name);
    FILE *f = path != NULL ? fopen(path, "re") : NULL;
    if (f == NULL) {
        rc = 0; /* an odw without declarations at hand: the topic has the source's name */
        goto out;
    }
    fclose(f);
    const struct declaration *d = declaration_load(&arena, ROOM_QUEUE, path, err);
    if (d == NULL)
        goto out;
    if (declaration_value(d, "topic") != NULL)
        snprintf(l->topic, sizeof l->topic, "%s", declaration_value(d, "topic"));
    rc = 0;
out:
    arena_fini(&arena);
    return rc;
}

static int connect_kafka(struct load *l, int64_t *max_bytes, struct err *err)
{
    int rc = -1;
    struct kafka_topic topic;
    struct kafka_admin *admin = kafka_admin_new(l->opts, err);
    if (admin == NULL || kafka_topic_describe(admin, l->topic, &topic, err) < 0)
        goto out;
    if (topic.partitions == 0) {
        err_set(err, ERR_STOP, "kafka: there is no topic '%s' at %s ('odw apply' makes the topics that are declared)", l->topic,
                opts_text(l->opts, "kafka-brokers"));
        goto out;
    }
    /* A record's own bytes beside its value: headers of batch and record, and the key. */
    enum { AROUND = 512 };
    *max_bytes = topic.max_message_bytes > 4 * AROUND ? topic.max_message_bytes - AROUND : topic.max_message_bytes;
    /* A full batch costs least; where records are let out slowly, each of them should be there soon. */
    int64_t rate = opts_number(l->opts, "rate");
    struct kafka_producer_options options = {
        .linger_ms = rate > 0 && rate < 20000 ? 5 : 50,
        .timeout_ms = l->endless ? -1 : l->timeout_ms,
        .queue_bytes = opts_number(l->opts, "queue-bytes"),
        .max_message_bytes = topic.max_message_bytes,
    };
    l->producer = kafka_producer_new(l->opts, &options, err);
    rc = l->producer != NULL ? 0 : -1;
out:
    kafka_admin_free(admin);
    return rc;
}

/* One record into the queue; waits while it is full. -1: no record can be sent any more. */
static int send(struct load *l, struct str key, struct str record, struct err *err)
{
    if (key.n == 0)
        key.p = NULL;
    for (;;) {
        struct err why = ERR_INIT;
        struct stretch *stretch = l->checkpoint != NULL ? checkpoint_open(l->checkpoint) : &l->alone;
        if (kafka_produce(l->producer, l->topic, -1, key, record, NULL, 0, &stretch->report, &why) == 0) {
            stretch->sent++;
            stretch->waiting++;
            l->produced++;
            l->bytes += (int64_t)record.n;
            return 0;
        }
        if (why.class == ERR_STOP) {
            *err = why;
            return -1;
        }
        if (why.class == ERR_DROP) {
            stretch->lost = true;
            count_failure(l, why.text);
            say_failure(l, why.text);
            return 0;
        }
        serve(l, 100, false);
        if (stopping > 1 || (stopping && l->endless)) {
            stretch->lost = true;
            count_failure(l, "interrupted before it was sent");
            return 0;
        }
    }
}

/* Until the rate allows the next record. */
static void hold_back(struct load *l, int64_t sent, int64_t rate)
{
    if (rate <= 0)
        return;
    for (;;) {
        int64_t due = l->started_ms + (int64_t)((double)sent * 1000 / (double)rate), left = due - monotonic_ms();
        if (left <= 0 || stopping)
            return;
        if (l->producer != NULL) {
            serve(l, left > 100 ? 100 : (int)left, false);
        } else {
            fflush(stdout);
            struct timespec pause = { 0, (left > 100 ? 100 : left) * 1000000 };
            nanosleep(&pause, NULL);
        }
    }
}

static int put_line(struct load *l, struct str record, struct err *err)
{
    if (fwrite(record.p, 1, record.n, stdout) != record.n || putc('\n', stdout) == EOF)
        return err_errno(err, ERR_STOP, "writing to stdout");
    l->produced++;
    l->acknowledged++;
    l->bytes += (int64_t)record.n + 1;
    return 0;
}

static int keep_position(struct load *l, bool now, struct err *err)
{
    return l->checkpoint != NULL ? checkpoint_move(l->checkpoint, l->state, now, err) : 0;
}

static int pump(struct load *l, int64_t max_bytes, struct err *err)
{
    int rc = -1;
    int64_t rate = opts_number(l->opts, "rate"), n = 0;
    struct buf record, key;
    buf_init(&record, (size_t)max_bytes);
    buf_init(&key, 4096);
    while (!stopping) {
        struct err why = ERR_INIT;
        buf_clear(&record);
        buf_clear(&key);
        hold_back(l, n, rate);
        int got = stopping ? 0 : l->loader->next(l->state, &record, &key, &why);
        if (got == 0)
            break;
        if (got < 0 && why.class == ERR_RETRY) {
            if (l->producer != NULL)
                serve(l, 0, false);
            if (keep_position(l, false, err) < 0)
                goto out;
            if (l->producer == NULL)
                fflush(stdout);
            continue;
        }
        if (got < 0 && why.class == ERR_STOP) {
            *err = why;
            goto out;
        }
        n++;
        if (got < 0) {
            count_failure(l, "the record is larger than the topic takes");
            say_failure(l, why.text);
            continue;
        }
        if ((l->producer != NULL ? send(l, buf_str(&key), buf_str(&record), err) : put_line(l, buf_str(&record), err)) < 0)
            goto out;
        if (l->producer != NULL && n % POLL_EVERY == 0) {
            serve(l, 0, false);
            if (keep_position(l, false, err) < 0)
                goto out;
        }
    }
    rc = 0;
out:
    buf_fini(&record);
    buf_fini(&key);
    return rc;
}

/* Every record has its report before this ends, if only that it timed out. */
static void drain(struct load *l)
{
    int64_t end = monotonic_ms() + (l->endless ? DRAIN_ENDLESS_MS : l->timeout_ms + 10000);
    while (kafka_producer_waiting(l->producer) > 0 && monotonic_ms() < end && stopping < 2)
        serve(l, 100, true);
}

/* Where the last load of the same left off. */
static int go_on(struct load *l, struct err *err)
{
    if (l->loader->position == NULL || opts_flag(l->opts, "no-checkpoint"))
        return 0;
    struct buf position;
    buf_init(&position, 0);
    int keeps = l->loader->position(l->state, &position);
    buf_fini(&position);
    if (keeps == 0)
        return 0;
    l->checkpoint = checkpoint_new(l->loader, l->opts, l->topic, opts_flag(l->opts, "from-start"), on_delivered, l, err);
    if (l->checkpoint == NULL)
        return -1;
    if (l->loader->keep != NULL && l->loader->keep(l->state, checkpoint_stem(l->checkpoint), err) < 0)
        return -1;
    char count[32];
    int64_t records;
    struct str found = checkpoint_found(l->checkpoint, &records);
    if (found.n == 0)
        return 0;
    if (l->loader->resume(l->state, found, err) < 0)
        return err_at(err, "can't go on from %s (--from-start begins anew)", checkpoint_file(l->checkpoint));
    log_info("going on after %s records (--from-start begins anew) position=%s", progress_count(count, records),
             checkpoint_file(l->checkpoint));
    return 0;
}

static void summary(const struct load *l, double seconds, int64_t skipped)
{
    char count[32], rate[32], failed[32];
    progress_count(count, l->acknowledged);
    progress_count(failed, l->failed);
    progress_count(rate, (int64_t)((double)l->acknowledged / seconds));
    fprintf(stderr, "%s: %s records %s in %.1f s (%s/s, %.1f MB), %s failed", l->topic, count, "acknowledged", seconds, rate,
            (double)l->bytes / 1e6, failed);
    if (skipped > 0)
        fprintf(stderr, ", %s blank lines passed over", progress_count(count, skipped));
    fputs(stopping ? ", interrupted\n" : "\n", stderr);
    for (int i = 0; i < REASONS_MAX && l->reasons[i].count > 0; i++)
        fprintf(stderr, "  %s failed: %s\n", progress_count(count, l->reasons[i].count), l->reasons[i].text);
}

static void summary_json(const struct load *l, double seconds, int64_t skipped)
{
    struct buf b;
    buf_init(&b, 0);
    buf_puts(&b, "{\"topic\":");
    buf_put_json(&b, str_of(l->topic));
    buf_printf(&b,
               ",\"produced\":%" PRId64 ",\"acknowledged\":%" PRId64 ",\"failed\":%" PRId64 ",\"skipped\":%" PRId64
               ",\"bytes\":%" PRId64 ",\"seconds\":%.3f,\"records_per_second\":%.0f,\"interrupted\":%s,\"failures\":[",
               l->produced, l->acknowledged, l->failed, skipped, l->bytes, seconds, (double)l->acknowledged / seconds,
               stopping ? "true" : "false");
    for (int i = 0; i < REASONS_MAX && l->reasons[i].count > 0; i++) {
        buf_puts(&b, i > 0 ? ",{\"reason\":" : "{\"reason\":");
        buf_put_json(&b, str_of(l->reasons[i].text));
        buf_printf(&b, ",\"count\":%" PRId64 "}", l->reasons[i].count);
    }
    buf_puts(&b, "]}\n");
    fwrite(b.p, 1, b.n, stdout);
    buf_fini(&b);
}

static int load(const struct loader *loader, const struct opts *opts)
{
    int code = EXIT_FAILURE;
    int64_t total = -1, max_bytes = (int64_t)16 << 20, skipped = 0;
    bool print = opts_flag(opts, "print"), json = opts_flag(opts, "json"), opened = false;
    struct err err = ERR_INIT;
    struct load l = { .loader = loader, .opts = opts, .timeout_ms = opts_number(opts, "timeout") };
    if (print && json) {
        fprintf(stderr, "odw load %s: --print and --json both write to stdout; give one of them\nTry 'odw load %s --help'.\n",
                loader->name, loader->name);
        return 2;
    }
    if (loader->open(opts, &l.state, &total, &err) < 0) {
        if (err.class == ERR_STOP)
            code = 2;
        goto out;
    }
    opened = true;
    l.endless = total == LOADER_ENDLESS;
    l.alone.report = (struct kafka_report){ on_delivered, &l.alone };
    l.alone.owner = &l;
    if (find_topic(&l, &err) < 0 || (!print && (connect_kafka(&l, &max_bytes, &err) < 0 || go_on(&l, &err) < 0)))
        goto out;

    /* Not restarted: a read that waits on standard input must see the signal. */
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    progress_init(&l.progress, l.topic, "records", total);
    if (print)
        l.progress.terminal = false;
    l.started_ms = l.heard_ms = monotonic_ms();
    int rc = pump(&l, max_bytes, &err);
    if (l.producer != NULL) {
        drain(&l);
        kafka_producer_free(l.producer); /* what is left over gets its report here */
        l.producer = NULL;
        if (l.checkpoint != NULL && checkpoint_end(l.checkpoint, l.state, rc == 0 && !stopping, &err) < 0)
            rc = -1;
    }
    progress_clear(&l.progress);
    double seconds = (double)(monotonic_ms() - l.started_ms) / 1000;
    if (seconds < 0.001)
        seconds = 0.001;
    if (loader->skipped != NULL)
        skipped = loader->skipped(l.state);
    if (!print)
        summary(&l, seconds, skipped);
    if (json)
        summary_json(&l, seconds, skipped);
    if (rc == 0 && l.failed == 0 && l.acknowledged == l.produced)
        code = EXIT_SUCCESS;
out:
    if (err.class != ERR_NONE)
        fprintf(stderr, "odw load %s: %s\n", loader->name, err.text);
    if (code == 2)
        fprintf(stderr, "Try 'odw load %s --help'.\n", loader->name);
    kafka_producer_free(l.producer);
    checkpoint_free(l.checkpoint);
    if (opened)
        loader->close(l.state);
    return code;
}

static const struct opt own[] = {
    { .name = "topic",
      .type = OPT_TEXT,
      .arg = "TOPIC",
      .help = "Where to send; without it what kafka-engine/NAME.sql declares, else the loader's name" },
    { .name = "rate",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "0",
      .help = "At most so many records a second; 0: as many as go through" },
    { .name = "timeout",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "5m",
      .min = 1000,
      .max = 86400000,
      .help = "How long a record may wait for Kafka's acknowledgement before it counts as failed" },
    { .name = "queue-bytes",
      .type = OPT_SIZE,
      .arg = "SIZE",
      .fallback = "256M",
      .min = 1048576,
      .max = 2000000000,
      .help = "How much may wait for acknowledgement at once" },
    { .name = "from-start",
      .type = OPT_FLAG,
      .help = "Begin at the source's beginning, not where the last load of the same left off" },
    { .name = "no-checkpoint",
      .type = OPT_FLAG,
      .help = "Neither look where the last load left off nor keep how far this one comes" },
    { .name = "print", .type = OPT_FLAG, .help = "Write the records to stdout, one a line, and send nothing" },
    { .name = "json", .type = OPT_FLAG, .help = "Write the summary as one JSON object to stdout" },
};

static void list(FILE *to)
{
    fputs("Usage: odw load NAME [OPTION]... [OPERAND]\n"
          "Sends records of a data source to its topic; done when Kafka has acknowledged each of them.\n\n"
          "Loaders:\n",
          to);
    for (size_t i = 0; loaders[i] != NULL; i++) {
        const char *stop = strchr(loaders[i]->about, '.');
        fprintf(to, "  %-10s  %.*s\n", loaders[i]->name,
                stop != NULL ? (int)(stop - loaders[i]->about) : (int)strlen(loaders[i]->about), loaders[i]->about);
    }
    fputs("\n'odw load NAME --help' shows a loader's own options.\n", to);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        fputs("odw load: expected a loader's name\n", stderr);
        for (size_t i = 0; loaders[i] != NULL; i++)
            fprintf(stderr, "%s%s%s", i == 0 ? "There are: " : ", ", loaders[i]->name, loaders[i + 1] == NULL ? "\n" : "");
        fputs("Try 'odw load --help'.\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        list(stdout);
        return EXIT_SUCCESS;
    }
    const struct loader *loader = NULL;
    for (size_t i = 0; loaders[i] != NULL; i++)
        if (strcmp(loaders[i]->name, argv[1]) == 0)
            loader = loaders[i];
    if (loader == NULL) {
        fprintf(stderr, "odw load: there is no loader '%s'\nTry 'odw load --help'.\n", argv[1]);
        return 2;
    }
    struct opt table[OPTIONS_MAX] = { 0 };
    size_t n = 0;
    for (const struct opt *o = loader->options; o != NULL && o->name != NULL && n < OPTIONS_MAX - 1; o++)
        table[n++] = *o;
    for (size_t i = 0; i < sizeof own / sizeof own[0] && n < OPTIONS_MAX - 1; i++)
        table[n++] = own[i];
    char program[64], more[4096];
    snprintf(program, sizeof program, "odw load %s", loader->name);
    snprintf(
        more, sizeof more,
        "%s\n%s"
        "Exit codes: 0 every record is acknowledged (also where SIGTERM or SIGINT ended it), 1 some failed or Kafka is away,\n"
        "2 the command line is wrong.\n",
        loader->more != NULL ? loader->more : "",
        loader->position != NULL
            ? "How far a load has come is kept in the state folder (load/NAME-HASH.position, by source, topic and operands): one\n"
              "that was stopped or killed goes on there. Records may then come twice, with the same id: they are one row.\n\n"
            : "");
    struct opt_usage usage = {
        .program = program,
        .about = loader->about,
        .operands = loader->operands,
        .max_operands = loader->max_operands,
        .own = table,
        .shared = settings_shared,
        .more = more,
    };
    struct opts *opts = NULL;
    int code = settings_start(&usage, "odw", argc - 1, argv + 1, &opts);
    if (code >= 0)
        return code;
    code = load(loader, opts);
    opts_free(opts);
    return code;
}

const struct command command_load = {
    .name = "load",
    .about = "send records of a data source to its topic",
    .order = 30,
    .run = run,
};
