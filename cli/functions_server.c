/* cli/functions_server: what servers say of the functions that they have. */
#include "cli/functions_server.h"

#include <stdlib.h>
#include <time.h>

enum { STEP_MS = 100 };

struct missing {
    struct buf *text;
    int nodes;
};

/* A row per node: host, what is missing there, load errors of those. */
static int take_node(void *context, const struct str *fields, size_t n_fields)
{
    struct missing *m = context;
    if (n_fields < 3 || fields[1].n == 0)
        return 0;
    m->nodes++;
    buf_printf(m->text, "%s%.*s: %.*s", m->text->n > 0 ? "; " : "", STR_ARG(fields[0]), STR_ARG(fields[1]));
    if (fields[2].n > 0)
        buf_printf(m->text, " (%.*s)", fields[2].n < 400 ? (int)fields[2].n : 400, fields[2].p);
    return 0;
}

int functions_have_table(struct clickhouse *ch, struct err *err)
{
    char *n = clickhouse_value(
        ch, "SELECT count() FROM system.tables WHERE database = 'system' AND name = 'user_defined_functions'", NULL, 0, err);
    if (n == NULL)
        return -1;
    int have = strcmp(n, "0") != 0;
    free(n);
    return have;
}

static int ask(struct clickhouse *ch, const char *cluster, const char *names, const char *releases, bool table, struct buf *missing,
               struct err *err)
{
    struct buf sql;
    struct missing m = { .text = missing };
    const struct clickhouse_param params[] = { { "names", str_of(names) },
                                               { "releases", str_of(releases != NULL ? releases : "") },
                                               { "cluster", str_of(cluster != NULL ? cluster : "") } };
    /* A node without any function has no row of its own: one that always stands keeps it in sight. */
    static const char rows[] = "SELECT name, command, toString(load_status) AS status, loading_error_message AS error FROM"
                               " system.user_defined_functions UNION ALL SELECT '', '', 'Success', ''";
    static const char old_rows[] = "SELECT name, '' AS command, 'Success' AS status, '' AS error FROM system.functions"
                                   " WHERE toString(origin) = 'ExecutableUserDefined' UNION ALL SELECT '', '', 'Success', ''";
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT host, arrayStringConcat(arrayFilter(n -> NOT has(names, n), splitByChar(',', {names:String})), ', '),"
                   " arrayStringConcat(errors, '; ') FROM (SELECT hostName() AS host,"
                   " groupArrayIf(name, status = 'Success' AND (empty({releases:String}) OR empty(command) OR"
                   " has(splitByChar(',', {releases:String}), splitByChar(' ', command)[1]))) AS names,"
                   " groupArrayIf(error, status != 'Success' AND error != '') AS errors FROM ");
    if (cluster != NULL)
        buf_printf(&sql, "clusterAllReplicas({cluster:String}, view(%s))", table ? rows : old_rows);
    else
        buf_printf(&sql, "(%s)", table ? rows : old_rows);
    buf_puts(&sql, " GROUP BY host)");
    buf_clear(missing);
    int done = clickhouse_rows(ch, buf_text(&sql), params, cluster != NULL ? 3 : 2, take_node, &m, err);
    buf_fini(&sql);
    return done < 0 ? -1 : m.nodes;
}

int functions_missing(struct clickhouse *ch, const char *cluster, const char *names, const char *releases, bool wait,
                      struct buf *missing, struct err *err)
{
    int table = functions_have_table(ch, err);
    for (int waited = 0; table >= 0; waited += STEP_MS) {
        int n = ask(ch, cluster, names, releases, table != 0, missing, err);
        if (n <= 0 || !wait || waited >= FUNCTIONS_WAIT_MS)
            return n;
        nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000L }, NULL);
    }
    return -1;
}
