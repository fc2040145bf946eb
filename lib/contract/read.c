/* lib/contract/read: the one pass: parses a message, checks it against the nodes and puts its values into the columns. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "contract/reader.h"
#include "contract/scan.h"
#include "pii/policy.h"

static const char *read_value(struct reader *r, const struct node *node, const char *p, struct col *col);

static void put_default(struct col *col)
{
    if (col != NULL)
        col_put_default(col);
}

/* The value has another type than the node asks for. */
__attribute__((cold)) static const char *refuse_type(struct reader *r, const struct node *node, const char *p, struct col *col)
{
    uint8_t personal = r->personal;
    r->personal = quoting_of(node, personal);
    const char *end = skip_value(r, p);
    if (end != NULL) {
        violation_type(r, node, (struct str){ p, (size_t)(end - p) });
        put_default(col);
    }
    r->personal = personal;
    return end;
}

/* What a name of the contract stands for. Where no one said, nothing may be seen: both are NULL. */
static const struct looked_up *named(const struct reader *r, const struct node *node)
{
    static const struct looked_up none = { NULL, NULL };
    return r->named != NULL && node->named > 0 ? &r->named[node->named - 1] : &none;
}

/* What x-derive asks for, of a string's bytes as they came. */
static void derive(struct reader *r, size_t i, struct str value)
{
    const struct derivation *d = &r->c->derivations[i];
    const struct contract_deriver *deriver = r->derivers[i];
    struct col *parts[CONTRACT_PARTS] = { NULL };
    if (deriver == NULL || r->derived == NULL || value.n == 0)
        return;
    for (size_t k = d->first; k < (size_t)d->first + d->n; k++)
        parts[r->c->derived[k].part] = &r->derived[k];
    r->failed = deriver->derive(deriver->state, value, parts) < 0 || r->failed;
    r->done |= UINT32_C(1) << i;
}

static void put_underived(struct reader *r)
{
    for (size_t i = 0; i < r->c->n_derivations; i++)
        for (size_t k = 0; k < r->c->derivations[i].n && !(r->done >> i & 1); k++)
            col_put_default(&r->derived[r->c->derivations[i].first + k]);
}

/* A string's bytes, cleaned as the node's policy has it. */
static void put_text(struct reader *r, const struct node *node, struct str value, struct col *col)
{
    const struct looked_up *name = named(r, node);
    buf_clear(&r->clean);
    switch ((enum policy)node->policy) {
    case PII_KEEP:
    case PII_DROP: /* it has no column */
        break;
    case PII_REDACT:
        if (node->named == 0 && pii_redact(value, &r->clean) == 0)
            break;
        /* Of a text that a policy's pattern can't get through nothing may be seen either. */
        if (node->named > 0 && (name->policy == NULL || pii_redact_with(name->policy, value, &r->clean) < 0))
            buf_clear(&r->clean);
        value = buf_str(&r->clean);
        break;
    case PII_ADDRESS:
        if (node->named == 0)
            ip_anonymise(value, &r->clean);
        else if (name->policy != NULL)
            pii_address_with(name->policy, value, &r->clean);
        value = buf_str(&r->clean);
        break;
    case PII_TOKENISE:
        if (name->key != NULL)
            pii_tokenise_value(name->key, value, &r->clean);
        value = buf_str(&r->clean);
        break;
    }
    if (r->clean.failed)
        r->failed = true;
    else
        col_put_str(col, value);
}

static void take_text(struct reader *r, const struct node *node, struct str value, struct str raw, struct col *col)
{
    int64_t time = 0;
    if (node->ruled && !text_check(r, node, &value, raw, &time)) {
        put_default(col);
        return;
    }
    if (node->derive > 0)
        derive(r, node->derive - 1, value);
    if (col == NULL)
        return;
    if (node->shape == SHAPE_TEXT)
        put_text(r, node, value, col);
    else
        col_put_i64(col, time);
}

static const char *read_string(struct reader *r, const struct node *node, const char *p, struct col *col)
{
    bool escaped = false;
    const char *quote = string_end(r, p + 1, &escaped);
    if (quote == NULL)
        return NULL;
    struct str value = { p + 1, (size_t)(quote - p) - 1 };
    if (escaped) {
        buf_clear(&r->scratch);
        string_unescape(value, &r->scratch);
        if (r->scratch.failed)
            return parse_no_memory(r);
        value = buf_str(&r->scratch);
    }
    take_text(r, node, value, (struct str){ p, (size_t)(quote + 1 - p) }, col);
    return quote + 1;
}

static bool number_is_choice(const struct node *node, const struct number *n, enum integrity integrity, wide whole)
{
    for (size_t i = 0; i < node->n_choices; i++) {
        const struct scalar *s = &node->choices[i];
        if (!(s->type & (T_INTEGER | T_NUMBER)))
            continue;
        if (s->whole && integrity == NUMBER_WHOLE ? s->integer == whole : !s->whole && s->number == number_double(n))
            return true;
    }
    return false;
}

/* Whether v is a multiple of the step, as decimals have it: 19.99 is one of 0.01, though the doubles' quotient isn't whole. */
static bool is_multiple(double v, double step)
{
    double quotient = v / step;
    if (!isfinite(quotient))
        return fmod(v, step) == 0;
    double nearest = nearbyint(quotient);
    return fabs(quotient - nearest) <= fabs(quotient) * 0x1p-51;
}

static bool check_bounds(struct reader *r, const struct node *node, const struct number *n, enum integrity integrity, wide whole)
{
    const struct bounds *b = node->bounds;
    bool within;
    if (integrity == NUMBER_WHOLE) {
        within = (!b->has_min || whole >= b->first) && (!b->has_max || whole <= b->last);
    } else {
        double v = number_double(n);
        within = (!b->has_min || (b->above ? v > b->min : v >= b->min)) && (!b->has_max || (b->below ? v < b->max : v <= b->max));
    }
    if (!within) {
        violation_type(r, node, n->text);
        return false;
    }
    if (b->step != 0) {
        bool multiple =
            integrity == NUMBER_WHOLE && b->whole_step != 0 ? whole % b->whole_step == 0 : is_multiple(number_double(n), b->step);
        if (!multiple) {
            violation_expected(r, n->text, NULL, "a multiple of %.15g", b->step);
            return false;
        }
    }
    return true;
}

static bool fits_column(const struct node *node, enum integrity integrity, wide whole)
{
    if (integrity != NUMBER_WHOLE)
        return false;
    int bits = node->width * 8 - node->is_signed;
    return whole < (wide)1 << bits && whole >= (node->is_signed ? -((wide)1 << bits) : 0);
}

static bool check_number(struct reader *r, const struct node *node, const struct number *n, enum integrity integrity, wide whole)
{
    if (integrity == NUMBER_FRACTION && !(node->types & T_NUMBER)) {
        violation_type(r, node, n->text);
        return false;
    }
    if (node->n_choices > 0 && !number_is_choice(node, n, integrity, whole)) {
        violation_choices(r, node, n->text);
        return false;
    }
    if (node->bounds != NULL && !check_bounds(r, node, n, integrity, whole))
        return false;
    if (!node->typed)
        return true;
    if (node->shape == SHAPE_INTEGER && !fits_column(node, integrity, whole)) {
        violation_width(r, node, n->text);
        return false;
    }
    if (node->shape == SHAPE_NUMBER && isinf(number_double(n))) {
        violation_expected(r, n->text, NULL, "a number that Float64 holds");
        return false;
    }
    return true;
}

static const char *read_number(struct reader *r, const struct node *node, const char *p, struct col *col)
{
    struct number n;
    const char *expected, *end = number_scan(p, &n, &expected);
    if (end == NULL)
        return parse_fail(r, n.text.p, expected);
    if (!(node->types & (T_INTEGER | T_NUMBER))) {
        if (!node->normalise)
            return refuse_type(r, node, p, col);
        take_text(r, node, n.text, n.text, col);
        return end;
    }
    wide whole = 0;
    enum integrity integrity = number_integer(&n, &whole);
    if (!check_number(r, node, &n, integrity, whole))
        put_default(col);
    else if (col == NULL)
        return end;
    else if (node->shape == SHAPE_INTEGER)
        col_put_u64(col, (uint64_t)whole);
    else
        col_put_f64(col, number_double(&n));
    return end;
}

static const char *read_literal(struct reader *r, const struct node *node, const char *p, struct col *col)
{
    const char *end = literal_end(r, p);
    if (end == NULL)
        return NULL;
    uint8_t type = *p == 'n' ? T_NULL : T_BOOL;
    if (!(node->types & type))
        return refuse_type(r, node, p, col);
    if (node->n_choices > 0) {
        bool listed = false;
        for (size_t i = 0; i < node->n_choices; i++)
            listed = listed || (node->choices[i].type == type && (type == T_NULL || node->choices[i].truth == (*p == 't')));
        if (!listed) {
            violation_choices(r, node, (struct str){ p, (size_t)(end - p) });
            put_default(col);
            return end;
        }
    }
    if (type == T_NULL)
        put_default(col);
    else if (col != NULL)
        col_put_u64(col, *p == 't');
    return end;
}

static const char *read_array(struct reader *r, const struct node *node, const char *p, struct col *col)
{
    struct path here = { .up = r->path };
    struct col *items = col != NULL ? &col->kids[0] : NULL;
    const char *start = p;
    size_t n = 0;
    if (++r->depth > DEPTH_MAX)
        return parse_fail(r, p, "at most 512 levels of nesting");
    r->path = &here;
    p = scan_space(p + 1);
    if (*p != ']') {
        for (;; here.index++) {
            p = node->items != NULL ? read_value(r, node->items, p, items) : skip_value(r, p);
            if (p == NULL)
                return NULL;
            n++;
            p = scan_space(p);
            if (*p == ']')
                break;
            if (*p != ',')
                return parse_fail(r, p, "',' or ']'");
            p = scan_space(p + 1);
        }
    }
    p++;
    r->path = here.up;
    r->depth--;
    if (col != NULL)
        col_end_array(col);
    if (n < node->min_items || n > node->max_items) {
        char why[64];
        snprintf(why, sizeof why, "%zu item%s", n, n == 1 ? "" : "s");
        bool over = n > node->max_items;
        size_t bound = over ? node->max_items : node->min_items;
        violation_expected(r, (struct str){ start, (size_t)(p - start) }, why, "at %s %zu item%s", over ? "most" : "least", bound,
                           bound == 1 ? "" : "s");
    }
    return p;
}

/* Whether the text at p begins with this name and a quote. */
static inline bool name_is(const struct name *name, const char *p)
{
#ifdef __SSE2__
    if (name->mask != 0) {
        __m128i head = _mm_loadu_si128((const __m128i *)(const void *)name->head);
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)p);
        return ((unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(head, text)) & name->mask) == name->mask;
    }
#endif
    /* Stops at the first difference, so it doesn't run over the end: the message ends in zeros, a name has none. */
    return name->plain && strncmp(p, name->text.p, name->text.n) == 0 && p[name->text.n] == '"';
}

static const struct name *find_name(const struct object *o, struct str key)
{
    for (size_t at = name_hash(key) & o->slot_mask; o->slots[at] != 0; at = (at + 1) & o->slot_mask)
        if (str_eq(o->names[o->slots[at] - 1].text, key))
            return &o->names[o->slots[at] - 1];
    return NULL;
}

/* A property that the contract doesn't declare. p is at its value. */
static const char *read_extra(struct reader *r, const struct object *o, struct keyset *extras, const char *p)
{
    enum key_outcome outcome = keys_add(&r->keys, extras, r->path->key);
    if (outcome == KEY_NO_MEMORY)
        return parse_no_memory(r);
    if (outcome == KEY_DUPLICATE)
        violation_say(r, "given twice");
    if (o->extra != NULL)
        return read_value(r, o->extra, p, NULL);
    const char *end = skip_value(r, p);
    if (end != NULL && o->closed && outcome == KEY_NEW)
        violation_expected(r, (struct str){ p, (size_t)(end - p) }, NULL, "no such property");
    return end;
}

/* kids: NULL to check only, as for a property that is dropped. */
static struct col *column_of(const struct property *p, struct col *kids)
{
    return kids != NULL && p->column >= 0 ? &kids[p->column] : NULL;
}

/* Properties that didn't come: their defaults, or a violation. seen: one bit each. */
static void put_absent(struct reader *r, const struct object *o, const uint64_t *seen, struct path *here, struct col *kids)
{
    for (size_t i = 0; i < o->n_properties; i++) {
        const struct property *p = &o->properties[i];
        if (seen[i / 64] >> i % 64 & 1)
            continue;
        if (p->fallback == DEFAULT_APPENDED) {
            if (kids != NULL)
                col_put_i64(&kids[p->column], r->appended_ms);
            continue;
        }
        if (p->required && p->fallback == DEFAULT_NONE) {
            here->key = str_of(p->name);
            violation_say(r, "required, but absent");
        }
        put_default(column_of(p, kids));
    }
}

static const char *read_property(struct reader *r, const struct property *property, const char *p, struct col *kids)
{
    if (property->column >= 0)
        return read_value(r, property->node, p, kids != NULL ? &kids[property->column] : NULL);
    uint8_t personal = r->personal;
    r->personal = QUOTE_NOTHING;
    p = read_value(r, property->node, p, NULL);
    r->personal = personal;
    return p;
}

/* kids: a column per property that is kept, or NULL to check only. */
static const char *read_object(struct reader *r, const struct object *o, const char *p, struct col *kids)
{
    struct path here = { .up = r->path };
    struct keyset extras = keys_open(&r->keys);
    uint64_t seen[PROPERTIES_MAX / 64];
    size_t n_seen = 0;
    /* Producers write their keys in one order: after a name comes the one that came after it last time. */
    uint16_t *follow = r->follow + o->follow, *guess = follow;
    memset(seen, 0, (o->n_properties + 63) / 64 * sizeof *seen);
    if (++r->depth > DEPTH_MAX)
        return parse_fail(r, p, "at most 512 levels of nesting");
    r->path = &here;
    p = scan_space(p + 1);
    while (*p != '}') {
        if (*p != '"')
            return parse_fail(r, p, "a property's name in quotes");
        const struct name *name = &o->names[*guess];
        if (o->n_names > 0 && name_is(name, p + 1)) {
            here.key = name->text;
            p += name->text.n + 2;
        } else {
            bool escaped = false;
            const char *quote = string_end(r, p + 1, &escaped);
            if (quote == NULL)
                return NULL;
            here.key = (struct str){ p + 1, (size_t)(quote - p) - 1 };
            if (escaped && (here.key = string_unescape_key(r, here.key)).p == NULL)
                return parse_no_memory(r);
            name = find_name(o, here.key);
            if (name != NULL)
                *guess = (uint16_t)(name - o->names);
            p = quote + 1;
        }
        p = scan_space(p);
        if (*p != ':')
            return parse_fail(r, p, "':'");
        p = scan_space(p + 1);
        if (name == NULL) {
            p = read_extra(r, o, &extras, p);
        } else {
            size_t i = name->property;
            uint64_t bit = UINT64_C(1) << i % 64;
            guess = follow + 1 + (name - o->names);
            if (seen[i / 64] & bit) {
                if (str_eq(here.key, str_of(o->properties[i].name)))
                    violation_say(r, "given twice");
                else
                    violation_say(r, "given twice (it is another name of \"%s\")", o->properties[i].name);
                p = skip_value(r, p);
            } else {
                seen[i / 64] |= bit;
                n_seen++;
                r->has_origin = r->has_origin || o->properties[i].fallback == DEFAULT_ORIGIN;
                p = read_property(r, &o->properties[i], p, kids);
            }
        }
        if (p == NULL)
            return NULL;
        p = scan_space(p);
        if (*p == '}')
            break;
        if (*p != ',')
            return parse_fail(r, p, "',' or '}'");
        p = scan_space(p + 1);
        if (*p == '}')
            return parse_fail(r, p, "a property's name in quotes");
    }
    if (n_seen < o->n_properties)
        put_absent(r, o, seen, &here, kids);
    keys_close(&r->keys, &extras);
    r->path = here.up;
    r->depth--;
    return p + 1;
}

/* JSON's text into r->clean; left empty where it is as it came. False: nothing of it may be seen. */
static bool clean_json(struct reader *r, const struct node *node, struct str text)
{
    if (node->named == 0) {
        if (pii_redact_json_read(text, &r->clean) == 0)
            buf_clear(&r->clean);
        return true;
    }
    const struct pii_policy *policy = named(r, node)->policy;
    return policy != NULL && pii_redact_json_with(policy, text, &r->clean) >= 0;
}

/* A value that is kept as its text. */
static const char *read_json(struct reader *r, const struct node *node, const char *p, struct col *col)
{
    const char *start = p;
    uint8_t personal = r->personal;
    r->personal = quoting_of(node, personal);
    if (node->target != NULL) {
        p = read_value(r, node->target, p, NULL);
    } else if (*p == '{') {
        if (!(node->types & T_OBJECT))
            p = refuse_type(r, node, p, NULL);
        else
            p = node->object != NULL ? read_object(r, node->object, p, NULL) : skip_value(r, p);
    } else if (*p == '[') {
        p = node->types & T_ARRAY ? read_array(r, node, p, NULL) : refuse_type(r, node, p, NULL);
    } else if (*p == '"') {
        p = node->types & T_STRING ? read_string(r, node, p, NULL) : refuse_type(r, node, p, NULL);
    } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
        p = read_number(r, node, p, NULL);
    } else {
        p = read_literal(r, node, p, NULL);
    }
    r->personal = personal;
    if (p == NULL || col == NULL)
        return p;
    struct str text = { start, (size_t)(p - start) };
    if (col->nullable && *start == 'n') {
        col_put_null(col);
        return p;
    }
    if (node->policy == PII_REDACT) {
        buf_clear(&r->clean);
        if (!clean_json(r, node, text))
            text = STR("");
        else if (r->clean.n > 0)
            text = buf_str(&r->clean);
        if (r->clean.failed)
            return parse_no_memory(r);
    }
    col_put_str(col, text);
    return p;
}

static const char *read_value(struct reader *r, const struct node *node, const char *p, struct col *col)
{
    if (node->shape == SHAPE_JSON)
        return read_json(r, node, p, col);
    switch (*p) {
    case '"':
        if (!(node->types & T_STRING))
            return refuse_type(r, node, p, col);
        return read_string(r, node, p, col);
    case '{':
        if (node->shape != SHAPE_TUPLE)
            return refuse_type(r, node, p, col);
        p = read_object(r, node->object, p, col != NULL ? col->kids : NULL);
        if (col != NULL)
            col_end_tuple(col);
        return p;
    case '[':
        if (node->shape != SHAPE_ARRAY)
            return refuse_type(r, node, p, col);
        return read_array(r, node, p, col);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number(r, node, p, col);
    default:
        return read_literal(r, node, p, col);
    }
}

/* x-text: the message, which is no JSON object, is one field. */
static enum verdict read_as_text(struct reader *r, struct col *kids)
{
    const struct object *o = r->c->root->object;
    size_t i = (size_t)r->c->text_property;
    uint64_t seen[PROPERTIES_MAX / 64] = { 0 };
    struct path here = { .key = str_of(o->properties[i].name) };
    struct str text = { r->start, (size_t)(r->end - r->start) };
    r->path = &here;
    take_text(r, o->properties[i].node, text, text, column_of(&o->properties[i], kids));
    seen[i / 64] |= UINT64_C(1) << i % 64;
    put_absent(r, o, seen, &here, kids);
    r->path = NULL;
    return r->n_violations > 0 ? VERDICT_CONTRACT : VERDICT_OK;
}

static enum verdict read_as_json(struct reader *r, struct col *kids)
{
    const struct node *root = r->c->root;
    const char *p = scan_space(r->start);
    r->not_object = *p != '{';
    p = r->not_object ? refuse_type(r, root, p, NULL) : read_object(r, root->object, p, kids);
    if (p != NULL) {
        p = scan_space(p);
        if (p != r->end)
            parse_fail(r, p, "nothing after the JSON value");
    }
    return r->bad != NULL ? VERDICT_PARSE : r->n_violations > 0 ? VERDICT_CONTRACT : VERDICT_OK;
}

static bool is_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n) {
        n = utf8_length(s.p + i, s.n - i);
        if (n == 0)
            return false;
    }
    return true;
}

static void forget(struct reader *r)
{
    r->depth = 0;
    r->simulated = r->has_origin = false;
    r->personal = QUOTE_ALL;
    r->path = NULL;
    r->bad = NULL;
    r->n_violations = 0;
    r->done = 0;
    r->keys.n = r->keys.n_slots = 0;
    buf_clear(&r->texts);
}

/* One row that says why there is no record. */
static void put_refused(struct reader *r, enum verdict verdict, struct col *record)
{
    col_rollback(record);
    for (size_t i = 0; i < r->n_list; i++)
        col_put_str(&record->kids[0].kids[0], r->list[i]);
    col_end_array(&record->kids[0]);
    col_put_u64(&record->kids[1], verdict);
    for (size_t i = 2; i < record->n_kids; i++)
        col_put_default(&record->kids[i]);
    col_end_tuple(record);
}

static int copy_message(struct reader *r, struct str message)
{
    enum { KEEP = 4 << 20 };
    if (r->message.cap > KEEP && message.n < KEEP) {
        buf_fini(&r->message);
        buf_shrink(&r->scratch, KEEP);
        buf_shrink(&r->clean, KEEP);
        arena_fini(&r->arena);
        keys_shrink(&r->keys);
    }
    buf_clear(&r->message);
    arena_reset(&r->arena);
    if (buf_reserve(&r->message, message.n + SCAN_PADDING) < 0)
        return -1;
    buf_put_str(&r->message, message);
    memset(r->message.p + message.n, 0, SCAN_PADDING);
    r->start = r->message.p;
    r->end = r->start + message.n;
    return 0;
}

/* The message as a log line: its record in the contract's words, read as any other. Its own bytes aren't looked at again. */
static enum verdict read_as_log(struct reader *r, struct str message, struct col *kids)
{
    const struct logline *l = logline_parse(r->logline, message, r->appended_ms);
    buf_shrink(&r->line, (size_t)4 << 20);
    if (l != NULL) {
        buf_putc(&r->line, '{');
        logline_put_members(l, LOG_TIME_UNKNOWN, STR(""), &r->line);
        buf_putc(&r->line, '}');
    }
    if (l == NULL || r->line.failed || copy_message(r, buf_str(&r->line)) < 0) {
        r->failed = true;
        return VERDICT_PARSE;
    }
    return read_as_json(r, kids);
}

/* What others wrote, where the contract lets it in: no JSON object, or, for a log's contract, one without an id. */
static bool is_foreign(const struct reader *r, struct str message)
{
    bool no_record = r->bad != NULL || r->not_object;
    if (r->c->text_property < 0 || message.n == 0 || r->has_origin || r->failed)
        return false;
    return r->c->text_is_log || (no_record && is_utf8(message));
}

enum verdict reader_read(struct reader *r, struct str message, int64_t appended_ms, struct col *record)
{
    struct col *kids = record != NULL ? record->kids + 2 : NULL;
    enum verdict verdict = VERDICT_PARSE;
    forget(r);
    r->failed = false;
    r->appended_ms = appended_ms;
    r->derived = kids != NULL ? kids + r->c->root->object->n_columns : NULL;
    if (record != NULL)
        col_mark(record);
    if (message.n > MESSAGE_MAX) {
        violation_say(r, "expected at most %zu bytes, got %zu", MESSAGE_MAX, message.n);
    } else if (copy_message(r, message) < 0) {
        r->failed = true;
    } else {
        verdict = read_as_json(r, kids);
        if (is_foreign(r, message)) {
            if (record != NULL)
                col_rollback(record);
            forget(r);
            verdict = r->c->text_is_log ? read_as_log(r, message, kids) : read_as_text(r, kids);
        }
        if (r->bad != NULL)
            violation_parse(r);
    }
    violation_finish(r);
    if (verdict == VERDICT_OK && r->simulated)
        verdict = VERDICT_SIMULATED;
    if (r->failed) {
        r->n_list = 0;
        verdict = VERDICT_PARSE;
    }
    if (record == NULL)
        return verdict;
    if (verdict == VERDICT_OK) {
        col_end_array(&record->kids[0]);
        col_put_u64(&record->kids[1], VERDICT_OK);
        put_underived(r);
        col_end_tuple(record);
    } else {
        put_refused(r, verdict, record);
    }
    /* No verdict on data: the column says so too, so that its chunk isn't answered. */
    if (r->failed)
        record->kids[0].data.failed = true;
    return verdict;
}

bool reader_failed(const struct reader *r)
{
    return r->failed;
}

size_t reader_violations(const struct reader *r, const struct str **violations)
{
    *violations = r->list;
    return r->n_list;
}

struct reader *reader_new(const struct contract *c, struct err *err)
{
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        goto no_memory;
    r->c = c;
    buf_init(&r->message, MESSAGE_MAX + SCAN_PADDING);
    buf_init(&r->scratch, MESSAGE_MAX);
    buf_init(&r->clean, MESSAGE_MAX);
    buf_init(&r->texts, 0);
    buf_init(&r->line, MESSAGE_MAX);
    arena_init(&r->arena, 2 * MESSAGE_MAX);
    r->follow = calloc(c->n_follow + 1, sizeof *r->follow);
    if (r->follow == NULL || keys_init(&r->keys) < 0)
        goto no_memory;
    if (c->text_is_log && (r->logline = logline_parser_new()) == NULL)
        goto no_memory;
    if (c->has_pattern) {
        r->match = pcre2_match_data_create(1, NULL);
        r->match_context = pcre2_match_context_create(NULL);
        r->jit_stack = pcre2_jit_stack_create(32 << 10, 1 << 20, NULL);
        if (r->match == NULL || r->match_context == NULL)
            goto no_memory;
        pcre2_set_match_limit(r->match_context, 1000000);
        pcre2_set_heap_limit(r->match_context, 16 << 10); /* KiB */
        if (r->jit_stack != NULL)
            pcre2_jit_stack_assign(r->match_context, NULL, r->jit_stack);
    }
    return r;
no_memory:
    err_set(err, ERR_RETRY, "contract %s: out of memory", c->stem);
    reader_free(r);
    return NULL;
}

int reader_use_policies(struct reader *r, struct pii_policies *policies, struct err *err)
{
    const struct contract *c = r->c;
    free(r->named);
    r->named = calloc(c->n_named + 1, sizeof *r->named);
    if (r->named == NULL)
        return err_set(err, ERR_RETRY, "contract %s: out of memory", c->stem);
    size_t i = c->n_named;
    for (const struct named *at = c->named; at != NULL; at = at->next) {
        struct looked_up *found = &r->named[--i];
        struct str name = str_of(at->name);
        if (at->key)
            found->key = pii_key(policies, name, err);
        else
            found->policy = pii_policy(policies, name, err);
        if (found->key == NULL && found->policy == NULL)
            return err_at(err, "contract %s: x-pii", c->stem);
    }
    return 0;
}

void reader_use_deriver(struct reader *r, size_t i, const struct contract_deriver *deriver)
{
    r->derivers[i] = deriver;
}

void reader_free(struct reader *r)
{
    if (r == NULL)
        return;
    pcre2_match_data_free(r->match);
    pcre2_match_context_free(r->match_context);
    pcre2_jit_stack_free(r->jit_stack);
    keys_fini(&r->keys);
    arena_fini(&r->arena);
    buf_fini(&r->message);
    buf_fini(&r->scratch);
    buf_fini(&r->clean);
    buf_fini(&r->texts);
    buf_fini(&r->line);
    logline_parser_free(r->logline);
    free(r->follow);
    free(r->named);
    free(r);
}
