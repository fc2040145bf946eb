/* tests/unit/shim_endpoint: what an endpoint's file says becomes a statement, or an error that names file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "shim/endpoint.h"

static char root[] = P_tmpdir "/odw-endpoint-XXXXXX";

static void put(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    FILE *f = fopen(whole, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup(void **state)
{
    (void)state;
    char path[256];
    if (mkdtemp(root) == NULL)
        return -1;
    static const char *const folders[] = { "sql", "shim", "shim/endpoints" };
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        mkdir(path, 0755);
    }
    put("sql/things_rows.sql",
        "-- about: one row per thing\n-- identity: at, id\n-- version: v\nCREATE TABLE IF NOT EXISTS things_rows (id String) "
        "ENGINE = ReplacingMergeTree(v) ORDER BY (at, id)\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

static struct endpoints *load(const char *text, char error[1024])
{
    struct err err = ERR_INIT;
    put("shim/endpoints/things.sql", text);
    struct endpoints *all = endpoints_load(root, &err);
    size_t skip = strlen(root) + 1;
    snprintf(error, 1024, "%s", strlen(err.text) > skip ? err.text + skip : err.text);
    return all;
}

static void refused(const char *text, const char *says)
{
    char error[1024];
    struct endpoints *all = load(text, error);
    if (all != NULL || strncmp(error, says, strlen(says)) != 0)
        fail_msg("expected '%s', got '%s'", says, error);
}

static const char head[] =
    "-- about: things\n-- order: at desc, id desc\n-- cache: 30s\n-- param n: how many. default 5. 1 to 10\n-- param from: since\n";

static void statement(const struct endpoint *e, bool n, bool from, bool final, const char *expected)
{
    struct buf out;
    buf_init(&out, 0);
    endpoint_sql(e, (const bool[]){ n, from }, final, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void lines_stand_if_given(void **state)
{
    (void)state;
    char text[1024], error[1024];
    snprintf(text, sizeof text, "%s%s", head,
             "SELECT id, at, '-- if given' AS t -- what it is\nFROM things_rows /* all */\nWHERE 1\n  AND n = {n:UInt8} -- if "
             "given\n  AND at >= {from:DateTime64(3)}   --  if given\n");
    struct endpoints *all = load(text, error);
    if (all == NULL)
        fail_msg("%s", error);
    struct endpoint *e = endpoints_find(all, STR("things"));
    assert_non_null(e);
    assert_null(endpoints_find(all, STR("thing")));
    assert_true(e->exact);
    assert_int_equal(e->cache_seconds, 30);
    assert_int_equal(e->n_params, 2);
    assert_false(e->params[0].required);
    assert_false(e->params[1].required);
    assert_int_equal(e->n_order, 2);
    assert_true(e->order[0].descending && e->order[1].descending);
    statement(e, false, false, false, "SELECT id, at, '-- if given' AS t \nFROM things_rows \nWHERE 1\n");
    statement(e, true, true, true,
              "SELECT id, at, '-- if given' AS t \nFROM things_rows FINAL \nWHERE 1\n  AND n = {n:UInt8} \n  AND at >= "
              "{from:DateTime64(3)}   \n");
    assert_true(endpoint_is_sparse(e, (const bool[]){ true, false }));
    assert_false(endpoint_is_sparse(e, (const bool[]){ false, true })); /* a bound on the keyset keeps rows together */
    struct buf out;
    buf_init(&out, 0);
    endpoint_after(e, (const char *const[]){ "DateTime64(3, 'UTC')", "String" }, &out);
    assert_string_equal(
        buf_text(&out),
        "`at` <= {_k1:DateTime64(3, 'UTC')} AND NOT (`at` = {_k1:DateTime64(3, 'UTC')} AND NOT (`id` < {_k2:String}))");
    buf_clear(&out);
    endpoint_order(e, &out);
    assert_string_equal(buf_text(&out), "`at` DESC, `id` DESC");
    buf_fini(&out);
    endpoints_free(all);
}

static void a_plain_table_is_left_alone(void **state)
{
    (void)state;
    char error[1024];
    struct endpoints *all =
        load("-- about: days\n-- order: day\n-- param d: which\nSELECT day, count() FROM days WHERE d = {d:UInt8} GROUP BY day\n",
             error);
    if (all == NULL)
        fail_msg("%s", error);
    assert_false(all->first->exact);
    assert_true(all->first->params[0].required);
    assert_false(all->first->order[0].descending);
    assert_int_equal(all->first->cache_seconds, -1);
    endpoints_free(all);
}

static void mistakes_are_said(void **state)
{
    (void)state;
    refused("-- about: x\n-- order: at sideways\nSELECT 1\n", "shim/endpoints/things.sql:2: expected columns such as");
    refused("-- about: x\n-- order: id\nSELECT id FROM things_rows\n",
            "shim/endpoints/things.sql:2: expected `-- order:` to name exactly the identity of things_rows (at, id)");
    refused("-- about: x\nSELECT id FROM things_rows\n", "shim/endpoints/things.sql:2: expected `-- order:` to name exactly");
    refused("-- about: x\n-- order: at, id\nSELECT id, at FROM things_rows\nGROUP BY id, at\n",
            "shim/endpoints/things.sql:3: things_rows holds an event once per delivery");
    refused("-- about: x\n-- order: at, id\nSELECT id, at FROM things_rows WHERE id IN (SELECT id FROM b)\n",
            "shim/endpoints/things.sql:3: things_rows holds");
    refused("-- about: x\n-- param limit: y\nSELECT {limit:UInt8}\n",
            "shim/endpoints/things.sql:2: the parameter name 'limit' is the shim's own");
    refused("-- about: x\n-- param a: y\nSELECT {a:Array(UInt8)}\n",
            "shim/endpoints/things.sql:2: a value can't be checked for Array(UInt8)");
    refused("-- about: x\n-- param a: y. default 300\nSELECT {a:UInt8}\n",
            "shim/endpoints/things.sql:2: default of a: expected an integer from 0 to 255");
    refused("-- about: x\n-- param a: y. default 3. 5 to 9\nSELECT {a:UInt8}\n",
            "shim/endpoints/things.sql:2: default of a: expected an integer from 5 to 9");
    refused("-- about: x\n-- cache: soon\nSELECT 1\n", "shim/endpoints/things.sql:2: ");
    refused("-- about: x\nSELECT 1 -- if given\n", "shim/endpoints/things.sql:2: expected a {name:Type} on a line");
    refused("-- about: x\n-- colour: red\nSELECT 1\n", "shim/endpoints/things.sql:2: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_stand_if_given),
        cmocka_unit_test(a_plain_table_is_left_alone),
        cmocka_unit_test(mistakes_are_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
