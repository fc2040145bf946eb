/* cli/functions_list: odw functions list: what each node has, and what it could not load. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/settings.h"
#include "cli/functions.h"
#include "cli/functions_server.h"

static const struct opt own[] = {
    { .name = "cluster", .type = OPT_TEXT, .arg = "NAME", .help = "Ask every node of this cluster" },
    { .name = "json", .type = OPT_FLAG, .help = "Print a JSON object for each function of each node, a line each" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw functions list",
    .about =
        "Shows the functions of odw's that a server has: which release serves them, whether they are loaded, and the last error "
        "where not; and those of this odw that it lacks.",
    .own = own,
    .shared = settings_shared,
    .more = "Exit codes: 0 each node has all of them, served by this release; 1 one hasn't, or can't be asked; 2 the command line "
            "is wrong.\n",
};

struct list {
    const char *names;    /* ours: ",name,name," */
    const char *releases; /* ",odw-udf-…," */
    char node[256];
    struct buf seen; /* of this node */
    bool json;
    int problems;
};

static bool listed(const char *list, struct str word)
{
    char text[512];
    return snprintf(text, sizeof text, ",%.*s,", STR_ARG(word)) < (int)sizeof text && strstr(list, text) != NULL;
}

/* The names that the node of which all was seen lacks. */
static void end_node(struct list *l)
{
    struct str rest = str_of(l->names);
    if (l->node[0] == '\0')
        return;
    while (rest.n > 0) {
        struct str name = str_cut(&rest, ',');
        if (name.n == 0 || listed(buf_text(&l->seen), name))
            continue;
        l->problems++;
        if (l->json)
            printf("{\"node\":\"%s\",\"function\":\"%.*s\",\"release\":null,\"status\":\"missing\",\"error\":\"\"}\n", l->node,
                   STR_ARG(name));
        else
            printf("  %-40.*s MISSING: odw functions install\n", STR_ARG(name));
    }
    buf_clear(&l->seen);
    buf_putc(&l->seen, ',');
}

/* node, version, name, command, status, error */
static int take(void *context, const struct str *f, size_t n)
{
    struct list *l = context;
    (void)n;
    if (!str_eq(f[0], str_of(l->node))) {
        end_node(l);
        snprintf(l->node, sizeof l->node, "%.*s", STR_ARG(f[0]));
        if (!l->json)
            printf("%s, ClickHouse %.*s\n", l->node, STR_ARG(f[1]));
    }
    struct str command = f[3], release = str_cut(&command, ' ');
    bool ours = str_starts(release, STR("odw-udf")), known = listed(l->names, f[2]);
    bool loaded = str_eq(f[4], STR("Success")), same = release.n == 0 || listed(l->releases, release);
    if (f[2].n == 0 || (!ours && !known)) /* other people's */
        return 0;
    buf_printf(&l->seen, "%.*s,", STR_ARG(f[2]));
    bool well = loaded && (ours || release.n == 0) && (same || !known);
    l->problems += !well;
    if (l->json) {
        json_t *o = json_pack("{s:s, s:s%, s:s%, s:s, s:s%}", "node", l->node, "function", f[2].p, (int)f[2].n, "release",
                              release.p, (int)release.n, "status", loaded ? "loaded" : "failed", "error", f[5].p, (int)f[5].n);
        json_dumpf(o, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(o);
        return 0;
    }
    printf("  %-40.*s %-34.*s", STR_ARG(f[2]), STR_ARG(release.n > 0 ? release : STR("(this server doesn't tell)")));
    if (!loaded)
        printf(" FAILED: %.*s", STR_ARG(f[5]));
    else if (!ours && release.n > 0)
        printf(" ANOTHER PROGRAM'S");
    else if (!known)
        printf(" loaded, not of this odw");
    else if (!same)
        printf(" loaded, ANOTHER RELEASE: odw functions install");
    else
        printf(" loaded");
    putchar('\n');
    return 0;
}

static int run(int argc, char **argv)
{
    char contracts[PATH_MAX];
    struct err err = ERR_INIT;
    struct opts *o = NULL;
    struct clickhouse *ch = NULL;
    struct buf names, all, releases, sql;
    struct functions_program programs[FUNCTIONS_PROGRAMS];
    struct list l = { 0 };
    int table, n, code = settings_start(&usage, "functions", argc, argv, &o);
    if (code >= 0)
        return code;
    code = 1;
    const char *cluster = opts_text(o, "cluster");
    buf_init(&names, 0);
    buf_init(&all, 0);
    buf_init(&releases, 0);
    buf_init(&sql, 0);
    buf_init(&l.seen, 0);
    buf_putc(&l.seen, ',');
    l.json = opts_flag(o, "json");
    snprintf(contracts, sizeof contracts, "%s/contracts", opts_text(o, "root"));
    if ((n = functions_programs(programs, &err)) < 0 || functions_names(contracts, &names, &err) < 0)
        goto out;
    buf_putc(&releases, ',');
    for (int i = 0; i < n; i++)
        buf_printf(&releases, "%s,", programs[i].release);
    buf_printf(&all, ",%s,", buf_text(&names));
    l.names = buf_text(&all);
    l.releases = buf_text(&releases);
    if ((ch = clickhouse_new(o, &err)) == NULL || clickhouse_use(ch, "system", &err) < 0 ||
        (table = functions_have_table(ch, &err)) < 0)
        goto out;
    static const char rows[] = "SELECT hostName() AS host, version() AS version, name, command, toString(load_status) AS status,"
                               " loading_error_message AS error FROM system.user_defined_functions"
                               " UNION ALL SELECT hostName(), version(), '', '', 'Success', ''";
    static const char old_rows[] =
        "SELECT hostName() AS host, version() AS version, name, '' AS command, 'Success' AS status, '' AS error"
        " FROM system.functions WHERE toString(origin) = 'ExecutableUserDefined'"
        " UNION ALL SELECT hostName(), version(), '', '', 'Success', ''";
    buf_printf(&sql,
               cluster != NULL ? "SELECT * FROM clusterAllReplicas({cluster:String}, view(%s)) ORDER BY host, name"
                               : "SELECT * FROM (%s) ORDER BY host, name",
               table ? rows : old_rows);
    const struct clickhouse_param params[] = { { "cluster", str_of(cluster != NULL ? cluster : "") } };
    if (clickhouse_rows(ch, buf_text(&sql), params, cluster != NULL, take, &l, &err) < 0)
        goto out;
    end_node(&l);
    code = l.problems > 0;
    if (!l.json)
        printf("%s%s\n", l.problems > 0 ? "not as here: " : "as here: ", programs[0].release);
out:
    if (err.class != ERR_NONE)
        fprintf(stderr, "odw functions list: %s\n", err.text);
    buf_fini(&names);
    buf_fini(&all);
    buf_fini(&releases);
    buf_fini(&sql);
    buf_fini(&l.seen);
    clickhouse_free(ch);
    opts_free(o);
    return code;
}

const struct verb functions_verb_list = { "list", "show what each node has, and what it could not load", run };
