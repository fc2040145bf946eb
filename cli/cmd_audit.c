/* cli/audit: `odw audit`: proves that every message consumed is a row or a dead letter, each once. */
#include <inttypes.h>
#include <stdio.h>

#include "base/settings.h"
#include "cli/audit.h"
#include "cli/command.h"
#include "cli/lock.h"

static const struct opt own[] = {
    { .name = "json", .type = OPT_FLAG, .help = "Print the whole report as one JSON object" },
    { .name = "read-only",
      .type = OPT_FLAG,
      .help = "Write nothing: no seals for what was proven, no dead letters for empty messages" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw audit",
    .about = "Proves that nothing was lost: every message that was consumed is a row or a dead letter, each once. Says where that "
             "does not hold.",
    .own = own,
    .shared = settings_shared,
    .more =
        "What it looks at, per source: every offset from where odw apply began to what the consumer group has committed has a "
        "ledger\n"
        "line; every good line's identity is among the rows; every other line among the dead letters; and the rows of the days "
        "that\n"
        "were proven earlier are still what they were. A message that waits to be consumed is lag, not a loss. Messages with\n"
        "different content of one record are listed, and are no loss: the newest is the row. A topic that was deleted and created\n"
        "again is another topic: what came from the former one is proven for the last time, and offsets count from 0 again.\n\n"
        "Exit codes: 0 it holds, 1 it does not hold or could not be found out, 2 usage.",
};

static int64_t count(const json_t *counts, const char *word)
{
    return json_integer_value(json_object_get(counts, word));
}

static void print_source(const json_t *s)
{
    const json_t *counts = json_object_get(s, "lines"), *one;
    const char *topic = json_string_value(json_object_get(s, "topic"));
    size_t i;
    printf("%s\n", json_string_value(json_object_get(s, "source")));
    json_array_foreach(json_object_get(s, "partitions"), i, one)
    {
        printf("  %s/%" PRId64 ": offsets %" PRId64 " to %" PRId64 ", lag %" PRId64 "%s\n", topic, count(one, "partition"),
               count(one, "start"), count(one, "committed"), count(one, "high") - count(one, "committed"),
               count(one, "lost") > 0 ? ", MESSAGES MISSING" : "");
    }
    printf("  %" PRId64 " ok, %" PRId64 " not JSON, %" PRId64 " against the contract, %" PRId64 " simulated failures, %" PRId64
           " empty; %" PRId64 " offsets without a message\n",
           count(counts, "ok"), count(counts, "parse"), count(counts, "contract"), count(counts, "simulated"),
           count(counts, "empty"), count(counts, "absent") + count(counts, "unprovable"));
    if (count(counts, "document") > 0)
        printf("  %" PRId64 " whose document could not be read\n", count(counts, "document"));
    if (count(counts, "erased") > 0)
        printf("  %" PRId64 " that came again after they were erased, and were not taken in\n", count(counts, "erased"));
    if (count(s, "conflicting") > 0)
        printf("  %" PRId64 " records came with different content, of which the newest stands:\n", count(s, "conflicting"));
    json_array_foreach(json_object_get(s, "conflicts"), i, one) printf(
        "    %s: %s\n", json_string_value(json_object_get(one, "record_day")), json_string_value(json_object_get(one, "messages")));
    json_array_foreach(json_object_get(s, "notes"), i, one) printf("  note: %s\n", json_string_value(one));
    json_array_foreach(json_object_get(s, "problems"), i, one) printf("  PROBLEM: %s\n", json_string_value(one));
}

static int audit(const struct opts *o, struct err *err)
{
    struct plan *plan = NULL;
    struct clickhouse *ch = NULL;
    struct kafka_admin *kafka = NULL;
    json_t *report = NULL;
    struct lock *lock = NULL;
    bool holds = false;
    int rc = -1;
    if ((plan = plan_load(opts_text(o, "root"), opts_text(o, "database"), err)) == NULL || (ch = clickhouse_new(o, err)) == NULL ||
        (kafka = kafka_admin_new(o, err)) == NULL)
        goto out;
    const struct audit_options options = { .read_only = opts_flag(o, "read-only") };
    /* Seals and erasures must know of each other. */
    if (!options.read_only && (lock = lock_take(o, "audit", AUDIT_WAIT_S, err)) == NULL)
        goto out;
    report = audit_all(ch, kafka, plan, &options, &holds, err);
    if (report == NULL)
        goto out;
    if (opts_flag(o, "json")) {
        json_dumpf(report, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        size_t i;
        const json_t *one;
        json_array_foreach(json_object_get(report, "sources"), i, one) print_source(one);
        puts(holds ? "holds: every message consumed is a row or a dead letter, each once"
                   : "DOES NOT HOLD: see the problems above");
    }
    rc = holds ? 0 : 1;
out:
    lock_release(lock);
    json_decref(report);
    kafka_admin_free(kafka);
    clickhouse_free(ch);
    plan_free(plan);
    return rc;
}

static int run(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(&usage, "odw audit", argc, argv, &o);
    if (code >= 0)
        return code;
    int rc = audit(o, &err);
    if (rc < 0)
        fprintf(stderr, "odw audit: %s\n", err.text);
    opts_free(o);
    return rc < 0 ? 1 : rc;
}

const struct command command_audit = { .name = "audit", .about = "prove that nothing was lost", .order = 50, .run = run };
