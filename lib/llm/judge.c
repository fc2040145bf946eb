/* lib/llm/judge: parse, repair, coercion, the contract, grounding. */
#include "llm/judge.h"

#include <stdlib.h>

#include "llm/coerce.h"
#include "llm/repair.h"

enum { DEPTH_MAX = 64, ANSWER_MAX = 64 << 20, WHY_MAX = 1 << 16, SAID_MAX = 80, KEY_MAX = 40 };

const char *llm_status_name(enum llm_status status)
{
    static const char *const names[] = { "ok",         "pending",  "empty",   "parse",     "contract",
                                         "ungrounded", "language", "refusal", "truncated", "rejected" };
    return names[status];
}

void judged_init(struct judged *j)
{
    *j = (struct judged){ .status = LLM_OK };
    buf_init(&j->text, ANSWER_MAX);
    buf_init(&j->why, WHY_MAX);
}

void judged_fini(struct judged *j)
{
    json_decref(j->record);
    for (size_t i = 0; i < j->n_grounding; i++)
        free(j->grounding[i].field);
    free(j->grounding);
    buf_fini(&j->text);
    buf_fini(&j->why);
}

/* What some models think before they answer is none of it. */
static struct str without_thoughts(struct str answer)
{
    static const char end[] = "</think>";
    const char *at = str_starts(answer, STR("<think>")) ? memmem(answer.p, answer.n, end, sizeof end - 1) : NULL;
    if (at == NULL)
        return answer;
    at += sizeof end - 1;
    return str_trim((struct str){ at, (size_t)(answer.p + answer.n - at) });
}

json_t *llm_answer_json(struct str answer, bool *open)
{
    struct buf mended;
    *open = false;
    answer = without_thoughts(str_trim(answer));
    json_t *value = answer.n > 0 ? json_loadb(answer.p, answer.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (value != NULL)
        return value;
    if (answer.n > 0 && *answer.p == '"') { /* JSON in a string */
        json_t *text = json_loadb(answer.p, answer.n, JSON_DECODE_ANY, NULL);
        value = json_is_string(text) ? json_loadb(json_string_value(text), json_string_length(text), 0, NULL) : NULL;
        json_decref(text);
        if (value != NULL)
            return value;
    }
    buf_init(&mended, ANSWER_MAX);
    /* Keys that are there twice: the last counts, as with any other reader. */
    if (llm_repair(answer, &mended, open) == 0)
        value = json_loadb(mended.p, mended.n, 0, NULL);
    buf_fini(&mended);
    return value;
}

int llm_put_record(const json_t *record, struct buf *out)
{
    char *text = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY);
    int done = text != NULL ? buf_puts(out, text) : -1;
    free(text);
    return done;
}

struct walk {
    const json_t *root, *written;
    struct ground *ground;
    struct judged *out;
    struct buf path, taken; /* strings that were taken away, for their language */
    bool required_gone;
    size_t kept, gone; /* values so far */
};

static void note(struct walk *w, struct llm_place place)
{
    struct judged *j = w->out;
    if (j->n_grounding == j->cap_grounding) {
        size_t cap = j->cap_grounding > 0 ? 2 * j->cap_grounding : 16;
        struct llm_grounding *more = realloc(j->grounding, cap * sizeof *more);
        if (more == NULL)
            return;
        j->grounding = more;
        j->cap_grounding = cap;
    }
    j->grounding[j->n_grounding++] =
        (struct llm_grounding){ strdup(buf_text(&w->path)), (uint32_t)place.start, (uint32_t)place.end, place.how };
}

/* Says which value isn't in the document: for the model, and for people. */
static void complain(struct walk *w, const json_t *v)
{
    char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
    if (text != NULL && w->out->why.n < WHY_MAX / 2)
        buf_printf(&w->out->why, "/%s: %.*s is not in the document\n", buf_text(&w->path), SAID_MAX, text);
    free(text);
    if (json_is_string(v) && w->taken.n < WHY_MAX) {
        buf_putc(&w->taken, ' ');
        buf_put(&w->taken, json_string_value(v), json_string_length(v));
    }
}

static bool is_date(const json_t *schema)
{
    const char *format = json_string_value(json_object_get(schema, "format"));
    return format != NULL && (strcmp(format, "date") == 0 || strcmp(format, "date-time") == 0);
}

static struct llm_place place_of(struct walk *w, const json_t *schema, const json_t *v)
{
    struct llm_place none = { 0, 0, LLM_ABSENT }, place = none;
    /* What the contract itself says, or lets the model choose. */
    bool choice = json_object_get(schema, "const") != NULL || json_is_true(json_object_get(schema, "x-inferred"));
    if (json_is_boolean(v))
        return choice ? (struct llm_place){ 0, 0, LLM_INFERRED } : none;
    if (json_is_number(v)) {
        place = ground_number(w->ground, json_number_value(v));
    } else {
        struct str s = { json_string_value(v), json_string_length(v) };
        const json_t *written = json_object_get(w->written, buf_text(&w->path));
        if (written != NULL) {
            place = ground_text(w->ground, (struct str){ json_string_value(written), json_string_length(written) });
            place.how = place.how == LLM_ABSENT || place.how == LLM_FUZZY ? LLM_ABSENT : LLM_DATE;
        }
        if (place.how == LLM_ABSENT)
            place = is_date(schema) ? ground_date(w->ground, s) : ground_text(w->ground, s);
        /* 1234.5 for 1,234.50, where the contract wants a text. */
        char *end = NULL;
        double number = place.how == LLM_ABSENT && s.n > 0 && s.n < 40 ? strtod(s.p, &end) : 0;
        if (end != NULL && end == s.p + s.n && !is_date(schema) && (s.p[0] == '-' || (s.p[0] >= '0' && s.p[0] <= '9')))
            place = ground_number(w->ground, number);
    }
    return place.how == LLM_ABSENT && choice ? (struct llm_place){ 0, 0, LLM_INFERRED } : place;
}

static size_t down(struct walk *w, const char *key, size_t index)
{
    size_t was = w->path.n;
    if (was > 0)
        buf_putc(&w->path, '/');
    if (key != NULL)
        buf_puts(&w->path, key);
    else
        buf_printf(&w->path, "%zu", index);
    return was;
}

static void up(struct walk *w, size_t was)
{
    w->path.n = was;
}

static json_t *walk(struct walk *w, const json_t *schema, json_t *v, unsigned depth);

/* A property's name that the contract doesn't know comes from the model, or from the document. */
static bool key_is_fine(struct walk *w, const char *key)
{
    size_t n = strlen(key);
    return (n <= KEY_MAX && strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == n) ||
           ground_text(w->ground, str_of(key)).how != LLM_ABSENT;
}

static json_t *walk_object(struct walk *w, const json_t *schema, json_t *v, unsigned depth)
{
    const json_t *properties = json_object_get(schema, "properties"), *extra = json_object_get(schema, "additionalProperties");
    json_t *out = json_object(), *value;
    const char *key;
    json_object_foreach(v, key, value)
    {
        const json_t *property = json_object_get(properties, key);
        if (property == NULL && !key_is_fine(w, key))
            continue;
        size_t was = down(w, key, 0), kept = w->kept;
        json_t *found = walk(w, property != NULL ? property : extra, value, depth + 1);
        up(w, was);
        unsigned set = property != NULL ? llm_schema_types(w->root, property) : LLM_T_ANY;
        if (found == NULL && (set & LLM_T_NULL) == 0 && property != NULL) {
            if (!llm_schema_requires(w->root, schema, key))
                continue;
            w->required_gone = true;
        }
        /* An object of which nothing is left. */
        if (found != NULL && json_is_object(found) && json_object_size(value) > 0 && w->kept == kept && (set & LLM_T_NULL) != 0 &&
            property != NULL) {
            json_decref(found);
            found = NULL;
        }
        json_object_set_new(out, key, found != NULL ? found : json_null());
    }
    return out;
}

static json_t *walk_array(struct walk *w, const json_t *schema, json_t *v, unsigned depth)
{
    const json_t *items = json_object_get(schema, "items");
    json_t *out = json_array(), *item;
    size_t i;
    json_array_foreach(v, i, item)
    {
        size_t was = down(w, NULL, json_array_size(out)), n = w->out->n_grounding, kept = w->kept, gone = w->gone;
        bool before = w->required_gone;
        w->required_gone = false;
        json_t *found = walk(w, items, item, depth + 1);
        bool lost = found == NULL || w->required_gone || (w->kept == kept && w->gone > gone);
        w->required_gone = before;
        up(w, was);
        if (!lost) {
            json_array_append_new(out, found);
            continue;
        }
        json_decref(found);
        /* The item's number belongs to the next one: what was noted of it is not of the record. */
        while (w->out->n_grounding > n)
            free(w->out->grounding[--w->out->n_grounding].field);
        w->kept = kept;
        w->gone = gone + 1;
        note(w, (struct llm_place){ 0, 0, LLM_ABSENT });
    }
    return out;
}

/* The value as far as the document has it; NULL: it doesn't. */
static json_t *walk(struct walk *w, const json_t *schema, json_t *v, unsigned depth)
{
    schema = llm_schema_resolve(w->root, schema);
    if (depth > DEPTH_MAX)
        return NULL;
    if (json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0))
        return json_incref(v);
    if (json_is_object(v))
        return walk_object(w, schema, v, depth);
    if (json_is_array(v))
        return walk_array(w, schema, v, depth);
    struct llm_place place = place_of(w, schema, v);
    note(w, place);
    if (place.how == LLM_ABSENT) {
        w->gone++;
        complain(w, v);
        return NULL;
    }
    w->kept++;
    return json_incref(v);
}

/* The record alone in a list, or under a name that the contract doesn't know: {"invoice": {…}}. Borrowed. */
static json_t *unwrap(const struct llm_contract *c, json_t *value)
{
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    void *only = json_is_object(value) && json_object_size(value) == 1 ? json_object_iter(value) : NULL;
    if (only != NULL && json_is_object(json_object_iter_value(only)) && llm_schema_has_properties(c->schema, c->schema) &&
        json_object_get(json_object_get(c->schema, "properties"), json_object_iter_key(only)) == NULL)
        value = json_object_iter_value(only);
    return value;
}

/* The violations of a value; how many. text: the value as JSON, put there. */
static size_t check(struct llm_contract *c, const json_t *value, int64_t now_ms, struct buf *text, struct buf *why)
{
    const struct str *violations;
    buf_clear(text);
    if (llm_put_record(value, text) < 0) {
        buf_puts(why, "out of memory\n");
        return 1;
    }
    bool ok = reader_read(c->reader, buf_str(text), now_ms, NULL) == VERDICT_OK;
    size_t n = reader_violations(c->reader, &violations);
    n = ok ? 0 : n > 0 ? n : 1;
    for (size_t i = 0; !ok && i < n; i++)
        buf_printf(why, "%.*s\n", STR_ARG(violations[i]));
    return n;
}

void llm_judge(struct llm_contract *c, struct ground *g, json_t *value, bool part, int64_t now_ms, struct judged *out)
{
    struct walk w = { .root = c->schema, .ground = g, .out = out };
    struct buf missing;
    json_t *written = json_object();
    buf_init(&w.path, 1 << 16);
    buf_init(&w.taken, WHY_MAX);
    buf_init(&missing, WHY_MAX);
    w.written = written;
    if (value == NULL) {
        out->status = LLM_PARSE;
        buf_puts(&out->why, "the answer is no JSON\n");
        goto out;
    }
    json_t *coerced = llm_coerce(c->schema, c->schema, unwrap(c, value), g->dates, written);
    size_t before = part ? 0 : check(c, coerced, now_ms, &out->text, &out->why), after = before;
    out->record = json_is_object(coerced) ? walk(&w, c->schema, coerced, 0) : json_incref(coerced);
    if (!part && !json_equal(coerced, out->record))
        after = check(c, out->record, now_ms, &out->text, &missing);
    json_decref(coerced);
    if (after > 0) {
        out->status = before > 0 ? LLM_CONTRACT : LLM_UNGROUNDED;
        /* Without a word of the document in it that was asked for, the answer may be in another language. */
        if (w.gone > 0 && llm_language_differs(g->text, buf_str(&w.taken))) {
            out->status = LLM_LANGUAGE;
            buf_puts(&out->why, "the answer is in another language than the document\n");
        }
        if (before == 0)
            buf_put_str(&out->why, buf_str(&missing));
    } else {
        buf_clear(&out->why); /* what was taken away is said by `how` */
    }
out:
    json_decref(written);
    buf_fini(&missing);
    buf_fini(&w.path);
    buf_fini(&w.taken);
}
