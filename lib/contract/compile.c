/* lib/contract/compile: turns a schema into nodes: types and shapes, objects, arrays, references. */
#include "contract/compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract/datetime.h"
#include "contract/violation.h"

size_t load_down(struct load *l, const char *token)
{
    size_t length = l->path.n;
    buf_putc(&l->path, '/');
    violation_put_token(&l->path, str_of(token));
    return length;
}

void load_up(struct load *l, size_t length)
{
    l->path.n = length;
}

int load_refuse(struct load *l, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return err_set(l->err, ERR_STOP, "%s: #%s: %s", l->where, buf_text(&l->path), what);
}

int load_expected(struct load *l, const char *what, json_t *got)
{
    char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
    struct str seen = text != NULL ? str_of(text) : STR("a value");
    size_t n = violation_clip(seen, 64);
    load_refuse(l, "expected %s, got %.*s%s", what, (int)n, seen.p, n < seen.n ? "…" : "");
    free(text);
    return -1;
}

int load_no_memory(struct load *l)
{
    return err_set(l->err, ERR_RETRY, "%s: out of memory", l->where);
}

void *load_alloc(struct load *l, size_t n)
{
    void *p = arena_alloc(&l->c->arena, n);
    if (p == NULL)
        load_no_memory(l);
    return p;
}

const char *load_copy(struct load *l, json_t *string)
{
    char *copy = arena_copy(&l->c->arena, (struct str){ json_string_value(string), json_string_length(string) });
    if (copy == NULL)
        load_no_memory(l);
    return copy;
}

static int add_name(struct load *l, struct object *o, struct str text, size_t property)
{
    if (o->n_names == NAMES_MAX)
        return load_refuse(l, "expected at most %d names and aliases", NAMES_MAX);
    size_t at = name_hash(text) & o->slot_mask;
    for (; o->slots[at] != 0; at = (at + 1) & o->slot_mask)
        if (str_eq(o->names[o->slots[at] - 1].text, text))
            return load_refuse(l, "expected each name for one property only, got \"%.*s\" again", STR_ARG(text));
    struct name *name = &o->names[o->n_names++];
    *name = (struct name){ .text = text, .property = (uint16_t)property, .plain = true };
    for (size_t i = 0; i < text.n; i++)
        name->plain = name->plain && (unsigned char)text.p[i] >= 0x20 && text.p[i] != '"' && text.p[i] != '\\';
    if (name->plain && text.n < sizeof name->head) {
        memcpy(name->head, text.p, text.n);
        name->head[text.n] = '"';
        name->mask = (uint16_t)((1u << (text.n + 1)) - 1);
    }
    o->slots[at] = (uint16_t)o->n_names;
    return 0;
}

static int check_name(struct load *l, const char *name, enum place place)
{
    if (*name == '\0' || strpbrk(name, "`\\") != NULL)
        return load_refuse(l, "expected a property's name without '`' and '\\' (it names a column), got \"%.100s\"", name);
    for (const char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20)
            return load_refuse(l, "expected a property's name without control characters (it names a column)");
    if (place == PLACE_ROOT && (strcmp(name, "violations") == 0 || strcmp(name, "verdict") == 0))
        return load_refuse(l, "\"%s\" is the name of a column that every record has: expected another", name);
    return 0;
}

/* What x-default and x-window ask of the property that they stand on. */
static int finish_property(struct load *l, const struct draft *d, struct property *p)
{
    struct node *node = d->node;
    p->node = node;
    p->fallback = d->fallback;
    if (d->fallback != DEFAULT_NONE && node->types & T_NULL)
        return load_refuse(l, "\"x-default\" can't stand beside null: expected one type");
    if (d->fallback != DEFAULT_NONE && node->policy == PII_DROP)
        return load_refuse(l, "\"x-default\" can't stand on what \"x-pii\" drops");
    if (d->fallback == DEFAULT_ORIGIN && (node->shape != SHAPE_TEXT || node->policy != PII_KEEP))
        return load_refuse(l, "\"x-default\": \"origin\" needs a plain string");
    if (d->fallback == DEFAULT_APPENDED && node->shape != SHAPE_TIME)
        return load_refuse(l, "\"x-default\": \"appended\" needs a string with \"format\": \"date-time\"");
    if (node->derive > 0 && node->shape != SHAPE_TEXT)
        return load_refuse(l, "\"x-derive\" needs a plain string");
    if (node->derive > 0)
        l->c->derivations[node->derive - 1].dropped = node->policy == PII_DROP;
    if (d->window != NULL && node->policy == PII_DROP)
        return load_refuse(l, "\"x-window\" can't stand on what \"x-pii\" drops");
    if (d->window != NULL && node->shape != SHAPE_TIME)
        return load_refuse(l, "\"x-window\" needs a string with \"format\": \"date-time\"");
    return 0;
}

static int read_span(struct load *l, json_t *value, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    char *end;
    long n = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;
    for (size_t i = 0; i < sizeof units / sizeof *units && n >= 0 && n <= 1000000000; i++)
        if (strcmp(end, units[i].unit) == 0) {
            *ms = n * units[i].ms;
            return 0;
        }
    return load_expected(l, "a span such as 250ms, 10s, 5m, 2h or 1d", value);
}

static int read_window(struct load *l, json_t *window)
{
    struct contract *c = l->c;
    size_t up = load_down(l, "x-window");
    const char *name, *ahead = NULL;
    json_t *value;
    json_object_foreach(window, name, value)
    {
        size_t deeper = load_down(l, name);
        char why[DATETIME_WHY];
        if (strcmp(name, "from") == 0) {
            if (!json_is_string(value) || datetime_parse(str_of(json_string_value(value)), &c->window_from, why) < 0)
                return load_expected(l, "a date-time", value);
        } else if (strcmp(name, "ahead") == 0) {
            if (read_span(l, value, &c->window_ahead) < 0)
                return -1;
            ahead = json_string_value(value);
        } else {
            return load_refuse(l, "expected \"from\" or \"ahead\", got \"%.100s\"", name);
        }
        load_up(l, deeper);
    }
    if (ahead != NULL) {
        c->window_text = arena_printf(&c->arena, "%s after it was appended", ahead);
        if (c->window_text == NULL)
            return load_no_memory(l);
    }
    load_up(l, up);
    return 0;
}

/* The time field: the one with x-window, else the first required date-time. */
static int choose_time(struct load *l, const struct draft *d, const struct property *p, bool *chosen)
{
    if (d->window != NULL) {
        if (*chosen)
            return load_refuse(l, "expected \"x-window\" on one property only");
        *chosen = true;
        if (read_window(l, d->window) < 0)
            return -1;
    } else if (l->c->time != NULL || !p->required || p->column < 0 || p->node->shape != SHAPE_TIME) {
        return 0;
    }
    l->c->time = (struct node *)p->node;
    return 0;
}

static int read_properties(struct load *l, struct draft *d, struct object *o)
{
    json_t *properties = json_object_get(d->schema, "properties"), *required = json_object_get(d->schema, "required"), *value;
    json_t *name;
    const char *key;
    size_t i = 0, n_names = 0;
    bool chosen = false;
    json_object_foreach(properties, key, value) n_names += 1 + json_array_size(json_object_get(value, "x-aliases"));
    size_t slots = 4;
    while (slots < n_names * 2)
        slots *= 2;
    o->n_properties = json_object_size(properties);
    o->slot_mask = slots - 1;
    o->properties = load_alloc(l, (o->n_properties + 1) * sizeof *o->properties);
    o->names = load_alloc(l, (n_names + 1) * sizeof *o->names);
    o->slots = load_alloc(l, slots * sizeof *o->slots);
    if (o->properties == NULL || o->names == NULL || o->slots == NULL)
        return -1;

    size_t up = load_down(l, "properties");
    json_object_foreach(properties, key, value)
    {
        size_t deeper = load_down(l, key), j;
        char *copy = arena_copy(&l->c->arena, str_of(key));
        if (copy == NULL)
            return load_no_memory(l);
        o->properties[i].name = copy;
        if (check_name(l, key, d->place) < 0 || add_name(l, o, str_of(copy), i) < 0)
            return -1;
        json_array_foreach(required, j, name) if (json_is_string(name) && strcmp(json_string_value(name), key) == 0)
            o->properties[i]
                .required = true;
        struct draft member = { 0 };
        if (compile_node(l, value, d->place == PLACE_ROOT ? PLACE_FIELD : PLACE_PROPERTY, &member) == NULL ||
            finish_property(l, &member, &o->properties[i]) < 0)
            return -1;
        o->properties[i].column = member.node->policy == PII_DROP ? -1 : (int)o->n_columns++;
        json_array_foreach(member.aliases, j, name)
        {
            struct str alias = { load_copy(l, name), json_string_length(name) };
            size_t at = load_down(l, "x-aliases");
            if (alias.p == NULL || add_name(l, o, alias, i) < 0)
                return -1;
            load_up(l, at);
        }
        if (d->place == PLACE_ROOT && choose_time(l, &member, &o->properties[i], &chosen) < 0)
            return -1;
        load_up(l, deeper);
        i++;
    }
    load_up(l, up);
    o->follow = l->c->n_follow;
    l->c->n_follow += o->n_names + 1;
    return 0;
}

static int read_required(struct load *l, struct draft *d)
{
    json_t *required = json_object_get(d->schema, "required"), *properties = json_object_get(d->schema, "properties"), *name;
    size_t up = load_down(l, "required"), i, j;
    if (required != NULL && !json_is_array(required))
        return load_expected(l, "an array of names", required);
    json_array_foreach(required, i, name)
    {
        if (!json_is_string(name) || json_object_get(properties, json_string_value(name)) == NULL)
            return load_expected(l, "the name of a property that \"properties\" declares", name);
        for (j = 0; j < i; j++)
            if (json_equal(name, json_array_get(required, j)))
                return load_expected(l, "each name once", name);
    }
    load_up(l, up);
    return 0;
}

/* A node that asks for nothing. */
static bool is_any(const struct node *node)
{
    return node->types == T_ANY && !node->ruled && node->object == NULL && node->items == NULL && node->target == NULL &&
           node->bounds == NULL && node->min_items == 0 && node->max_items == SIZE_MAX;
}

static int read_object(struct load *l, struct draft *d)
{
    json_t *properties = json_object_get(d->schema, "properties"), *additional = json_object_get(d->schema, "additionalProperties");
    if (properties != NULL && !json_is_object(properties)) {
        load_down(l, "properties");
        return load_expected(l, "an object of schemas", properties);
    }
    if (json_object_size(properties) > PROPERTIES_MAX)
        return load_refuse(l, "expected at most %d properties", PROPERTIES_MAX);
    if (read_required(l, d) < 0)
        return -1;
    if (json_object_size(properties) == 0 && (additional == NULL || json_is_true(additional)))
        return 0;
    struct object *o = load_alloc(l, sizeof *o);
    if (o == NULL || read_properties(l, d, o) < 0)
        return -1;
    size_t up = load_down(l, "additionalProperties");
    if (json_is_false(additional)) {
        o->closed = true;
    } else if (additional != NULL && !json_is_true(additional)) {
        struct draft extra = { 0 };
        o->extra = compile_node(l, additional, PLACE_ELSEWHERE, &extra);
        if (o->extra == NULL)
            return -1;
        if (is_any(o->extra))
            o->extra = NULL;
    }
    load_up(l, up);
    if (o->n_properties > 0 || o->closed || o->extra != NULL)
        d->node->object = o;
    return 0;
}

static int read_items(struct load *l, struct draft *d)
{
    json_t *items = json_object_get(d->schema, "items");
    if (items == NULL)
        return 0;
    size_t up = load_down(l, "items");
    struct draft item = { 0 };
    d->node->items = compile_node(l, items, PLACE_ELSEWHERE, &item);
    load_up(l, up);
    return d->node->items != NULL ? 0 : -1;
}

static int finish_choices(struct load *l, struct node *node)
{
    uint8_t listed = 0;
    if (node->n_choices == 0)
        return 0;
    for (size_t i = 0; i < node->n_choices; i++) {
        const struct scalar *s = &node->choices[i];
        if (!(node->types & s->type) && !(s->type == T_INTEGER && node->types & T_NUMBER))
            return load_refuse(l, "expected values of the types that \"type\" allows, got %.*s", (int)violation_clip(s->text, 64),
                               s->text.p);
        listed |= s->type;
    }
    /* What isn't listed can't come: null has to stand in the list too. */
    if (listed & T_INTEGER && node->types & T_NUMBER)
        listed |= T_NUMBER;
    node->types &= listed;
    return 0;
}

static int finish_bounds(struct load *l, struct draft *d)
{
    struct node *node = d->node;
    if (!d->bounded && node->n_choices > 0 && (node->types & ~T_NULL) == T_INTEGER) {
        struct bounds *b = &d->bounds;
        for (size_t i = 0; i < node->n_choices; i++)
            if (node->choices[i].type == T_INTEGER) {
                wide v = node->choices[i].integer;
                b->first = !b->has_min || v < b->first ? v : b->first;
                b->last = !b->has_max || v > b->last ? v : b->last;
                b->has_min = b->has_max = d->bounded = true;
            }
        b->min = (double)b->first;
        b->max = (double)b->last;
    }
    if (!d->bounded)
        return 0;
    struct bounds *b = load_alloc(l, sizeof *b);
    if (b == NULL)
        return -1;
    *b = d->bounds;
    bool whole = (node->types & ~T_NULL) == T_INTEGER;
    if (b->has_min && b->has_max && (b->min > b->max || (b->min == b->max && (b->above || b->below))))
        return load_refuse(l, "no number is within these bounds");
    if (whole && ((b->has_min && b->has_max && b->first > b->last) || (b->has_min && b->first > UINT64_MAX) ||
                  (b->has_max && b->last < INT64_MIN)))
        return load_refuse(l, "no integer of 64 bits is within these bounds");
    node->bounds = b;
    return 0;
}

static enum shape choose_shape(const struct node *node)
{
    switch (node->types & ~T_NULL) {
    case T_BOOL:
        return SHAPE_BOOL;
    case T_INTEGER:
        return SHAPE_INTEGER;
    case T_NUMBER:
        return SHAPE_NUMBER;
    case T_STRING:
        return node->format == FORMAT_DATE_TIME ? SHAPE_TIME : node->format == FORMAT_DATE ? SHAPE_DATE : SHAPE_TEXT;
    case T_ARRAY:
        return node->items != NULL ? SHAPE_ARRAY : SHAPE_JSON;
    case T_OBJECT:
        return node->object != NULL && node->object->n_properties > 0 ? SHAPE_TUPLE : SHAPE_JSON;
    default:
        return SHAPE_JSON;
    }
}

static int finish_policy(struct load *l, const struct node *node)
{
    bool plain = node->shape == SHAPE_TEXT && node->n_choices == 0 && !node->normalise;
    if (node->policy == PII_REDACT && node->shape != SHAPE_JSON && !plain)
        return load_refuse(
            l, "\"x-pii\": \"redact\" needs a string, or a value that is kept as JSON: expected it on what holds the text");
    if (node->policy == PII_ADDRESS && !plain)
        return load_refuse(l, "\"x-pii\": \"address\" needs a string");
    if (node->policy == PII_TOKENISE && !plain)
        return load_refuse(l, "\"x-pii\": \"tokenise\" needs a string");
    if (node->low && node->shape != SHAPE_TEXT)
        return load_refuse(l, "\"x-low-cardinality\" needs a string that is kept as text");
    return 0;
}

static int finish_node(struct load *l, struct draft *d)
{
    struct node *node = d->node;
    if (finish_choices(l, node) < 0 || finish_bounds(l, d) < 0)
        return -1;
    if (node->min_length > node->max_length)
        return load_refuse(l, "expected minLength not above maxLength");
    if (node->min_items > node->max_items)
        return load_refuse(l, "expected minItems not above maxItems");
    if (node->normalise && ((node->types & ~T_NULL) != T_STRING || node->format != FORMAT_NONE))
        return load_refuse(l, "\"x-normalise\" needs a string without a format");
    node->shape = (uint8_t)choose_shape(node);
    return finish_policy(l, node);
}

static struct def *find_def(struct load *l, json_t *ref)
{
    const char *text = json_is_string(ref) ? json_string_value(ref) : "";
    for (size_t i = 0; i < l->n_defs && strncmp(text, "#/$defs/", 8) == 0; i++) {
        struct buf token;
        buf_init(&token, 0);
        violation_put_token(&token, str_of(l->defs[i].name));
        bool same = strcmp(buf_text(&token), text + 8) == 0 && !token.failed;
        buf_fini(&token);
        if (same)
            return &l->defs[i];
    }
    load_expected(l, "\"#/$defs/NAME\" with a NAME that the root's $defs has", ref);
    return NULL;
}

static int compile_ref(struct load *l, struct draft *d)
{
    if (keywords_read(l, d) < 0)
        return -1;
    size_t up = load_down(l, "$ref");
    struct def *def = find_def(l, json_object_get(d->schema, "$ref"));
    if (def == NULL)
        return -1;
    load_up(l, up);
    if (def->recursive) {
        d->node->target = def->node;
        d->node->shape = SHAPE_JSON;
        d->node->types = T_ANY;
        return finish_policy(l, d->node);
    }
    /* Each use has a node of its own: whether its column is Nullable depends on where it stands. */
    struct buf here = l->path;
    buf_init(&l->path, 0);
    load_down(l, "$defs");
    load_down(l, def->name);
    struct draft inner = { 0 };
    struct node *node = compile_node(l, def->schema, PLACE_ELSEWHERE, &inner);
    buf_fini(&l->path);
    l->path = here;
    if (node == NULL)
        return -1;
    if (d->node->policy != PII_KEEP) {
        node->policy = d->node->policy;
        node->named = d->node->named;
    }
    node->low = node->low || d->node->low;
    d->node = node;
    return finish_policy(l, node);
}

static int compile_schema(struct load *l, struct draft *d)
{
    if (json_is_true(d->schema)) {
        d->node->types = T_ANY;
        return 0;
    }
    if (!json_is_object(d->schema))
        return load_expected(l, "a schema (an object)", d->schema);
    if (json_object_get(d->schema, "$ref") != NULL)
        return compile_ref(l, d);
    if (keywords_types(l, d) < 0 || keywords_read(l, d) < 0 || read_object(l, d) < 0 || read_items(l, d) < 0)
        return -1;
    return finish_node(l, d);
}

struct node *compile_node(struct load *l, json_t *schema, enum place place, struct draft *d)
{
    if (++l->n_nodes > SCHEMA_NODES || l->depth >= SCHEMA_DEPTH) {
        load_refuse(l, "expected at most %d schemas, references followed, and %d levels", SCHEMA_NODES, SCHEMA_DEPTH);
        return NULL;
    }
    d->node = load_alloc(l, sizeof *d->node);
    if (d->node == NULL)
        return NULL;
    d->schema = schema;
    d->place = place;
    d->node->max_length = d->node->max_items = SIZE_MAX;
    l->depth++;
    int done = compile_schema(l, d);
    l->depth--;
    return done == 0 ? d->node : NULL;
}

/* Whether a $ref anywhere in `value` leads to `target`. A "$ref" in an example counts too, which only costs a type. */
static bool leads_to(struct load *l, json_t *value, const struct def *target, bool *seen)
{
    const char *key;
    json_t *each;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, each) if (leads_to(l, each, target, seen)) return true;
        return false;
    }
    json_object_foreach(value, key, each)
    {
        if (strcmp(key, "$ref") == 0 && json_is_string(each)) {
            struct err ignored = ERR_INIT, *err = l->err;
            l->err = &ignored;
            struct def *def = find_def(l, each);
            l->err = err;
            if (def == target)
                return true;
            if (def != NULL && !seen[def - l->defs]) {
                seen[def - l->defs] = true;
                if (leads_to(l, def->schema, target, seen))
                    return true;
            }
        } else if (leads_to(l, each, target, seen)) {
            return true;
        }
    }
    return false;
}

static int compile_defs(struct load *l, json_t *schema)
{
    json_t *defs = json_object_get(schema, "$defs"), *value;
    const char *name;
    size_t up = load_down(l, "$defs"), i = 0;
    if (defs != NULL && !json_is_object(defs))
        return load_expected(l, "an object of schemas", defs);
    l->n_defs = json_object_size(defs);
    l->defs = load_alloc(l, (l->n_defs + 1) * sizeof *l->defs);
    bool *seen = load_alloc(l, l->n_defs + 1);
    if (l->defs == NULL || seen == NULL)
        return -1;
    json_object_foreach(defs, name, value)
    {
        struct def *def = &l->defs[i++];
        *def = (struct def){ .name = name, .schema = value, .node = load_alloc(l, sizeof *def->node) };
        if (def->node == NULL)
            return -1;
    }
    for (i = 0; i < l->n_defs; i++) {
        memset(seen, 0, l->n_defs);
        l->defs[i].recursive = leads_to(l, l->defs[i].schema, &l->defs[i], seen);
    }
    /* All of them, used or not, so that a mistake doesn't wait for its first use. */
    for (i = 0; i < l->n_defs; i++) {
        size_t deeper = load_down(l, l->defs[i].name);
        struct draft d = { 0 };
        if (compile_node(l, l->defs[i].schema, PLACE_ELSEWHERE, &d) == NULL)
            return -1;
        *l->defs[i].node = *d.node;
        load_up(l, deeper);
    }
    for (i = 0; i < l->n_defs; i++) {
        size_t steps = 0, deeper = load_down(l, l->defs[i].name);
        for (const struct node *n = l->defs[i].node; n->target != NULL; n = n->target)
            if (steps++ > l->n_defs)
                return load_refuse(l, "expected a schema, got references in a circle");
        load_up(l, deeper);
    }
    load_up(l, up);
    return 0;
}

static int choose_text(struct load *l, struct contract *c, json_t *word)
{
    const struct object *o = c->root->object;
    const char *key;
    json_t *name = word, *parse = NULL, *each;
    c->text_property = -1;
    if (word == NULL)
        return 0;
    size_t up = load_down(l, "x-text");
    if (json_is_object(word)) {
        name = json_object_get(word, "field");
        parse = json_object_get(word, "parse");
        json_object_foreach(word, key, each) if (strcmp(key, "field") != 0 && strcmp(key, "parse") != 0) return load_expected(
            l, "\"field\" and \"parse\"", word);
        if (!json_is_string(parse) || strcmp(json_string_value(parse), "log") != 0)
            return load_expected(l, "\"parse\": \"log\"", parse);
    }
    for (size_t i = 0; i < o->n_properties && json_is_string(name); i++)
        if (strcmp(o->properties[i].name, json_string_value(name)) == 0 && o->properties[i].node->shape == SHAPE_TEXT)
            c->text_property = (int)i;
    if (c->text_property < 0)
        return load_expected(l, "the name of a property that is a string", name);
    /* The parser's names are fixed; it hands the text out as "message". */
    if (parse != NULL && strcmp(json_string_value(name), "message") != 0)
        return load_expected(l, "\"message\", which the log parser's field is called", name);
    c->text_is_log = parse != NULL;
    load_up(l, up);
    return 0;
}

/* What is derived is named as nothing else in the record. */
static int check_derived(struct load *l)
{
    const struct contract *c = l->c;
    const struct object *o = c->root->object;
    for (size_t i = 0; i < c->n_derived; i++) {
        const char *name = c->derived[i].name;
        bool taken = false;
        if (check_name(l, name, PLACE_ROOT) < 0)
            return -1;
        for (size_t k = 0; k < o->n_properties; k++)
            taken = taken || strcmp(o->properties[k].name, name) == 0;
        for (size_t k = 0; k < i; k++)
            taken = taken || strcmp(c->derived[k].name, name) == 0;
        if (taken)
            return load_refuse(l, "\"x-derive\": expected a name that no other field has, got \"%.100s\"", name);
    }
    return 0;
}

int compile_root(struct contract *c, json_t *schema, const char *where, struct err *err)
{
    struct load l = { .c = c, .where = where, .err = err };
    struct draft root = { 0 };
    int done = -1;
    buf_init(&l.path, 0);
    c->window_ahead = INT64_C(86400000);
    c->window_text = "one day after it was appended";
    if (!json_is_object(schema)) {
        load_expected(&l, "a schema (an object)", schema);
        goto out;
    }
    if (compile_defs(&l, schema) < 0)
        goto out;
    c->root = compile_node(&l, schema, PLACE_ROOT, &root);
    if (c->root == NULL)
        goto out;
    if (c->root->shape != SHAPE_TUPLE || c->root->types != T_OBJECT) {
        load_refuse(&l, "expected \"type\": \"object\" and \"properties\" at the root");
        goto out;
    }
    if (choose_text(&l, c, json_object_get(schema, "x-text")) < 0 || check_derived(&l) < 0)
        goto out;
    if (c->time != NULL)
        c->time->windowed = true;
    if (l.path.failed)
        load_no_memory(&l);
    else
        done = 0;
out:
    buf_fini(&l.path);
    return done;
}
