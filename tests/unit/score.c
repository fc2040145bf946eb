/* tests/unit/score: what counts as found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "score/score.h"

static struct arena arena;

static struct score_field one(const char *expected, const char *got, const char *field)
{
    struct score s = { .arena = &arena };
    json_t *a = json_loads(expected, 0, NULL), *b = got != NULL ? json_loads(got, 0, NULL) : NULL;
    assert_non_null(a);
    assert_int_equal(score_add(&s, a, b), 0);
    json_decref(a);
    json_decref(b);
    for (const struct score_field *f = s.fields; f != NULL; f = f->next)
        if (strcmp(f->name, field) == 0)
            return *f;
    return score_total(&s);
}

static void counts(const char *expected, const char *got, int right, int missed, int wrong, int made_up)
{
    struct score_field f = one(expected, got, "-");
    assert_int_equal(f.right, right);
    assert_int_equal(f.missed, missed);
    assert_int_equal(f.wrong, wrong);
    assert_int_equal(f.made_up, made_up);
}

static void compares_values(void **state)
{
    (void)state;
    counts("{\"a\": \"Dr. Hopper\"}", "{\"a\": \" dr.  hopper.\"}", 1, 0, 0, 0);
    counts("{\"a\": \"Hopper\"}", "{\"a\": \"Hoppers\"}", 0, 0, 1, 0);
    counts("{\"a\": \"3.5\"}", "{\"a\": \"35\"}", 0, 0, 1, 0);
    counts("{\"a\": 3.0}", "{\"a\": 3}", 1, 0, 0, 0);
    counts("{\"a\": 3}", "{\"a\": \"3\"}", 0, 0, 1, 0);
    counts("{\"a\": null}", "{\"a\": null}", 1, 0, 0, 0);
    counts("{\"a\": null}", "{}", 1, 0, 0, 0);
    counts("{\"a\": null}", "{\"a\": \"x\"}", 0, 0, 0, 1);
    counts("{}", "{\"a\": \"x\"}", 0, 0, 0, 1);
    counts("{\"a\": \"x\"}", "{\"a\": null}", 0, 1, 0, 0);
    counts("{\"a\": \"x\", \"b\": null}", NULL, 1, 1, 0, 0);
}

static void goes_into_lists(void **state)
{
    (void)state;
    const char *two = "{\"lines\": [{\"n\": 1}, {\"n\": 2}]}";
    counts(two, two, 2, 0, 0, 0);
    counts(two, "{\"lines\": [{\"n\": 1}]}", 1, 1, 0, 0);
    counts(two, "{\"lines\": [{\"n\": 1}, {\"n\": 3}, {\"n\": 4}]}", 1, 0, 1, 1);
    counts(two, "{\"lines\": null}", 0, 2, 0, 0);
    counts(two, NULL, 0, 2, 0, 0);
    assert_int_equal(one(two, two, "lines/n").right, 2);
}

static void sums_up(void **state)
{
    (void)state;
    struct score s = { .arena = &arena };
    json_t *a = json_loads("{\"a\": \"x\", \"b\": 1}", 0, NULL), *b = json_loads("{\"a\": \"x\", \"b\": 2}", 0, NULL);
    assert_int_equal(score_add(&s, a, a), 0);
    assert_int_equal(score_add(&s, a, b), 0);
    assert_int_equal(s.records, 2);
    assert_int_equal(s.perfect, 1);
    struct score_field all = score_total(&s);
    assert_true(score_accuracy(&all) == 0.75);
    json_t *json = score_json(&s);
    assert_int_equal(json_integer_value(json_object_get(json, "perfect")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(json_object_get(json, "fields"), "b"), "wrong")), 1);
    json_decref(json);
    json_decref(a);
    json_decref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_values),
        cmocka_unit_test(goes_into_lists),
        cmocka_unit_test(sums_up),
    };
    arena_init(&arena, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
