/* lib/pii/policy: reads a policy's JSON. */
#include <jansson.h>
#include <stdlib.h>

#include "base/opt.h"
#include "pii/policy_rules.h"
#include "pii/scan.h"

enum { NAME_MAX_BYTES = 64, PATTERNS_MAX = 64, KEEP_MAX = 64 };

/* A policy while it is read. */
struct draft {
    struct pii_policy *p;
    struct pii_policies *store;
    const char *where;
    char path[200]; /* "#/types/CARD" */
    struct err err;
};

static int refuse(struct draft *d, const char *expected, const json_t *got)
{
    char *text = got != NULL ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    err_set(&d->err, ERR_STOP, "%s: %s: expected %s%s%.64s", d->where, d->path, expected, text != NULL ? ", got " : "",
            text != NULL ? text : "");
    free(text);
    return -1;
}

/* Goes down to a member: the path is longer until `leave`. */
static size_t enter(struct draft *d, const char *name)
{
    size_t n = strlen(d->path);
    snprintf(d->path + n, sizeof d->path - n, "/%s", name);
    return n;
}

static void leave(struct draft *d, size_t n)
{
    d->path[n] = '\0';
}

/* Each member's name must be one of the words (the last is NULL). */
static int only(struct draft *d, const json_t *object, const char *const *words)
{
    const char *name;
    json_t *value;
    size_t n = 0;
    while (words[n] != NULL)
        n++;
    json_object_foreach((json_t *)object, name, value)
    {
        size_t i = 0;
        while (i < n && strcmp(words[i], name) != 0)
            i++;
        if (i < n)
            continue;
        const char *near = opt_nearest(name, words, n);
        enter(d, name);
        return err_set(&d->err, ERR_STOP, "%s: %.150s: unknown word%s%s%s", d->where, d->path,
                       near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
    }
    return 0;
}

static int number(struct draft *d, const json_t *object, const char *name, unsigned max, unsigned *out)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max) {
        char expected[64];
        snprintf(expected, sizeof expected, "an integer from 0 to %u", max);
        enter(d, name);
        return refuse(d, expected, value);
    }
    *out = (unsigned)json_integer_value(value);
    return 0;
}

static int key(struct draft *d, const json_t *object, const struct hmac_key **out)
{
    const json_t *id = json_object_get(object, "key");
    struct err err = ERR_INIT;
    size_t n = enter(d, "key");
    if (!json_is_string(id))
        return refuse(d, "the id of a key", id);
    *out = pii_key(d->store, (struct str){ json_string_value(id), json_string_length(id) }, &err);
    if (*out == NULL)
        return err_set(&d->err, ERR_STOP, "%s: %s: %s", d->where, d->path, err.text);
    leave(d, n);
    return 0;
}

static const struct {
    const char *word;
    enum action_kind kind;
} actions[] = {
    { "token", ACTION_TOKEN }, { "mask", ACTION_MASK }, { "hash", ACTION_HASH },       { "tokenise", ACTION_TOKENISE },
    { "drop", ACTION_DROP },   { "keep", ACTION_KEEP }, { "address", ACTION_ADDRESS },
};

/* "token", or { "action": "mask", "keep_last": 4 }. in: the object whose member it is, where it is one of several (a pattern). */
static int action(struct draft *d, const json_t *value, bool alone, bool address, struct action *out)
{
    static const char *const words[] = { "action", "keep_first", "keep_last", "key", NULL };
    const json_t *word = json_is_object(value) ? json_object_get(value, "action") : value;
    const char *expected =
        address ? "token, mask, hash, tokenise, drop, keep or address" : "token, mask, hash, tokenise, drop or keep";
    size_t i = 0, n = sizeof actions / sizeof *actions;
    *out = (struct action){ .kind = ACTION_TOKEN };
    if (json_is_object(value) && alone && only(d, value, words) < 0)
        return -1;
    if (word == NULL && !alone)
        return 0;
    while (i < n && (!json_is_string(word) || strcmp(json_string_value(word), actions[i].word) != 0))
        i++;
    if (i == n || (actions[i].kind == ACTION_ADDRESS && !address))
        return refuse(d, expected, word != NULL ? word : value);
    out->kind = actions[i].kind;
    const json_t *object = json_is_object(value) ? value : NULL;
    if (out->kind == ACTION_TOKENISE && object == NULL)
        return refuse(d, "{\"action\": \"tokenise\", \"key\": ID}", value);
    if (out->kind == ACTION_TOKENISE)
        return key(d, object, &out->key);
    if (object != NULL && json_object_get(object, "key") != NULL) {
        enter(d, "key");
        return refuse(d, "no key: only tokenise has one", NULL);
    }
    if (out->kind == ACTION_MASK)
        return number(d, object, "keep_first", KEEP_MAX, &out->keep_first) < 0
                   ? -1
                   : number(d, object, "keep_last", KEEP_MAX, &out->keep_last);
    if (object != NULL && (json_object_get(object, "keep_first") != NULL || json_object_get(object, "keep_last") != NULL))
        return refuse(d, "keep_first and keep_last with mask only", value);
    return 0;
}

/* A type by its name, what others call it, or the word in its token, which several may share ("IP"). */
static bool is_called(enum pii_type t, const char *name)
{
    const char *token = pii_token(t);
    size_t n = strlen(name);
    return strcmp(name, pii_type_name(t)) == 0 || (*name != '\0' && strcmp(name, pii_type_alias(t)) == 0) ||
           (strlen(token) == n + 2 && memcmp(token + 1, name, n) == 0);
}

static int unknown_type(struct draft *d, const char *name)
{
    const char *names[PII_TYPES];
    for (int t = 0; t < PII_TYPES; t++)
        names[t] = pii_type_name((enum pii_type)t);
    const char *near = opt_nearest(name, names, PII_TYPES);
    return err_set(&d->err, ERR_STOP, "%s: %s: expected a type that piiDetect knows%s%s%s", d->where, d->path,
                   near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
}

static void set_action(struct pii_policy *p, enum pii_type t, const struct action *a, bool named)
{
    bool kept = pii_type_kept(t) && !named;
    p->actions[t] = kept ? (struct action){ .kind = ACTION_KEEP } : *a;
    pii_set_put(&p->types, t, !pii_type_kept(t) || (named && a->kind != ACTION_KEEP));
}

static int types(struct draft *d, const json_t *object)
{
    const char *name;
    json_t *value;
    if (object != NULL && !json_is_object(object))
        return refuse(d, "an object", object);
    /* Exact names last, so that they win over a word that several types share, in whichever order they stand. */
    for (int exact = 0; exact < 2; exact++)
        json_object_foreach((json_t *)object, name, value)
        {
            size_t n = enter(d, name);
            struct action a;
            bool any = false;
            for (int t = 0; t < PII_TYPES; t++)
                any |= is_called((enum pii_type)t, name);
            if (!any)
                return unknown_type(d, name);
            for (int t = 0; t < PII_TYPES; t++) {
                bool same = strcmp(name, pii_type_name((enum pii_type)t)) == 0;
                if (!is_called((enum pii_type)t, name) || same != (exact == 1))
                    continue;
                if (action(d, value, true, t == PII_IPV4 || t == PII_IPV6, &a) < 0)
                    return -1;
                set_action(d->p, (enum pii_type)t, &a, true);
            }
            leave(d, n);
        }
    return 0;
}

static int address(struct draft *d, const json_t *object)
{
    static const char *const words[] = { "action", "ipv4", "ipv6", "key", NULL };
    struct address_rule *rule = &d->p->address;
    *rule = (struct address_rule){ 24, 48, NULL };
    if (object == NULL)
        return 0;
    if (!json_is_object(object))
        return refuse(d, "an object", object);
    const json_t *word = json_object_get(object, "action");
    const char *said = word == NULL ? "network" : json_is_string(word) ? json_string_value(word) : "";
    bool replaced = strcmp(said, "prefix-preserving") == 0;
    if (only(d, object, words) < 0)
        return -1;
    if (!replaced && strcmp(said, "network") != 0) {
        enter(d, "action");
        return refuse(d, "network or prefix-preserving", word);
    }
    if (replaced) {
        *rule = (struct address_rule){ 32, 128, NULL };
        if (key(d, object, &rule->key) < 0)
            return -1;
    } else if (json_object_get(object, "key") != NULL) {
        enter(d, "key");
        return refuse(d, "no key: only prefix-preserving has one", NULL);
    }
    return number(d, object, "ipv4", 32, &rule->bits4) < 0 ? -1 : number(d, object, "ipv6", 128, &rule->bits6);
}

/* An array of words as a list that is ended by an empty one. plain: as pii_key_plain leaves them. */
static int words(struct draft *d, const json_t *object, const char *name, bool plain, const char **out)
{
    const json_t *array = json_object_get(object, name), *value;
    struct buf list;
    size_t i;
    if (array == NULL)
        return 0;
    size_t n = enter(d, name);
    if (!json_is_array(array) || json_array_size(array) == 0)
        return refuse(d, "an array of words", array);
    buf_init(&list, 1 << 20);
    json_array_foreach(array, i, value)
    {
        char room[PII_KEY_MAX];
        struct str word = { json_is_string(value) ? json_string_value(value) : "", json_string_length(value) };
        if (plain && word.n > 0)
            word = (struct str){ room, pii_key_plain(word, room) };
        if (word.n == 0 || word.n > PII_KEY_MAX || memchr(word.p, '\0', word.n) != NULL) {
            buf_fini(&list);
            return refuse(d, "words of 1 to 48 bytes", value);
        }
        buf_put_str(&list, word);
        buf_putc(&list, '\0');
    }
    *out = list.failed ? NULL : arena_copy(&d->p->arena, buf_str(&list)); /* and the NUL that it puts behind */
    buf_fini(&list);
    leave(d, n);
    return *out != NULL ? 0 : err_set(&d->err, ERR_STOP, "%s: out of memory", d->where);
}

static int keys(struct draft *d, const json_t *object)
{
    static const char *const known[] = { "add", "except", NULL };
    if (object == NULL)
        return 0;
    if (!json_is_object(object))
        return refuse(d, "an object", object);
    d->p->own_keys = true;
    return only(d, object, known) < 0 || words(d, object, "add", true, &d->p->keys.more) < 0 ||
                   words(d, object, "except", true, &d->p->keys.except) < 0
               ? -1
               : 0;
}

/* A type's name: EMPLOYEE_2. */
static bool is_type_name(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return n > 0 && n <= 30 && name[n] == '\0' && *name >= 'A' && *name <= 'Z';
}

static int pattern(struct draft *d, const json_t *object, struct pattern *out)
{
    static const char *const known[] = { "name",   "pattern", "context",    "checksum",  "score",
                                         "action", "key",     "keep_first", "keep_last", NULL };
    if (!json_is_object(object))
        return refuse(d, "an object", object);
    if (only(d, object, known) < 0)
        return -1;
    const json_t *name = json_object_get(object, "name"), *regex = json_object_get(object, "pattern"),
                 *check = json_object_get(object, "checksum"), *score = json_object_get(object, "score");
    if (!json_is_string(name) || !is_type_name(json_string_value(name)))
        return enter(d, "name"), refuse(d, "a type's name: capitals, digits and _, as EMPLOYEE", name);
    if (pii_type_by_name(str_of(json_string_value(name))) >= 0)
        return enter(d, "name"), refuse(d, "a name that isn't a type's already", name);
    out->name = arena_copy(&d->p->arena, str_of(json_string_value(name)));
    out->token = arena_printf(&d->p->arena, "[%s]", json_string_value(name));
    if (out->name == NULL || out->token == NULL)
        return err_set(&d->err, ERR_STOP, "%s: out of memory", d->where);
    if (!json_is_string(regex) || strlen(json_string_value(regex)) != json_string_length(regex))
        return enter(d, "pattern"), refuse(d, "a regular expression (PCRE2)", regex);
    struct err err = ERR_INIT;
    if (pii_pattern_compile(d->p, out, json_string_value(regex), &err) < 0) {
        enter(d, "pattern");
        return err_set(&d->err, ERR_STOP, "%s: %s: %s", d->where, d->path, err.text);
    }
    if (check != NULL && (!json_is_string(check) || (out->checksum = pii_checksum_of(json_string_value(check))) == NULL))
        return enter(d, "checksum"), refuse(d, "luhn, mod97 or verhoeff", check);
    if (score != NULL && (!json_is_number(score) || !(json_number_value(score) > 0 && json_number_value(score) <= 1)))
        return enter(d, "score"), refuse(d, "a number above 0, at most 1", score);
    out->score = score != NULL ? (float)json_number_value(score) : out->checksum != NULL ? 0.9f : 0.5f;
    return words(d, object, "context", false, &out->context) < 0 ? -1 : action(d, object, false, false, &out->action);
}

static int patterns(struct draft *d, const json_t *array)
{
    struct pii_policy *p = d->p;
    const json_t *value;
    size_t i;
    if (array == NULL)
        return 0;
    if (!json_is_array(array) || json_array_size(array) > PATTERNS_MAX)
        return refuse(d, "an array of at most 64 patterns", array);
    p->patterns = arena_alloc(&p->arena, (json_array_size(array) + 1) * sizeof *p->patterns);
    if (p->patterns == NULL)
        return err_set(&d->err, ERR_STOP, "%s: out of memory", d->where);
    json_array_foreach(array, i, value)
    {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        size_t n = enter(d, index);
        p->n_patterns++;
        if (pattern(d, value, &p->patterns[i]) < 0)
            return -1;
        leave(d, n);
    }
    return 0;
}

static int read_root(struct draft *d, const json_t *root)
{
    static const char *const known[] = { "about", "default", "types", "address", "keys", "patterns", NULL };
    static const struct {
        const char *name;
        int (*read)(struct draft *, const json_t *);
    } parts[] = { { "types", types }, { "address", address }, { "keys", keys }, { "patterns", patterns } };
    struct action fallback = { .kind = ACTION_TOKEN };
    if (!json_is_object(root))
        return refuse(d, "an object", root);
    if (only(d, root, known) < 0)
        return -1;
    const json_t *about = json_object_get(root, "about"), *given = json_object_get(root, "default");
    size_t n = enter(d, "about");
    if (about != NULL && !json_is_string(about))
        return refuse(d, "text", about);
    leave(d, n);
    n = enter(d, "default");
    if (given != NULL && action(d, given, true, false, &fallback) < 0)
        return -1;
    leave(d, n);
    for (int t = 0; t < PII_TYPES; t++)
        set_action(d->p, (enum pii_type)t, &fallback, false);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        n = enter(d, parts[i].name);
        if (parts[i].read(d, json_object_get(root, parts[i].name)) < 0)
            return -1;
        leave(d, n);
    }
    return 0;
}

/* Whether nothing but what piiRedact does is asked for. */
static bool is_plain(const struct pii_policy *p)
{
    bool plain = p->n_patterns == 0 && !p->own_keys;
    for (int t = 0; t < PII_TYPES; t++)
        plain &= p->actions[t].kind == (pii_type_kept((enum pii_type)t) ? ACTION_KEEP : ACTION_TOKEN);
    return plain;
}

void pii_policy_read(struct pii_policy *p, struct pii_policies *s, struct str text, const char *where)
{
    struct draft d = { .p = p, .store = s, .where = where, .path = "#", .err = ERR_INIT };
    json_error_t error;
    json_t *root = json_loadb(text.n > 0 ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        err_set(&d.err, ERR_STOP, "%s:%d: expected JSON: %s", where, error.line, error.text);
    else if (read_root(&d, root) == 0)
        p->plain = is_plain(p);
    json_decref(root);
    if (d.err.class != ERR_NONE) {
        const char *why = arena_copy(&p->arena, str_of(d.err.text));
        p->broken = why != NULL ? why : "out of memory";
    }
}

void pii_policy_fini(struct pii_policy *p)
{
    for (size_t i = 0; i < p->n_patterns; i++)
        pcre2_code_free(p->patterns[i].code);
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->limits);
    pcre2_jit_stack_free(p->stack);
    arena_fini(&p->arena);
}
