/* tests/unit/plan: the project's own declarations and small wrong ones, put in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "declaration/plan.h"

static size_t place(const struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_objects; i++)
        if (strcmp(p->objects[i].name, name) == 0)
            return i;
    fail_msg("no %s", name);
    return 0;
}

static void orders_the_projects_own(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    struct plan *p = plan_load(".", "odw", &err);
    if (p == NULL)
        fail_msg("%s", err.text);
    const struct plan_source *s = plan_source(p, "events");
    assert_non_null(s);
    assert_null(plan_source(p, "nothing"));
    assert_string_equal(s->topic, "events");
    assert_string_equal(s->group, "odw_events");
    assert_string_equal(s->identity_hash, "cityHash64(timestamp, id)");
    assert_int_equal(s->n_identity, 2);
    assert_string_equal(s->version, "appended_at");
    assert_string_equal(s->contract_path, "contracts/events.schema.json");
    /* What is read or written must be there; messages flow when the last has come. */
    assert_true(place(p, "events_rows") < place(p, "events"));
    assert_true(place(p, "events_rows") < place(p, "events_transform"));
    assert_true(place(p, "events_intake") < place(p, "events_transform"));
    assert_true(place(p, "ledger") < place(p, "events_ledger"));
    assert_true(place(p, "events_transform") < place(p, "events_queue"));
    assert_true(place(p, "events_queue") < place(p, "events_judge"));
    assert_non_null(strstr(p->objects[p->n_objects - 1].name, "_judge"));
    for (size_t i = 0; i < p->n_objects; i++) {
        assert_int_equal(strlen(p->objects[i].digest), 16);
        if (p->objects[i].source != NULL)
            assert_null(strstr(p->objects[i].statement, "{source}"));
    }
    const char *judge = plan_object(p, "events_judge")->statement;
    assert_non_null(strstr(judge, contract_function(s->contract)));
    assert_non_null(strstr(judge, "cityHash64(record.timestamp, record.id)"));
    assert_non_null(p->endpoints);
    /* A contract without a queue: the view that types a model's answers is made for it. */
    assert_null(plan_source(p, "invoice"));
    assert_null(plan_contract(p, "nothing"));
    const struct contract *invoice = plan_contract(p, "invoice");
    const struct plan_object *records = plan_object(p, "invoices_refresh");
    assert_non_null(invoice);
    assert_int_equal(records->kind, PLAN_RECORDS);
    assert_non_null(strstr(records->statement, contract_function(invoice)));
    assert_non_null(strstr(records->statement, "contract = 'invoice'"));
    assert_true(place(p, "extraction_records") < place(p, "invoices_refresh"));
    assert_true(place(p, "invoices_rows") < place(p, "invoices_refresh"));

    /* The same again is the same; another database is another group, so another queue, and nothing else. */
    struct plan *q = plan_load(".", "other", &err);
    assert_non_null(q);
    for (size_t i = 0; i < p->n_objects; i++) {
        bool same = strcmp(p->objects[i].digest, q->objects[i].digest) == 0;
        assert_true(same == (p->objects[i].kind != PLAN_QUEUE));
    }
    plan_free(q);
    plan_free(p);
}

static char folder[] = P_tmpdir "/odw-plan-XXXXXX";

static int copy_tree(void **state)
{
    char command[512];
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(command, sizeof command, "cp -r tests/golden/check/base/. %s", folder);
    return system(command);
}

static int remove_tree(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void put(const char *path, const char *text)
{
    char full[300];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void refused(const char *expected)
{
    struct err err = ERR_INIT;
    struct plan *p = plan_load(folder, "odw", &err);
    plan_free(p);
    assert_null(p);
    if (strstr(err.text, expected) == NULL)
        fail_msg("expected \"%s\", got \"%s\"", expected, err.text);
}

static void orders_by_what_is_named(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    /* By its name a_view would come before what it reads; a circle is left to kind and name. */
    put("sql/a_view.sql", "-- about: x\nCREATE VIEW a_view AS SELECT * FROM `b_view`");
    put("sql/b_view.sql", "-- about: x\nCREATE VIEW b_view AS SELECT * FROM things");
    put("sql/c_view.sql", "-- about: x\nCREATE VIEW c_view AS SELECT 1 AS d_view");
    put("sql/d_view.sql", "-- about: x\nCREATE VIEW d_view AS SELECT 1 AS c_view");
    struct plan *p = plan_load(folder, "odw", &err);
    if (p == NULL)
        fail_msg("%s", err.text);
    assert_true(place(p, "things") < place(p, "b_view"));
    assert_true(place(p, "b_view") < place(p, "a_view"));
    assert_true(place(p, "c_view") < place(p, "d_view"));
    assert_int_equal(place(p, "things_judge"), p->n_objects - 1);
    plan_free(p);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    put("sql/things_x.sql", "-- about: x\nCREATE TABLE things_x (a Int8) ENGINE = Null");
    put("mv/things_x.sql", "-- about: x\n-- kind: transform\nCREATE MATERIALIZED VIEW things_x TO things_rows AS SELECT 1");
    refused("mv/things_x.sql:3: 'things_x' is created by ");
    put("mv/things_x.sql", "-- about: x\n-- kind: transform\nCREATE MATERIALIZED VIEW things_x_t TO {target} AS SELECT 1");
    refused("mv/things_x.sql:3: unknown word {target}; expected one of {contract_hashes}, {record_violations}, {recorded}");
    put("mv/things_x.sql", "-- about: x\n-- kind: transform\nCREATE MATERIALIZED VIEW things_x_t TO things_rows AS SELECT 1");
    put("kafka-engine/more.sql", "-- about: x\n-- topic: more\n-- partitions: 1\n-- retention: 1d\n-- contract: things\nCREATE "
                                 "TABLE more_queue (message String) ENGINE = Kafka()");
    refused("kafka-engine/more.sql:1: expected sql/more_rows.sql with '-- identity: …'");
    put("kafka-engine/more.sql",
        "-- about: x\n-- topic: more\n-- partitions: 1\n-- retention: 1d\n-- key: nobody\n-- contract: things\n"
        "CREATE TABLE more_queue (message String) ENGINE = Kafka()");
    refused("kafka-engine/more.sql:5: key: ");
    put("kafka-engine/more.sql", "-- about: x\n-- topic: more\n-- partitions: 1\n-- retention: 1d\n-- contract: none\nCREATE TABLE "
                                 "more_queue (message String) ENGINE = Kafka()");
    refused("kafka-engine/more.sql:5: ");
    refused("none.schema.json");
    put("kafka-engine/more.sql",
        "-- about: x\n-- topic: more\n-- partitions: 1\n-- retention: 1d\n-- contract: things\n-- document: id\n"
        "CREATE TABLE more_queue (message String) ENGINE = Kafka()");
    put("sql/more_rows.sql", "-- about: x\n-- identity: id\n-- version: v\nCREATE TABLE more_rows (id String, v Int8) ENGINE = "
                             "ReplacingMergeTree(v) ORDER BY (id)");
    refused("kafka-engine/more.sql:6: document: expected two fields of ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_the_projects_own),
        cmocka_unit_test(orders_by_what_is_named),
        cmocka_unit_test(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, copy_tree, remove_tree);
}
