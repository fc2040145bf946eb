/* lib/contract/load: reads a contract's file, names what comes of it, and frees it. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/sha256.h"
#include "contract/node.h"

static const char *keep(struct contract *c, struct str text)
{
    return arena_copy(&c->arena, text);
}

/* "dental_appointment" → "dentalAppointmentRecord_<hash>". */
static const char *function_name(struct contract *c)
{
    struct buf b;
    buf_init(&b, 0);
    for (const char *p = c->stem; *p != '\0'; p++)
        if (*p == '_' && p[1] != '\0')
            buf_putc(&b, (char)toupper((unsigned char)*++p));
        else if (*p != '_')
            buf_putc(&b, *p);
    buf_printf(&b, "Record_%s", c->hash);
    const char *name = b.failed ? NULL : keep(c, buf_str(&b));
    buf_fini(&b);
    return name;
}

static const char *record_type(struct contract *c)
{
    struct buf b;
    buf_init(&b, 0);
    buf_puts(&b, "Tuple(violations Array(String), verdict Enum8('ok' = 1, 'parse' = 2, 'contract' = 3, 'simulated' = 4)");
    for (const struct contract_field *f = c->fields; f < c->fields + c->n_fields; f++) {
        buf_puts(&b, ", ");
        type_write_name(f->name, &b);
        buf_printf(&b, " %s", f->type);
    }
    buf_putc(&b, ')');
    const char *type = b.failed ? NULL : keep(c, buf_str(&b));
    buf_fini(&b);
    return type;
}

/* The type counts too: the order of the properties, which the canonical text doesn't have, is the order of its columns. */
static const char *hash_of(struct contract *c, json_t *schema)
{
    char *canonical = json_dumps(schema, JSON_COMPACT | JSON_SORT_KEYS);
    const char *hash = NULL;
    struct buf b;
    buf_init(&b, 0);
    if (canonical != NULL) {
        uint8_t digest[32];
        buf_printf(&b, "%s\n%s", canonical, c->type);
        sha256(buf_str(&b), digest);
        if (!b.failed)
            hash = arena_printf(&c->arena, "%02x%02x%02x%02x%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3],
                                digest[4], digest[5], digest[6], digest[7]);
    }
    buf_fini(&b);
    free(canonical);
    return hash;
}

static int list_fields(struct contract *c)
{
    const struct object *o = c->root->object;
    c->fields = arena_alloc(&c->arena, (o->n_properties + c->n_derived + 1) * sizeof *c->fields);
    if (c->fields == NULL)
        return -1;
    for (const struct property *p = o->properties; p < o->properties + o->n_properties; p++) {
        struct buf type;
        if (p->column < 0)
            continue;
        buf_init(&type, 0);
        type_write(p->node, &type);
        c->fields[c->n_fields++] = (struct contract_field){
            .name = p->name,
            .type = type.failed ? NULL : keep(c, buf_str(&type)),
            .required = p->required,
            .from_origin = p->fallback == DEFAULT_ORIGIN,
            .is_time = p->node == c->time,
        };
        buf_fini(&type);
        if (c->fields[c->n_fields - 1].type == NULL)
            return -1;
    }
    for (const struct derivation *d = c->derivations; d < c->derivations + c->n_derivations; d++)
        for (size_t i = d->first; i < (size_t)d->first + d->n; i++) {
            const char *type = d->function->parts[c->derived[i].part].type;
            c->fields[c->n_fields++] = (struct contract_field){
                .name = c->derived[i].name,
                .type = strcmp(type, "String") == 0 ? "LowCardinality(String)" : type, /* countries, browsers: few values */
                .implied = !d->dropped,
            };
        }
    return 0;
}

static int name_everything(struct contract *c, const char *stem, json_t *schema)
{
    char *json = json_dumps(schema, JSON_COMPACT);
    json_t *description = json_object_get(schema, "description");
    type_assign(c->root, false);
    c->stem = keep(c, str_of(stem));
    c->description = keep(c, str_of(description != NULL ? json_string_value(description) : ""));
    c->json = json != NULL ? keep(c, str_of(json)) : NULL;
    free(json);
    if (c->stem == NULL || c->description == NULL || c->json == NULL || list_fields(c) < 0)
        return -1;
    c->type = record_type(c);
    c->hash = c->type != NULL ? hash_of(c, schema) : NULL;
    c->function = c->hash != NULL ? function_name(c) : NULL;
    return c->function != NULL ? 0 : -1;
}

static int check_stem(const char *stem, const char *where, struct err *err)
{
    bool good = *stem >= 'a' && *stem <= 'z';
    for (const char *p = stem; *p != '\0'; p++)
        good = good && ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_');
    if (good)
        return 0;
    return err_set(err, ERR_STOP, "%s: expected a contract named with lower-case letters, digits and '_', got \"%s\"", where, stem);
}

static json_t *read_schema(struct str text, const char *where, struct err *err)
{
    json_error_t bad;
    json_t *schema = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &bad);
    if (schema != NULL)
        return schema;
    /* Where memory is out jansson may say nothing at all. */
    if (bad.text[0] == '\0' || json_error_code(&bad) == json_error_out_of_memory)
        err_set(err, ERR_RETRY, "%s: out of memory", where);
    else if (json_error_code(&bad) == json_error_numeric_overflow)
        err_set(
            err, ERR_STOP,
            "%s: line %d: expected integers up to 9223372036854775807 (without \"maximum\" a UInt64 goes on to its own), got more",
            where, bad.line);
    else
        err_set(err, ERR_STOP, "%s: line %d, column %d: expected JSON: %s", where, bad.line, bad.column, bad.text);
    return NULL;
}

struct contract *contract_compile(const char *stem, struct str text, const char *where, struct err *err)
{
    struct contract *c = NULL;
    json_t *schema = NULL;
    bool done = false;
    if (check_stem(stem, where, err) < 0)
        return NULL;
    schema = read_schema(text, where, err);
    if (schema == NULL)
        return NULL;
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ERR_RETRY, "%s: out of memory", where);
        goto out;
    }
    arena_init(&c->arena, 0);
    if (compile_root(c, schema, where, err) < 0)
        goto out;
    if (name_everything(c, stem, schema) < 0) {
        err_set(err, ERR_RETRY, "%s: out of memory", where);
        goto out;
    }
    done = true;
out:
    json_decref(schema);
    if (!done) {
        contract_free(c);
        c = NULL;
    }
    return c;
}

struct contract *contract_load(const char *path, struct err *err)
{
    static const char suffix[] = ".schema.json";
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    struct contract *c = NULL;
    struct buf text;
    char stem[128];
    buf_init(&text, (size_t)16 << 20);
    size_t n = strlen(name);
    if (n <= sizeof suffix - 1 || n >= sizeof stem || strcmp(name + n - (sizeof suffix - 1), suffix) != 0) {
        err_set(err, ERR_STOP, "%s: expected a file named NAME%s", path, suffix);
        goto out;
    }
    snprintf(stem, sizeof stem, "%.*s", (int)(n - (sizeof suffix - 1)), name);
    if (file_read(path, &text, err) < 0)
        goto out;
    c = contract_compile(stem, buf_str(&text), path, err);
out:
    buf_fini(&text);
    return c;
}

void contract_free(struct contract *c)
{
    if (c == NULL)
        return;
    for (struct regex *r = c->regexes; r != NULL; r = r->next)
        pcre2_code_free(r->code);
    arena_fini(&c->arena);
    free(c);
}

const char *contract_stem(const struct contract *c)
{
    return c->stem;
}

const char *contract_hash(const struct contract *c)
{
    return c->hash;
}

const char *contract_description(const struct contract *c)
{
    return c->description;
}

const char *contract_function(const struct contract *c)
{
    return c->function;
}

const char *contract_type(const struct contract *c)
{
    return c->type;
}

const char *contract_json(const struct contract *c)
{
    return c->json;
}

const struct contract_field *contract_field(const struct contract *c, size_t i)
{
    return i < c->n_fields ? &c->fields[i] : NULL;
}

bool contract_drops(const struct contract *c, struct str name)
{
    const struct object *o = c->root->object;
    for (size_t i = 0; i < o->n_properties; i++)
        if (o->properties[i].column < 0 && str_eq(str_of(o->properties[i].name), name))
            return true;
    return false;
}

const char *contract_derives(const struct contract *c, size_t i)
{
    return i < c->n_derivations ? c->derivations[i].function->name : NULL;
}

const char *verdict_name(enum verdict v)
{
    switch (v) {
    case VERDICT_OK:
        return "ok";
    case VERDICT_PARSE:
        return "parse";
    case VERDICT_CONTRACT:
        return "contract";
    case VERDICT_SIMULATED:
        return "simulated";
    }
    return "";
}
