/* loaders/events/mapping: applies a declared mapping to one JSON object. Nothing of it is lost: what no field takes goes to the
 * rest. */
#include "loaders/events/mapping.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaders/generate.h"

struct mapping {
    json_t *file;
    const json_t *fields;
    const char *rest; /* the field for what is left over; NULL: it stays at the top */
    const json_t *lift;
};

/* ---- the file ---- */

static bool is_texts(const json_t *v)
{
    size_t i;
    json_t *one;
    if (!json_is_array(v))
        return false;
    json_array_foreach(v, i, one) if (!json_is_string(one)) return false;
    return true;
}

static int check_field(const char *path, const char *name, const json_t *field, struct err *err)
{
    static const char *const ways[] = { "text", "epoch_s", "epoch_ms", "utc" };
    const char *key;
    json_t *v;
    if (json_is_string(field) || is_texts(field))
        return 0;
    if (!json_is_object(field))
        return err_set(err, ERR_STOP, "%s: fields/%s: expected a path, an array of paths, or an object", path, name);
    json_object_foreach((json_t *)field, key, v)
    {
        bool ok = strcmp(key, "from") == 0     ? json_is_string(v) || is_texts(v)
                  : strcmp(key, "values") == 0 ? json_is_object(v)
                  : strcmp(key, "else") == 0   ? true
                                               : false;
        for (size_t i = 0; strcmp(key, "as") == 0 && json_is_string(v) && i < sizeof ways / sizeof *ways; i++)
            ok = ok || strcmp(json_string_value(v), ways[i]) == 0;
        if (!ok)
            return err_set(err, ERR_STOP,
                           "%s: fields/%s/%s: expected \"from\" (a path or several), \"as\" (text, epoch_s, epoch_ms, utc), "
                           "\"values\" (an object), "
                           "\"else\" (any value)",
                           path, name, key);
    }
    return 0;
}

struct mapping *mapping_load(const char *root, const char *name, struct err *err)
{
    char path[4200];
    json_error_t why;
    const char *key;
    json_t *v;
    bool bare = strchr(name, '/') == NULL && strchr(name, '.') == NULL;
    snprintf(path, sizeof path, bare ? "%s/loaders/events/mappings/%s.json" : "%.0s%s", root != NULL ? root : ".", name);
    struct mapping *m = calloc(1, sizeof *m);
    if (m == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    m->file = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (m->file == NULL) {
        err_set(err, ERR_STOP, why.line > 0 ? "%s:%d: %s" : "%s%.0d: %s", path, why.line, why.text);
        goto fail;
    }
    json_object_foreach(m->file, key, v)
    {
        bool ok = strcmp(key, "about") == 0    ? json_is_string(v)
                  : strcmp(key, "fields") == 0 ? json_is_object(v)
                  : strcmp(key, "rest") == 0   ? json_is_string(v)
                  : strcmp(key, "lift") == 0   ? is_texts(v)
                                               : false;
        if (!ok) {
            err_set(err, ERR_STOP,
                    "%s: %s: expected \"about\" (a text), \"fields\" (an object), \"rest\" (a field's name), \"lift\" (an array of "
                    "names)",
                    path, key);
            goto fail;
        }
    }
    m->fields = json_object_get(m->file, "fields");
    m->lift = json_object_get(m->file, "lift");
    m->rest = json_string_value(json_object_get(m->file, "rest"));
    if (m->fields == NULL) {
        err_set(err, ERR_STOP, "%s: expected an object with \"fields\"", path);
        goto fail;
    }
    json_object_foreach((json_t *)m->fields, key, v) if (check_field(path, key, v, err) < 0) goto fail;
    return m;
fail:
    mapping_free(m);
    return NULL;
}

void mapping_free(struct mapping *m)
{
    if (m != NULL)
        json_decref(m->file);
    free(m);
}

/* ---- one event ---- */

/* A path's value, taken out of where it stands; NULL: it isn't there, or null. Steps are divided by dots; a name that has dots
 * itself is found whole first. */
static json_t *take(json_t *object, const char *path)
{
    json_t *v = json_object_get(object, path);
    if (v != NULL) {
        if (json_is_null(v))
            return NULL;
        json_incref(v);
        json_object_del(object, path);
        return v;
    }
    char step[256];
    for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        snprintf(step, sizeof step, "%.*s", (int)(dot - path), path);
        json_t *below = json_object_get(object, step);
        if (!json_is_object(below))
            continue;
        v = take(below, dot + 1);
        if (v != NULL && json_object_size(below) == 0)
            json_object_del(object, step);
        if (v != NULL)
            return v;
    }
    return NULL;
}

/* What was in a text of its own, as many exports have their properties. */
static void open_texts(json_t *event, const json_t *lift)
{
    size_t i;
    json_t *name;
    json_array_foreach((json_t *)lift, i, name)
    {
        const json_t *v = json_object_get(event, json_string_value(name));
        if (!json_is_string(v))
            continue;
        json_t *inside = json_loadb(json_string_value(v), json_string_length(v), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        if (json_is_object(inside))
            json_object_set(event, json_string_value(name), inside);
        json_decref(inside);
    }
}

static void put_shortest(struct buf *b, double v)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_puts(b, text);
    /* 1e3 stays a number with a fraction or an exponent. */
    if (strpbrk(text, ".e") == NULL)
        buf_puts(b, ".0");
}

/* jansson writes 17 digits of every number: 19.99 must stay 19.99. */
static void put_value(struct buf *b, const json_t *v)
{
    const char *key;
    json_t *one;
    size_t i, n = 0;
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        buf_putc(b, '{');
        json_object_foreach((json_t *)v, key, one)
        {
            if (n++ > 0)
                buf_putc(b, ',');
            buf_put_json(b, str_of(key));
            buf_putc(b, ':');
            put_value(b, one);
        }
        buf_putc(b, '}');
        break;
    case JSON_ARRAY:
        buf_putc(b, '[');
        json_array_foreach(v, i, one)
        {
            if (i > 0)
                buf_putc(b, ',');
            put_value(b, one);
        }
        buf_putc(b, ']');
        break;
    case JSON_STRING:
        buf_put_json(b, (struct str){ json_string_value(v), json_string_length(v) });
        break;
    case JSON_INTEGER:
        buf_printf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        break;
    case JSON_REAL:
        put_shortest(b, json_real_value(v));
        break;
    default:
        buf_puts(b, json_is_null(v) ? "null" : json_is_true(v) ? "true" : "false");
    }
}

static json_t *text_of(const json_t *v)
{
    struct buf b;
    buf_init(&b, 0);
    put_value(&b, v);
    json_t *text = json_string(buf_text(&b));
    buf_fini(&b);
    return text;
}

/* A number, or a text of one, of seconds or milliseconds since 1970. NULL: it is none, or of no year that has four digits. */
static json_t *moment_of(const json_t *v, double unit)
{
    char *end = NULL;
    double t = json_is_number(v) ? json_number_value(v) : json_is_string(v) ? strtod(json_string_value(v), &end) : NAN;
    if ((end != NULL && (end == json_string_value(v) || *end != '\0')) || !(t * unit > -6e13 && t * unit < 2.5e14))
        return NULL;
    struct buf b;
    buf_init(&b, 0);
    gen_put_time(&b, (int64_t)floor(t * unit + 0.5));
    json_t *text = json_string(buf_text(&b));
    buf_fini(&b);
    return text;
}

/* "2026-11-20 10:00:00.123" is UTC where nothing else is said. */
static json_t *utc_of(const json_t *v)
{
    const char *text = json_string_value(v);
    size_t n = text != NULL ? strlen(text) : 0;
    char out[80];
    if (n < 19 || n > 60 || (text[10] != ' ' && text[10] != 'T'))
        return NULL;
    snprintf(out, sizeof out, "%.10sT%s", text, text + 11);
    bool zoned = text[n - 1] == 'Z' || strpbrk(text + 19, "+-") != NULL;
    /* "10:00:00 UTC", as SQL writes it; and "+00" for "+00:00". */
    if (n > 4 && strcmp(out + n - 4, " UTC") == 0) {
        out[n - 4] = '\0';
        zoned = false;
    }
    const char *sign = strpbrk(out + 19, "+-");
    if (sign != NULL && strlen(sign) == 3)
        strcat(out, ":00");
    if (!zoned)
        strcat(out, "Z");
    return json_string(out);
}

/* NULL: the value stays as it is, for the contract to judge. */
static json_t *converted(const json_t *v, const char *as)
{
    if (strcmp(as, "text") == 0)
        return json_is_string(v) ? NULL : text_of(v);
    if (strcmp(as, "utc") == 0)
        return utc_of(v);
    return moment_of(v, strcmp(as, "epoch_s") == 0 ? 1000 : 1);
}

static json_t *field_value(const json_t *field, json_t *event)
{
    const json_t *from = json_is_object(field) ? json_object_get(field, "from") : field;
    json_t *v = json_is_string(from) ? take(event, json_string_value(from)) : NULL, *path;
    size_t i;
    if (json_is_array(from))
        json_array_foreach((json_t *)from, i, path) if (v == NULL) v = take(event, json_string_value(path));
    if (!json_is_object(field))
        return v;
    const char *as = json_string_value(json_object_get(field, "as"));
    json_t *other = v != NULL && as != NULL ? converted(v, as) : NULL;
    if (other != NULL) {
        json_decref(v);
        v = other;
    }
    other = v != NULL && json_is_string(v) ? json_object_get(json_object_get(field, "values"), json_string_value(v)) : NULL;
    if (v == NULL)
        other = json_object_get(field, "else");
    if (other != NULL) {
        json_decref(v);
        v = json_incref(other);
    }
    return v;
}

/* Under its own name, or, where that is taken, with underscores before it. */
static int set_free(json_t *object, const char *key, json_t *v)
{
    char name[600];
    snprintf(name, sizeof name, "%s", key);
    while (json_object_get(object, name) != NULL && strlen(name) < sizeof name - 2) {
        memmove(name + 1, name, strlen(name) + 1);
        name[0] = '_';
    }
    return json_object_set(object, name, v);
}

/* What no field took: what was in `lift` first, then the rest by name. */
static json_t *left_over(const struct mapping *m, json_t *event)
{
    json_t *rest = json_object(), *name, *v;
    const char *key;
    size_t i;
    json_array_foreach((json_t *)m->lift, i, name)
    {
        json_t *inside = json_object_get(event, json_string_value(name));
        if (!json_is_object(inside))
            continue;
        json_object_foreach(inside, key, v) set_free(rest, key, v);
        json_object_del(event, json_string_value(name));
    }
    json_object_foreach(event, key, v) set_free(rest, key, v);
    return rest;
}

int mapping_apply(const struct mapping *m, struct str line, struct buf *record)
{
    json_t *event = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL), *out = json_object(), *v;
    const json_t *field;
    const char *key;
    int rc = 0;
    if (!json_is_object(event) || out == NULL)
        goto out;
    open_texts(event, m->lift);
    json_object_foreach((json_t *)m->fields, key, field)
    {
        v = field_value(field, event);
        if (v != NULL)
            json_object_set_new(out, key, v);
    }
    json_t *rest = left_over(m, event);
    if (m->rest != NULL && json_object_size(rest) > 0)
        json_object_set(out, m->rest, rest);
    else if (m->rest == NULL)
        json_object_foreach(rest, key, v) set_free(out, key, v);
    json_decref(rest);
    put_value(record, out);
    rc = record->failed ? -1 : 1;
out:
    json_decref(event);
    json_decref(out);
    return rc;
}
