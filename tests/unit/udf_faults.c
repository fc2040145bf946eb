/* tests/unit: lib/udf against a simulated ClickHouse: rows that crash, hang, print or eat memory cost themselves alone. */
#include "tests/lib/udf_server.h"

#ifdef UDF_ASAN
/* A row that calls exit() leaves everything behind: that is its point. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static void say_why_and_crash(struct udf_row *row, const char *why)
{
    (void)row, (void)why;
    raise(SIGSEGV);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct udf echo = {
    .name = "echo", .about = "a < b", .args = { { "s", "String" } }, .returns = "String", .row = trouble
};
static const struct udf with_why = {
    .name = "why", .args = { { "s", "String" } }, .returns = "String", .row = trouble, .on_error = say_why
};
static const struct udf bad_why = {
    .name = "badWhy", .args = { { "s", "String" } }, .returns = "String", .row = trouble, .on_error = say_why_and_crash
};

static void prints_do_not_shift_answers(void **state)
{
    (void)state;
    struct program s;
    char said[4096];
    const struct str values[] = { STR("a"), STR("!print"), STR("b"), STR("!read") };
    start(&s, &echo);
    exchange(&s, &echo, values, values, 4);
    exchange(&s, &echo, values, values, 4);
    assert_int_equal(finish(&s, said, sizeof said), 0);
    assert_non_null(strstr(said, "printed by a library"));
    assert_non_null(strstr(said, "written to 1"));
}

static void rows_without_an_answer(void **state)
{
    (void)state;
    struct program s;
    char said[4096];
    const struct str values[] = { STR("a"), STR("!refuse"), STR("b"), STR("!none"), STR("!twice"), STR("c") };
    const struct str defaults[] = { STR("a"), STR(""), STR("b"), STR(""), STR(""), STR("c") };
    const struct str errors[] = { STR("a"),
                                  STR("error: the function has no answer"),
                                  STR("b"),
                                  STR("error: the function put no row, or more than one"),
                                  STR("error: the function put no row, or more than one"),
                                  STR("c") };
    start(&s, &echo);
    exchange(&s, &echo, values, defaults, 6);
    finish_well(&s);
    start(&s, &with_why);
    exchange(&s, &with_why, values, errors, 6);
    assert_int_equal(finish(&s, said, sizeof said), 0);
    assert_non_null(strstr(said, "why: row 2 of 6 gets its error value: the function has no answer"));
    assert_non_null(strstr(said, "3 of 6 rows got their error value"));
}

/* What the call asks for can't be had: no error value, no further row; the end, with the reason. */
static void a_call_that_cannot_be_answered(void **state)
{
    (void)state;
    struct program s;
    char said[4096];
    const struct str values[] = { STR("a"), STR("!segv"), STR("!stop it"), STR("b") };
    start(&s, &with_why);
    put_strings(&s, &with_why, values, 4);
    send_all(&s);
    while (program_need(&s, 1) == GOT_ALL)
        program_take(&s, program_left(&s));
    program_sent(&s); /* rows before it may have been answered */
    assert_int_equal(finish(&s, said, sizeof said), 1);
    assert_non_null(strstr(said, "why: expected the name of a thing, got \"!stop it\""));
}

/* One row of 65,409 misbehaves: the others' answers are the same, within five seconds. */
static void one_bad_row(const char *bad, const char *why)
{
    enum { ROWS = 65409, AT = 40000 };
    struct str *values = make_values(ROWS), *expected = calloc(ROWS, sizeof *expected);
    char text[200], said[4096];
    memcpy(expected, values, ROWS * sizeof *expected);
    values[AT] = str_of(bad);
    snprintf(text, sizeof text, "error: %s", why);
    struct program s;
    double before = now();
    struct udf_limits limits = udf_limits_default;
    limits.memory_bytes = 64 << 20; /* to touch a whole GiB may take as long as the deadline */
    start_within(&s, &with_why, limits);
    expected[AT] = str_of(text);
    exchange(&s, &with_why, values, expected, ROWS);
    double took = now() - before;
    print_message("    %s: %.2f s\n", bad, took);
    /* CPU time is what a row's deadline counts: on a machine that is busy with other things it takes longer. */
    double load = 0;
    if (took > 5 && getloadavg(&load, 1) == 1 && load < (double)sysconf(_SC_NPROCESSORS_ONLN))
        fail_msg("%s took %.1f s", bad, took);
    exchange(&s, &with_why, values, expected, AT); /* it still serves */
    assert_int_equal(finish(&s, said, sizeof said), 0);
    assert_non_null(strstr(said, "row 40001 of 65409"));
    assert_non_null(strstr(said, why));
    assert_null(strstr(said, bad));
    values[AT].p = strdup("");
    free_values(values, ROWS);
    free(expected);
}

static void one_row_crashes(void **state)
{
    (void)state;
    one_bad_row("!segv", "killed by signal 11 (Segmentation fault)");
}

static void one_row_exits(void **state)
{
    (void)state;
    one_bad_row("!exit", "exited with 3");
}

static void one_row_loops(void **state)
{
    (void)state;
    one_bad_row("!loop", "over its deadline of 1000 ms");
}

static void one_row_allocates(void **state)
{
    (void)state;
#ifdef UDF_ASAN
    skip(); /* the sanitizer needs the address space that the limit would take from it */
#else
    one_bad_row("!alloc", "killed by signal 11 (Segmentation fault)");
#endif
}

/* It would have to write where the arguments are: they are read-only to it. */
static void one_row_scribbles(void **state)
{
    (void)state;
    one_bad_row("!scribble", "killed by signal 11 (Segmentation fault)");
}

/* What a function must not do costs the row; the others' answers are right, and it may do what it needs. */
static void rows_that_reach_out(void **state)
{
    (void)state;
#ifdef UDF_ASAN
    skip(); /* no filter in such a build */
#endif
    static const char why[] = "error: killed by signal 31: it asked for the network, another program or a file to write";
    static const char *const bad[] = { "!socket", "!exec", "!create", "!append" };
    const struct str none = STR("error: the function put no row, or more than one");
    struct program s;
    char said[4096];
    start(&s, &with_why);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct str values[] = { STR("a"), STR("!open"), str_of(bad[i]), STR("b"), STR("c") };
        const struct str expected[] = { STR("a"), STR("!open"), str_of(why), STR("b"), STR("c") };
        exchange(&s, &with_why, values, expected, 5);
    }
    const struct str values[] = { STR("a"), STR("!fork"), STR("!kill"), STR("b") };
    const struct str expected[] = { STR("a"), none, STR("!kill"), STR("b") };
    exchange(&s, &with_why, values, expected, 4);
    assert_int_equal(finish(&s, said, sizeof said), 0);
    assert_non_null(strstr(said, "row 3 of 5 gets its error value: killed by signal 31"));
    assert_null(strstr(said, "without a seccomp filter"));

    /* One that says that it needs all of this. */
    static const struct udf free_to = { .name = "freeTo",
                                        .args = { { "s", "String" } },
                                        .returns = "String",
                                        .row = trouble,
                                        .on_error = say_why,
                                        .unconfined = true };
    const struct str wanted[] = { STR("!socket"), STR("!create"), STR("!append"), STR("a") };
    start(&s, &free_to);
    exchange(&s, &free_to, wanted, wanted, 4);
    finish_well(&s);

    /* Where there is no filter, it is said once, and answers are the same. */
    const struct str plain[] = { STR("a"), STR("b") };
    setenv("ODW_UDF_SECCOMP", "off", 1);
    start(&s, &with_why);
    exchange(&s, &with_why, plain, plain, 2);
    assert_int_equal(finish(&s, said, sizeof said), 0);
    assert_non_null(strstr(said, "why: runs without a seccomp filter: ODW_UDF_SECCOMP=off"));
    unsetenv("ODW_UDF_SECCOMP");
}

static void a_row_that_waits(void **state)
{
    (void)state;
    struct udf_limits limits = udf_limits_default;
    limits.deadline_ms = 50;
    const struct str values[] = { STR("a"), STR("!wait"), STR("b") };
    const struct str expected[] = { STR("a"), STR("error: over its deadline of 50 ms"), STR("b") };
    struct program s;
    start_within(&s, &with_why, limits);
    exchange(&s, &with_why, values, expected, 3);
    finish_well(&s);
}

/* Many bad rows, next to each other and not, also the first and the last. */
static void many_bad_rows(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    struct str *values = make_values(ROWS), *expected = calloc(ROWS, sizeof *expected);
    struct str *sent = calloc(ROWS, sizeof *sent);
    const struct str bad = STR("!exit"), why = STR("error: exited with 3");
    for (size_t i = 0; i < ROWS; i++) {
        bool is_bad = i == 0 || i == ROWS - 1 || i == 8191 || i == 8192 || (i >= 500 && i < 540) || i % 5000 == 77;
        sent[i] = is_bad ? bad : values[i];
        expected[i] = is_bad ? why : values[i];
    }
    struct program s;
    start(&s, &with_why);
    exchange(&s, &with_why, sent, expected, ROWS);
    exchange(&s, &with_why, sent, expected, ROWS);
    finish_well(&s);
    free(sent);
    free(expected);
    free_values(values, ROWS);
}

/* Also on_error may crash: then the row has its type's default. */
static void an_error_value_that_crashes(void **state)
{
    (void)state;
    const struct str values[] = { STR("a"), STR("!exit"), STR("b") };
    const struct str expected[] = { STR("a"), STR(""), STR("b") };
    struct program s;
    start(&s, &bad_why);
    exchange(&s, &bad_why, values, expected, 3);
    exchange(&s, &bad_why, values, expected, 3);
    finish_well(&s);
}

static int oom_score(pid_t pid)
{
    char path[64];
    int score = -1;
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return -1;
    int got = fscanf(f, "%d", &score);
    fclose(f);
    return got == 1 ? score : -1;
}

/* The worker is killed from outside between two chunks, or at any row: nothing is lost. */
static void a_worker_that_is_killed(void **state)
{
    (void)state;
    struct str *values = make_values(1000);
    struct program s;
    char path[64], line[64] = "";
    start(&s, &echo);
    for (int i = 0; i < 3; i++) {
        exchange(&s, &echo, values, values, 1000);
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)s.pid, (int)s.pid);
        FILE *f = fopen(path, "r");
        if (f == NULL)
            skip();
        char *got = fgets(line, sizeof line, f);
        fclose(f);
        assert_non_null(got);
        assert_int_equal(oom_score(atoi(line)), 900); /* where memory runs out it goes, and its parent stays */
        assert_int_equal(oom_score(s.pid), oom_score(getpid()));
        kill(atoi(line), SIGKILL);
        exchange(&s, &echo, values, values, 1000);
    }
    finish_well(&s);
    free_values(values, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_do_not_shift_answers),
        cmocka_unit_test(rows_without_an_answer),
        cmocka_unit_test(a_call_that_cannot_be_answered),
        cmocka_unit_test(one_row_crashes),
        cmocka_unit_test(one_row_exits),
        cmocka_unit_test(one_row_loops),
        cmocka_unit_test(one_row_allocates),
        cmocka_unit_test(one_row_scribbles),
        cmocka_unit_test(rows_that_reach_out),
        cmocka_unit_test(a_row_that_waits),
        cmocka_unit_test(many_bad_rows),
        cmocka_unit_test(an_error_value_that_crashes),
        cmocka_unit_test(a_worker_that_is_killed),
    };
    log_setup("udf", LOG_LEVEL_INFO, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
