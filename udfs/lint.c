/* udfs: odw-udf lint: the command line of lib/lint. */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lint/lint.h"
#include "udfs/registry.h"

static const char help[] =
    "Usage: " ODW_UDF_PROGRAM " lint [OPTION]... NAME\n"
    "       " ODW_UDF_PROGRAM " lint [OPTION]... COMMAND [ARGUMENT]...\n"
    "       " ODW_UDF_PROGRAM " lint [OPTION]... --declaration FILE [--name NAME]\n"
    "\n"
    "Drives the program of an executable function as ClickHouse would, and says what would go wrong in a pool:\n"
    "answers that aren't flushed, too few or too many rows, output that isn't an answer, values that end it,\n"
    "processes that stay. NAME is a function of odw's; COMMAND is any program, which the options describe;\n"
    "FILE is ClickHouse's own declaration of it, a *_function.xml.\n"
    "\n"
    "  --declaration FILE    what command, types, format and timeouts are taken from\n"
    "  --name NAME           which function of FILE, where it declares several\n"
    "  --scripts DIR         the server's user_scripts_path (default: /var/lib/clickhouse/user_scripts)\n"
    "  --argument [NAME:]TYPE  an argument, once for each (default: one of type String)\n"
    "  --returns TYPE        what it gives (default: String)\n"
    "  --return-name NAME    what the answer's column is called (default: result)\n"
    "  --format FORMAT       Native, RowBinary, TabSeparated, CSV or JSONEachRow (default: TabSeparated)\n"
    "  --chunk-header        send_chunk_header is on\n"
    "  --executable          its type is executable, a process for each query, not executable_pool\n"
    "  --deterministic       it is declared so\n"
    "  --value NAME=VALUE    each row's value of an argument that may not be made up (a policy, a model)\n"
    "  --rows N              rows of the large chunk (default: 1000000)\n"
    "  --timeout MS          how long it may be silent (default: the declaration's, else 10000)\n"
    "  --check NAME          only this check, and those it needs\n"
    "  --json                a line of JSON for each check\n"
    "  --contracts DIR, --home DIR   as of odw-udf, for a function of odw's\n"
    "  --help\n"
    "\n"
    "Examples:\n"
    "  " ODW_UDF_PROGRAM " lint piiRedact\n"
    "  " ODW_UDF_PROGRAM " lint --declaration /etc/clickhouse-server/my_function.xml\n"
    "  " ODW_UDF_PROGRAM " lint --argument UInt64 --returns UInt64 --format TabSeparated ./double.py\n"
    "\n"
    "Exit codes: 0 nothing failed; 1 a check failed, or the program can't be asked; 2 usage.\n";

/* Everything that the command line says. */
struct request {
    struct lint_function f;
    struct lint lint;
    const char *declaration, *name, *scripts, *contracts;
    char *values[LINT_ARGS];
    int n_values;
    unsigned timeout_ms;
    char path[PATH_MAX];
    char *argv[4];
    struct udf udf;
    struct buf examples[UDF_ARGS]; /* ours: what an example calls it with */
};

static int usage_error(const char *message, const char *what)
{
    fprintf(stderr, ODW_UDF_PROGRAM " lint: %s%s\nTry '" ODW_UDF_PROGRAM " lint --help'.\n", message, what);
    return 2;
}

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

/* [NAME:]TYPE; a type has no colon before its first bracket. */
static int add_argument(struct request *r, const char *text)
{
    if (r->f.n_args == LINT_ARGS)
        return -1;
    struct lint_arg *arg = &r->f.args[r->f.n_args++];
    const char *colon = strchr(text, ':');
    snprintf(arg->name, sizeof arg->name, "c%d", r->f.n_args);
    if (colon != NULL && strcspn(text, "('") > (size_t)(colon - text)) {
        snprintf(arg->name, sizeof arg->name, "%.*s", (int)(colon - text), text);
        text = colon + 1;
    }
    copy(arg->type, sizeof arg->type, text);
    return 0;
}

/* NAME=VALUE. */
static int set_value(struct request *r, const char *text, struct err *err)
{
    size_t n = strcspn(text, "=");
    for (int i = 0; i < r->f.n_args && text[n] == '='; i++)
        if (strlen(r->f.args[i].name) == n && strncmp(r->f.args[i].name, text, n) == 0) {
            r->f.args[i].value = text + n + 1;
            return 0;
        }
    return err_set(err, ERR_STOP, "--value %s: expected NAME=VALUE, where NAME is an argument of %s", text, r->f.name);
}

/* A function of ours: its declaration, and this program. Arguments before the last are taken from an example: a policy can't be
 * made up. */
static int describe_ours(struct request *r, const char *name, struct err *err)
{
    if (udf_find(name, r->contracts, &r->udf, err) < 0)
        return -1;
    copy(r->f.name, sizeof r->f.name, r->udf.name);
    copy(r->f.returns, sizeof r->f.returns, r->udf.returns);
    copy(r->f.format, sizeof r->f.format, "Native");
    r->f.n_args = 0;
    r->f.chunk_header = true;
    r->f.deterministic = r->udf.deterministic;
    for (int i = 0; i < UDF_ARGS && r->udf.args[i].name != NULL; i++) {
        struct lint_arg *arg = &r->f.args[r->f.n_args++];
        bool last = i + 1 == UDF_ARGS || r->udf.args[i + 1].name == NULL;
        copy(arg->name, sizeof arg->name, r->udf.args[i].name);
        copy(arg->type, sizeof arg->type, r->udf.args[i].type);
        buf_init(&r->examples[i], 0);
        if (!last && udf_example_text(&r->udf, &r->udf.examples[0], i, &r->examples[i]))
            arg->value = buf_text(&r->examples[i]);
    }
    r->argv[0] = "/proc/self/exe";
    r->argv[1] = r->f.name;
    r->lint.argv = r->argv;
    return 0;
}

/* As ClickHouse calls it: a program of the scripts folder, or a line of shell there. */
static int describe_declared(struct request *r, struct err *err)
{
    if (lint_declaration_read(&r->f, r->declaration, r->name, err) < 0)
        return -1;
    if (r->f.direct && r->f.command[0] != '/')
        snprintf(r->path, sizeof r->path, "exec %s/%s", r->scripts, r->f.command);
    else
        snprintf(r->path, sizeof r->path, "%s", r->f.command);
    r->argv[0] = "/bin/sh";
    r->argv[1] = "-c";
    r->argv[2] = r->path;
    r->lint.argv = r->argv;
    return 0;
}

static int describe(struct request *r, int n, char **operands, struct err *err)
{
    if (r->declaration != NULL)
        return describe_declared(r, err);
    struct err none = ERR_INIT;
    if (n == 1 && strchr(operands[0], '/') == NULL && describe_ours(r, operands[0], &none) == 0)
        return 0;
    const char *slash = strrchr(operands[0], '/');
    copy(r->f.name, sizeof r->f.name, slash != NULL ? slash + 1 : operands[0]);
    if (r->f.n_args == 0 && add_argument(r, "String") < 0)
        return -1;
    r->lint.argv = operands;
    return 0;
}

static int lint_all(struct request *r, int n, char **operands)
{
    struct err err = ERR_INIT;
    int failed = describe(r, n, operands, &err);
    for (int i = 0; failed == 0 && i < r->n_values; i++)
        failed = set_value(r, r->values[i], &err);
    if (failed == 0) {
        r->lint.f = &r->f;
        r->lint.timeout_ms = r->timeout_ms > 0 ? r->timeout_ms : r->f.read_timeout_ms;
        failed = lint_run(&r->lint, &err);
    }
    for (int i = 0; i < UDF_ARGS; i++)
        buf_fini(&r->examples[i]);
    if (failed < 0)
        log_error("%s", err.text);
    return failed != 0;
}

int lint_command(int argc, char **argv)
{
    enum {
        DECLARATION = 1,
        NAME,
        SCRIPTS,
        ARGUMENT,
        RETURNS,
        RETURN_NAME,
        FORMAT,
        HEADER,
        EXECUTABLE,
        DETERMINISTIC,
        VALUE,
        ROWS,
        TIMEOUT,
        CHECK,
        JSON,
        CONTRACTS,
        HOME,
        HELP
    };
    static const struct option options[] = {
        { "declaration", required_argument, NULL, DECLARATION },
        { "name", required_argument, NULL, NAME },
        { "scripts", required_argument, NULL, SCRIPTS },
        { "argument", required_argument, NULL, ARGUMENT },
        { "returns", required_argument, NULL, RETURNS },
        { "return-name", required_argument, NULL, RETURN_NAME },
        { "format", required_argument, NULL, FORMAT },
        { "chunk-header", no_argument, NULL, HEADER },
        { "executable", no_argument, NULL, EXECUTABLE },
        { "deterministic", no_argument, NULL, DETERMINISTIC },
        { "value", required_argument, NULL, VALUE },
        { "rows", required_argument, NULL, ROWS },
        { "timeout", required_argument, NULL, TIMEOUT },
        { "check", required_argument, NULL, CHECK },
        { "json", no_argument, NULL, JSON },
        { "contracts", required_argument, NULL, CONTRACTS },
        { "home", required_argument, NULL, HOME },
        { "help", no_argument, NULL, HELP },
        { 0 },
    };
    static struct request request; /* what udf_find makes lives as long as the process */
    struct request *r = &request;
    char contracts[PATH_MAX];
    int option, status = -1;
    lint_function_init(&r->f);
    copy(r->f.format, sizeof r->f.format, "TabSeparated");
    copy(r->f.returns, sizeof r->f.returns, "String");
    r->scripts = "/var/lib/clickhouse/user_scripts";
    r->lint.large_rows = 1000000;
    r->lint.to = stdout;
    argv[0] = ODW_UDF_PROGRAM " lint"; /* for getopt's messages */
    signal(SIGPIPE, SIG_IGN);
    while (status < 0 && (option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        char *end = "";
        long number = option == ROWS || option == TIMEOUT ? strtol(optarg, &end, 10) : 1;
        if (*end != '\0' || number < 1 || number > 1000000000) {
            status = usage_error("expected a number from 1 to 1000000000, got ", optarg);
            break;
        }
        switch (option) {
        case DECLARATION:
            r->declaration = optarg;
            break;
        case NAME:
            r->name = optarg;
            break;
        case SCRIPTS:
            r->scripts = optarg;
            break;
        case ARGUMENT:
            if (add_argument(r, optarg) < 0)
                status = usage_error("more arguments than lint takes: ", optarg);
            break;
        case RETURNS:
            copy(r->f.returns, sizeof r->f.returns, optarg);
            break;
        case RETURN_NAME:
            copy(r->f.return_name, sizeof r->f.return_name, optarg);
            break;
        case FORMAT:
            copy(r->f.format, sizeof r->f.format, optarg);
            break;
        case HEADER:
            r->f.chunk_header = true;
            break;
        case EXECUTABLE:
            r->f.pool = false;
            break;
        case DETERMINISTIC:
            r->f.deterministic = true;
            break;
        case VALUE:
            if (r->n_values == LINT_ARGS)
                status = usage_error("more values than lint takes: ", optarg);
            else
                r->values[r->n_values++] = optarg;
            break;
        case ROWS:
            r->lint.large_rows = (size_t)number;
            break;
        case TIMEOUT:
            r->timeout_ms = (unsigned)number;
            break;
        case CHECK:
            r->lint.only = optarg;
            break;
        case JSON:
            r->lint.json = true;
            break;
        case CONTRACTS:
            setenv("ODW_CONTRACTS", optarg, 1);
            break;
        case HOME:
            setenv("ODW_UDF_HOME", optarg, 1);
            udf_set_home(optarg);
            break;
        case HELP:
            fputs(help, stdout);
            status = 0;
            break;
        default:
            fputs("Try '" ODW_UDF_PROGRAM " lint --help'.\n", stderr); /* getopt has said what is wrong */
            status = 2;
        }
    }
    r->contracts = getenv("ODW_CONTRACTS");
    if (r->contracts == NULL) {
        snprintf(contracts, sizeof contracts, "%s/contracts", udf_home());
        r->contracts = contracts;
    }
    if (status < 0 && (optind < argc) == (r->declaration != NULL))
        status = usage_error(r->declaration != NULL ? "expected no command beside --declaration, got "
                                                    : "expected a function's name, or a command",
                             r->declaration != NULL ? argv[optind] : "");
    if (status < 0)
        status = lint_all(r, argc - optind, argv + optind);
    return status;
}
