/* lib/llm/coerce: walks a value beside its schema. */
#include "llm/coerce.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "llm/date.h"
#include "llm/schema.h"

enum { DEPTH_MAX = 64, STRING_MAX = 1 << 20 };

struct coerce {
    const json_t *root;
    enum llm_dates order;
    json_t *written;
    struct buf path;
};

static json_t *coerce(struct coerce *c, const json_t *schema, json_t *v, unsigned depth);

enum { NUMBER_MAX = 64 };

/* Digits between the marks of a number, in threes but for the first group; up to `end`. */
static bool in_threes(struct str s, size_t end, char mark)
{
    size_t group = 0, groups = 0;
    for (size_t i = 0; i <= end; i++) {
        if (i < end && s.p[i] >= '0' && s.p[i] <= '9') {
            group++;
        } else if (i == end || s.p[i] == mark) {
            if (group == 0 || group > 3 || (groups > 0 && group != 3))
                return false;
            groups++;
            group = 0;
        } else {
            return false;
        }
    }
    return true;
}

/* 1,234.50 and 1.234,50 and 1 234,50 and 19,5 as 1234.50 and 19.5, where that can only mean one number: 1,234 may be two. What
 * isn't written with such marks stays as it is. */
static void without_marks(struct str s, char text[NUMBER_MAX])
{
    size_t n = 0, sign = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'), last = SIZE_MAX, marks = 0;
    char grouping = 0, decimal = 0;
    snprintf(text, NUMBER_MAX, "%.*s", STR_ARG(s));
    struct str body = { s.p + sign, s.n - sign };
    for (size_t i = 0; i < body.n; i++)
        if (body.p[i] != '\0' && strchr(".,' ", body.p[i]) != NULL) {
            grouping = last != SIZE_MAX && body.p[i] != decimal ? decimal : grouping;
            decimal = body.p[i];
            last = i;
            marks++;
        }
    if (marks == 0 || (marks == 1 && (decimal != ',' || body.n - last - 1 == 3)))
        return;
    if (marks > 1 && grouping == 0) { /* 1.234.567 */
        grouping = decimal;
        decimal = 0;
        last = body.n;
    }
    size_t fraction = last + 1;
    while (fraction < body.n && body.p[fraction] >= '0' && body.p[fraction] <= '9')
        fraction++;
    bool decimals = decimal == 0 || (fraction == body.n && strchr(".,", decimal) != NULL);
    bool whole =
        marks == 1 ? strspn(text + sign, "0123456789") == last && last > 0 && fraction > last + 1 : in_threes(body, last, grouping);
    if (!decimals || !whole)
        return;
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] >= '0' && s.p[i] <= '9') || i < sign)
            text[n++] = s.p[i];
        else if (decimal != 0 && i == last + sign)
            text[n++] = '.';
    text[n] = '\0';
}

/* An exact decimal, in 64 bits or as a double; NULL: the text is no number. */
static json_t *number_of(struct str s, unsigned set)
{
    char text[NUMBER_MAX], *end;
    s = str_trim(s);
    if (s.n == 0 || s.n >= sizeof text)
        return NULL;
    without_marks(s, text);
    s = str_of(text);
    size_t sign = text[0] == '-' || text[0] == '+', digits = strspn(text + sign, "0123456789");
    if (digits == 0)
        return NULL;
    if (sign + digits == s.n && digits <= 18) /* leading zeros say that it is no number */
        return digits > 1 && text[sign] == '0' ? NULL : json_integer(strtoll(text, NULL, 10));
    if (text[sign + digits] != '.' || strspn(text + sign + digits + 1, "0123456789") != s.n - sign - digits - 1 ||
        s.n - sign - digits < 2)
        return NULL;
    double v = strtod(text, &end);
    if (*end != '\0' || !isfinite(v))
        return NULL;
    if ((set & LLM_T_NUMBER) == 0)
        return v == floor(v) && fabs(v) < 9e15 ? json_integer((json_int_t)v) : NULL;
    return json_real(v);
}

static json_t *boolean_of(struct str s)
{
    static const char *const yes[] = { "true", "yes", "y", "ja", "oui", "si" }, *const no[] = { "false", "no", "n", "nein", "non" };
    s = str_trim(s);
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (s.n == strlen(yes[i]) && strncasecmp(s.p, yes[i], s.n) == 0)
            return json_true();
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (s.n == strlen(no[i]) && strncasecmp(s.p, no[i], s.n) == 0)
            return json_false();
    return NULL;
}

/* "4 March 2026" where a date is asked for; NULL: it is one already, or none, or nobody can say which. */
static json_t *date_of(struct coerce *c, const char *format, struct str s)
{
    struct llm_date d;
    char text[40];
    bool moment = strcmp(format, "date-time") == 0;
    if (!moment && strcmp(format, "date") != 0)
        return NULL;
    s = str_trim(s);
    if (s.n > 100 || !llm_date_next(s, 0, c->order, &d) || d.either)
        return NULL;
    bool plain = d.start == 0 && d.end == 10 && s.p[4] == '-';
    if (plain && s.n == 10 && !moment)
        return NULL;
    if (!moment) {
        /* Before the date a weekday may stand, behind it nothing: else more is said than a day. */
        if (d.end != s.n || memchr(s.p, ':', d.start) != NULL)
            return NULL;
        snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month, d.day);
        return json_string(text);
    }
    if (plain && s.n >= 20)
        return NULL;
    size_t end = 0;
    int minutes = d.end < s.n ? llm_time_next(s, d.end, &end) : 0;
    if (minutes < 0 || (d.end < s.n && end != s.n))
        return NULL;
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:00Z", d.year, d.month, d.day, minutes / 60, minutes % 60);
    return json_string(text);
}

static json_t *choice_of(const json_t *choices, struct str s)
{
    json_t *v, *found = NULL;
    size_t i;
    s = str_trim(s);
    json_array_foreach(choices, i, v)
    {
        struct str choice = { json_string_value(v), json_string_length(v) };
        if (json_is_string(v) && choice.n == s.n && strncasecmp(choice.p, s.p, s.n) == 0) {
            if (str_eq(choice, s))
                return json_incref(v);
            found = found == NULL ? v : NULL; /* two that differ in case alone: neither */
        }
    }
    return found != NULL ? json_incref(found) : NULL;
}

static json_t *coerce_string(struct coerce *c, const json_t *schema, json_t *v, unsigned set, unsigned depth)
{
    struct str s = { json_string_value(v), json_string_length(v) };
    const json_t *choices = json_object_get(schema, "enum");
    const char *format = json_string_value(json_object_get(schema, "format"));
    json_t *out = NULL;
    if (json_is_array(choices) && (out = choice_of(choices, s)) != NULL)
        return out;
    if ((set & LLM_T_STRING) != 0) {
        struct str trimmed = str_trim(s);
        if (format != NULL && (out = date_of(c, format, s)) != NULL) {
            json_object_set(c->written, buf_text(&c->path), v);
            return out;
        }
        if (trimmed.n == 0 && (set & LLM_T_NULL) != 0) /* what says nothing is nothing */
            return json_null();
        return trimmed.n != s.n ? json_stringn(trimmed.p, trimmed.n) : json_incref(v);
    }
    if ((set & (LLM_T_INTEGER | LLM_T_NUMBER)) != 0 && (out = number_of(s, set)) != NULL)
        return out;
    if ((set & LLM_T_BOOLEAN) != 0 && (out = boolean_of(s)) != NULL)
        return out;
    if ((set & LLM_T_NULL) != 0 && (str_trim(s).n == 0 || str_eq(str_trim(s), STR("null"))))
        return json_null();
    if ((set & (LLM_T_OBJECT | LLM_T_ARRAY)) != 0 && s.n < STRING_MAX) {
        struct str t = str_trim(s);
        json_t *inner = t.n > 1 && (t.p[0] == '{' || t.p[0] == '[') ? json_loadb(t.p, t.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
        if (inner != NULL) {
            out = coerce(c, schema, inner, depth + 1);
            json_decref(inner);
            return out;
        }
        if ((set & LLM_T_ARRAY) != 0)
            return json_pack("[o]", coerce(c, json_object_get(schema, "items"), v, depth + 1));
    }
    return json_incref(v);
}

static json_t *coerce_number(const json_t *schema, json_t *v, unsigned set)
{
    double real = json_number_value(v);
    (void)schema;
    if (json_is_real(v) && (set & LLM_T_NUMBER) == 0 && (set & LLM_T_INTEGER) != 0 && real == floor(real) && fabs(real) < 9e15)
        return json_integer((json_int_t)real);
    if ((set & (LLM_T_NUMBER | LLM_T_INTEGER)) == 0 && (set & LLM_T_STRING) != 0) {
        char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        json_t *out = text != NULL ? json_string(text) : NULL;
        free(text);
        return out;
    }
    return json_incref(v);
}

static size_t down(struct coerce *c, const char *key, size_t index)
{
    size_t was = c->path.n;
    if (was > 0)
        buf_putc(&c->path, '/');
    if (key != NULL)
        buf_puts(&c->path, key);
    else
        buf_printf(&c->path, "%zu", index);
    return was;
}

static json_t *coerce_object(struct coerce *c, const json_t *schema, json_t *v, unsigned depth)
{
    const json_t *properties = json_object_get(schema, "properties"), *extra = json_object_get(schema, "additionalProperties");
    json_t *out = json_object(), *value;
    const char *key;
    if (json_object_size(properties) == 0) {
        json_decref(out);
        return json_incref(v);
    }
    json_object_foreach(v, key, value)
    {
        const json_t *property = json_object_get(properties, key);
        if (property == NULL) {
            if (!json_is_false(extra))
                json_object_set(out, key, value);
            continue;
        }
        /* All properties are required of a provider, so null is how it says that one is absent. */
        if (json_is_null(value) && (llm_schema_types(c->root, property) & LLM_T_NULL) == 0 &&
            !llm_schema_requires(c->root, schema, key))
            continue;
        size_t was = down(c, key, 0);
        json_object_set_new(out, key, coerce(c, property, value, depth + 1));
        c->path.n = was;
    }
    /* The other way round: what must be there and may be null, and was left out, is null. */
    json_t *property;
    json_object_foreach((json_t *)properties, key,
                        property) if (json_object_get(out, key) == NULL && llm_schema_requires(c->root, schema, key))
    {
        unsigned set = llm_schema_types(c->root, property);
        if ((set & LLM_T_NULL) != 0)
            json_object_set_new(out, key, json_null());
    }
    return out;
}

static json_t *coerce(struct coerce *c, const json_t *schema, json_t *v, unsigned depth)
{
    schema = llm_schema_resolve(c->root, schema);
    if (schema == NULL || depth > DEPTH_MAX)
        return json_incref(v);
    unsigned set = llm_schema_types(c->root, schema);
    if (json_is_string(v))
        return coerce_string(c, schema, v, set, depth);
    if (json_is_number(v))
        return coerce_number(schema, v, set);
    if (json_is_boolean(v) && (set & LLM_T_BOOLEAN) == 0 && (set & LLM_T_STRING) != 0)
        return json_string(json_is_true(v) ? "true" : "false");
    if (json_is_object(v) && (set & LLM_T_OBJECT) != 0)
        return coerce_object(c, schema, v, depth);
    if (json_is_null(v) && (set & (LLM_T_NULL | LLM_T_ARRAY)) == LLM_T_ARRAY)
        return json_array();
    const json_t *items = json_object_get(schema, "items");
    if ((set & LLM_T_ARRAY) != 0 && json_is_array(v) && items != NULL) {
        json_t *out = json_array(), *item;
        size_t i;
        json_array_foreach(v, i, item)
        {
            size_t was = down(c, NULL, i);
            json_array_append_new(out, coerce(c, items, item, depth + 1));
            c->path.n = was;
        }
        return out;
    }
    if ((set & LLM_T_ARRAY) != 0 && json_is_object(v) && (set & LLM_T_OBJECT) == 0 && items != NULL) {
        size_t was = down(c, NULL, 0);
        json_t *out = json_pack("[o]", coerce(c, items, v, depth + 1));
        c->path.n = was;
        return out;
    }
    return json_incref(v);
}

json_t *llm_coerce(const json_t *root, const json_t *schema, json_t *value, enum llm_dates order, json_t *written)
{
    struct coerce c = { .root = root, .order = order, .written = written };
    buf_init(&c.path, 1 << 16);
    json_t *out = coerce(&c, schema, value, 0);
    buf_fini(&c.path);
    return out;
}
