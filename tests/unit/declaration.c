/* tests/unit/declaration: heads, statements and stamping of .sql files. */
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

#include "declaration/declaration.h"
#include "declaration/sql_scan.h"

static char folder[] = P_tmpdir "/odw-declaration-XXXXXX";
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    arena_fini(&arena);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* Loads `text` as folder/NAME; errors come without the folder. */
static struct declaration *load(enum room room, const char *name, const char *text, char error[1024])
{
    char path[256];
    struct err err = ERR_INIT;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    struct declaration *d = declaration_load(&arena, room, path, &err);
    const char *from = strncmp(err.text, folder, strlen(folder)) == 0 ? err.text + strlen(folder) + 1 : err.text;
    snprintf(error, 1024, "%s", from);
    assert_true((d == NULL) == (err.class != ERR_NONE));
    return d;
}

static void refused(enum room room, const char *name, const char *text, const char *expected)
{
    char error[1024];
    assert_null(load(room, name, text, error));
    assert_string_equal(error, expected);
}

static struct declaration *accepted(enum room room, const char *name, const char *text)
{
    char error[1024];
    struct declaration *d = load(room, name, text, error);
    assert_string_equal(error, "");
    return d;
}

#define QUEUE_HEAD "-- about: one row per message\n-- topic: events\n-- partitions: 4\n-- retention: 7d\n"

static void reads_head_and_statement(void **state)
{
    (void)state;
    struct declaration *d =
        accepted(ROOM_QUEUE, "events.sql",
                 "-- about: one row per message,\n--   exactly as it arrived\n-- topic: events\n-- partitions: 4\n"
                 "-- retention: 7d\n-- max-message-bytes: 16M\n\n"
                 "CREATE TABLE IF NOT EXISTS events_queue (message String) -- ; no end\n"
                 "ENGINE = Kafka(odw_kafka, a = 'x;y''z\\';') /* ; /* ; */ ; */;\n-- after\n");
    assert_string_equal(declaration_value(d, "about"), "one row per message, exactly as it arrived");
    assert_string_equal(declaration_value(d, "partitions"), "4");
    assert_null(declaration_value(d, "key"));
    assert_int_equal(declaration_line(d, "topic"), 3);
    assert_int_equal(declaration_line(d, "key"), 8);
    assert_int_equal(d->sql_line, 8);
    assert_string_equal(d->creates, "events_queue");
    assert_string_equal(d->verb, "TABLE");
    assert_string_equal(d->stem, "events");
    assert_non_null(strstr(d->sql, "/* ; /* ; */ ; */"));
    assert_null(strstr(d->sql, "*/;"));
}

static void refuses_heads(void **state)
{
    (void)state;
    refused(ROOM_QUEUE, "events.sql", QUEUE_HEAD "-- partition: 4\nCREATE TABLE events_queue (message String)",
            "events.sql:5: unknown key 'partition'; expected one of about, topic, partitions, retention, key, max-message-bytes, "
            "contract, replays, document");
    refused(ROOM_QUEUE, "events.sql", "-- about: x\n-- topic: events\n-- partitions: 4\nCREATE TABLE events_queue (message String)",
            "events.sql:1: the head lacks '-- retention: …'");
    refused(ROOM_QUEUE, "events.sql", QUEUE_HEAD "-- topic: again\nCREATE TABLE events_queue (message String)",
            "events.sql:5: 'topic' was given on line 2 already");
    refused(ROOM_TABLE, "t.sql", "-- about:\nCREATE TABLE t (a Int8) ENGINE = Null", "t.sql:1: 'about' has no value");
    refused(ROOM_TABLE, "t.sql", "--   goes on\nCREATE TABLE t (a Int8) ENGINE = Null",
            "t.sql:1: this line goes on with a value, but no '-- key: value' stands above it");
    refused(ROOM_TABLE, "t.sql", "-- about: x\n-- what I think\nCREATE TABLE t (a Int8) ENGINE = Null",
            "t.sql:2: expected '-- key: value' or the statement, got '-- what I think'");
    refused(ROOM_QUEUE, "events.sql",
            "-- about: x\n-- topic: a b\n-- partitions: 4\n-- retention: 7d\nCREATE TABLE events_queue (message String)",
            "events.sql:2: topic: expected up to 249 letters, digits, '.', '_' and '-', got 'a b'");
    refused(ROOM_QUEUE, "events.sql",
            "-- about: x\n-- topic: a\n-- partitions: 4x\n-- retention: 7d\nCREATE TABLE events_queue (message String)",
            "events.sql:3: partitions: expected 1 to 10000, got '4x'");
    refused(ROOM_QUEUE, "events.sql",
            "-- about: x\n-- topic: a\n-- partitions: 4\n-- retention: 7 days\nCREATE TABLE events_queue (message String)",
            "events.sql:4: retention: expected a duration such as 12h or 7d, or 'forever', got '7 days'");
    refused(ROOM_QUEUE, "events.sql", QUEUE_HEAD "-- max-message-bytes: lots\nCREATE TABLE events_queue (message String)",
            "events.sql:5: max-message-bytes: expected a size of at most 1G such as 1048576 or 1M, got 'lots'");
    refused(ROOM_VIEW, "events.sql", "-- about: x\n-- kind: intake\nCREATE MATERIALIZED VIEW events_x TO y AS SELECT 1",
            "events.sql:2: kind: expected one of transform|aggregate|extraction|records|recovery|schedule, got 'intake'");
}

static void refuses_statements(void **state)
{
    (void)state;
    refused(ROOM_TABLE, "t.sql", "-- about: x\n", "t.sql:2: expected a statement after the head, found none");
    refused(ROOM_TABLE, "t.sql", "-- about: x\n\n;\n", "t.sql:3: expected a statement after the head, found none");
    refused(ROOM_TABLE, "t.sql", "-- about: x\nCREATE TABLE t (a Int8) ENGINE = Null;\nSELECT 1",
            "t.sql:3: expected one statement, found a second one");
    refused(ROOM_TABLE, "t.sql", "-- about: x\nCREATE TABLE t (a Int8) ENGINE = Null\nCOMMENT 'open",
            "t.sql:3: a quote or comment begins here and isn't closed");
    refused(ROOM_TABLE, "t.sql", "-- about: x\nSELECT 1",
            "t.sql:2: expected CREATE TABLE, CREATE VIEW or CREATE MATERIALIZED VIEW");
    refused(ROOM_TABLE, "t.sql", "-- about: x\nCREATE TABLE u (a Int8) ENGINE = Null",
            "t.sql:2: expected CREATE … t (from the file's name), got 'u'");
    refused(ROOM_TABLE, "t.sql", "-- about: x\nCREATE TABLE odw.t (a Int8) ENGINE = Null",
            "t.sql:2: expected a name without a database: the setting 'database' decides where it goes");
    refused(ROOM_VIEW, "events.sql", "-- about: x\n-- kind: transform\nCREATE MATERIALIZED VIEW eventsx TO y AS SELECT 1",
            "events.sql:3: expected CREATE … events or events_… (from the file's name), got 'eventsx'");
    refused(ROOM_EACH_SOURCE, "ledger.sql", "-- about: x\n-- kind: ledger\nCREATE MATERIALIZED VIEW ledger TO y AS SELECT 1",
            "ledger.sql:3: expected CREATE … {source}_… (from the file's name), got 'ledger'");
    refused(ROOM_QUEUE, "events.sql", QUEUE_HEAD "CREATE TABLE events (message String)",
            "events.sql:5: expected CREATE … events_queue (from the file's name), got 'events'");
    refused(ROOM_TABLE, "t.sql", "-- about: x\nCREATE VIEW t AS SELECT {a:String}",
            "t.sql:2: {a:String}: only endpoints take parameters");
    refused(ROOM_TABLE, "t.sql", "-- about: \xff\n", "t.sql:1: expected UTF-8 text, found the byte 0xff");
    refused(ROOM_TABLE, "T.sql", "-- about: x\nCREATE TABLE T (a Int8) ENGINE = Null",
            "T.sql:1: expected a file name of lower-case letters, digits and '_' that begins with a letter");
}

static void holds_identity_to_the_table(void **state)
{
    (void)state;
#define TABLE(order) "CREATE TABLE t (a Int8, PROJECTION p (SELECT * ORDER BY a))\nENGINE = ReplacingMergeTree(v)\nORDER BY " order
    accepted(ROOM_TABLE, "t.sql", "-- about: x\n-- identity: a,b\n-- version: v\n" TABLE("(a, `b`) SETTINGS x = 1"));
    accepted(ROOM_TABLE, "t.sql", "-- about: x\n-- identity: a\n-- version: v\n" TABLE("a\nSETTINGS x = 1"));
    refused(ROOM_TABLE, "t.sql", "-- about: x\n-- identity: a, b\n-- version: v\n" TABLE("(b, a)"),
            "t.sql:2: identity: expected exactly the table's ORDER BY (line 6: b, a), got 'a, b'");
    refused(ROOM_TABLE, "t.sql", "-- about: x\n-- identity: a\n-- version: v\n" TABLE("toDate(a)"),
            "t.sql:2: identity: expected exactly the table's ORDER BY (line 6: (…)), got 'a'");
    refused(ROOM_TABLE, "t.sql", "-- about: x\n-- identity: a\n-- version: w\n" TABLE("a"),
            "t.sql:3: version: expected the table's ENGINE = ReplacingMergeTree(w), got ReplacingMergeTree(v)");
    refused(ROOM_TABLE, "t.sql", "-- about: x\n-- identity: a\n" TABLE("a"),
            "t.sql:2: identity: needs '-- version: COLUMN' beside it: which delivery stands");
    refused(ROOM_TABLE, "t.sql",
            "-- about: x\n-- identity: a\n-- version: v\nCREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a",
            "t.sql:3: version: expected the table's ENGINE = ReplacingMergeTree(v), got another engine");
    refused(ROOM_TABLE, "t.sql", "-- about: x\n-- version: v\nCREATE TABLE t (a Int8) ENGINE = ReplacingMergeTree ORDER BY a",
            "t.sql:2: version: expected the table's ENGINE = ReplacingMergeTree(v), got ReplacingMergeTree()");
}

static void reads_params(void **state)
{
    (void)state;
    struct declaration *d = accepted(
        ROOM_ENDPOINT, "events.sql",
        "-- about: events\n-- order: timestamp desc\n-- param limit: how many. default 100. 1 to 1000\n"
        "-- param level: only lines of this level. As written. default INFO.\n-- param n: a number. 0.5 to 2.5\n"
        "SELECT 1 WHERE level = {level:String} -- if given\n  AND {n:Float64} > 0 AND '{x:y}' != {level:String} -- if given\n");
    assert_int_equal(d->n_params, 3);
    assert_string_equal(d->params[0].type, "UInt32");
    assert_string_equal(d->params[0].about, "how many");
    assert_string_equal(d->params[0].fallback, "100");
    assert_string_equal(d->params[0].low, "1");
    assert_string_equal(d->params[0].high, "1000");
    assert_string_equal(d->params[1].about, "only lines of this level. As written");
    assert_string_equal(d->params[1].fallback, "INFO");
    assert_null(d->params[1].low);
    assert_string_equal(d->params[2].type, "Float64");
    assert_string_equal(d->params[2].low, "0.5");
    assert_string_equal(d->params[2].high, "2.5");
    assert_null(d->creates);
    assert_true(str_ends(str_of(d->sql), STR("-- if given")));
    refused(ROOM_ENDPOINT, "e.sql", "-- about: x\nSELECT {a:String}", "e.sql:2: {a:String} has no '-- param a: …' in the head");
    refused(ROOM_ENDPOINT, "e.sql", "-- about: x\n-- param a: x\nSELECT 1 -- {a:String}\n",
            "e.sql:2: param a: the statement has no {a:Type}");
    refused(ROOM_ENDPOINT, "e.sql", "-- about: x\n-- param a: x\nSELECT {a:String},\n {a:UInt8}",
            "e.sql:4: {a:UInt8} has the type String elsewhere");
    refused(ROOM_ENDPOINT, "e.sql", "-- about: x\nINSERT INTO t SELECT 1", "e.sql:2: expected a SELECT");
}

static void stamps(void **state)
{
    (void)state;
    static const char *const pairs[] = { "source", "events", "record_type", "Tuple(a Int8)", NULL };
    struct declaration *d =
        accepted(ROOM_EACH_SOURCE, "intake.sql",
                 "-- about: x {source}\n-- kind: intake\nCREATE TABLE {source}_intake -- {whatever} of {source}\n"
                 "(r {record_type}, m Map(String, String) DEFAULT {'a': '{source}'}, c String DEFAULT '\\\\d{4}')\nENGINE = Null");
    struct err err = ERR_INIT;
    assert_string_equal(d->creates, "{source}_intake");
    assert_string_equal(
        declaration_stamp(&arena, d, pairs, &err),
        "CREATE TABLE events_intake -- {whatever} of events\n"
        "(r Tuple(a Int8), m Map(String, String) DEFAULT {'a': 'events'}, c String DEFAULT '\\\\d{4}')\nENGINE = Null");
    d = accepted(ROOM_EACH_SOURCE, "intake.sql",
                 "-- about: x\n-- kind: intake\nCREATE TABLE {source}_intake\n(r {record_typ})\nENGINE = Null");
    assert_null(declaration_stamp(&arena, d, pairs, &err));
    assert_non_null(strstr(err.text, "intake.sql:4: unknown word {record_typ}; expected one of {source}, {record_type}"));
    d = accepted(ROOM_EACH_SOURCE, "intake.sql",
                 "-- about: x\n-- kind: intake\nCREATE TABLE {source}_intake (\n    a Int8, -- if {record_type}\n    b Int8, -- if "
                 "{empty}\n    c Int8\n) ENGINE = Null -- if {source}");
    static const char *const some[] = { "source", "events", "record_type", "Int8", "empty", "", NULL };
    err = ERR_INIT;
    assert_string_equal(declaration_stamp(&arena, d, some, &err),
                        "CREATE TABLE events_intake (\n    a Int8,\n    c Int8\n) ENGINE = Null");
    d = accepted(ROOM_ENDPOINT, "e.sql", "-- about: x\n-- param a: x\nSELECT {a:String}");
    err = ERR_INIT;
    assert_string_equal(declaration_stamp(&arena, d, NULL, &err), "SELECT {a:String}");
}

static void reads_words_as_values(void **state)
{
    (void)state;
    assert_int_equal(declaration_duration("7d"), 7 * 86400000LL);
    assert_int_equal(declaration_duration("forever"), -1);
    assert_int_equal(declaration_duration("7"), -2);
    assert_int_equal(declaration_duration("-7d"), -2);
    assert_int_equal(declaration_duration("99999999999999999d"), -2);
    assert_int_equal(declaration_size("1048576"), 1048576);
    assert_int_equal(declaration_size("1M"), 1048576);
    assert_int_equal(declaration_size("1X"), -2);
}

/* The real ones, so that a slip in them is seen before any server is asked. */
static void loads_the_projects_own(void **state)
{
    (void)state;
    static const struct {
        enum room room;
        const char *folder;
    } rooms[] = { { ROOM_QUEUE, "kafka-engine" },
                  { ROOM_TABLE, "sql" },
                  { ROOM_VIEW, "mv" },
                  { ROOM_EACH_SOURCE, "mv/each-source" },
                  { ROOM_ENDPOINT, "shim/endpoints" } };
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        struct declaration *first = NULL;
        struct err err = ERR_INIT;
        if (declaration_load_folder(&arena, rooms[i].room, rooms[i].folder, &first, &err) < 0)
            fail_msg("%s", err.text);
        for (struct declaration *d = first; d != NULL && d->next != NULL; d = d->next)
            assert_true(strcmp(d->path, d->next->path) < 0);
    }
    struct declaration *none = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(declaration_load_folder(&arena, ROOM_TABLE, "no/such/folder", &none, &err), 0);
    assert_null(none);
}

/* Every prefix of a file is either refused with its name or accepted: never read past, never a crash (sanitizers look on). */
static void survives_any_prefix(void **state)
{
    (void)state;
    static const char text[] =
        "-- about: x\n-- param a: b. default 1. 1 to 2\nSELECT {a:String}, `b``c`, \"d\", $t$;$t$, /* /* */ */ {'k': 1}, '\\'";
    for (size_t n = 0; n < sizeof text; n++) {
        char part[sizeof text], error[1024];
        memcpy(part, text, n);
        part[n] = '\0';
        if (load(ROOM_ENDPOINT, "p.sql", part, error) == NULL)
            assert_true(strncmp(error, "p.sql:", 6) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_head_and_statement),
        cmocka_unit_test(refuses_heads),
        cmocka_unit_test(refuses_statements),
        cmocka_unit_test(holds_identity_to_the_table),
        cmocka_unit_test(reads_params),
        cmocka_unit_test(stamps),
        cmocka_unit_test(reads_words_as_values),
        cmocka_unit_test(loads_the_projects_own),
        cmocka_unit_test(survives_any_prefix),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
