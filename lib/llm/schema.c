/* lib/llm/schema: compiles a contract's JSON Schema for providers.
 *
 * What OpenAI and Anthropic enforce (their documentation of structured outputs): type, properties, required (all of them),
 * additionalProperties: false, items, enum, anyOf, $ref, $defs, description. Everything else is said in the description and
 * enforced here, by the contract. */
#include "llm/schema.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

enum { DEPTH_MAX = 64 };

static const struct {
    const char *name;
    unsigned type;
} types[] = { { "null", LLM_T_NULL },       { "boolean", LLM_T_BOOLEAN },
              { "integer", LLM_T_INTEGER }, { "number", LLM_T_NUMBER | LLM_T_INTEGER },
              { "string", LLM_T_STRING },   { "array", LLM_T_ARRAY },
              { "object", LLM_T_OBJECT } };

const json_t *llm_schema_resolve(const json_t *root, const json_t *schema)
{
    for (int i = 0; i < DEPTH_MAX; i++) {
        const char *ref = json_string_value(json_object_get(schema, "$ref"));
        if (ref == NULL || strncmp(ref, "#/$defs/", 8) != 0)
            break;
        schema = json_object_get(json_object_get(root, "$defs"), ref + 8);
    }
    return schema;
}

static unsigned type_of_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return 0;
}

static unsigned type_of_value(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_NULL:
        return LLM_T_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return LLM_T_BOOLEAN;
    case JSON_INTEGER:
        return LLM_T_INTEGER;
    case JSON_REAL:
        return LLM_T_NUMBER;
    case JSON_STRING:
        return LLM_T_STRING;
    case JSON_ARRAY:
        return LLM_T_ARRAY;
    default:
        return LLM_T_OBJECT;
    }
}

unsigned llm_schema_types(const json_t *root, const json_t *schema)
{
    schema = llm_schema_resolve(root, schema);
    const json_t *type = json_object_get(schema, "type"), *choices = json_object_get(schema, "enum"),
                 *only = json_object_get(schema, "const");
    const json_t *v;
    size_t i;
    unsigned set = 0;
    if (json_is_string(type))
        return type_of_name(json_string_value(type));
    json_array_foreach(type, i, v) set |= type_of_name(json_string_value(v));
    if (set == 0) {
        json_array_foreach(choices, i, v) set |= type_of_value(v);
        if (only != NULL)
            set |= type_of_value(only);
    }
    return set != 0 ? set : LLM_T_ANY;
}

bool llm_schema_has_properties(const json_t *root, const json_t *schema)
{
    return json_object_size(json_object_get(llm_schema_resolve(root, schema), "properties")) > 0;
}

bool llm_schema_requires(const json_t *root, const json_t *schema, const char *property)
{
    const json_t *required = json_object_get(llm_schema_resolve(root, schema), "required"), *v;
    size_t i;
    json_array_foreach(required, i, v) if (strcmp(json_string_value(v), property) == 0) return true;
    return false;
}

/* What the schema asks for beyond what a provider enforces, in words. */
static void put_limits(const json_t *s, struct buf *out)
{
    static const struct {
        const char *word, *said;
    } limits[] = { { "minimum", "at least %s" },
                   { "maximum", "at most %s" },
                   { "exclusiveMinimum", "above %s" },
                   { "exclusiveMaximum", "below %s" },
                   { "multipleOf", "a multiple of %s" },
                   { "minLength", "at least %s characters" },
                   { "maxLength", "at most %s characters" },
                   { "minItems", "at least %s items" },
                   { "maxItems", "at most %s items" },
                   { "pattern", "matching the regular expression %s" } };
    static const struct {
        const char *format, *said;
    } formats[] = { { "date", "a date as YYYY-MM-DD" },
                    { "date-time", "a moment as YYYY-MM-DDTHH:MM:SSZ" },
                    { "time", "a time as HH:MM:SSZ" },
                    { "email", "an e-mail address" },
                    { "uri", "a URL" },
                    { "uuid", "a UUID" },
                    { "ipv4", "an IPv4 address" },
                    { "ipv6", "an IPv6 address" } };
    const char *format = json_string_value(json_object_get(s, "format"));
    size_t before = out->n;
    for (size_t i = 0; format != NULL && i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(format, formats[i].format) == 0)
            buf_puts(out, formats[i].said);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const json_t *v = json_object_get(s, limits[i].word);
        if (v == NULL || (strcmp(limits[i].word, "minLength") == 0 && json_integer_value(v) <= 1))
            continue;
        char *text = json_is_string(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
        const char *at = strstr(limits[i].said, "%s");
        buf_puts(out, out->n > before ? "; " : "");
        buf_put(out, limits[i].said, (size_t)(at - limits[i].said));
        buf_puts(out, text != NULL ? text : json_string_value(v) != NULL ? json_string_value(v) : "");
        buf_puts(out, at + 2);
        free(text);
    }
}

static json_t *strict_of(const json_t *root, const json_t *schema, unsigned depth);

static void describe(const json_t *schema, json_t *out, const char *more)
{
    const char *said = json_string_value(json_object_get(schema, "description"));
    struct buf text;
    buf_init(&text, 1 << 20);
    if (said != NULL)
        buf_puts(&text, said);
    struct buf limits;
    buf_init(&limits, 1 << 16);
    put_limits(schema, &limits);
    if (json_is_true(json_object_get(schema, "x-inferred")))
        buf_printf(&limits, "%schosen by what the document says as a whole", limits.n > 0 ? "; " : "");
    if (more != NULL)
        buf_printf(&limits, "%s%s", limits.n > 0 ? "; " : "", more);
    if (limits.n > 0)
        buf_printf(&text, "%s(%.*s)", text.n > 0 ? " " : "", STR_ARG(buf_str(&limits)));
    if (text.n > 0)
        json_object_set_new(out, "description", json_stringn(text.p, text.n));
    buf_fini(&limits);
    buf_fini(&text);
}

static json_t *strict_object(const json_t *root, const json_t *schema, unsigned depth)
{
    json_t *out = json_object(), *properties = json_object(), *required = json_array();
    const char *name;
    json_t *property;
    json_object_foreach(json_object_get(schema, "properties"), name, property)
    {
        json_object_set_new(properties, name, strict_of(root, property, depth + 1));
        json_array_append_new(required, json_string(name));
    }
    json_object_set_new(out, "type", json_string("object"));
    json_object_set_new(out, "properties", properties);
    json_object_set_new(out, "required", required);
    json_object_set_new(out, "additionalProperties", json_false());
    return out;
}

/* An enum with null among its values, which each choice may be. */
static json_t *strict_choices(const json_t *schema)
{
    const json_t *choices = json_object_get(schema, "enum"), *only = json_object_get(schema, "const"), *v;
    json_t *out = json_array();
    size_t i;
    bool has_null = false;
    json_array_foreach(choices, i, v)
    {
        has_null |= json_is_null(v);
        json_array_append(out, (json_t *)v);
    }
    if (only != NULL) {
        has_null |= json_is_null(only);
        json_array_append(out, (json_t *)only);
    }
    if (!has_null)
        json_array_append_new(out, json_null());
    return out;
}

static json_t *type_names(unsigned set)
{
    json_t *out = json_array();
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if ((types[i].type & ~set) == 0 && !(types[i].type == LLM_T_INTEGER && (set & LLM_T_NUMBER) != 0) &&
            types[i].type != LLM_T_NULL)
            json_array_append_new(out, json_string(types[i].name));
    json_array_append_new(out, json_string("null"));
    return out;
}

static json_t *or_null(json_t *schema)
{
    return json_pack("{s:[o,{s:s}]}", "anyOf", schema, "type", "null");
}

/* One type at a time: what has several becomes anyOf. */
static json_t *strict_type(const json_t *root, const json_t *schema, unsigned set, unsigned depth)
{
    unsigned scalars = set & ~(unsigned)(LLM_T_ARRAY | LLM_T_OBJECT | LLM_T_NULL);
    if ((set & LLM_T_OBJECT) != 0 && scalars == 0 && (set & LLM_T_ARRAY) == 0 && llm_schema_has_properties(root, schema))
        return strict_object(root, schema, depth);
    if (set == LLM_T_ARRAY && json_is_object(json_object_get(schema, "items")))
        return json_pack("{s:s, s:o}", "type", "array", "items", strict_of(root, json_object_get(schema, "items"), depth + 1));
    if ((set & (LLM_T_ARRAY | LLM_T_OBJECT)) != 0) /* free: its JSON as a string, read back here */
        return json_pack("{s:[s,s]}", "type", "string", "null");
    return json_pack("{s:o}", "type", type_names(scalars));
}

static json_t *strict_of(const json_t *root, const json_t *schema, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return json_pack("{s:[s,s]}", "type", "string", "null");
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    if (ref != NULL) {
        json_t *out = json_pack("{s:s}", "$ref", ref);
        /* Beside $ref nothing may stand. */
        return (llm_schema_types(root, schema) & LLM_T_NULL) != 0 ? or_null(out) : out;
    }
    unsigned set = llm_schema_types(root, schema), whole = set & ~(unsigned)LLM_T_NULL;
    json_t *out = strict_type(root, schema, whole, depth);
    bool free_form = (whole & (LLM_T_ARRAY | LLM_T_OBJECT)) != 0 && json_is_array(json_object_get(out, "type"));
    if (json_object_get(schema, "enum") != NULL || json_object_get(schema, "const") != NULL)
        json_object_set_new(out, "enum", strict_choices(schema));
    describe(schema, out, free_form ? "JSON, as a text" : NULL);
    bool is_object = json_object_get(out, "properties") != NULL;
    bool is_array = json_object_get(out, "items") != NULL;
    return (set & LLM_T_NULL) != 0 && (is_object || is_array) ? or_null(out) : out;
}

static void add_defs(const json_t *root, json_t *out)
{
    const char *name;
    json_t *def, *defs = json_object();
    json_object_foreach(json_object_get(root, "$defs"), name, def) json_object_set_new(defs, name, strict_of(root, def, 1));
    if (json_object_size(defs) > 0)
        json_object_set(out, "$defs", defs);
    json_decref(defs);
}

struct llm_contract *llm_contract_new(struct contract *contract, struct err *err)
{
    struct llm_contract *c = calloc(1, sizeof *c);
    json_error_t where;
    if (c == NULL) {
        contract_free(contract);
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    c->contract = contract;
    c->schema = json_loads(contract_json(contract), 0, &where);
    if (c->schema == NULL || (c->reader = reader_new(contract, err)) == NULL) {
        err_set(err, ERR_STOP, "the contract %s: %s", contract_stem(contract), where.text);
        llm_contract_free(c);
        return NULL;
    }
    json_t *record = strict_of(c->schema, c->schema, 0);
    json_t *batch =
        json_pack("{s:s, s:{s:{s:s, s:{s:s, s:{s:{s:s}, s:O}, s:[s,s], s:b}}}, s:[s], s:b}", "type", "object", "properties",
                  "documents", "type", "array", "items", "type", "object", "properties", "id", "type", "string", "record", record,
                  "required", "id", "record", "additionalProperties", 0, "required", "documents", "additionalProperties", 0);
    if (record != NULL && batch != NULL) {
        add_defs(c->schema, record);
        add_defs(c->schema, batch);
        /* Definitions stand at the root alone. */
        json_t *inner = json_object_get(
            json_object_get(json_object_get(json_object_get(json_object_get(batch, "properties"), "documents"), "items"),
                            "properties"),
            "record");
        c->strict = json_dumps(record, JSON_COMPACT);
        json_object_del(inner, "$defs");
        c->strict_batch = json_dumps(batch, JSON_COMPACT);
    }
    json_decref(record);
    json_decref(batch);
    c->strict_title = strdup(contract_stem(contract));
    if (c->strict == NULL || c->strict_batch == NULL || c->strict_title == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        llm_contract_free(c);
        return NULL;
    }
    return c;
}

void llm_contract_free(struct llm_contract *c)
{
    if (c == NULL)
        return;
    reader_free(c->reader);
    contract_free(c->contract);
    json_decref(c->schema);
    free(c->strict);
    free(c->strict_batch);
    free(c->strict_title);
    free(c);
}

/* Letters, digits, '_', and one dot before a hash: nothing that leads out of the folder. */
static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name.p[i]) == NULL && !(name.p[i] == '.' && i > 0))
            return false;
    return name.n > 0 && name.n < 200 && memmem(name.p, name.n, "..", 2) == NULL && memchr(name.p, '\0', name.n) == NULL;
}

int llm_contract_find(const char *folder, struct str name, char *path, size_t size, struct err *err)
{
    static const char suffix[] = ".schema.json";
    struct stat st;
    struct timespec newest = { 0 };
    if (!is_name(name))
        return err_set(err, ERR_STOP, "expected a contract's name such as invoice, got \"%.*s\"",
                       (int)(name.n < 100 ? name.n : 100), name.p);
    if (snprintf(path, size, "%s/%.*s%s", folder, STR_ARG(name), suffix) < (int)size && stat(path, &st) == 0)
        return 0;
    bool found = false;
    DIR *d = opendir(folder);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        struct str file = str_of(e->d_name);
        char candidate[PATH_MAX];
        if (!str_starts(file, name) || !str_ends(file, str_of(suffix)) || file.n != name.n + 17 + sizeof suffix - 1 ||
            file.p[name.n] != '.' || strspn(file.p + name.n + 1, "0123456789abcdef") != 16)
            continue;
        snprintf(candidate, sizeof candidate, "%s/%s", folder, e->d_name);
        if (stat(candidate, &st) == 0 && (!found || st.st_mtim.tv_sec > newest.tv_sec ||
                                          (st.st_mtim.tv_sec == newest.tv_sec && st.st_mtim.tv_nsec > newest.tv_nsec))) {
            found = true;
            newest = st.st_mtim;
            snprintf(path, size, "%s", candidate);
        }
    }
    if (d != NULL)
        closedir(d);
    return found ? 0
                 : err_set(err, ERR_STOP,
                           "expected a contract of the name %.*s in %s (odw functions install puts it there), found none",
                           STR_ARG(name), folder);
}
