/* lib/score: how much of what was to be found in documents was found. */
#include "score/score.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"

enum { PATH_BYTES = 512, DEPTH_MAX = 32 };

/* ---- are two values the same? ---- */

/* The next byte as it counts: white space is one space, and none at the ends. '\0' at the end. */
static char next_folded(const char **p)
{
    if (isspace((unsigned char)**p)) {
        while (isspace((unsigned char)**p))
            (*p)++;
        return **p != '\0' ? ' ' : '\0';
    }
    if (**p == '.' && (*p)[1 + strspn(*p + 1, " \t\n")] == '\0') {
        *p += strlen(*p);
        return '\0';
    }
    return **p != '\0' ? (char)tolower((unsigned char)*(*p)++) : '\0';
}

static bool same_text(const char *a, const char *b)
{
    a += strspn(a, " \t\n");
    b += strspn(b, " \t\n");
    for (;;) {
        char x = next_folded(&a), y = next_folded(&b);
        if (x != y)
            return false;
        if (x == '\0')
            return true;
    }
}

static bool same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        double x = json_number_value(a), y = json_number_value(b);
        return fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y));
    }
    if (json_is_string(a) && json_is_string(b))
        return same_text(json_string_value(a), json_string_value(b));
    return json_equal(a, b);
}

/* ---- counting ---- */

static struct score_field *field_named(struct score *s, const char *name)
{
    struct score_field **at = &s->fields;
    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    if (*at == NULL && (*at = arena_alloc(s->arena, sizeof **at)) != NULL) {
        **at = (struct score_field){ .name = arena_copy(s->arena, str_of(name)) };
        if ((*at)->name == NULL)
            *at = NULL;
    }
    return *at;
}

static int count_value(struct score *s, const char *path, const json_t *expected, const json_t *got, bool *perfect)
{
    struct score_field *f = field_named(s, path);
    bool wanted = expected != NULL && !json_is_null(expected), found = got != NULL && !json_is_null(got);
    if (f == NULL)
        return -1;
    bool right = wanted == found && (!wanted || same(expected, got));
    f->right += right;
    f->missed += wanted && !found;
    f->made_up += !wanted && found;
    f->wrong += wanted && found && !right;
    *perfect = *perfect && right;
    return 0;
}

static int count(struct score *s, const char *path, const json_t *expected, const json_t *got, int depth, bool *perfect);

static int count_members(struct score *s, const char *path, const json_t *expected, const json_t *got, int depth, bool *perfect)
{
    const char *key;
    json_t *value;
    char below[PATH_BYTES];
    json_object_foreach((json_t *)expected, key, value)
    {
        snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "/" : "", key);
        if (count(s, below, value, json_object_get(got, key), depth + 1, perfect) < 0)
            return -1;
    }
    json_object_foreach((json_t *)got, key, value)
    {
        snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "/" : "", key);
        if (json_object_get(expected, key) == NULL && count(s, below, NULL, value, depth + 1, perfect) < 0)
            return -1;
    }
    return 0;
}

/* expected and got: either may be NULL, not both. An item of a list is compared with the one in the same place. */
static int count(struct score *s, const char *path, const json_t *expected, const json_t *got, int depth, bool *perfect)
{
    const json_t *shape = expected != NULL && !json_is_null(expected) ? expected : got;
    if (depth < DEPTH_MAX && json_is_object(shape))
        return count_members(s, path, json_is_object(expected) ? expected : NULL, json_is_object(got) ? got : NULL, depth, perfect);
    if (depth == DEPTH_MAX || !json_is_array(shape))
        return count_value(s, path, expected, got, perfect);
    size_t wanted = json_array_size(expected), found = json_array_size(got);
    for (size_t i = 0; i < wanted || i < found; i++)
        if (count(s, path, i < wanted ? json_array_get(expected, i) : NULL, i < found ? json_array_get(got, i) : NULL, depth + 1,
                  perfect) < 0)
            return -1;
    return 0;
}

int score_add(struct score *s, const json_t *expected, const json_t *record)
{
    bool perfect = record != NULL;
    if (count(s, "", expected, record, 0, &perfect) < 0)
        return -1;
    s->records++;
    s->perfect += perfect;
    return 0;
}

struct score_field score_total(const struct score *s)
{
    struct score_field all = { .name = "all fields" };
    for (const struct score_field *f = s->fields; f != NULL; f = f->next) {
        all.right += f->right;
        all.missed += f->missed;
        all.wrong += f->wrong;
        all.made_up += f->made_up;
    }
    return all;
}

double score_accuracy(const struct score_field *f)
{
    int64_t n = f->right + f->missed + f->wrong + f->made_up;
    return n > 0 ? (double)f->right / (double)n : 1;
}

/* ---- what is said ---- */

static void print_field(const struct score_field *f, FILE *to)
{
    int64_t n = f->right + f->missed + f->wrong + f->made_up;
    fprintf(to, "%-32s %7" PRId64 " %7" PRId64 " %7" PRId64 " %7" PRId64 " %7" PRId64 "   %5.1f %%\n", f->name, n, f->right,
            f->missed, f->wrong, f->made_up, 100 * score_accuracy(f));
}

void score_print(const struct score *s, FILE *to)
{
    struct score_field all = score_total(s);
    fprintf(to, "%-32s %7s %7s %7s %7s %7s   %s\n", "field", "values", "right", "missed", "wrong", "made up", "accuracy");
    for (const struct score_field *f = s->fields; f != NULL; f = f->next)
        print_field(f, to);
    print_field(&all, to);
}

static json_t *field_json(const struct score_field *f)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:f}", "right", (json_int_t)f->right, "missed", (json_int_t)f->missed, "wrong",
                     (json_int_t)f->wrong, "made_up", (json_int_t)f->made_up, "accuracy", score_accuracy(f));
}

json_t *score_json(const struct score *s)
{
    struct score_field all = score_total(s);
    json_t *fields = json_object();
    for (const struct score_field *f = s->fields; f != NULL; f = f->next)
        json_object_set_new(fields, f->name, field_json(f));
    return json_pack("{s:I, s:I, s:o, s:o}", "documents", (json_int_t)s->records, "perfect", (json_int_t)s->perfect, "fields",
                     fields, "all", field_json(&all));
}
