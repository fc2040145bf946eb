/* lib/llm/merge: field by field, beside the schema. */
#include "llm/merge.h"

#include <stdlib.h>

#include "llm/schema.h"

enum { DEPTH_MAX = 64 };

/* How well a value stands in the document: the lower the better. */
static int rank(struct ground *g, const json_t *v)
{
    static const int ranks[] = { [LLM_EXACT] = 0, [LLM_NUMBER] = 1, [LLM_DATE] = 1,     [LLM_FOLDED] = 2,
                                 [LLM_FUZZY] = 3, [LLM_PIECES] = 3, [LLM_INFERRED] = 4, [LLM_ABSENT] = 5 };
    if (json_is_string(v))
        return ranks[ground_text(g, (struct str){ json_string_value(v), json_string_length(v) }).how];
    if (json_is_number(v))
        return ranks[ground_number(g, json_number_value(v)).how];
    return ranks[LLM_INFERRED];
}

static json_t *merge_scalars(json_t *const *values, size_t n, struct ground *g)
{
    size_t best = SIZE_MAX, best_votes = 0;
    int best_rank = 0;
    for (size_t i = 0; i < n; i++) {
        if (values[i] == NULL || json_is_null(values[i]))
            continue;
        size_t votes = 0;
        for (size_t k = 0; k < n; k++)
            votes += values[k] != NULL && json_equal(values[i], values[k]);
        int r = rank(g, values[i]);
        if (best == SIZE_MAX || r < best_rank || (r == best_rank && votes > best_votes)) {
            best = i;
            best_rank = r;
            best_votes = votes;
        }
    }
    return best == SIZE_MAX ? json_null() : json_incref(values[best]);
}

/* How many items at the end of one list are those at the beginning of the next. */
static size_t shared(const json_t *a, const json_t *b)
{
    size_t na = json_array_size(a), nb = json_array_size(b);
    for (size_t n = na < nb ? na : nb; n > 0; n--) {
        bool same = true;
        for (size_t i = 0; same && i < n; i++)
            same = json_equal(json_array_get(a, na - n + i), json_array_get(b, i));
        if (same)
            return n;
    }
    return 0;
}

static json_t *merge_arrays(json_t *const *values, size_t n)
{
    json_t *out = json_array();
    const json_t *before = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!json_is_array(values[i]))
            continue;
        for (size_t k = before != NULL ? shared(before, values[i]) : 0; k < json_array_size(values[i]); k++)
            json_array_append(out, json_array_get(values[i], k));
        if (json_array_size(values[i]) > 0)
            before = values[i];
    }
    return out;
}

static json_t *merge(const json_t *root, const json_t *schema, json_t *const *values, size_t n, struct ground *g, unsigned depth)
{
    schema = llm_schema_resolve(root, schema);
    const json_t *first = NULL;
    for (size_t i = 0; i < n && first == NULL; i++)
        first = values[i] != NULL && !json_is_null(values[i]) ? values[i] : NULL;
    if (json_is_array(first))
        return merge_arrays(values, n);
    if (!json_is_object(first) || depth > DEPTH_MAX)
        return merge_scalars(values, n, g);
    json_t *out = json_object(), **inner = calloc(n, sizeof *inner), *value;
    const char *key;
    if (inner == NULL)
        return out;
    for (size_t i = 0; i < n; i++)
        json_object_foreach(values[i], key, value)
        {
            if (json_object_get(out, key) != NULL)
                continue;
            for (size_t k = 0; k < n; k++)
                inner[k] = json_object_get(values[k], key);
            json_object_set_new(out, key,
                                merge(root, json_object_get(json_object_get(schema, "properties"), key), inner, n, g, depth + 1));
        }
    free(inner);
    return out;
}

json_t *llm_merge(const json_t *root, const json_t *schema, json_t *const *records, size_t n, struct ground *g)
{
    return merge(root, schema, records, n, g, 0);
}
