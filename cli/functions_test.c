/* cli/functions_test: odw functions test: every function's examples, through the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/settings.h"
#include "cli/functions.h"
#include "clickhouse/clickhouse.h"

static const struct opt_usage usage = {
    .program = "odw functions test",
    .about = "Calls the examples of every function (docs/functions.md has them) through a server, and compares the answers with "
             "what they "
             "should be. With names: only those functions.",
    .operands = "[NAME]...",
    .max_operands = -1,
    .shared = settings_shared,
    .more = "Exit codes: 0 all answers are as they should be; 1 some are not, or the server can't be asked; 2 the command line is "
            "wrong.\n",
};

struct test {
    struct opts *o;
    struct clickhouse *ch;
    char *version;
    int functions, examples, differ, skipped;
};

/* 23.8 and 26.7.2.1, by their numbers. */
static bool is_older(const char *version, const char *than)
{
    for (;;) {
        char *a, *b;
        unsigned long x = strtoul(version, &a, 10), y = strtoul(than, &b, 10);
        if (x != y || *b != '.' || *a != '.')
            return x < y;
        version = a + 1;
        than = b + 1;
    }
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

static bool wanted(const struct test *t, const char *name)
{
    for (int i = 0; i < opts_operands(t->o); i++)
        if (strcmp(opts_operand(t->o, i), name) == 0)
            return true;
    return opts_operands(t->o) == 0;
}

/* -1: the server can't be asked at all. */
static int try_example(struct test *t, const char *name, const json_t *example, struct err *err)
{
    struct err said = ERR_INIT;
    struct buf sql, answer;
    buf_init(&sql, 0);
    buf_printf(&sql, "SELECT %s FORMAT TSVRaw", text(example, "call"));
    int done = clickhouse_run(t->ch, &(struct clickhouse_query){ .sql = buf_text(&sql) }, &answer, NULL, &said);
    struct str got = buf_str(&answer), expected = str_of(text(example, "answer"));
    if (got.n > 0 && got.p[got.n - 1] == '\n')
        got.n--;
    t->examples++;
    if (done < 0 || !str_eq(got, expected)) {
        t->differ++;
        printf("%s: SELECT %s\n  expected %.*s\n  got      %.*s\n", name, text(example, "call"), STR_ARG(expected),
               STR_ARG(done < 0 ? str_of(said.text) : got));
    }
    buf_fini(&sql);
    buf_fini(&answer);
    return done < 0 && said.class == ERR_RETRY ? err_set(err, ERR_STOP, "%s", said.text) : 0;
}

static int try_function(struct test *t, struct str line, struct err *err)
{
    json_error_t why;
    size_t i;
    json_t *f = json_loadb(line.p, line.n, 0, &why), *example;
    int done = f == NULL ? err_set(err, ERR_STOP, "odw-udf --describe: %s", why.text) : 0;
    const char *name = text(f, "name");
    if (f != NULL && wanted(t, name)) {
        t->functions++;
        if (is_older(t->version, text(f, "since"))) {
            printf("%s: left out: it needs ClickHouse %s, this is %s\n", name, text(f, "since"), t->version);
            t->skipped++;
        } else {
            json_array_foreach(json_object_get(f, "examples"), i, example) if (done == 0) done = try_example(t, name, example, err);
        }
    }
    json_decref(f);
    return done;
}

static int run(int argc, char **argv)
{
    char contracts[PATH_MAX];
    struct err err = ERR_INIT;
    struct buf lines;
    struct test t = { 0 };
    int code = settings_start(&usage, "functions", argc, argv, &t.o);
    if (code >= 0)
        return code;
    code = 1;
    buf_init(&lines, 0);
    snprintf(contracts, sizeof contracts, "%s/contracts", opts_text(t.o, "root"));
    if (functions_ask_all("--describe", contracts, &lines, &err) < 0 || (t.ch = clickhouse_new(t.o, &err)) == NULL ||
        clickhouse_use(t.ch, "system", &err) < 0 || (t.version = clickhouse_value(t.ch, "SELECT version()", NULL, 0, &err)) == NULL)
        goto out;
    for (struct str rest = buf_str(&lines); rest.n > 0;)
        if (try_function(&t, str_cut(&rest, '\n'), &err) < 0)
            goto out;
    if (t.functions == 0) {
        err_set(&err, ERR_STOP, "expected a name of a function (odw-udf --list prints them), got \"%.100s\"", opts_operand(t.o, 0));
        goto out;
    }
    printf("ClickHouse %s: %d functions, %d examples: %d differ%s\n", t.version, t.functions, t.examples, t.differ,
           t.skipped > 0 ? ", some were left out" : "");
    code = t.differ > 0;
out:
    if (err.class != ERR_NONE)
        fprintf(stderr, "odw functions test: %s\n", err.text);
    buf_fini(&lines);
    free(t.version);
    clickhouse_free(t.ch);
    opts_free(t.o);
    return code;
}

const struct verb functions_verb_test = { "test", "call every function's examples through the server and compare the answers",
                                          run };
