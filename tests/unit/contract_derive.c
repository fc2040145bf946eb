/* tests/unit/contract_derive: fields that a function makes of another field's value: of the value as it came, in the same row, and
 * empty where there is nothing to make them of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "contract/contract.h"

static const char schema[] = "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{"
                             "\"ip\":{\"type\":[\"string\",\"null\"],\"x-pii\":\"address\","
                             "\"x-derive\":{\"asn\":\"ipGeo.asn\",\"land\":\"ipGeo.country\"}},"
                             "\"id\":{\"type\":\"string\"}}}";

enum { IP = 2, ID, ASN, LAND, COLUMNS };

/* "8.8.8.8" → 7 and the value itself. */
static int fake(void *state, struct str value, struct col *const parts[])
{
    ++*(int *)state;
    assert_null(parts[1]);
    assert_null(parts[2]);
    assert_null(parts[4]);
    col_put_str(parts[0], value);
    col_put_u64(parts[3], value.n);
    return 0;
}

struct fixture {
    struct contract *c;
    struct reader *r;
    struct col record;
    struct contract_deriver deriver;
    int calls;
};

static void open_fixture(struct fixture *f, bool with)
{
    struct err err = ERR_INIT;
    f->calls = 0;
    f->c = contract_compile("t", str_of(schema), "t", &err);
    assert_non_null(f->c);
    assert_string_equal(contract_derives(f->c, 0), "ipGeo");
    assert_null(contract_derives(f->c, 1));
    f->r = reader_new(f->c, &err);
    assert_non_null(f->r);
    assert_int_equal(col_init(&f->record, "record", contract_type(f->c), 0, &err), 0);
    assert_int_equal(f->record.n_kids, COLUMNS);
    f->deriver = (struct contract_deriver){ fake, &f->calls };
    if (with)
        reader_use_deriver(f->r, 0, &f->deriver);
}

static void close_fixture(struct fixture *f)
{
    col_fini(&f->record);
    reader_free(f->r);
    contract_free(f->c);
}

static void one(struct fixture *f, const char *message, enum verdict verdict, const char *land)
{
    struct buf block;
    col_clear(&f->record, 0);
    assert_int_equal(reader_read(f->r, str_of(message), 0, &f->record), verdict);
    uint32_t asn;
    const struct col *kids = f->record.kids;
    for (int i = 0; i < COLUMNS; i++)
        assert_int_equal(kids[i].rows, 1);
    assert_int_equal(kids[ASN].data.n, sizeof asn);
    memcpy(&asn, kids[ASN].data.p, sizeof asn);
    assert_int_equal(asn, strlen(land));
    assert_true(str_eq(col_low(&kids[LAND], 0), str_of(land)));
    buf_init(&block, 0);
    assert_int_equal(col_write_block(&f->record, &block), 0);
    buf_fini(&block);
}

static void derives(void **state)
{
    struct fixture f;
    (void)state;
    open_fixture(&f, true);
    /* Before it is cut to its network. */
    one(&f, "{\"id\":\"1\",\"ip\":\"8.8.8.8\"}", VERDICT_OK, "8.8.8.8");
    assert_memory_equal(f.record.kids[IP].data.p,
                        "\x07"
                        "8.8.8.0",
                        8);
    one(&f, "{\"ip\":\"8.8.8\\u002e8\",\"id\":\"1\"}", VERDICT_OK, "8.8.8.8");
    assert_int_equal(f.calls, 2);
    one(&f, "{\"id\":\"1\"}", VERDICT_OK, "");
    one(&f, "{\"id\":\"1\",\"ip\":null}", VERDICT_OK, "");
    one(&f, "{\"id\":\"1\",\"ip\":\"\"}", VERDICT_OK, "");
    assert_int_equal(f.calls, 2);
    /* What is refused after it was derived leaves nothing behind. */
    one(&f, "{\"ip\":\"8.8.8.8\"}", VERDICT_CONTRACT, "");
    one(&f, "{\"ip\":\"8.8.8.8\",\"id\":", VERDICT_PARSE, "");
    one(&f, "{\"ip\":\"8.8.8.8\",\"ip\":\"9\",\"id\":\"1\"}", VERDICT_CONTRACT, "");
    one(&f, "{\"id\":\"1\",\"ip\":\"::1\"}", VERDICT_OK, "::1");
    close_fixture(&f);
}

static void checks_only(void **state)
{
    struct fixture f;
    (void)state;
    open_fixture(&f, true);
    assert_int_equal(reader_read(f.r, STR("{\"id\":\"1\",\"ip\":\"8.8.8.8\"}"), 0, NULL), VERDICT_OK);
    assert_int_equal(f.calls, 0);
    close_fixture(&f);
    open_fixture(&f, false);
    one(&f, "{\"id\":\"1\",\"ip\":\"8.8.8.8\"}", VERDICT_OK, "");
    close_fixture(&f);
}

/* Of a field that stays out of the record. */
static void derives_of_what_is_dropped(void **state)
{
    (void)state;
    static const char dropping[] = "{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{"
                                   "\"ip\":{\"type\":\"string\",\"maxLength\":9,\"x-pii\":\"drop\","
                                   "\"x-derive\":{\"asn\":\"ipGeo.asn\",\"land\":\"ipGeo.country\"}},"
                                   "\"id\":{\"type\":\"string\"}}}";
    struct err err = ERR_INIT;
    struct contract *c = contract_compile("t", str_of(dropping), "t", &err);
    struct reader *r = reader_new(c, &err);
    struct col record;
    int calls = 0;
    struct contract_deriver deriver = { fake, &calls };
    const struct str *says;
    assert_string_equal(contract_type(c),
                        "Tuple(violations Array(String), verdict Enum8('ok' = 1, 'parse' = 2, 'contract' = 3, 'simulated' = 4), "
                        "id String, asn UInt32, land LowCardinality(String))");
    assert_true(contract_drops(c, STR("ip")));
    assert_false(contract_drops(c, STR("id")));
    assert_false(contract_field(c, 1)->implied);
    assert_int_equal(col_init(&record, "record", contract_type(c), 0, &err), 0);
    reader_use_deriver(r, 0, &deriver);
    assert_int_equal(reader_read(r, STR("{\"ip\":\"8.8.8.8\",\"id\":\"1\"}"), 0, &record), VERDICT_OK);
    assert_true(str_eq(col_low(&record.kids[4], 0), STR("8.8.8.8")));
    /* It is held to the contract as any other, but no reason shows it. */
    assert_int_equal(reader_read(r, STR("{\"ip\":\"255.255.255.255\",\"id\":\"1\"}"), 0, &record), VERDICT_CONTRACT);
    assert_int_equal(reader_violations(r, &says), 1);
    assert_null(memmem(says->p, says->n, "255", 3));
    assert_int_equal(reader_read(r, STR("{\"id\":\"1\"}"), 0, &record), VERDICT_OK);
    assert_true(str_eq(col_low(&record.kids[4], 2), STR("")));
    assert_int_equal(reader_read(r, STR("{\"ip\":\"8.8.8.8\",\"id\":\"1\"}"), 0, NULL), VERDICT_OK);
    assert_int_equal(calls, 1);
    col_fini(&record);
    reader_free(r);
    contract_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(derives), cmocka_unit_test(checks_only),
                                        cmocka_unit_test(derives_of_what_is_dropped) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
