/* tests/unit/loader_blobs: what has changed between listings: against a model, stopped and gone on with anywhere, with parts that
 * can't be read, nothing at all, and files that are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loaders/changes.h"
#include "loaders/types.h"

enum { OBJECTS = 300 };

/* A place whose objects are numbers: `size` 0 is none. */
struct place {
    int64_t size[OBJECTS];
    int at;
    int unread; /* this object, and all that its folder holds, can't be read; -1: all can */
    char path[64];
};

static char folder[64], stem[96];

static const char *path_of(int i, char out[64])
{
    snprintf(out, 64, "%c%c/%03d%s", 'a' + i / 100, 'x', i, i % 7 == 0 ? "\xc3\xa9 \n" : "");
    return out;
}

static int next(void *state, struct blob *blob, struct err *err)
{
    struct place *p = state;
    for (; p->at < OBJECTS; p->at++) {
        if (p->unread >= 0 && p->at / 100 == p->unread / 100) {
            snprintf(p->path, sizeof p->path, "%cx/", 'a' + p->at / 100);
            blob->path = str_of(p->path);
            p->at = (p->at / 100 + 1) * 100;
            return err_set(err, ERR_DROP, "can't be read");
        }
        if (p->size[p->at] == 0)
            continue;
        *blob =
            (struct blob){ .path = str_of(path_of(p->at, p->path)), .etag = STR("e"), .size = p->size[p->at], .modified_ms = -5 };
        p->at++;
        return 1;
    }
    return 0;
}

static void nothing(void *state)
{
    (void)state;
}

static int open_place(void *context, struct listing *l, struct str after, struct err *err)
{
    struct place *p = context;
    char path[64];
    (void)err;
    for (p->at = 0; p->at < OBJECTS && after.n > 0; p->at++) {
        struct str here = str_of(path_of(p->at, path));
        int c = memcmp(here.p, after.p, here.n < after.n ? here.n : after.n);
        if (c > 0 || (c == 0 && here.n > after.n))
            break;
    }
    *l = (struct listing){ .state = p, .next = next, .free = nothing };
    return 0;
}

static struct changes *begin(struct place *p, struct str position)
{
    struct err err = ERR_INIT;
    struct changes *c = changes_new(open_place, p, false, &err);
    assert_non_null(c);
    assert_int_equal(changes_keep(c, stem, &err), 0);
    if (position.n > 0 && changes_resume(c, position, &err) < 0)
        fail_msg("%s", err.text);
    return c;
}

static int number_of(struct str path)
{
    return (int)str_integer((struct str){ path.p + 3, path.n - 3 });
}

/* A whole run, stopped after every `stop` changes (0: never): what changed goes to `seen` (1: there, 2: gone). */
static void run(struct place *p, struct buf *position, int stop, char seen[OBJECTS], int *dropped)
{
    memset(seen, 0, OBJECTS);
    struct changes *c = begin(p, buf_str(position));
    for (int n = 0;;) {
        struct err err = ERR_INIT;
        struct change change;
        int rc = changes_next(c, &change, &err);
        if (rc < 0 && err.class == ERR_DROP) {
            ++*dropped;
            continue;
        }
        if (rc < 0 && err.class == ERR_RETRY)
            continue;
        if (rc < 0)
            fail_msg("%s", err.text);
        if (rc == 0)
            break;
        int i = number_of(change.blob.path);
        assert_int_equal(seen[i], 0);
        seen[i] = change.gone ? 2 : 1;
        if (stop > 0 && ++n % stop == 0) {
            buf_clear(position);
            assert_int_equal(changes_position(c, change.place, change.blob.path, position, &err), 0);
            changes_free(c);
            c = begin(p, buf_str(position));
        }
    }
    struct err err = ERR_INIT;
    buf_clear(position);
    assert_int_equal(changes_position(c, -1, STR(""), position, &err), 0);
    assert_true(str_starts(buf_str(position), STR("seen ")));
    changes_free(c);
}

static int files(void)
{
    char command[160];
    snprintf(command, sizeof command, "ls %s | grep -c seen", folder);
    FILE *f = popen(command, "r");
    int n = -1;
    if (f == NULL || fscanf(f, "%d", &n) != 1)
        fail();
    pclose(f);
    return n;
}

static void against_a_model(void **state)
{
    (void)state;
    struct place p = { .unread = -1 };
    int64_t before[OBJECTS] = { 0 };
    char seen[OBJECTS];
    struct buf position;
    buf_init(&position, 0);
    srand(4711);
    for (int round = 0; round < 60; round++) {
        int dropped = 0;
        for (int i = 0; i < OBJECTS; i++)
            if (rand() % 8 == 0)
                p.size[i] = rand() % 3 == 0 ? 0 : 1 + rand() % 1000;
        p.size[150] = 1; /* never empty: that is a case of its own */
        p.unread = round % 10 == 9 ? (round / 10 % 3) * 100 : -1;
        run(&p, &position, round % 4 == 0 ? 0 : 1 + round % 5, seen, &dropped);
        for (int i = 0; i < OBJECTS; i++) {
            bool unread = p.unread >= 0 && i / 100 == p.unread / 100;
            int wanted = unread || p.size[i] == before[i] ? 0 : p.size[i] == 0 ? 2 : 1;
            if (seen[i] != wanted)
                fail_msg("round %d, object %d: expected %d, got %d (%d was, %d is)", round, i, wanted, seen[i], (int)before[i],
                         (int)p.size[i]);
            if (!unread)
                before[i] = p.size[i];
        }
        if (p.unread >= 0)
            assert_true(dropped >= 1);
        assert_true(files() <= 2);
    }
    buf_fini(&position);
}

static void an_empty_place_is_doubted(void **state)
{
    (void)state;
    struct place p = { .unread = -1 };
    struct err err = ERR_INIT;
    struct change change;
    char seen[OBJECTS];
    int dropped = 0;
    struct buf position;
    buf_init(&position, 0);
    p.size[3] = p.size[200] = 9;
    run(&p, &position, 0, seen, &dropped);
    memset(p.size, 0, sizeof p.size);
    struct changes *c = begin(&p, buf_str(&position));
    assert_int_equal(changes_next(c, &change, &err), -1);
    assert_int_equal(err.class, ERR_STOP);
    assert_non_null(strstr(err.text, "--allow-empty"));
    changes_free(c);
    c = changes_new(open_place, &p, true, &err);
    err = ERR_INIT;
    assert_int_equal(changes_keep(c, stem, &err), 0);
    assert_int_equal(changes_resume(c, buf_str(&position), &err), 0);
    assert_int_equal(changes_next(c, &change, &err), 1);
    assert_true(change.gone);
    changes_free(c);
    buf_fini(&position);
}

static void damage_is_said(void **state)
{
    (void)state;
    struct place p = { .unread = -1 };
    char seen[OBJECTS], name[128];
    int dropped = 0;
    struct change change;
    struct buf position;
    buf_init(&position, 0);
    for (int i = 0; i < 50; i++)
        p.size[i] = i + 1;
    run(&p, &position, 0, seen, &dropped);
    snprintf(name, sizeof name, "%s.seen-%s", stem, buf_text(&position) + 5);
    assert_int_equal(truncate(name, 100), 0);
    struct changes *c = begin(&p, buf_str(&position));
    struct err err = ERR_INIT;
    int rc;
    while ((rc = changes_next(c, &change, &err)) == 1 || (rc < 0 && err.class == ERR_RETRY))
        err = ERR_INIT;
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.text, "damaged, or cut short (--from-start"));
    changes_free(c);
    /* No such file, another file, nonsense for a position. */
    assert_int_equal(truncate(name, 3), 0);
    c = begin(&p, buf_str(&position));
    err = ERR_INIT;
    assert_int_equal(changes_next(c, &change, &err), -1);
    assert_non_null(strstr(err.text, "expected a file that begins with"));
    changes_free(c);
    c = changes_new(open_place, &p, false, &err);
    err = ERR_INIT;
    assert_int_equal(changes_resume(c, STR("listing 1 2"), &err), -1);
    changes_free(c);
    buf_fini(&position);
}

static void names_say_types(void **state)
{
    (void)state;
    assert_string_equal(type_of_name(STR("a/b.PDF")), "application/pdf");
    assert_string_equal(type_of_name(STR("x.tar.gz")), "application/gzip");
    assert_null(type_of_name(STR("pdf")));
    assert_null(type_of_name(STR(".pdf")));
    assert_null(type_of_name(STR("a.pdf/b")));
    assert_null(type_of_name(STR("x.")));
    assert_null(type_of_name(STR("")));
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/odw-unit.XXXXXX",
             getenv("TMPDIR") != NULL && strlen(getenv("TMPDIR")) < 40 ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(stem, sizeof stem, "%s/load", folder);
    return 0;
}

static int teardown(void **state)
{
    char command[160];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(against_a_model, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_place_is_doubted, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_said, setup, teardown),
        cmocka_unit_test(names_say_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
