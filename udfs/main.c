/* udfs: odw-udf, and programs like it: serves the functions of this folder to ClickHouse, and declares them. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <jansson.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/log.h"
#include "udfs/registry.h"

static const char help[] =
    "Usage: " ODW_UDF_PROGRAM " NAME\n"
    "       " ODW_UDF_PROGRAM " lint NAME | COMMAND…\n"
    "       " ODW_UDF_PROGRAM " --xml | --list | --cases FOLDER | --help | --version\n"
    "\n"
    "Serves a function to ClickHouse: rows come in on standard input in blocks, as many answers go out on\n"
    "standard output. ClickHouse starts it; the declarations that --xml prints say how.\n"
    "\n"
    "  lint               drives a function's program, also one that isn't odw's, as ClickHouse would, and says\n"
    "                     what would go wrong: " ODW_UDF_PROGRAM " lint --help\n"
    "  --xml              prints ClickHouse's declarations (a *_function.xml) of all functions, and of one\n"
    "                     record function for each contract\n"
    "  --command COMMAND  how ClickHouse calls this program in them (default: " ODW_UDF_PROGRAM ")\n"
    "  --list             prints the functions for people\n"
    "  --describe         prints them for programs: a line of JSON for each, with its examples\n"
    "  --docs             prints docs/functions.md; fails where a declaration lacks what people need\n"
    "  --cases FOLDER     runs a function's golden cases (udfs/NAME); UPDATE=1 in the environment rewrites\n"
    "                     the expected answers\n"
    "  --home DIR         where the files are that functions need, in contracts/, policies/ and data/\n"
    "                     (default: $ODW_UDF_HOME, else odw/ beside this program)\n"
    "  --contracts DIR    where contracts are, as STEM.HASH.schema.json or STEM.schema.json, if not there\n"
    "                     (default: $ODW_CONTRACTS)\n"
    "  --help, --version\n"
    "\n"
    "Exit codes: 0 the input ended where it may; 1 it did not, or a contract is missing or damaged; 2 usage.\n";

static int usage_error(const char *message, const char *what)
{
    fprintf(stderr, ODW_UDF_PROGRAM ": %s%s\nTry '" ODW_UDF_PROGRAM " --help'.\n", message, what);
    return 2;
}

static int failed(const struct err *err)
{
    log_error("%s", err->text);
    return 1;
}

static const char *version(void)
{
    static char text[200];
    char pcre2[64] = "?";
    pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    snprintf(text, sizeof text, ODW_UDF_PROGRAM " %s (jansson %s, PCRE2 %s)", ODW_VERSION, jansson_version_str(), pcre2);
    return text;
}

int udf_find(const char *name, const char *contracts, struct udf *out, struct err *err)
{
    for (const struct udf_entry *e = udf_registry; e->folder != NULL; e++) {
        int found = 0;
        if (e->udf != NULL && strcmp(e->udf->name, name) == 0) {
            *out = *e->udf;
            return 0;
        }
        if (e->family != NULL && (found = e->family->make(name, contracts, out, err)) != 0)
            return found < 0 ? -1 : 0;
    }
    return err_set(err, ERR_STOP, "expected the name of a function, got \"%.100s\" (" ODW_UDF_PROGRAM " --list prints them)", name);
}

static int print_xml(const struct udf *udf, const char *stem, void *command)
{
    (void)stem;
    return udf_print_xml(udf, command, stdout);
}

static int print_line(const struct udf *udf, const char *stem, void *arg)
{
    (void)stem, (void)arg;
    printf("%s(", udf->name);
    for (int i = 0; i < UDF_ARGS && udf->args[i].name != NULL; i++)
        printf("%s%s %s", i > 0 ? ", " : "", udf->args[i].name, udf->args[i].type);
    printf(") → %s\n    %s\n", udf->returns, udf->about);
    return 0;
}

/* Calls `each` for every function; the families' only where the folder of contracts exists or was asked for. */
static int for_all(int (*each)(const struct udf *, const char *, void *), void *arg, const char *contracts, bool asked,
                   struct err *err)
{
    for (const struct udf_entry *e = udf_registry; e->folder != NULL; e++) {
        if (e->udf != NULL && each(e->udf, NULL, arg) < 0)
            return err_errno(err, ERR_STOP, "writing to standard output");
        if (e->family != NULL && (asked || access(contracts, R_OK) == 0) && e->family->all(contracts, each, arg, err) < 0)
            return err_errno(err, ERR_STOP, "writing to standard output");
    }
    return 0;
}

static int print_all_xml(char *command, const char *contracts, bool asked, struct err *err)
{
    puts("<!-- Written by odw-udf from the functions' own declarations; odw functions install writes it anew. "
         "-->\n<functions>");
    if (for_all(print_xml, command, contracts, asked, err) < 0)
        return -1;
    puts("</functions>");
    return fflush(stdout) == 0 ? 0 : err_errno(err, ERR_STOP, "writing to standard output");
}

int main(int argc, char **argv)
{
    enum { XML = 1, COMMAND, LIST, DESCRIBE, DOCS, CASES, HOME, CONTRACTS, HELP, VERSION };
    static const struct option options[] = {
        { "xml", no_argument, NULL, XML },
        { "command", required_argument, NULL, COMMAND },
        { "list", no_argument, NULL, LIST },
        { "describe", no_argument, NULL, DESCRIBE },
        { "docs", no_argument, NULL, DOCS },
        { "cases", required_argument, NULL, CASES },
        { "home", required_argument, NULL, HOME },
        { "contracts", required_argument, NULL, CONTRACTS },
        { "help", no_argument, NULL, HELP },
        { "version", no_argument, NULL, VERSION },
        { 0 },
    };
    char path[PATH_MAX], command_default[] = ODW_UDF_PROGRAM, *command = command_default;
    const char *contracts = getenv("ODW_CONTRACTS"), *cases = NULL;
    bool asked = contracts != NULL;
    int what = 0, option;
    struct err err = ERR_INIT;
    argv[0] = ODW_UDF_PROGRAM; /* for getopt's messages */
    log_setup(ODW_UDF_PROGRAM, LOG_LEVEL_INFO, false);
    if (argc > 1 && strcmp(argv[1], "lint") == 0)
        return lint_command(argc - 1, argv + 1);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return fputs("Try '" ODW_UDF_PROGRAM " --help'.\n", stderr), 2; /* getopt has said what is wrong */
        if (option == COMMAND) {
            command = optarg;
        } else if (option == CONTRACTS) {
            contracts = optarg;
            asked = true;
        } else if (option == HOME) {
            udf_set_home(optarg);
        } else if (what != 0) {
            return usage_error("expected one of --xml, --list, --describe, --docs, --cases", "");
        } else {
            what = option;
            cases = option == CASES ? optarg : NULL;
        }
    }
    if (contracts == NULL) {
        snprintf(path, sizeof path, "%s/contracts", udf_home());
        contracts = path;
    }
    if (argc - optind != (what == 0))
        return usage_error(what == 0 ? "expected the name of one function" : "expected no further argument, got ",
                           what == 0 ? "" : argv[optind]);
    switch (what) {
    case HELP:
        fputs(help, stdout);
        return 0;
    case VERSION:
        puts(version());
        return 0;
    case LIST:
        return for_all(print_line, NULL, contracts, asked, &err) < 0 ? failed(&err) : 0;
    case DESCRIBE:
        return for_all(describe_print, stdout, contracts, asked, &err) < 0 ? failed(&err) : 0;
    case DOCS:
        return docs_print(stdout, &err) < 0 ? failed(&err) : 0;
    case XML:
        return print_all_xml(command, contracts, asked, &err) < 0 ? failed(&err) : 0;
    case CASES: {
        int done = cases_run(cases, contracts, &err);
        return done < 0 ? failed(&err) : done;
    }
    default: {
        static struct udf udf; /* and its contract: as long as the process lives */
        if (udf_find(argv[optind], contracts, &udf, &err) < 0) {
            failed(&err);
            udf_drain(STDIN_FILENO);
            return 1;
        }
        prctl(PR_SET_NAME, ODW_UDF_PROGRAM); /* whatever release the file is named after */
        return udf_serve(&udf, STDIN_FILENO, STDOUT_FILENO, &err) < 0 ? failed(&err) : 0;
    }
    }
}
