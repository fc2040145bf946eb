/* lib/declaration/plan_order: puts a plan's objects in the order in which they can be created.
 *
 * An object comes after every other one that its statement names; among those that could come next, the lowest kind, then the
 * file's name decides. A name may also be a column's, so "names" errs on the side of more: that only moves things back, and where
 * it closes a circle the kind decides. */
#include "declaration/plan_order.h"

#include <stdlib.h>
#include <string.h>

#include "declaration/sql_scan.h"

static size_t index_of(const struct plan *p, struct str name)
{
    for (size_t i = 0; i < p->n_objects; i++)
        if (str_eq(str_of(p->objects[i].name), name))
            return i;
    return p->n_objects;
}

/* names[i * n + j]: object i names object j. */
static void find_names(const struct plan *p, bool *names)
{
    for (size_t i = 0; i < p->n_objects; i++) {
        struct sql_scan scan = sql_scan_of(str_of(p->objects[i].statement), 1);
        for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan)) {
            size_t j = t.kind == TOKEN_WORD || t.kind == TOKEN_NAME ? index_of(p, t.text) : p->n_objects;
            if (j < p->n_objects && j != i)
                names[i * p->n_objects + j] = true;
        }
    }
}

static bool is_before(const struct plan_object *a, const struct plan_object *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind;
    int by_path = strcmp(a->declaration->path, b->declaration->path);
    return by_path != 0 ? by_path < 0 : strcmp(a->name, b->name) < 0;
}

/* Queues and what reads them also wait for everything else: by then all that messages flow into is there. */
static bool is_ready(const struct plan *p, const bool *names, const bool *done, size_t i)
{
    size_t n = p->n_objects;
    for (size_t j = 0; j < n; j++) {
        bool waits = p->objects[i].kind >= PLAN_QUEUE && p->objects[j].kind < p->objects[i].kind;
        if ((waits || names[i * n + j]) && !done[j])
            return false;
    }
    return true;
}

int plan_order(struct plan *p, struct err *err)
{
    size_t n = p->n_objects;
    int failed = -1;
    bool *names = calloc(n * n + 1, sizeof *names), *done = calloc(n + 1, sizeof *done);
    struct plan_object *ordered = arena_alloc(&p->arena, n * sizeof *ordered);
    if (names == NULL || done == NULL || ordered == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    find_names(p, names);
    for (size_t k = 0; k < n; k++) {
        size_t next = n;
        for (int circle = 0; next == n && circle < 2; circle++)
            for (size_t i = 0; i < n; i++)
                if (!done[i] && (circle == 1 || is_ready(p, names, done, i)) &&
                    (next == n || is_before(&p->objects[i], &p->objects[next])))
                    next = i;
        done[next] = true;
        ordered[k] = p->objects[next];
    }
    p->objects = ordered;
    failed = 0;
out:
    free(names);
    free(done);
    return failed;
}
