/* cli/functions_install: odw functions install, odw functions uninstall. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"
#include "cli/functions.h"
#include "cli/functions_server.h"

#define DIR_OPTION                                                                                                                 \
    {                                                                                                                              \
        .name = "dir", .type = OPT_TEXT, .arg = "DIR",                                                                             \
        .help = "The folder of the server's configuration (config.xml, config.d/): it says where functions go; without it "        \
                "--user-scripts and --functions-config, else " FUNCTIONS_CONFIG                                                    \
    }

static const struct opt install_own[] = {
    DIR_OPTION,
    { .name = "tar",
      .type = OPT_TEXT,
      .arg = "FILE",
      .help = "Write a tar file instead, to be unpacked at / of other machines; - is stdout" },
    { .name = "dry-run", .type = OPT_FLAG, .help = "Say what would be installed, touch nothing" },
    { .name = NULL },
};

static const struct opt_usage install_usage = {
    .program = "odw functions install",
    .about = "Puts the functions' program (odw-udf), the data, policies and contracts that functions need, and their declarations "
             "(odw_function.xml) where a ClickHouse server finds them, and has the server load them where it answers. Run again it "
             "upgrades: the new program stands beside the old one until the server has read the new declarations, and queries that "
             "run go "
             "on with the old one. 'odw apply' does this by itself for a server whose disk it can reach.",
    .own = install_own,
    .shared = settings_shared,
    .more = "Examples:\n"
            "  odw functions install --dir /etc/clickhouse-server   for the ClickHouse server of this machine\n"
            "  odw functions install --tar functions.tar            for others: tar -C / -xf functions.tar\n"
            "  odw functions install                                into the embedded stack, where one is up\n"
            "\n"
            "Exit codes: 0 installed, and loaded where the server answers; 1 not; 2 the command line is wrong.\n",
};

static const struct opt uninstall_own[] = {
    DIR_OPTION,
    { .name = "dry-run", .type = OPT_FLAG, .help = "Say what would be removed, touch nothing" },
    { .name = "force",
      .type = OPT_FLAG,
      .help = "Also where a table or view calls the functions, or where the server can't be asked" },
    { .name = NULL },
};

static const struct opt_usage uninstall_usage = {
    .program = "odw functions uninstall",
    .about = "Takes the functions off a server: declarations first, then programs, data, policies and contracts. Files that "
             "someone changed "
             "since they were installed stay. Refused while a table or view calls one of them.",
    .own = uninstall_own,
    .shared = settings_shared,
    .more = "Exit codes: 0 removed; 1 not; 2 the command line is wrong.\n",
};

/* Where --dir, the two folders, or this machine's own server say. 0, or an exit code. */
static int find_place(const struct opts *o, const char *program, struct functions_place *place)
{
    struct err err = ERR_INIT;
    const char *dir = opts_text(o, "dir"), *scripts = opts_text(o, "user-scripts"), *config = opts_text(o, "functions-config");
    if (dir == NULL && scripts != NULL && config != NULL) {
        *place = (struct functions_place){ .user_scripts = scripts, .config = config };
        return 0;
    }
    if (dir == NULL && access(FUNCTIONS_CONFIG "/config.xml", F_OK) == 0)
        dir = FUNCTIONS_CONFIG;
    if (dir == NULL) {
        fprintf(stderr,
                "%s: expected to be told where: --dir (the folder of the server's config.xml; there is none in " FUNCTIONS_CONFIG
                "), or --user-scripts and --functions-config (an embedded stack tells both; is one up? its state folder is %s)\n"
                "Try '%s --help'.\n",
                program, opts_text(o, "state-dir"), program);
        return 2;
    }
    if (functions_place_of(dir, place, &err) < 0) {
        fprintf(stderr, "%s: %s\n", program, err.text);
        return 1;
    }
    /* One of the two may be said by hand. */
    if (opts_given(o, "user-scripts") && opts_text(o, "dir") == NULL)
        place->user_scripts = scripts;
    if (opts_given(o, "functions-config") && opts_text(o, "dir") == NULL)
        *place = (struct functions_place){ .user_scripts = place->user_scripts, .config = config };
    return 0;
}

/* The server, if it answers and this is its folder. NULL otherwise, with the reason (where it is another server) or an error of
 * class ERR_RETRY (where none answers). */
static struct clickhouse *find_server(const struct opts *o, const struct functions_place *place, char why[PATH_MAX + 200],
                                      struct err *err)
{
    char theirs[PATH_MAX], ours[PATH_MAX];
    struct clickhouse *ch = clickhouse_new(o, err);
    char *path = NULL;
    why[0] = '\0';
    if (ch == NULL || clickhouse_use(ch, "system", err) < 0)
        goto fail;
    path = clickhouse_value(ch, "SELECT value FROM system.server_settings WHERE name = 'user_scripts_path'", NULL, 0, err);
    if (path == NULL)
        goto fail;
    /* Older servers don't tell. */
    if (path[0] != '\0' && realpath(path, theirs) != NULL && realpath(place->user_scripts, ours) != NULL &&
        strcmp(theirs, ours) != 0) {
        snprintf(why, PATH_MAX + 200, "the server at %s is another one: its user_scripts_path is %s",
                 opts_text(o, "clickhouse-url"), path);
        goto fail;
    }
    free(path);
    return ch;
fail:
    free(path);
    clickhouse_free(ch);
    return NULL;
}

/* What to type next where the server wasn't asked. */
static void say_next(const char *why)
{
    printf(
        "%s; a server that runs loads the declarations within seconds, or at SYSTEM RELOAD FUNCTIONS; then: odw functions test\n",
        why);
}

/* Has the server load what was installed. 0, 1: it doesn't. */
static int load(const struct opts *o, const struct functions_place *place, struct changes *changes)
{
    char why[PATH_MAX + 200], contracts[PATH_MAX];
    struct err err = ERR_INIT, denied = ERR_INIT;
    struct buf names, missing, releases;
    struct functions_program programs[FUNCTIONS_PROGRAMS];
    int code = 1, n = -1, n_programs = functions_programs(programs, &err);
    struct clickhouse *ch = n_programs < 0 ? NULL : find_server(o, place, why, &err);
    buf_init(&names, 0);
    buf_init(&missing, 0);
    buf_init(&releases, 0);
    if (ch == NULL) {
        if (why[0] == '\0' && opts_given(o, "clickhouse-url")) {
            fprintf(stderr, "odw functions install: installed, but the server can't be asked: %s\n", err.text);
            goto out;
        }
        if (why[0] == '\0')
            snprintf(why, sizeof why, "no server answers at %s (--clickhouse-url)", opts_text(o, "clickhouse-url"));
        say_next(why);
        code = 0;
        goto out;
    }
    for (int i = 0; i < n_programs; i++)
        buf_printf(&releases, "%s%s", i > 0 ? "," : "", programs[i].release);
    snprintf(contracts, sizeof contracts, "%s/odw/contracts", place->user_scripts);
    if (functions_names(contracts, &names, &err) < 0)
        goto fail;
    n = functions_missing(ch, NULL, buf_text(&names), buf_text(&releases), false, &missing, &err);
    if (n != 0) {
        /* Without the right to it, the server's own look at the folder has to do, every few seconds. */
        bool asked = clickhouse_do(ch, "SYSTEM RELOAD FUNCTIONS", &denied) == 0;
        n = functions_missing(ch, NULL, buf_text(&names), buf_text(&releases), true, &missing, &err);
        if (n > 0 && !asked)
            n = functions_missing(ch, NULL, buf_text(&names), buf_text(&releases), true, &missing, &err);
    }
    if (n < 0)
        goto fail;
    if (n > 0) {
        err_set(&err, ERR_STOP,
                "installed, but the server at %s has not loaded %s%s%s; does its configuration name %s and %s? its log says more",
                opts_text(o, "clickhouse-url"), buf_text(&missing), denied.text[0] != '\0' ? "; SYSTEM RELOAD FUNCTIONS: " : "",
                denied.text, place->user_scripts, place->config);
        goto fail;
    }
    if (functions_sweep(place, changes, &err) < 0)
        goto fail;
    size_t count = 1;
    for (size_t i = 0; i < names.n; i++)
        count += names.p[i] == ',';
    printf("the server at %s has loaded them, %zu functions; 'odw functions test' tries each\n", opts_text(o, "clickhouse-url"),
           count);
    code = 0;
    goto out;
fail:
    fprintf(stderr, "odw functions install: %s\n", err.text);
out:
    buf_fini(&names);
    buf_fini(&missing);
    buf_fini(&releases);
    clickhouse_free(ch);
    return code;
}

static int install_run(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct opts *o = NULL;
    struct functions_place place = { 0 };
    int code = settings_start(&install_usage, "functions", argc, argv, &o);
    if (code >= 0)
        return code;
    const char *tar = opts_text(o, "tar"), *root = opts_text(o, "root");
    struct changes changes = { .dry_run = opts_flag(o, "dry-run") };
    if (opts_text(o, "dir") != NULL && tar != NULL) {
        fputs("odw functions install: expected one of --dir and --tar, got both\nTry 'odw functions install --help'.\n", stderr);
        code = 2;
        goto out;
    }
    /* A tar on stdout leaves no room for words there. */
    changes.quiet = tar != NULL && strcmp(tar, "-") == 0;
    code = tar == NULL ? find_place(o, "odw functions install", &place) : 0;
    if (code > 0)
        goto out;
    code = 0;
    if ((tar != NULL ? functions_tar(tar, root, &changes, &err) : functions_install(&place, root, &changes, &err)) < 0) {
        fprintf(stderr, "odw functions install: %s\n", err.text);
        code = 1;
        goto out;
    }
    if (!changes.quiet)
        changes_end(&changes, "the functions are installed as they are here");
    if (tar == NULL && !changes.dry_run)
        code = load(o, &place, &changes);
out:
    opts_free(o);
    return code;
}

const struct verb functions_verb_install = { "install",
                                             "put programs, data and declarations where the server finds them; again to upgrade",
                                             install_run };

/* "database.table, …" of what calls one of the functions; "" for nothing. NULL and err. */
static char *callers(struct clickhouse *ch, const struct functions_place *place, struct err *err)
{
    char contracts[PATH_MAX];
    struct buf names;
    snprintf(contracts, sizeof contracts, "%s/odw/contracts", place->user_scripts);
    buf_init(&names, 0);
    char *found = NULL;
    if (functions_names(contracts, &names, err) == 0) {
        const struct clickhouse_param params[] = { { "names", buf_str(&names) } };
        found = clickhouse_value(
            ch,
            "SELECT arrayStringConcat(arraySort(groupUniqArray(20)(concat(database, '.', name))), ', ')"
            " FROM system.tables WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA')"
            " AND multiSearchAny(create_table_query, arrayMap(n -> concat(n, '('), splitByChar(',', {names:String})))",
            params, 1, err);
    }
    buf_fini(&names);
    return found;
}

static int uninstall_run(int argc, char **argv)
{
    char why[PATH_MAX + 200], *used = NULL;
    struct err err = ERR_INIT, gone = ERR_INIT;
    struct opts *o = NULL;
    struct functions_place place = { 0 };
    struct clickhouse *ch = NULL;
    int code = settings_start(&uninstall_usage, "functions", argc, argv, &o);
    if (code >= 0)
        return code;
    struct changes changes = { .dry_run = opts_flag(o, "dry-run") };
    code = find_place(o, "odw functions uninstall", &place);
    if (code > 0)
        goto out;
    code = 1;
    ch = find_server(o, &place, why, &gone);
    if (ch == NULL && !opts_flag(o, "force") && !changes.dry_run) {
        err_set(&err, ERR_STOP,
                "the server can't be asked whether a view calls the functions: %s; --force removes them all the same",
                why[0] != '\0' ? why : gone.text);
        goto fail;
    }
    if (ch != NULL && (used = callers(ch, &place, &err)) == NULL)
        goto fail;
    if (used != NULL && used[0] != '\0' && !opts_flag(o, "force")) {
        err_set(&err, ERR_STOP, "%s call%s them, and would fail without: drop or change %s first, or say --force", used,
                strchr(used, ',') != NULL ? "" : "s", strchr(used, ',') != NULL ? "those" : "it");
        goto fail;
    }
    if (functions_uninstall_declarations(&place, &changes, &err) < 0)
        goto fail;
    if (ch != NULL && !changes.dry_run && changes.n > 0 && clickhouse_do(ch, "SYSTEM RELOAD FUNCTIONS", &gone) < 0)
        printf("the server was not told (%s); it notices within seconds\n", gone.text);
    if (functions_uninstall_files(&place, &changes, &err) < 0)
        goto fail;
    changes_end(&changes, "no functions of odw's are installed there");
    code = 0;
    goto out;
fail:
    fprintf(stderr, "odw functions uninstall: %s\n", err.text);
out:
    free(used);
    clickhouse_free(ch);
    opts_free(o);
    return code;
}

const struct verb functions_verb_uninstall = { "uninstall", "take them away", uninstall_run };
