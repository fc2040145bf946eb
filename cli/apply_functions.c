/* cli/apply_functions: are the functions that views call loaded on the server; installed first where its disk is ours. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/apply.h"
#include "cli/functions.h"

enum { LOAD_WAIT_MS = 4000, LOAD_STEP_MS = 100 };

struct loaded {
    struct apply *apply;
    struct buf names;   /* ",name,name," */
    struct buf missing; /* "HOST: name, name; " */
    int n_missing;
};

/* A row per node: host, what is missing there, load errors of those. */
static int take_node(void *context, const struct str *fields, size_t n_fields)
{
    struct loaded *l = context;
    if (n_fields < 3 || fields[1].n == 0)
        return 0;
    l->n_missing++;
    if (l->missing.n > 0)
        buf_puts(&l->missing, "; ");
    buf_printf(&l->missing, "%.*s: %.*s", STR_ARG(fields[0]), STR_ARG(fields[1]));
    if (fields[2].n > 0)
        buf_printf(&l->missing, " (%.*s)", fields[2].n < 400 ? (int)fields[2].n : 400, fields[2].p);
    return 0;
}

/* What each node lacks of the functions. */
static int ask(struct loaded *l, struct err *err)
{
    const char *cluster = opts_text(l->apply->opts, "cluster");
    struct buf sql;
    struct str names = { l->names.p + 1, l->names.n - 2 };
    const struct clickhouse_param params[] = { { "names", names }, { "cluster", str_of(cluster != NULL ? cluster : "") } };
    buf_init(&sql, 0);
    buf_puts(&sql,
             "SELECT host, arrayStringConcat(arrayFilter(n -> NOT has(names, n), splitByChar(',', {names:String})), ', '),"
             " arrayStringConcat(errors, '; ') FROM (SELECT hostName() AS host,"
             " groupArrayIf(name, load_status = 'Success') AS names,"
             " groupArrayIf(loading_error_message, load_status != 'Success' AND loading_error_message != '') AS errors FROM ");
    /* A node without any function has no row of its own: one that always stands keeps it in sight. */
    if (cluster != NULL)
        buf_puts(&sql, "clusterAllReplicas({cluster:String}, view(SELECT name, load_status, loading_error_message FROM"
                       " system.user_defined_functions UNION ALL SELECT '', 'Success', ''))");
    else
        buf_puts(&sql, "(SELECT name, load_status, loading_error_message FROM system.user_defined_functions"
                       " UNION ALL SELECT '', 'Success', '')");
    buf_puts(&sql, " GROUP BY host)");
    l->n_missing = 0;
    buf_clear(&l->missing);
    int done = clickhouse_rows(l->apply->ch, buf_text(&sql), params, cluster != NULL ? 2 : 1, take_node, l, err);
    buf_fini(&sql);
    return done;
}

/* The names that `odw-udf --list` begins its lines with. */
static int put_listed(struct loaded *l, const char *contracts, struct err *err)
{
    struct buf list;
    buf_init(&list, 0);
    int done = functions_ask("--list", contracts, &list, err);
    struct str rest = buf_str(&list);
    while (done == 0 && rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        size_t n = 0;
        while (n < line.n && line.p[n] != '(' && line.p[n] != ' ')
            n++;
        if (n > 0 && n < line.n && line.p[n] == '(')
            buf_printf(&l->names, "%.*s,", (int)n, line.p);
    }
    buf_fini(&list);
    return done;
}

static int wait_until_loaded(struct loaded *l, struct err *err)
{
    for (int waited = 0;; waited += LOAD_STEP_MS) {
        if (ask(l, err) < 0)
            return -1;
        if (l->n_missing == 0 || waited >= LOAD_WAIT_MS)
            return 0;
        nanosleep(&(struct timespec){ .tv_nsec = LOAD_STEP_MS * 1000000L }, NULL);
    }
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
    if (ask(l, err) < 0)
        return -1;
    if (a->changes.n == before && l->n_missing == 0)
        return 0;
    if (a->changes.n == before)
        change(&a->changes, "reload the functions (%s)", buf_text(&l->missing));
    if (apply_run(a, "reloading the functions", "SYSTEM RELOAD FUNCTIONS", err) < 0 || wait_until_loaded(l, err) < 0)
        return -1;
    if (l->n_missing > 0)
        return err_set(err, ERR_STOP,
                       "expected the server to load the functions within %d s of SYSTEM RELOAD FUNCTIONS, it has not: %s; do its "
                       "settings user_scripts_path and user_defined_executable_functions_config name %s and %s/*_function.xml?",
                       LOAD_WAIT_MS / 1000, buf_text(&l->missing), place->user_scripts, place->config);
    return 0;
}

static int verify(struct loaded *l, struct err *err)
{
    struct apply *a = l->apply;
    if (ask(l, err) < 0)
        return -1;
    if (l->n_missing == 0)
        return 0;
    if (!a->dry_run &&
        (apply_run(a, "reloading the functions", "SYSTEM RELOAD FUNCTIONS", err) < 0 || wait_until_loaded(l, err) < 0))
        return -1;
    if (l->n_missing == 0)
        return 0;
    return err_set(err, ERR_STOP,
                   "functions are missing on the server, whose disk can't be reached from here: %s; on each node: "
                   "'odw functions install --dir /', or 'odw functions install --tar odw-functions.tar' here and "
                   "'tar -C / -xf odw-functions.tar' there; then 'odw apply' again",
                   buf_text(&l->missing));
}

int apply_functions(struct apply *a, struct err *err)
{
    int done = -1;
    char contracts[PATH_MAX];
    struct loaded l = { .apply = a };
    struct functions_place place = { opts_text(a->opts, "user-scripts"), opts_text(a->opts, "functions-config") };
    buf_init(&l.names, 0);
    buf_init(&l.missing, 0);
    buf_putc(&l.names, ',');
    snprintf(contracts, sizeof contracts, "%s/contracts", a->plan->root);
    if (put_listed(&l, contracts, err) < 0)
        goto out;
    if (l.names.n < 2) {
        err_set(err, ERR_STOP, "expected odw-udf --list to name functions, it named none");
        goto out;
    }
    done = place.user_scripts != NULL && place.config != NULL ? install(&l, &place, err) : verify(&l, err);
out:
    buf_fini(&l.names);
    buf_fini(&l.missing);
    return done;
}

int apply_aliases(struct apply *a, struct err *err)
{
    if (a->no_database) /* nothing can be asked with it as the default; a dry run has said enough */
        return 0;
    for (size_t i = 0; i < a->plan->n_sources; i++) {
        const struct contract *c = a->plan->sources[i].contract;
        const char *record = contract_function(c);
        const char *end = strrchr(record, '_');
        char *name = arena_printf(&a->arena, "%.*s", (int)(end - record), record);
        char *note = name != NULL ? arena_printf(&a->arena, "function %s", name) : NULL;
        if (note == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        const struct clickhouse_param params[] = { { "name", str_of(name) }, { "record", str_of(record) } };
        /* What it is now says more than a note would: two databases of a server share it. */
        char *same = clickhouse_value(a->ch,
                                      "SELECT count() FROM system.functions WHERE name = {name:String}"
                                      " AND position(create_query, {record:String}) > 0",
                                      params, 2, err);
        if (same == NULL)
            return -1;
        bool right = strcmp(same, "1") == 0;
        free(same);
        if (right)
            continue;
        change(&a->changes, "create function %s(message), which is %s for people", name, record);
        char *sql = arena_printf(&a->arena, "CREATE OR REPLACE FUNCTION %s AS (message) -> %s(now64(3), message)", name, record);
        if (sql == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        if (!a->dry_run && apply_run(a, note, sql, err) < 0)
            return -1;
    }
    return 0;
}
