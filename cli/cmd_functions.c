/* cli/cmd_functions: odw functions install: the C functions, where a ClickHouse server finds them. */
#include <stdio.h>
#include <string.h>

#include "base/opt.h"
#include "base/settings.h"
#include "cli/command.h"
#include "cli/functions.h"

static const struct opt own[] = {
    { .name = "dir",
      .type = OPT_TEXT,
      .arg = "DIR",
      .help = "Install below DIR as the Debian package lays a server out (DIR" FUNCTIONS_USER_SCRIPTS " and DIR" FUNCTIONS_CONFIG
              "); / is this machine's own server" },
    { .name = "tar", .type = OPT_TEXT, .arg = "FILE", .help = "Write the same as a tar file, to be unpacked at / of each node" },
    { .name = "dry-run", .type = OPT_FLAG, .help = "Say what would be installed, touch nothing" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw functions install",
    .about = "Puts the functions' program (odw-udf), the contracts and the functions' declarations (odw_function.xml) where a "
             "ClickHouse server finds them. With neither --dir nor --tar: into --user-scripts and --functions-config, which the "
             "embedded stack tells. 'odw apply' does this by itself for a server whose disk it can reach.",
    .own = own,
    .shared = settings_shared,
    .more = "Examples:\n"
            "  odw functions install                      into the embedded stack\n"
            "  odw functions install --dir /              for the ClickHouse server of this machine\n"
            "  odw functions install --tar functions.tar  for other machines: tar -C / -xf functions.tar\n"
            "\n"
            "A server of its own needs nothing else where user_scripts_path and user_defined_executable_functions_config have\n"
            "their defaults; see docs/operations.md.\n",
};

static int fail(const struct err *err)
{
    fprintf(stderr, "odw functions install: %s\n", err->text);
    return 1;
}

static int install(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct opts *o = NULL;
    int code = settings_start(&usage, "functions", argc, argv, &o);
    if (code >= 0)
        return code;

    const char *dir = opts_text(o, "dir"), *tar = opts_text(o, "tar"), *root = opts_text(o, "root");
    char user_scripts[4096], config[4096];
    struct functions_place place = { opts_text(o, "user-scripts"), opts_text(o, "functions-config") };
    struct changes changes = { .dry_run = opts_flag(o, "dry-run") };
    code = 0;
    if (dir != NULL && tar != NULL) {
        fputs("odw functions install: expected one of --dir and --tar, got both\nTry 'odw functions install --help'.\n", stderr);
        code = 2;
        goto out;
    }
    if (dir != NULL) {
        size_t n = strlen(dir);
        while (n > 0 && dir[n - 1] == '/')
            n--;
        snprintf(user_scripts, sizeof user_scripts, "%.*s" FUNCTIONS_USER_SCRIPTS, (int)n, dir);
        snprintf(config, sizeof config, "%.*s" FUNCTIONS_CONFIG, (int)n, dir);
        place = (struct functions_place){ user_scripts, config };
    }
    /* A tar on stdout leaves no room for words there. */
    changes.quiet = tar != NULL && strcmp(tar, "-") == 0;
    if (tar == NULL && (place.user_scripts == NULL || place.config == NULL)) {
        fprintf(
            stderr,
            "odw functions install: expected to be told where: --dir, --tar, or --user-scripts and --functions-config (an embedded "
            "stack tells the last two; is one up? its state folder is %s)\nTry 'odw functions install --help'.\n",
            opts_text(o, "state-dir"));
        code = 2;
        goto out;
    }
    if ((tar != NULL ? functions_tar(tar, root, &changes, &err) : functions_install(&place, root, &changes, &err)) < 0)
        code = fail(&err);
    else if (!changes.quiet)
        changes_end(&changes, "the functions are installed as they are here");
out:
    opts_free(o);
    return code;
}

static int run(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "install") == 0)
        return install(argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts("Usage: odw functions install [OPTION]...\n"
             "Puts the C functions where a ClickHouse server finds them; 'odw functions install --help' says more.");
        return 0;
    }
    fprintf(stderr, "odw functions: expected the word install, got %s%s%s\nTry 'odw functions --help'.\n", argc > 1 ? "'" : "",
            argc > 1 ? argv[1] : "nothing", argc > 1 ? "'" : "");
    return 2;
}

const struct command command_functions = {
    .name = "functions",
    .about = "install the C functions where a ClickHouse server finds them",
    .order = 25,
    .run = run,
};
