/* lib/contract/keyword: every word that a contract may use, one row each, and what it demands. Any other word is refused. */
#include <inttypes.h>
#include <math.h>

#include "contract/compile.h"

static int read_count(struct load *l, json_t *value, size_t *count)
{
    json_int_t n = json_integer_value(value);
    if (json_is_real(value) && json_real_value(value) >= 0 && json_real_value(value) < 1e15 &&
        json_real_value(value) == floor(json_real_value(value)))
        n = (json_int_t)json_real_value(value);
    else if (!json_is_integer(value) || n < 0)
        return load_expected(l, "a non-negative integer", value);
    *count = (size_t)n;
    return 0;
}

static int min_length(struct load *l, struct draft *d, json_t *value)
{
    d->node->ruled = true;
    return read_count(l, value, &d->node->min_length);
}

static int max_length(struct load *l, struct draft *d, json_t *value)
{
    d->node->ruled = true;
    return read_count(l, value, &d->node->max_length);
}

static int min_items(struct load *l, struct draft *d, json_t *value)
{
    return read_count(l, value, &d->node->min_items);
}

static int max_items(struct load *l, struct draft *d, json_t *value)
{
    return read_count(l, value, &d->node->max_items);
}

/* Keeps `first` and `last` in what 128 bits hold with room to spare. */
static wide clip(double v)
{
    return v > 1e30 ? (wide)1e30 : v < -1e30 ? (wide)-1e30 : (wide)v;
}

static int read_min(struct load *l, struct draft *d, json_t *value, bool above)
{
    struct bounds *b = &d->bounds;
    if (!json_is_number(value))
        return load_expected(l, "a number", value);
    double v = json_number_value(value);
    wide first = json_is_integer(value) ? (wide)json_integer_value(value) + above : clip(ceil(v)) + (above && ceil(v) == v);
    if (!b->has_min || v > b->min || (v == b->min && above)) {
        b->min = v;
        b->above = above;
    }
    b->first = b->has_min && b->first > first ? b->first : first;
    b->has_min = d->bounded = true;
    return 0;
}

static int read_max(struct load *l, struct draft *d, json_t *value, bool below)
{
    struct bounds *b = &d->bounds;
    if (!json_is_number(value))
        return load_expected(l, "a number", value);
    double v = json_number_value(value);
    wide last = json_is_integer(value) ? (wide)json_integer_value(value) - below : clip(floor(v)) - (below && floor(v) == v);
    if (!b->has_max || v < b->max || (v == b->max && below)) {
        b->max = v;
        b->below = below;
    }
    b->last = b->has_max && b->last < last ? b->last : last;
    b->has_max = d->bounded = true;
    return 0;
}

static int minimum(struct load *l, struct draft *d, json_t *value)
{
    return read_min(l, d, value, false);
}

static int exclusive_minimum(struct load *l, struct draft *d, json_t *value)
{
    return read_min(l, d, value, true);
}

static int maximum(struct load *l, struct draft *d, json_t *value)
{
    return read_max(l, d, value, false);
}

static int exclusive_maximum(struct load *l, struct draft *d, json_t *value)
{
    return read_max(l, d, value, true);
}

static int multiple_of(struct load *l, struct draft *d, json_t *value)
{
    if (!json_is_number(value) || json_number_value(value) <= 0)
        return load_expected(l, "a number above 0", value);
    d->bounds.step = json_number_value(value);
    if (d->bounds.step == floor(d->bounds.step) && d->bounds.step < 1e18)
        d->bounds.whole_step = json_is_integer(value) ? (wide)json_integer_value(value) : (wide)d->bounds.step;
    d->bounded = true;
    return 0;
}

static int pattern(struct load *l, struct draft *d, json_t *value)
{
    if (!json_is_string(value))
        return load_expected(l, "a regular expression", value);
    /* As ECMA-262 has it: $ is the very end, \uXXXX is a code point, \d and \w are ASCII; \C would cut a code point. */
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_UNSET_BACKREF;
    int code;
    size_t at;
    pcre2_code *regex = pcre2_compile((PCRE2_SPTR)json_string_value(value), json_string_length(value), options, &code, &at, NULL);
    if (regex == NULL) {
        PCRE2_UCHAR why[120];
        if (code == PCRE2_ERROR_HEAP_FAILED)
            return load_no_memory(l);
        pcre2_get_error_message(code, why, sizeof why);
        return load_refuse(l, "expected a regular expression, got \"%.200s\" (at %zu: %s)", json_string_value(value), at,
                           (const char *)why);
    }
    struct regex *keep = load_alloc(l, sizeof *keep);
    if (keep == NULL) {
        pcre2_code_free(regex);
        return -1;
    }
    *keep = (struct regex){ l->c->regexes, regex };
    l->c->regexes = keep;
    /* Without JIT (another processor, no memory for code) the interpreter does it. */
    pcre2_jit_compile(regex, PCRE2_JIT_COMPLETE);
    d->node->regex = regex;
    d->node->pattern = load_copy(l, value);
    d->node->ruled = l->c->has_pattern = true;
    return d->node->pattern != NULL ? 0 : -1;
}

static const char *const format_names[] = { "", "date-time", "date", "time", "uuid", "email", "ipv4", "ipv6", "uri" };

static int format(struct load *l, struct draft *d, json_t *value)
{
    for (size_t i = 1; i < sizeof format_names / sizeof *format_names && json_is_string(value); i++)
        if (strcmp(json_string_value(value), format_names[i]) == 0) {
            d->node->format = (uint8_t)i;
            d->node->ruled = true;
            return 0;
        }
    return load_expected(l, "one of date-time, date, time, uuid, email, ipv4, ipv6, uri", value);
}

static int read_scalar(struct load *l, json_t *value, struct scalar *s)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        s->type = T_NULL;
        s->text = STR("null");
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        s->type = T_BOOL;
        s->truth = json_is_true(value);
        s->text = s->truth ? STR("true") : STR("false");
        return 0;
    case JSON_STRING:
        s->type = T_STRING;
        s->text = (struct str){ load_copy(l, value), json_string_length(value) };
        return s->text.p != NULL ? 0 : -1;
    case JSON_INTEGER:
    case JSON_REAL: {
        s->type = T_NUMBER;
        s->number = json_number_value(value);
        s->whole = json_is_integer(value) || (s->number == floor(s->number) && fabs(s->number) < 18e18);
        if (s->whole) {
            s->type = T_INTEGER;
            s->integer = json_is_integer(value) ? (wide)json_integer_value(value) : (wide)s->number;
        }
        char *text = arena_printf(&l->c->arena, json_is_integer(value) ? "%.0f" : "%.17g", s->number);
        if (json_is_integer(value))
            text = arena_printf(&l->c->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        if (text == NULL)
            return load_no_memory(l);
        s->text = str_of(text);
        return 0;
    }
    default:
        return load_expected(l, "a string, a number, true, false or null", value);
    }
}

static int choices(struct load *l, struct draft *d, json_t **values, size_t n)
{
    struct scalar *all = load_alloc(l, n * sizeof *all);
    if (all == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (read_scalar(l, values[i], &all[i]) < 0)
            return -1;
    d->node->choices = all;
    d->node->n_choices = n;
    d->node->ruled = true;
    return 0;
}

static int read_enum(struct load *l, struct draft *d, json_t *value)
{
    size_t n = json_array_size(value);
    if (n == 0 || n > 10000)
        return load_expected(l, "an array of 1 to 10000 values", value);
    json_t **values = load_alloc(l, n * sizeof(json_t *));
    if (values == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        values[i] = json_array_get(value, i);
    return choices(l, d, values, n);
}

static int read_const(struct load *l, struct draft *d, json_t *value)
{
    if (json_object_get(d->schema, "enum") != NULL)
        return load_refuse(l, "expected either \"enum\" or \"const\", got both");
    d->node->one_choice = true;
    return choices(l, d, &value, 1);
}

/* The policy or key of that name; the readers look it up once. */
static int pii_named(struct load *l, struct draft *d, const char *name, bool key)
{
    struct contract *c = l->c;
    struct named *at = c->named;
    size_t i = c->n_named;
    for (; at != NULL && (at->key != key || strcmp(at->name, name) != 0); at = at->next)
        i--;
    if (at == NULL) {
        if (c->n_named == NAMED_MAX)
            return load_refuse(l, "expected at most %d policies and keys", NAMED_MAX);
        if ((at = load_alloc(l, sizeof *at)) == NULL)
            return -1;
        *at = (struct named){ c->named, name, key };
        c->named = at;
        i = ++c->n_named;
    }
    d->node->named = (uint8_t)i;
    return 0;
}

static int pii(struct load *l, struct draft *d, json_t *value)
{
    static const struct {
        const char *word;
        enum policy policy;
    } words[] = {
        { "keep", PII_KEEP },         { "redact", PII_REDACT }, { "address", PII_ADDRESS },
        { "tokenise", PII_TOKENISE }, { "drop", PII_DROP },
    };
    const char *word = json_is_string(value) ? json_string_value(value) : "";
    json_t *name = NULL;
    if (json_is_object(value) && json_object_size(value) == 1) {
        void *only = json_object_iter(value);
        word = json_object_iter_key(only);
        name = json_object_iter_value(only);
        if (strcmp(word, "keep") == 0 || strcmp(word, "drop") == 0)
            return load_expected(l, "\"keep\" or \"drop\", which have no policy", value);
    }
    size_t i = 0, n = sizeof words / sizeof *words;
    while (i < n && strcmp(word, words[i].word) != 0)
        i++;
    if (i == n)
        return load_expected(
            l, "redact, address, tokenise, drop or keep, or {\"redact\": POLICY}, {\"address\": POLICY}, {\"tokenise\": KEY}",
            value);
    if (words[i].policy == PII_DROP && d->place != PLACE_FIELD)
        return load_refuse(l, "\"x-pii\": \"drop\" stands on a property of the root");
    d->node->policy = (uint8_t)words[i].policy;
    if (name == NULL)
        return words[i].policy == PII_TOKENISE ? pii_named(l, d, "default", true) : 0;
    if (!json_is_string(name) || json_string_length(name) == 0)
        return load_expected(l, words[i].policy == PII_TOKENISE ? "the id of a key" : "the name of a policy", name);
    const char *copy = load_copy(l, name);
    return copy != NULL ? pii_named(l, d, copy, words[i].policy == PII_TOKENISE) : -1;
}

static int low_cardinality(struct load *l, struct draft *d, json_t *value)
{
    if (!json_is_boolean(value))
        return load_expected(l, "true or false", value);
    d->node->low = json_is_true(value);
    return 0;
}

/* {"country": "ipGeo.country", "asn": "ipGeo.asn"} */
static int derive(struct load *l, struct draft *d, json_t *value)
{
    struct contract *c = l->c;
    struct derivation *made = &c->derivations[c->n_derivations];
    const char *name;
    json_t *call;
    if (!json_is_object(value) || json_object_size(value) == 0)
        return load_expected(l, "an object such as {\"country\": \"ipGeo.country\"}", value);
    if (c->n_derivations == DERIVE_MAX || json_object_size(value) > DERIVED_MAX - (size_t)c->n_derived)
        return load_refuse(l, "expected at most %d fields that are derived, on %d properties", DERIVED_MAX, DERIVE_MAX);
    *made = (struct derivation){ .first = c->n_derived };
    json_object_foreach(value, name, call)
    {
        struct str part = str_of(json_is_string(call) ? json_string_value(call) : ""), function = str_cut(&part, '.');
        const struct derive_function *f = derive_function(function);
        int i = f != NULL ? derive_part(f, part) : -1;
        if (i < 0)
            return load_expected(l, "ipGeo or uaParse, a dot and a part of what it returns", call);
        if (made->n > 0 && f != made->function)
            return load_refuse(l, "expected one function, got %s and %s", made->function->name, f->name);
        for (size_t k = made->first; k < c->n_derived; k++)
            if (c->derived[k].part == i)
                return load_refuse(l, "expected each part once, got %s twice", json_string_value(call));
        char *copy = arena_copy(&c->arena, str_of(name));
        if (copy == NULL)
            return load_no_memory(l);
        made->function = f;
        made->n++;
        c->derived[c->n_derived++] = (struct derived){ copy, (uint8_t)i };
    }
    d->node->derive = ++c->n_derivations;
    return 0;
}

static int normalise(struct load *l, struct draft *d, json_t *value)
{
    if (!json_is_string(value) || strcmp(json_string_value(value), "level") != 0)
        return load_expected(l, "\"level\"", value);
    d->node->normalise = d->node->ruled = true;
    return 0;
}

static int simulated(struct load *l, struct draft *d, json_t *value)
{
    if (!json_is_string(value) || json_string_length(value) == 0)
        return load_expected(l, "the text that marks a simulated failure", value);
    d->node->simulated = (struct str){ load_copy(l, value), json_string_length(value) };
    d->node->ruled = true;
    return d->node->simulated.p != NULL ? 0 : -1;
}

/* What a language model may choose though no words of the document say it; lib/llm/judge reads it. */
static int inferred(struct load *l, struct draft *d, json_t *value)
{
    if (!json_is_true(value))
        return load_expected(l, "true", value);
    if (json_object_get(d->schema, "enum") == NULL && (d->node->types & ~T_NULL) != T_BOOL)
        return load_refuse(l, "\"x-inferred\" needs values to choose from: an enum, or a boolean");
    return 0;
}

static int fallback(struct load *l, struct draft *d, json_t *value)
{
    const char *word = json_is_string(value) ? json_string_value(value) : "";
    if (strcmp(word, "origin") == 0)
        d->fallback = DEFAULT_ORIGIN;
    else if (strcmp(word, "appended") == 0)
        d->fallback = DEFAULT_APPENDED;
    else
        return load_expected(l, "origin or appended", value);
    return 0;
}

static int aliases(struct load *l, struct draft *d, json_t *value)
{
    size_t i;
    json_t *alias;
    if (!json_is_array(value) || json_array_size(value) == 0)
        return load_expected(l, "an array of names", value);
    json_array_foreach(value, i, alias) if (!json_is_string(alias)) return load_expected(l, "a name", alias);
    d->aliases = value;
    return 0;
}

static int window(struct load *l, struct draft *d, json_t *value)
{
    if (!json_is_object(value))
        return load_expected(l, "an object such as {\"from\": \"1970-01-01T00:00:00Z\", \"ahead\": \"1d\"}", value);
    d->window = value;
    return 0;
}

static int any_text(struct load *l, struct draft *d, json_t *value)
{
    (void)d;
    return json_is_string(value) ? 0 : load_expected(l, "a string", value);
}

static int any_array(struct load *l, struct draft *d, json_t *value)
{
    (void)d;
    return json_is_array(value) ? 0 : load_expected(l, "an array", value);
}

static int any_value(struct load *l, struct draft *d, json_t *value)
{
    (void)l;
    (void)d;
    (void)value;
    return 0;
}

enum { ROOT = 1 << PLACE_ROOT, FIELD = 1 << PLACE_FIELD, MEMBER = FIELD | 1 << PLACE_PROPERTY, EVERYWHERE = 15 };

static const struct keyword {
    const char *name;
    uint8_t places;  /* where it may stand */
    uint8_t types;   /* it speaks of these types: one of them must be allowed; 0: of any */
    bool beside_ref; /* may stand beside $ref */
    int (*read)(struct load *l, struct draft *d, json_t *value); /* NULL: compile.c reads it */
} keywords[] = {
    { "$schema", ROOT, 0, true, any_text },
    { "$id", ROOT, 0, true, any_text },
    { "$defs", ROOT, 0, true, NULL },
    { "$comment", EVERYWHERE, 0, true, any_text },
    { "$ref", EVERYWHERE & ~ROOT, 0, true, NULL },
    { "title", EVERYWHERE, 0, true, any_text },
    { "description", EVERYWHERE, 0, true, any_text },
    { "examples", EVERYWHERE, 0, true, any_array },
    { "default", EVERYWHERE, 0, true, any_value },
    { "type", EVERYWHERE, 0, false, NULL },
    { "enum", EVERYWHERE & ~ROOT, 0, false, read_enum },
    { "const", EVERYWHERE & ~ROOT, 0, false, read_const },
    { "properties", EVERYWHERE, T_OBJECT, false, NULL },
    { "required", EVERYWHERE, T_OBJECT, false, NULL },
    { "additionalProperties", EVERYWHERE, T_OBJECT, false, NULL },
    { "items", EVERYWHERE, T_ARRAY, false, NULL },
    { "minItems", EVERYWHERE, T_ARRAY, false, min_items },
    { "maxItems", EVERYWHERE, T_ARRAY, false, max_items },
    { "minimum", EVERYWHERE, T_NUMBER | T_INTEGER, false, minimum },
    { "maximum", EVERYWHERE, T_NUMBER | T_INTEGER, false, maximum },
    { "exclusiveMinimum", EVERYWHERE, T_NUMBER | T_INTEGER, false, exclusive_minimum },
    { "exclusiveMaximum", EVERYWHERE, T_NUMBER | T_INTEGER, false, exclusive_maximum },
    { "multipleOf", EVERYWHERE, T_NUMBER | T_INTEGER, false, multiple_of },
    { "minLength", EVERYWHERE, T_STRING, false, min_length },
    { "maxLength", EVERYWHERE, T_STRING, false, max_length },
    { "pattern", EVERYWHERE, T_STRING, false, pattern },
    { "format", EVERYWHERE, T_STRING, false, format },
    { "x-pii", EVERYWHERE & ~ROOT, 0, true, pii },
    { "x-low-cardinality", EVERYWHERE & ~ROOT, T_STRING, true, low_cardinality },
    { "x-normalise", EVERYWHERE & ~ROOT, T_STRING, false, normalise },
    { "x-simulated", EVERYWHERE & ~ROOT, T_STRING, false, simulated },
    { "x-inferred", EVERYWHERE & ~ROOT, 0, false, inferred },
    { "x-aliases", MEMBER, 0, true, aliases },
    { "x-default", FIELD, T_STRING, true, fallback },
    { "x-window", FIELD, T_STRING, true, window },
    { "x-derive", FIELD, T_STRING, false, derive },
    { "x-text", ROOT, T_OBJECT, false, NULL },
};

static const struct keyword *keyword_find(const char *name)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keywords[i].name, name) == 0)
            return &keywords[i];
    return NULL;
}

static const struct {
    const char *name;
    uint8_t type;
} type_names[] = { { "null", T_NULL },     { "boolean", T_BOOL }, { "integer", T_INTEGER }, { "number", T_NUMBER },
                   { "string", T_STRING }, { "array", T_ARRAY },  { "object", T_OBJECT } };

static int add_type(struct load *l, json_t *value, uint8_t *types)
{
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names && json_is_string(value); i++)
        if (strcmp(json_string_value(value), type_names[i].name) == 0) {
            if (*types & type_names[i].type)
                return load_refuse(l, "expected each type once, got \"%s\" twice", type_names[i].name);
            *types |= type_names[i].type;
            return 0;
        }
    return load_expected(l, "one of null, boolean, integer, number, string, array, object", value);
}

/* The types of the values that enum or const lists. */
static uint8_t types_of_values(json_t *values)
{
    uint8_t types = 0;
    size_t i;
    json_t *v;
    json_array_foreach(values, i, v) types |= json_is_null(v)      ? T_NULL
                                              : json_is_boolean(v) ? T_BOOL
                                              : json_is_integer(v) ? T_INTEGER
                                              : json_is_real(v)    ? T_NUMBER
                                              : json_is_string(v)  ? T_STRING
                                                                   : 0;
    return types;
}

int keywords_types(struct load *l, struct draft *d)
{
    json_t *type = json_object_get(d->schema, "type"), *values = json_object_get(d->schema, "enum");
    json_t *only = json_object_get(d->schema, "const");
    uint8_t types = 0;
    d->typed = true;
    if (type != NULL) {
        size_t up = load_down(l, "type"), i;
        json_t *each;
        if (json_is_array(type)) {
            if (json_array_size(type) == 0)
                return load_expected(l, "a type, or an array of types", type);
            json_array_foreach(type, i, each) if (add_type(l, each, &types) < 0) return -1;
        } else if (add_type(l, type, &types) < 0) {
            return -1;
        }
        if (types == T_NULL)
            return load_refuse(l, "expected a type besides null");
        load_up(l, up);
    } else if (json_is_array(values)) {
        types = types_of_values(values);
    } else if (only != NULL) {
        json_t *one = json_pack("[O]", only);
        if (one == NULL)
            return load_no_memory(l);
        types = types_of_values(one);
        json_decref(one);
    } else {
        d->typed = false;
        types = T_ANY;
    }
    if (types & T_NUMBER)
        types &= (uint8_t)~T_INTEGER;
    d->node->types = types;
    return 0;
}

/* "a string", "a number", …, for those types that a keyword speaks of. */
static const char *speaks_of(uint8_t types)
{
    return types & T_OBJECT ? "object" : types & T_ARRAY ? "array" : types & T_STRING ? "string" : "integer or number";
}

int keywords_read(struct load *l, struct draft *d)
{
    bool is_ref = json_object_get(d->schema, "$ref") != NULL;
    const char *name;
    json_t *value;
    json_object_foreach(d->schema, name, value)
    {
        const struct keyword *k = keyword_find(name);
        size_t up = load_down(l, name);
        if (k == NULL)
            return load_refuse(l, "expected a keyword of the profile (docs/contracts.md), got \"%.100s\"", name);
        if (!(k->places & 1 << d->place))
            return load_refuse(l, "\"%s\" can't stand here: expected it %s", name,
                               k->places == ROOT     ? "at the root"
                               : k->places == FIELD  ? "on a property of the root"
                               : k->places == MEMBER ? "on a property"
                                                     : "below the root");
        if (is_ref && !k->beside_ref)
            return load_refuse(l, "\"%s\" can't stand beside \"$ref\": expected it in what is referred to", name);
        if (!is_ref && k->types != 0 && (!d->typed || !(d->node->types & k->types)))
            return load_refuse(l, "\"%s\" needs \"type\": expected %s among its types", name, speaks_of(k->types));
        if (k->read != NULL && k->read(l, d, value) < 0)
            return -1;
        load_up(l, up);
    }
    return 0;
}
