/* cli/apply_functions: are the functions that views call loaded on the server; installed first where its disk is ours. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/apply.h"
#include "cli/functions.h"
#include "cli/functions_server.h"

struct loaded {
    struct apply *apply;
    struct buf names;   /* "name,name" */
    struct buf missing; /* "HOST: name, name; " */
    int n_missing;
};

static int ask(struct loaded *l, bool wait, struct err *err)
{
    l->n_missing =
        functions_missing(l->apply->ch, opts_text(l->apply->opts, "cluster"), buf_text(&l->names), NULL, wait, &l->missing, err);
    return l->n_missing < 0 ? -1 : 0;
}

/* On the disk that is ours. */
static int install(struct loaded *l, const struct functions_place *place, struct err *err)
{
    struct apply *a = l->apply;
    int before = a->changes.n;
    if (functions_install(place, a->plan->root, &a->changes, err) < 0)
        return -1;
    if (a->dry_run)
        return 0;
    if (ask(l, false, err) < 0)
        return -1;
    if (a->changes.n == before && l->n_missing == 0)
        return 0;
    if (a->changes.n == before)
        change(&a->changes, "reload the functions (%s)", buf_text(&l->missing));
    if (apply_run(a, "reloading the functions", "SYSTEM RELOAD FUNCTIONS", err) < 0 || ask(l, true, err) < 0)
        return -1;
    if (l->n_missing > 0)
        return err_set(err, ERR_STOP,
                       "expected the server to load the functions within %d s of SYSTEM RELOAD FUNCTIONS, it has not: %s; do its "
                       "settings user_scripts_path and user_defined_executable_functions_config name %s and %s/*_function.xml?",
                       FUNCTIONS_WAIT_MS / 1000, buf_text(&l->missing), place->user_scripts, place->config);
    return functions_sweep(place, &a->changes, err);
}

static int verify(struct loaded *l, struct err *err)
{
    struct apply *a = l->apply;
    if (ask(l, false, err) < 0)
        return -1;
    if (l->n_missing == 0)
        return 0;
    if (!a->dry_run && (apply_run(a, "reloading the functions", "SYSTEM RELOAD FUNCTIONS", err) < 0 || ask(l, true, err) < 0))
        return -1;
    if (l->n_missing == 0)
        return 0;
    return err_set(
        err, ERR_STOP,
        "functions are missing on the server, whose disk can't be reached from here: %s; on each node: "
        "'odw functions install --dir /etc/clickhouse-server', or 'odw functions install --tar odw-functions.tar' here and "
        "'tar -C / -xf odw-functions.tar' there; then 'odw apply' again",
        buf_text(&l->missing));
}

/* "eventsRecord": what people call the contract's function. */
static char *alias_of(struct apply *a, const struct contract *c, struct err *err)
{
    const char *record = contract_function(c), *end = strrchr(record, '_');
    char *name = arena_printf(&a->arena, "%.*s", (int)(end - record), record);
    if (name == NULL)
        err_set(err, ERR_STOP, "out of memory");
    return name;
}

/* Whether the alias stands for the contract as it is. What it is now says more than a note would: two databases of a server share
 * it. */
static int look_at_alias(struct apply *a, const struct contract *c, bool *stands, struct err *err)
{
    const char *name = alias_of(a, c, err);
    if (name == NULL)
        return -1;
    const struct clickhouse_param params[] = { { "name", str_of(name) }, { "record", str_of(contract_function(c)) } };
    char *same = clickhouse_value(a->ch,
                                  "SELECT count() FROM system.functions WHERE name = {name:String}"
                                  " AND position(create_query, {record:String}) > 0",
                                  params, 2, err);
    if (same == NULL)
        return -1;
    *stands = strcmp(same, "1") == 0;
    free(same);
    return 0;
}

/* A key, a policy or data that the function lacks is found out here, not by the first block of messages, which would wait. */
static int try_record(struct apply *a, const struct contract *c, struct err *err)
{
    char *sql = arena_printf(&a->arena, "SELECT tupleElement(%s(now64(3), ''), 'verdict')", contract_function(c));
    char *verdict = sql != NULL ? clickhouse_value(a->ch, sql, NULL, 0, err) : NULL;
    if (sql == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    if (verdict == NULL)
        return err_at(err, "contracts/%s.schema.json: trying %s", contract_stem(c), contract_function(c));
    free(verdict);
    return 0;
}

/* Tries the functions of contracts that are new or have changed. */
static int try_records(struct apply *a, struct err *err)
{
    if (a->no_database) /* nothing can be asked with it as the default; a dry run has said enough */
        return 0;
    if ((a->aliased = arena_alloc(&a->arena, (a->plan->n_contracts + 1) * sizeof *a->aliased)) == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (size_t i = 0; i < a->plan->n_contracts; i++) {
        const struct contract *c = a->plan->contracts[i];
        if (look_at_alias(a, c, &a->aliased[i], err) < 0 || (!a->aliased[i] && !a->dry_run && try_record(a, c, err) < 0))
            return -1;
    }
    return 0;
}

int apply_functions(struct apply *a, struct err *err)
{
    int done = -1;
    char contracts[PATH_MAX];
    struct loaded l = { .apply = a };
    struct functions_place place = { .user_scripts = opts_text(a->opts, "user-scripts"),
                                     .config = opts_text(a->opts, "functions-config") };
    buf_init(&l.names, 0);
    buf_init(&l.missing, 0);
    snprintf(contracts, sizeof contracts, "%s/contracts", a->plan->root);
    if (functions_names(contracts, &l.names, err) < 0)
        goto out;
    done = place.user_scripts != NULL && place.config != NULL ? install(&l, &place, err) : verify(&l, err);
    if (done == 0)
        done = try_records(a, err);
out:
    buf_fini(&l.names);
    buf_fini(&l.missing);
    return done;
}

int apply_aliases(struct apply *a, struct err *err)
{
    for (size_t i = 0; i < a->plan->n_contracts && !a->no_database; i++) {
        if (a->aliased[i])
            continue;
        const struct contract *c = a->plan->contracts[i];
        const char *record = contract_function(c), *name = alias_of(a, c, err);
        char *note = name != NULL ? arena_printf(&a->arena, "function %s", name) : NULL;
        if (note == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        change(&a->changes, "create function %s(message), which is %s for people", name, record);
        char *sql = arena_printf(&a->arena, "CREATE OR REPLACE FUNCTION %s AS (message) -> %s(now64(3), message)", name, record);
        if (sql == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        if (!a->dry_run && apply_run(a, note, sql, err) < 0)
            return -1;
    }
    return 0;
}
