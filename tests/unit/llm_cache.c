/* tests/unit: lib/llm/cache: what is kept, for how long, how much of it; what it costs; several processes at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "llm/cache.h"

enum { DAY_MS = 86400000 };

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/odw-llm-cache-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "answers.sqlite", "answers.sqlite-wal", "answers.sqlite-shm" };
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static struct llm_cache *open_cache(uint64_t max_bytes, int64_t max_ms)
{
    struct err err = ERR_INIT;
    struct llm_cache *c = llm_cache_open(folder, max_bytes, max_ms, &err);
    if (c == NULL)
        fail_msg("%s", err.text);
    return c;
}

static void key_of(unsigned n, uint8_t key[32])
{
    memset(key, 0, 32);
    memcpy(key, &n, sizeof n);
}

static void put(struct llm_cache *c, unsigned n, const char *content, int64_t now_ms)
{
    struct err err = ERR_INIT;
    uint8_t key[32];
    struct llm_answer a = { .tokens_in = 10, .tokens_out = 5, .cost = 0.25, .latency_ms = 100 };
    key_of(n, key);
    buf_init(&a.content, 0);
    buf_puts(&a.content, content);
    if (llm_cache_put(c, key, "small", &a, now_ms, &err) < 0)
        fail_msg("%s", err.text);
    buf_fini(&a.content);
}

static bool has(struct llm_cache *c, unsigned n)
{
    struct err err = ERR_INIT;
    uint8_t key[32];
    struct llm_answer a = { 0 };
    key_of(n, key);
    buf_init(&a.content, 0);
    int found = llm_cache_get(c, key, &a, &err);
    buf_fini(&a.content);
    if (found < 0)
        fail_msg("%s", err.text);
    return found == 1;
}

static void keeps(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct llm_answer a = { 0 };
    uint8_t key[32];
    struct llm_cache *c = open_cache(1 << 20, DAY_MS);
    put(c, 1, "{\"a\":1}", wall_ms());
    put(c, 1, "{\"a\":2}", wall_ms()); /* two who asked the same: the first counts, both were paid */
    llm_cache_close(c);
    c = open_cache(1 << 20, DAY_MS);
    key_of(1, key);
    buf_init(&a.content, 0);
    assert_int_equal(llm_cache_get(c, key, &a, &err), 1);
    assert_string_equal(buf_text(&a.content), "{\"a\":1}");
    assert_int_equal(a.tokens_in, 10);
    assert_int_equal(a.tokens_out, 5);
    assert_int_equal(a.latency_ms, 100);
    buf_fini(&a.content);
    assert_false(has(c, 2));
    uint64_t tokens;
    double cost;
    assert_int_equal(llm_usage_day(c, wall_ms(), &tokens, &cost, &err), 0);
    assert_int_equal(tokens, 30);
    assert_true(cost > 0.49 && cost < 0.51);
    llm_cache_close(c);
}

/* What is over the limit goes, the longest unused first; the file doesn't grow beyond it. */
static void is_limited(void **state)
{
    (void)state;
    enum { MAX = 1 << 20, N = 4096 };
    struct err err = ERR_INIT;
    struct llm_cache_stats stats;
    char content[1001];
    int64_t now = wall_ms();
    memset(content, 'x', 1000);
    content[1000] = '\0';
    struct llm_cache *c = open_cache(MAX, (int64_t)10 * DAY_MS);
    for (unsigned n = 0; n < N; n++) /* each made, and used, a second after the one before */
        put(c, n, content, now - 5 * (int64_t)DAY_MS + n * 1000);
    llm_cache_close(c);
    c = open_cache(MAX, (int64_t)10 * DAY_MS);
    assert_int_equal(llm_cache_stats(c, &stats, &err), 0);
    assert_true(stats.bytes <= MAX + MAX / 4);
    assert_true(stats.answers > 300 && stats.answers < 1000);
    assert_true(has(c, N - 1));
    assert_true(has(c, N - 300));
    assert_false(has(c, 0));
    /* Being used keeps one: the oldest that is left outlives those that were made after it. */
    unsigned oldest = N - (unsigned)stats.answers;
    llm_cache_begin(c);
    assert_true(has(c, oldest));
    llm_cache_end(c);
    for (unsigned n = N; n < N + 512; n++)
        put(c, n, content, now - (int64_t)DAY_MS);
    llm_cache_close(c);
    c = open_cache(MAX, (int64_t)10 * DAY_MS);
    assert_true(has(c, oldest));
    assert_false(has(c, oldest + 1));
    llm_cache_close(c);
}

static void ages(void **state)
{
    (void)state;
    int64_t now = wall_ms();
    struct llm_cache *c = open_cache(1 << 20, (int64_t)10 * DAY_MS);
    put(c, 1, "old", now - (int64_t)3 * DAY_MS);
    put(c, 2, "new", now);
    llm_cache_close(c);
    c = open_cache(1 << 20, (int64_t)2 * DAY_MS);
    assert_false(has(c, 1));
    assert_true(has(c, 2));
    llm_cache_close(c);
}

static void clears(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct llm_cache_stats stats;
    uint64_t removed;
    int64_t now = wall_ms();
    struct llm_cache *c = open_cache(1 << 20, (int64_t)10 * DAY_MS);
    struct llm_answer cut = { .finish = LLM_CUT, .tokens_out = 7 };
    uint8_t key[32];
    key_of(3, key);
    put(c, 1, "old", now - (int64_t)3 * DAY_MS);
    put(c, 2, "new", now);
    assert_int_equal(llm_cache_put(c, key, "large", &cut, now, &err), 0);
    assert_int_equal(llm_cache_clear(c, NULL, 0, true, NULL, &removed, &err), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(llm_cache_clear(c, "large", 0, false, NULL, &removed, &err), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(llm_cache_clear(c, "small", now - DAY_MS, false, NULL, &removed, &err), 0);
    assert_int_equal(removed, 1);
    assert_true(has(c, 2));
    assert_int_equal(llm_cache_stats(c, &stats, &err), 0);
    assert_int_equal(stats.answers, 1);
    uint64_t tokens; /* what was used stays counted */
    double cost;
    assert_int_equal(llm_usage_day(c, now, &tokens, &cost, &err), 0);
    assert_int_equal(tokens, 15 + 7);
    llm_cache_close(c);
}

/* Processes that write at the same time, one of which is killed: nothing is lost, nothing is damaged. */
static void is_shared(void **state)
{
    (void)state;
    enum { PROCESSES = 3, EACH = 60 };
    pid_t pids[PROCESSES];
    for (unsigned p = 0; p < PROCESSES; p++)
        if ((pids[p] = fork()) == 0) {
            struct llm_cache *c = open_cache(1 << 24, DAY_MS);
            for (unsigned n = 0; n < EACH; n++)
                put(c, p * EACH + n, "an answer", wall_ms());
            if (p == 0)
                raise(SIGKILL);
            llm_cache_close(c);
            _exit(0);
        }
    for (unsigned p = 0; p < PROCESSES; p++) {
        int status;
        assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
        assert_true(p == 0 ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    struct llm_cache *c = open_cache(1 << 24, DAY_MS);
    for (unsigned n = 0; n < PROCESSES * EACH; n++)
        assert_true(has(c, n));
    llm_cache_close(c);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char path[128];
    assert_null(llm_cache_open("/no/such/folder", 1 << 20, DAY_MS, &err));
    assert_non_null(strstr(err.text, "/no/such/folder/answers.sqlite"));
    snprintf(path, sizeof path, "%s/answers.sqlite", folder);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", f);
    assert_int_equal(fclose(f), 0);
    err = ERR_INIT;
    assert_null(llm_cache_open(folder, 1 << 20, DAY_MS, &err));
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "not a database"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(is_limited, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(ages, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(clears, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(is_shared, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(says_what_is_wrong, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
