/* cli/cmd_apply: odw apply: makes the servers what the files declare. */
#include <stdio.h>
#include <string.h>

#include "base/opt.h"
#include "base/settings.h"
#include "cli/apply.h"
#include "cli/check.h"
#include "cli/command.h"
#include "cli/lock.h"

enum { LOCK_WAIT_S = 30 };

static const struct opt own[] = {
    { .name = "dry-run", .type = OPT_FLAG, .help = "Say what would change, change nothing" },
    { .name = "adopt-topic",
      .type = OPT_TEXT,
      .arg = "NAME",
      .help = "Take over this topic although its message.timestamp.type isn't LogAppendTime, and change that" },
    { .name = "no-check", .type = OPT_FLAG, .help = "Don't do first what 'odw check' does" },
    { .name = "allow-incompatible",
      .type = OPT_FLAG,
      .help = "Take a contract under which fields are gone, have another type, or are newly required" },
    { .name = "cluster",
      .type = OPT_TEXT,
      .arg = "NAME",
      .help = "Ask every node of this ClickHouse cluster whether the functions are installed, not just the one that answers" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw apply",
    .about = "Makes Kafka and ClickHouse what the files below --root declare: topics, functions and contracts, tables, views, "
             "queues. What is right already is left alone. Messages that flow meanwhile are neither lost nor doubled.",
    .own = own,
    .shared = settings_shared,
    .more = "Stopped in the middle, run it again: it goes on where it was. Two at once: the second waits for the first.\n"
            "A line on stdout for each change; exit codes: 0 done, 1 failed, 2 the command line or the configuration is wrong.\n",
};

/* Only where something changes: a second apply costs nothing. */
static int check(struct apply *a, struct err *err)
{
    bool work = false;
    for (size_t i = 0; i < a->plan->n_objects; i++)
        work = work || !a->objects[i].exists || a->objects[i].changed;
    if (!work || opts_flag(a->opts, "no-check") || check_declarations(a->opts, false, err) == 0)
        return 0;
    return err_set(err, ERR_STOP, "nothing was touched: odw check finds what is listed above wrong");
}

static int steps(struct apply *a, struct err *err)
{
    return apply_database(a, err) < 0 || apply_look(a, err) < 0 || check(a, err) < 0 || apply_contracts(a, err) < 0 ||
                   apply_topics(a, err) < 0 || apply_functions(a, err) < 0 || apply_objects(a, err) < 0 || apply_aliases(a, err) < 0
               ? -1
               : 0;
}

static int apply(struct apply *a, struct err *err)
{
    int done = -1;
    struct lock *lock = NULL;
    struct kafka_topic any;
    if ((a->plan = plan_load(opts_text(a->opts, "root"), a->database, err)) == NULL)
        return -1;
    if (a->plan->n_objects == 0)
        return err_set(err, ERR_STOP, "%s: expected sql/, mv/ and kafka-engine/ with .sql files, found none",
                       opts_text(a->opts, "root"));
    /* Both servers are asked before anything is touched. */
    if ((a->ch = clickhouse_new(a->opts, err)) == NULL || apply_check_server(a, err) < 0)
        return -1;
    if ((a->kafka = kafka_admin_new(a->opts, err)) == NULL)
        return -1;
    if (a->plan->n_sources > 0 && kafka_topic_describe(a->kafka, a->plan->sources[0].topic, &any, err) < 0)
        return -1;
    if (!a->dry_run && (lock = lock_take(a->opts, "apply", LOCK_WAIT_S, err)) == NULL)
        return -1;
    done = steps(a, err);
    lock_release(lock);
    return done;
}

static int run(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct apply a = { 0 };
    struct opts *o = NULL;
    int code = settings_start(&usage, "apply", argc, argv, &o);
    if (code >= 0)
        return code;
    arena_init(&a.arena, 0);
    a.opts = o;
    a.database = opts_text(o, "database");
    a.dry_run = a.changes.dry_run = opts_flag(o, "dry-run");
    int done = apply(&a, &err);
    if (done < 0)
        fprintf(stderr, "odw apply: %s\n", err.text);
    else
        changes_end(&a.changes, "everything is as declared");
    kafka_admin_free(a.kafka);
    clickhouse_free(a.ch);
    plan_free(a.plan);
    arena_fini(&a.arena);
    opts_free(o);
    return done < 0;
}

const struct command command_apply = {
    .name = "apply",
    .about = "make Kafka and ClickHouse what the files declare",
    .order = 20,
    .run = run,
};
