/* tests/unit/letter: the message that is sent in a dead letter's place, and a letter as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "letter/letter.h"

static void knows_an_id(void **state)
{
    static const char *const good[] = { "events/0/0", "a.b-c_d/12/9223372036854775807", "events/0/17@1795600000123" };
    static const char *const bad[] = { "",
                                       "events",
                                       "events/0",
                                       "/0/0",
                                       "events//0",
                                       "events/0/",
                                       "events/x/0",
                                       "events/0/0/0",
                                       "events/-1/0",
                                       "events/0/1 ",
                                       "events/0/12345678901234567890",
                                       "events/12345678901/0",
                                       "events/0/@1",
                                       "events/0/1@",
                                       "events/0/1@2@3",
                                       "events/0/1@1234567890123456" };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct err err = ERR_INIT;
        assert_int_equal(letter_check_id(good[i], &err), 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = ERR_INIT;
        assert_int_equal(letter_check_id(bad[i], &err), -1);
        assert_int_equal(err.class, ERR_STOP);
    }
}

static const char *header(const struct letter *l, const char *name, char text[64])
{
    for (size_t i = 0; i < l->n_headers; i++)
        if (strcmp(l->headers[i].name, name) == 0) {
            memcpy(text, l->headers[i].value.p, l->headers[i].value.n);
            text[l->headers[i].value.n] = '\0';
            return text;
        }
    return NULL;
}

static void carries_origin_attempt_and_age(void **state)
{
    struct arena arena;
    char text[64];
    (void)state;
    arena_init(&arena, 0);
    /* Its own headers: colour=b, and those that a replay gave it. */
    struct str first[LETTER_FIELDS] = { STR("events/0/7"),
                                        STR("events"),
                                        STR("events"),
                                        STR(""),
                                        STR("open"),
                                        STR("contract"),
                                        STR(""),
                                        STR("0"),
                                        STR("1763632800123"),
                                        STR("key"),
                                        STR("\xff\x00payload"),
                                        STR(""),
                                        STR("636F6C6F7572"),
                                        STR("62"),
                                        STR("1") };
    struct letter *l = letter_read(&arena, first, LETTER_FIELDS);
    assert_non_null(l);
    assert_int_equal(l->attempt, 1);
    assert_int_equal(l->payload.n, 9);
    assert_memory_equal(l->payload.p, "\xff\x00payload", 9);
    assert_int_equal(l->n_headers, 4);
    assert_string_equal(header(l, LETTER_ORIGIN, text), "events/0/7");
    assert_string_equal(header(l, LETTER_ATTEMPT, text), "1");
    assert_string_equal(header(l, LETTER_APPENDED, text), "1763632800123");
    assert_string_equal(header(l, "colour", text), "b");
    /* "odw-origin", "odw-attempt" */
    struct str again[LETTER_FIELDS] = { STR("events/0/9"),
                                        STR("events"),
                                        STR("events"),
                                        STR("events/0/7"),
                                        STR("open"),
                                        STR("contract"),
                                        STR(""),
                                        STR("1"),
                                        STR("1763632800123"),
                                        STR(""),
                                        STR("p"),
                                        STR("q"),
                                        STR("6F64772D6F726967696E,6F64772D617474656D7074"),
                                        STR("78,31"),
                                        STR("2") };
    l = letter_read(&arena, again, LETTER_FIELDS);
    assert_non_null(l);
    assert_int_equal(l->n_headers, 3);
    assert_string_equal(header(l, LETTER_ORIGIN, text), "events/0/7");
    assert_string_equal(header(l, LETTER_ATTEMPT, text), "2");
    assert_null(l->key.p);
    assert_int_equal(l->corrected.n, 1);
    assert_null(letter_read(&arena, again, LETTER_FIELDS - 1));
    arena_fini(&arena);
}

static void is_exact_as_json(void **state)
{
    struct str row[] = { STR("events/0/7"),
                         STR("events"),
                         STR("parse"),
                         STR("open"),
                         STR("a \"note\""),
                         STR(""),
                         STR("c0ffee"),
                         STR("events"),
                         STR("2026-11-20T10:00:00.123000Z"),
                         STR("2026-11-20T10:00:00.456000Z"),
                         STR(""),
                         STR("0"),
                         STR("7"),
                         STR("0"),
                         STR("[\"why\"]"),
                         STR("key"),
                         STR("\xff\x00x"),
                         STR(""),
                         STR("636F6C6F7572=62,78=FF") };
    struct buf b;
    (void)state;
    buf_init(&b, 0);
    assert_int_equal(letter_put_json(&b, row, sizeof row / sizeof *row), 0);
    assert_string_equal(
        buf_text(&b),
        "{\"id\":\"events/0/7\",\"source\":\"events\",\"class\":\"parse\",\"status\":\"open\",\"note\":\"a \\\"note\\\"\","
        "\"origin\":\"\",\"contract\":\"c0ffee\",\"topic\":\"events\",\"appended_at\":\"2026-11-20T10:00:00.123000Z\","
        "\"failed_at\":\"2026-11-20T10:00:00.456000Z\",\"offspring\":\"\",\"partition\":0,\"offset\":7,\"attempt\":0,"
        "\"violations\":[\"why\"],\"key\":\"key\",\"payload_base64\":\"/wB4\",\"headers\":[{\"name\":\"colour\",\"value\":"
        "\"b\"},{\"name\":\"x\",\"value_base64\":\"/w==\"}]}");
    assert_int_equal(letter_put_json(&b, row, 3), -1);
    buf_fini(&b);
}

static void a_state_is_a_row(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 0);
    letter_state_put(&b, &(struct letter_state){ .letter = "t/0/1",
                                                 .status = LETTER_DISCARDED,
                                                 .attempt = 70000,
                                                 .changed_by = "ada",
                                                 .reason = "r",
                                                 .payload = STR("p") });
    /* letter, status, changed_at, offspring, attempt, changed_by, reason, payload */
    assert_int_equal(b.n, 6 + 1 + 8 + 1 + 2 + 4 + 2 + 2);
    assert_memory_equal(b.p, "\5t/0/1\4", 7);
    assert_memory_equal(b.p + 15, "\0\xff\xff\3ada\1r\1p", 11);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_an_id),
        cmocka_unit_test(carries_origin_attempt_and_age),
        cmocka_unit_test(is_exact_as_json),
        cmocka_unit_test(a_state_is_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
