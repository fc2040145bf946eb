/* lib/native: types as ClickHouse writes them, read into columns. */
#include <ctype.h>
#include <stdlib.h>

#include "native/low.h"

enum { MAX_DEPTH = 64 };

static const struct {
    const char *name;
    uint8_t width;
} fixed_types[] = {
    { "Int8", 1 },       { "Int16", 2 },   { "Int32", 4 },   { "Int64", 8 }, { "UInt8", 1 }, { "UInt16", 2 }, { "UInt32", 4 },
    { "UInt64", 8 },     { "Float32", 4 }, { "Float64", 8 }, { "Bool", 1 },  { "Date", 2 },  { "Date32", 4 }, { "DateTime", 4 },
    { "DateTime64", 8 }, { "Enum8", 1 },   { "Enum16", 2 },  { "UUID", 16 }, { "IPv4", 4 },  { "IPv6", 16 },
};

struct reading {
    const char *whole, *p;
    size_t max;
    struct err *err;
};

static int bad(struct reading *r, const char *expected)
{
    return err_set(r->err, ERR_STOP, "type %.200s: expected %s at byte %zu, got \"%.20s\"", r->whole, expected,
                   (size_t)(r->p - r->whole), r->p);
}

static void skip_space(struct reading *r)
{
    while (*r->p == ' ' || *r->p == '\n' || *r->p == '\t')
        r->p++;
}

static bool is_word(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_';
}

static int take(struct reading *r, char ch, const char *expected)
{
    skip_space(r);
    if (*r->p != ch)
        return bad(r, expected);
    r->p++;
    return 0;
}

/* 'text' with backslash escapes; only its end matters here. */
static int skip_quoted(struct reading *r)
{
    if (take(r, '\'', "a quoted text") < 0)
        return -1;
    for (; *r->p != '\'' && *r->p != '\0'; r->p++)
        if (*r->p == '\\' && r->p[1] != '\0')
            r->p++;
    return take(r, '\'', "a closing quote");
}

static int read_number(struct reading *r, long min, long max, long *value)
{
    char *end;
    skip_space(r);
    *value = strtol(r->p, &end, 10);
    if (end == r->p || *value < min || *value > max)
        return bad(r, "a number in range");
    r->p = end;
    return 0;
}

/* ('a' = 1, 'b' = 2): the default is the lowest value, as ClickHouse has it. */
static int read_enum(struct reading *r, struct col *c)
{
    long min = c->width == 1 ? -128 : -32768, max = c->width == 1 ? 127 : 32767, lowest = max;
    if (take(r, '(', "(") < 0)
        return -1;
    for (;;) {
        long value;
        if (skip_quoted(r) < 0 || take(r, '=', "=") < 0 || read_number(r, min, max, &value) < 0)
            return -1;
        if (value < lowest)
            lowest = value;
        skip_space(r);
        if (*r->p != ',')
            break;
        r->p++;
    }
    c->initial = (uint64_t)lowest;
    return take(r, ')', ")");
}

/* What may stand in brackets after the name of a fixed-width type. */
static int read_parameters(struct reading *r, struct col *c, const char *name)
{
    bool date_time64 = strcmp(name, "DateTime64") == 0;
    if (strncmp(name, "Enum", 4) == 0)
        return read_enum(r, c);
    if (!date_time64 && (strcmp(name, "DateTime") != 0 || *r->p != '('))
        return 0;
    if (take(r, '(', "(") < 0)
        return -1;
    if (date_time64) {
        long scale;
        if (read_number(r, 0, 9, &scale) < 0)
            return -1;
        skip_space(r);
        if (*r->p == ')')
            return take(r, ')', ")");
        if (take(r, ',', "a comma or )") < 0)
            return -1;
    }
    return skip_quoted(r) < 0 ? -1 : take(r, ')', ")");
}

static int read_type(struct reading *r, struct col *c, char *name, int depth);

static int add_kid(struct reading *r, struct col *c, char *name, int depth)
{
    struct col *kids = realloc(c->kids, (c->n_kids + 1) * sizeof *kids);
    if (kids == NULL) {
        free(name);
        return err_set(r->err, ERR_RETRY, "out of memory");
    }
    c->kids = kids;
    c->kids[c->n_kids] = (struct col){ 0 };
    return read_type(r, &c->kids[c->n_kids++], name, depth + 1);
}

/* A tuple's element may have a name before its type: a word followed by another, or anything in backquotes. */
static int read_element_name(struct reading *r, char **name)
{
    skip_space(r);
    const char *start = r->p, *end;
    if (*start == '`') {
        end = strchr(++start, '`');
        if (end == NULL)
            return bad(r, "a closing backquote");
        r->p = end + 1;
    } else {
        for (end = start; is_word(*end); end++)
            ;
        const char *next = end;
        while (*next == ' ')
            next++;
        if (next == end || !isalpha((unsigned char)*next))
            end = start; /* no name: the word is the type */
        else
            r->p = next;
    }
    *name = strndup(start, (size_t)(end - start));
    return *name != NULL ? 0 : err_set(r->err, ERR_RETRY, "out of memory");
}

static int read_tuple(struct reading *r, struct col *c, int depth)
{
    c->kind = COL_TUPLE;
    if (take(r, '(', "(") < 0)
        return -1;
    for (;;) {
        char *name = NULL;
        if (read_element_name(r, &name) < 0 || add_kid(r, c, name, depth) < 0)
            return -1;
        skip_space(r);
        if (*r->p != ',')
            return take(r, ')', "a comma or )");
        r->p++;
    }
}

static int read_array(struct reading *r, struct col *c, int depth)
{
    char *none = strdup("");
    c->kind = COL_ARRAY;
    if (none == NULL)
        return err_set(r->err, ERR_RETRY, "out of memory");
    if (take(r, '(', "(") < 0) {
        free(none);
        return -1;
    }
    return add_kid(r, c, none, depth) < 0 ? -1 : take(r, ')', ")");
}

/* On the wire Map(K, V) is Array(Tuple(keys K, values V)). */
static int read_map(struct reading *r, struct col *c, int depth)
{
    c->kind = COL_ARRAY;
    if ((c->kids = calloc(1, sizeof *c->kids)) == NULL)
        return err_set(r->err, ERR_RETRY, "out of memory");
    struct col *pairs = c->kids;
    const char *start = r->p;
    c->n_kids = 1;
    buf_init(&pairs->data, r->max);
    buf_init(&pairs->nulls, r->max);
    if ((pairs->name = strdup("")) == NULL)
        return err_set(r->err, ERR_RETRY, "out of memory");
    if (read_tuple(r, pairs, depth) < 0)
        return -1;
    if (pairs->n_kids != 2)
        return err_set(r->err, ERR_STOP, "type %.200s: expected the types of a Map's keys and values, got %zu types", r->whole,
                       pairs->n_kids);
    pairs->type = strndup(start, (size_t)(r->p - start));
    return pairs->type != NULL ? 0 : err_set(r->err, ERR_RETRY, "out of memory");
}

static int read_nullable(struct reading *r, struct col *c, int depth)
{
    if (take(r, '(', "(") < 0 || read_type(r, c, NULL, depth + 1) < 0)
        return -1;
    if (c->nullable || c->kind == COL_LOW || c->kind == COL_ARRAY || c->kind == COL_TUPLE)
        return err_set(r->err, ERR_STOP, "type %.200s: %s can't be Nullable", r->whole, c->type);
    free(c->type);
    c->type = NULL;
    c->nullable = true;
    return take(r, ')', ")");
}

static int read_low(struct reading *r, struct col *c, int depth)
{
    if (take(r, '(', "(") < 0 || read_type(r, c, NULL, depth + 1) < 0)
        return -1;
    if (c->kind != COL_STRING)
        return err_set(r->err, ERR_STOP, "type %.200s: expected String or Nullable(String) in LowCardinality, got %s", r->whole,
                       c->type);
    free(c->type);
    c->type = NULL;
    c->kind = COL_LOW;
    if ((c->low = low_new(c->nullable, r->max)) == NULL)
        return err_set(r->err, ERR_RETRY, "out of memory");
    return take(r, ')', ")");
}

/* name: taken, freed also on failure; NULL: the column has one already. On success c->type is the text that was read. */
static int read_type(struct reading *r, struct col *c, char *name, int depth)
{
    char word[32];
    size_t n = 0, found = 0, known = sizeof fixed_types / sizeof fixed_types[0];
    if (name != NULL)
        c->name = name;
    if (c->data.max == 0) {
        buf_init(&c->data, r->max);
        buf_init(&c->nulls, r->max);
    }
    if (depth > MAX_DEPTH)
        return err_set(r->err, ERR_STOP, "type %.200s…: nested deeper than %d", r->whole, MAX_DEPTH);
    skip_space(r);
    const char *start = r->p;
    while (is_word(start[n]) && n < sizeof word - 1)
        n++;
    memcpy(word, start, n);
    word[n] = '\0';
    r->p += n;
    while (found < known && strcmp(fixed_types[found].name, word) != 0)
        found++;

    int done = -1;
    if (found < known) {
        c->kind = COL_FIXED;
        c->width = fixed_types[found].width;
        done = read_parameters(r, c, word);
    } else if (strcmp(word, "String") == 0) {
        c->kind = COL_STRING;
        done = 0;
    } else if (strcmp(word, "Nullable") == 0) {
        done = read_nullable(r, c, depth);
    } else if (strcmp(word, "LowCardinality") == 0) {
        done = read_low(r, c, depth);
    } else if (strcmp(word, "Array") == 0) {
        done = read_array(r, c, depth);
    } else if (strcmp(word, "Map") == 0) {
        done = read_map(r, c, depth);
    } else if (strcmp(word, "Tuple") == 0) {
        done = read_tuple(r, c, depth);
    } else {
        r->p = start;
        return bad(r, "a type that this library knows");
    }
    if (done < 0)
        return -1;
    c->type = strndup(start, (size_t)(r->p - start));
    return c->type != NULL ? 0 : err_set(r->err, ERR_RETRY, "out of memory");
}

static size_t count(const struct col *c)
{
    size_t n = 1;
    for (size_t i = 0; i < c->n_kids; i++)
        n += count(&c->kids[i]);
    return n;
}

static void list(struct col *c, struct col **all, size_t *n)
{
    all[(*n)++] = c;
    for (size_t i = 0; i < c->n_kids; i++)
        list(&c->kids[i], all, n);
}

int col_init(struct col *c, const char *name, const char *type, size_t max, struct err *err)
{
    struct reading r = { .whole = type, .p = type, .max = max, .err = err };
    *c = (struct col){ 0 };
    char *copy = strdup(name);
    int done = copy != NULL ? read_type(&r, c, copy, 0) : err_set(err, ERR_RETRY, "out of memory");
    if (done == 0) {
        skip_space(&r);
        if (*r.p != '\0')
            done = bad(&r, "the end");
    }
    if (done == 0 && (c->all = malloc(count(c) * sizeof(struct col *))) == NULL)
        done = err_set(err, ERR_RETRY, "out of memory");
    if (done < 0)
        col_fini(c);
    else
        list(c, c->all, &c->n_all);
    return done;
}
