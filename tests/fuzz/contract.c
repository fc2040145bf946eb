/* tests/fuzz/contract: the contract engine beside jansson: the same verdict on what is JSON, on what fits the contract, and the
 * same values in the columns as in jansson's tree.
 *
 * Where the two must differ they aren't compared: numbers that jansson can't hold (1e400, integers beyond 64 bits, and long
 * fractions, which as doubles may be integers though they aren't: 1.00000000000000000001), "\u0000" in a key, a NUL byte (jansson
 * may take it for the end; it is never JSON), nesting beyond 512 (ours) or 2048 (jansson's) levels. Duplicate keys, which jansson
 * takes or not as it is told, are compared. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contract/contract.h"
#include "tests/fuzz/fuzz.h"

#define APPENDED INT64_C(1795176000000)

/* Every type, nested, nullable and optional; all of its words are understood by fits() below. */
static const char schema_text[] =
    "{ \"type\": \"object\", \"required\": [\"id\", \"rows\"], \"properties\": {"
    "\"id\": { \"type\": \"string\", \"minLength\": 1, \"maxLength\": 8 },"
    "\"i8\": { \"type\": \"integer\", \"minimum\": -128, \"maximum\": 127 }, \"u8\": { \"type\": \"integer\", \"minimum\": 0, "
    "\"maximum\": 255 },"
    "\"u32\": { \"type\": [\"integer\", \"null\"], \"minimum\": 0, \"maximum\": 4294967295 }, \"i64\": { \"type\": \"integer\" },"
    "\"f\": { \"type\": [\"number\", \"null\"] }, \"share\": { \"type\": \"number\", \"minimum\": 0, \"maximum\": 1 },"
    "\"b\": { \"type\": \"boolean\" }, \"color\": { \"enum\": [\"red\", \"green\", null] }, \"s\": { \"type\": [\"string\", "
    "\"null\"] },"
    "\"at\": { \"type\": \"string\", \"format\": \"date-time\" }, \"free\": { \"type\": \"object\" }, \"any\": {},"
    "\"tags\": { \"type\": \"array\", \"items\": { \"type\": [\"string\", \"null\"] }, \"maxItems\": 3 },"
    "\"grid\": { \"type\": [\"array\", \"null\"], \"items\": { \"type\": \"array\", \"items\": { \"type\": \"number\" } } },"
    "\"rows\": { \"type\": \"array\", \"items\": { \"type\": \"object\", \"required\": [\"x\"], \"properties\": { \"x\": { "
    "\"type\": \"integer\" }, \"y\": { \"type\": \"string\" } } } },"
    "\"map\": { \"type\": \"object\", \"additionalProperties\": { \"type\": \"integer\", \"minimum\": 1 } },"
    "\"o\": { \"type\": [\"object\", \"null\"], \"additionalProperties\": false, \"required\": [\"k\"], \"properties\": { \"k\": { "
    "\"type\": \"integer\" },"
    "\"deep\": { \"type\": \"object\", \"properties\": { \"t\": { \"type\": \"boolean\" }, \"l\": { \"type\": \"array\", "
    "\"items\": {} } } } } } } }";

const char *const fuzz_words[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "{\"id\":\"x\",\"rows\":[]",
    "\"id\":\"a\"",
    "\"rows\":[{\"x\":1}]",
    "\"i8\":",
    "\"u8\":255",
    "\"u32\":null",
    "\"i64\":9223372036854775807",
    "\"f\":",
    "\"share\":0.5",
    "\"b\":true",
    "\"color\":\"red\"",
    "\"at\":\"2026-11-20T10:00:00Z\"",
    "\"free\":{}",
    "\"any\":",
    "\"tags\":[\"\",null]",
    "\"grid\":[[1]]",
    "\"map\":{\"a\":1}",
    "\"o\":{\"k\":1}",
    "null",
    "true",
    "false",
    "-0",
    "1.0",
    "1e3",
    "1E-2",
    "-128",
    "1e400",
    "12345678901234567890123",
    "0.1",
    "\\u0061",
    "\\ud83d\\ude00",
    "\\ud800",
    "\\n",
    "\xC3\xA9",
    "\xF0\x9F\x98\x80",
    "\xED\xA0\x80",
    "\xFF",
    " ",
    "\t",
    "\n",
    "\x01",
    "\xEF\xBB\xBF",
    "NaN",
    "01",
    NULL,
};

static struct {
    struct contract *contract;
    struct reader *reader;
    struct col record;
    json_t *schema;
} engine;

static struct str current; /* the message being read */

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "contract: %s: %.*s\n", what, STR_ARG(current));
    abort();
}

/* How much of what was tried is worth something. */
static unsigned long tried[5], not_compared;

static void report(void)
{
    printf("messages: %lu ok, %lu refused by the contract, %lu not JSON; %lu not compared\n", tried[VERDICT_OK],
           tried[VERDICT_CONTRACT], tried[VERDICT_PARSE], not_compared);
}

static void start(void)
{
    atexit(report);
    struct err err = ERR_INIT;
    engine.contract = contract_compile("fuzz", str_of(schema_text), "fuzz", &err);
    must(engine.contract != NULL, err.text);
    engine.reader = reader_new(engine.contract, &err);
    must(engine.reader != NULL && col_init(&engine.record, "record", contract_type(engine.contract), 0, &err) == 0, err.text);
    engine.schema = json_loads(schema_text, 0, NULL);
    must(engine.schema != NULL, "the schema isn't JSON");
}

/* A date-time's milliseconds, read by way of sscanf and timegm. No leap seconds: those are the unit tests'. */
static int slow_time(const char *s, size_t n, int64_t *ms)
{
    struct tm tm = { 0 }, given;
    int at = 0, fraction = 0, hours = 0, minutes = 0;
    char sign = 0, t = 0;
    if (strlen(s) != n || n < 20 || strspn(s, "0123456789-:.TtZz+") != n)
        return 0;
    static const char shape[] = "0000-00-00T00:00:00";
    for (int i = 0; i < 19; i++)
        if (shape[i] == '0' ? s[i] < '0' || s[i] > '9' : shape[i] != 'T' && s[i] != shape[i])
            return 0;
    if (sscanf(s, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &t, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
               &at) != 7 ||
        at != 19 || (t != 'T' && t != 't') || tm.tm_sec > 59 || tm.tm_hour > 23 || tm.tm_min > 59)
        return 0;
    s += at;
    if (*s == '.') {
        int scale = 100;
        s++;
        if (*s < '0' || *s > '9')
            return 0;
        for (; *s >= '0' && *s <= '9'; s++, scale /= 10)
            fraction += (*s - '0') * scale;
    }
    if ((*s == 'Z' || *s == 'z') && s[1] == '\0') {
    } else {
        at = 0;
        if (strlen(s) != 6 || strspn(s + 1, "0123456789") != 2 || strspn(s + 4, "0123456789") != 2 ||
            sscanf(s, "%c%2d:%2d%n", &sign, &hours, &minutes, &at) != 3 || at != 6 || (sign != '+' && sign != '-') || hours > 23 ||
            minutes > 59)
            return 0;
    }
    tm.tm_year -= 1900;
    tm.tm_mon--;
    given = tm;
    time_t seconds = timegm(&tm);
    if (tm.tm_year != given.tm_year || tm.tm_mon != given.tm_mon || tm.tm_mday != given.tm_mday)
        return 0;
    *ms = ((int64_t)seconds - (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60)) * 1000 + fraction;
    return *ms >= INT64_C(-2208988800000) && *ms <= INT64_C(10413791999999);
}

static int has_type(json_t *schema, const char *name)
{
    json_t *type = json_object_get(schema, "type"), *each;
    size_t i;
    if (type == NULL)
        return json_object_get(schema, "enum") == NULL || strcmp(name, "string") == 0 || strcmp(name, "null") == 0;
    if (json_is_string(type))
        return strcmp(json_string_value(type), name) == 0;
    json_array_foreach(type, i, each) if (strcmp(json_string_value(each), name) == 0) return 1;
    return 0;
}

static size_t characters(const char *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)s[i] & 0xC0) != 0x80;
    return count;
}

/* Whether a tree's value is what the schema asks for, and, where it is typed, what its column holds: the engine's work, done
 * slowly. */
static int fits(json_t *schema, json_t *value, int typed)
{
    json_t *word, *each, *all = json_object_get(schema, "properties"), *extra = json_object_get(schema, "additionalProperties");
    const char *name;
    size_t i;
    int64_t ms;
    switch (json_typeof(value)) {
    case JSON_NULL:
        return has_type(schema, "null");
    case JSON_TRUE:
    case JSON_FALSE:
        return has_type(schema, "boolean");
    case JSON_INTEGER:
    case JSON_REAL: {
        double v = json_number_value(value);
        int whole = json_is_integer(value) || (v == floor(v) && (!typed || fabs(v) < 9223372036854775808.0));
        if (!has_type(schema, "number") && json_object_get(schema, "type") != NULL && !(has_type(schema, "integer") && whole))
            return 0;
        if (!has_type(schema, "number") && !has_type(schema, "integer"))
            return 0;
        word = json_object_get(schema, "minimum");
        if (word != NULL && v < json_number_value(word))
            return 0;
        word = json_object_get(schema, "maximum");
        return word == NULL || v <= json_number_value(word);
    }
    case JSON_STRING: {
        const char *s = json_string_value(value);
        size_t n = json_string_length(value);
        if (!has_type(schema, "string"))
            return 0;
        word = json_object_get(schema, "enum");
        int listed = word == NULL;
        json_array_foreach(word, i, each) listed = listed || json_equal(each, value);
        word = json_object_get(schema, "minLength");
        if (!listed || (word != NULL && characters(s, n) < (size_t)json_integer_value(word)))
            return 0;
        word = json_object_get(schema, "maxLength");
        if (word != NULL && characters(s, n) > (size_t)json_integer_value(word))
            return 0;
        return json_object_get(schema, "format") == NULL || slow_time(s, n, &ms);
    }
    case JSON_ARRAY:
        if (!has_type(schema, "array"))
            return 0;
        word = json_object_get(schema, "maxItems");
        if (word != NULL && json_array_size(value) > (size_t)json_integer_value(word))
            return 0;
        word = json_object_get(schema, "items");
        json_array_foreach(value, i, each) if (word != NULL && !fits(word, each, typed)) return 0;
        return 1;
    default:
        if (!has_type(schema, "object"))
            return 0;
        json_array_foreach(json_object_get(schema, "required"), i,
                           each) if (json_object_get(value, json_string_value(each)) == NULL) return 0;
        json_object_foreach(value, name, each)
        {
            word = json_object_get(all, name);
            if (word == NULL && json_is_false(extra))
                return 0;
            if (word != NULL ? !fits(word, each, typed) : json_is_object(extra) && !fits(extra, each, 0))
                return 0;
        }
        return 1;
    }
}

/* Where each column's next row begins. */
static struct place {
    const struct col *col;
    size_t row, at;
} places[64];

static struct place *place_of(const struct col *col)
{
    struct place *p = places;
    while (p->col != NULL && p->col != col)
        p++;
    p->col = col;
    return p;
}

static struct str next_text(struct place *p)
{
    size_t n = 0;
    for (int shift = 0;; shift += 7) {
        unsigned char byte = (unsigned char)p->col->data.p[p->at++];
        n |= (size_t)(byte & 127) << shift;
        if (byte < 128)
            break;
    }
    p->at += n;
    return (struct str){ p->col->data.p + p->at - n, n };
}

static int is_plain_string(json_t *schema)
{
    return json_object_get(schema, "enum") != NULL || has_type(schema, "string");
}

/* The column's next row holds this value (NULL: absent). */
static void holds(const struct col *col, json_t *schema, json_t *value)
{
    struct place *p = place_of(col);
    int nothing = value == NULL || json_is_null(value);
    if (col->nullable)
        must(col_is_null(col, p->row) == nothing, "a NULL isn't where it should be");
    size_t row = p->row++;
    switch (col->kind) {
    case COL_FIXED: {
        int64_t i = 0;
        double d;
        memcpy(&i, col->data.p + p->at, col->width);
        memcpy(&d, &i, sizeof d);
        int shift = 64 - col->width * 8;
        if (strstr(col->type, "UInt") == NULL)
            i = (int64_t)((uint64_t)i << shift) >> shift;
        p->at += col->width;
        if (nothing)
            return;
        if (json_object_get(schema, "format") != NULL) {
            int64_t ms = 0;
            must(slow_time(json_string_value(value), json_string_length(value), &ms) && ms == i, "a time differs");
        } else if (json_is_boolean(value)) {
            must(i == json_is_true(value), "a boolean differs");
        } else if (strstr(col->type, "Float") != NULL) {
            must(d == json_number_value(value), "a number differs");
        } else {
            must(json_is_integer(value) ? i == json_integer_value(value) : (double)i == json_real_value(value),
                 "an integer differs");
        }
        return;
    }
    case COL_LOW:
    case COL_STRING: {
        struct str s = col->kind == COL_LOW ? col_low(col, row) : next_text(p);
        if (nothing) {
            must(s.n == 0, "there is text under a NULL");
        } else if (json_is_string(value) && is_plain_string(schema) && json_object_size(schema) > 0) {
            must(str_eq(s, (struct str){ json_string_value(value), json_string_length(value) }), "a text differs");
        } else {
            json_t *again = json_loadb(s.p, s.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            must(again != NULL && json_equal(again, value), "a JSON text differs");
            json_decref(again);
        }
        return;
    }
    case COL_ARRAY: {
        uint64_t end, n = nothing ? 0 : json_array_size(value);
        memcpy(&end, col->data.p + p->at, sizeof end);
        p->at += sizeof end;
        must(end == place_of(&col->kids[0])->row + n, "an array's length differs");
        for (size_t i = 0; i < n; i++)
            holds(&col->kids[0], json_object_get(schema, "items"), json_array_get(value, i));
        return;
    }
    case COL_TUPLE:
        for (size_t i = 0; i < col->n_kids; i++)
            holds(&col->kids[i], json_object_get(json_object_get(schema, "properties"), col->kids[i].name),
                  json_object_get(value, col->kids[i].name));
    }
}

static void record_holds(json_t *tree)
{
    const struct col *record = &engine.record;
    memset(places, 0, sizeof places);
    for (size_t i = 2; i < record->n_kids; i++)
        holds(&record->kids[i], json_object_get(json_object_get(engine.schema, "properties"), record->kids[i].name),
              json_object_get(tree, record->kids[i].name));
}

static int one_row_each(const struct col *record)
{
    for (size_t i = 0; i < record->n_kids; i++)
        if (record->kids[i].rows != 1)
            return 0;
    return record->rows == 1 && !col_failed(record);
}

/* Whether somewhere stand 16 digits or more with a point or an exponent, which a double may round. */
static int has_long_fraction(const char *p, size_t n)
{
    size_t digits = 0, marks = 0;
    for (size_t i = 0; i < n; i++)
        if (p[i] >= '0' && p[i] <= '9') {
            digits++;
        } else if (p[i] == '.' || p[i] == 'e' || p[i] == 'E' || ((p[i] == '-' || p[i] == '+') && digits > 0)) {
            marks++;
        } else {
            if (digits >= 16 && marks > 0)
                return 1;
            digits = marks = 0;
        }
    return 0;
}

static void read_both(const char *text, size_t n)
{
    const struct str *why;
    json_error_t bad, twice;
    /* On the heap and of that size exactly, so that a sanitizer sees a byte too many. */
    char *message = malloc(n > 0 ? n : 1);
    must(message != NULL, "memory is out");
    memcpy(message, text, n);
    current = (struct str){ message, n };
    col_clear(&engine.record, 1 << 20);
    enum verdict checked = reader_read(engine.reader, (struct str){ message, n }, APPENDED, NULL);
    enum verdict verdict = reader_read(engine.reader, (struct str){ message, n }, APPENDED, &engine.record);
    size_t n_why = reader_violations(engine.reader, &why);
    must(checked == verdict, "the verdict depends on the columns");
    must(!reader_failed(engine.reader) && one_row_each(&engine.record), "not one row in each column");
    must((verdict == VERDICT_OK) == (n_why == 0), "a verdict without a reason, or a reason without");
    must((unsigned char)engine.record.kids[1].data.p[0] == verdict, "the verdict's column differs");

    json_t *tree = json_loadb(message, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &bad);
    json_t *strict = json_loadb(message, n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &twice);
    int deep = verdict == VERDICT_PARSE && memmem(why[0].p, why[0].n, "512 levels", 10) != NULL;
    int differs = tree == NULL &&
                  (json_error_code(&bad) == json_error_numeric_overflow || json_error_code(&bad) == json_error_null_byte_in_key ||
                   json_error_code(&bad) == json_error_stack_overflow);
    int nul = memchr(message, '\0', n) != NULL;
    must(!nul || verdict == VERDICT_PARSE, "a NUL byte was taken for JSON");
    int rounded = has_long_fraction(message, n);
    tried[verdict]++;
    not_compared += differs || deep || nul || rounded;
    if (!differs && !deep && !nul) {
        must((tree != NULL) == (verdict != VERDICT_PARSE), "only one of the two takes it for JSON");
        if (tree != NULL && !rounded)
            must((verdict == VERDICT_OK) == (strict != NULL && json_is_object(tree) && fits(engine.schema, tree, 1)),
                 "whether it fits the contract differs");
        if (verdict == VERDICT_OK)
            record_holds(tree);
    }
    json_decref(tree);
    json_decref(strict);
    free(message);
}

/* A message made from decisions: the input's bytes, again from the first when they are used up. */
struct maker {
    const uint8_t *data;
    size_t n, at;
    unsigned turn;
    char text[16384];
    size_t length;
};

static unsigned decide(struct maker *m, unsigned choices)
{
    if (m->at == m->n) {
        m->at = 0;
        m->turn++;
    }
    unsigned byte = m->data[m->at++];
    return (byte * 7 + m->turn * 13 + (unsigned)m->at) % choices;
}

static void put(struct maker *m, const char *s)
{
    size_t n = strlen(s);
    if (m->length + n < sizeof m->text) {
        memcpy(m->text + m->length, s, n);
        m->length += n;
    }
}

static void put_space(struct maker *m)
{
    static const char *const spaces[] = { "", "", "", "", " ", "\n", "\t ", "\r\n" };
    put(m, spaces[decide(m, 8)]);
}

static void put_string(struct maker *m)
{
    static const char *const pieces[] = { "a",
                                          "red",
                                          "green",
                                          "\\u0061",
                                          "\\ud83d\\ude00",
                                          "\xC3\xA9",
                                          "\xE2\x82\xAC",
                                          "\xF0\x9F\x98\x80",
                                          "\\\"",
                                          "\\\\",
                                          "\\/",
                                          "\\n",
                                          "\\u0000",
                                          "longer than eight",
                                          "\x7F",
                                          "0123456789012345678901234567890123456789",
                                          "2026-11-20T10:00:00Z",
                                          "\\u00e9" };
    put(m, "\"");
    for (unsigned k = decide(m, 4); k > 0; k--)
        put(m, pieces[decide(m, sizeof pieces / sizeof *pieces)]);
    put(m, "\"");
}

static void put_number(struct maker *m)
{
    static const char *const numbers[] = { "0",
                                           "1",
                                           "-1",
                                           "127",
                                           "128",
                                           "-128",
                                           "-129",
                                           "255",
                                           "256",
                                           "4294967295",
                                           "4294967296",
                                           "9223372036854775807",
                                           "-9223372036854775808",
                                           "1.0",
                                           "2.50e1",
                                           "1e3",
                                           "-0",
                                           "-0.0",
                                           "0.5",
                                           "1.5",
                                           "0.1",
                                           "1e-7",
                                           "3e22",
                                           "123456789012345.75",
                                           "1e400",
                                           "9223372036854775808",
                                           "100000000000000000000e-18",
                                           "0.1e1",
                                           "1.00000000000000000000000" };
    put(m, numbers[decide(m, sizeof numbers / sizeof *numbers)]);
}

static void put_time(struct maker *m)
{
    static const char *const times[] = { "2026-11-20T10:00:00Z",
                                         "2026-11-20t10:00:00.5z",
                                         "2024-02-29T23:59:59.9999+05:30",
                                         "2026-02-29T00:00:00Z",
                                         "1899-12-31T23:59:59Z",
                                         "1900-01-01T00:00:00-00:00",
                                         "2299-12-31T23:59:59.999Z",
                                         "2299-12-31T23:59:59-00:01",
                                         "2026-11-20 10:00:00Z",
                                         "9999-01-01T00:00:00Z",
                                         "" };
    put(m, "\"");
    put(m, times[decide(m, sizeof times / sizeof *times)]);
    put(m, "\"");
}

static void put_any(struct maker *m, unsigned depth);

static void put_fitting(struct maker *m, json_t *schema, unsigned depth);

static void put_members(struct maker *m, json_t *schema, unsigned depth)
{
    json_t *all = json_object_get(schema, "properties"), *member;
    const char *name;
    int first = 1;
    put(m, "{");
    json_object_foreach(all, name, member)
    {
        int required = 0;
        json_t *each;
        size_t i;
        json_array_foreach(json_object_get(schema, "required"), i, each) required =
            required || strcmp(json_string_value(each), name) == 0;
        if (decide(m, required ? 100 : 3) == 0)
            continue;
        put(m, first ? "" : ",");
        first = 0;
        put_space(m);
        put(m, "\"");
        put(m, name);
        put(m, "\"");
        put_space(m);
        put(m, ":");
        put_space(m);
        put_fitting(m, member, depth + 1);
        put_space(m);
    }
    if (decide(m, 6) == 0) {
        put(m, first ? "" : ",");
        put_string(m);
        put(m, ":");
        put_any(m, depth + 1);
    }
    put(m, "}");
}

static void put_any(struct maker *m, unsigned depth)
{
    switch (decide(m, depth > 6 ? 4 : 6)) {
    case 0:
        put_string(m);
        return;
    case 1:
        put_number(m);
        return;
    case 2:
        put(m, "null");
        return;
    case 3:
        put(m, decide(m, 2) ? "true" : "false");
        return;
    case 4:
        put(m, "[");
        for (unsigned k = decide(m, 4); k > 0; k--) {
            put_any(m, depth + 1);
            put(m, k > 1 ? "," : "");
        }
        put(m, "]");
        return;
    default:
        put(m, "{");
        for (unsigned k = decide(m, 4); k > 0; k--) {
            put_string(m);
            put(m, ":");
            put_any(m, depth + 1);
            put(m, k > 1 ? "," : "");
        }
        put(m, "}");
    }
}

/* Mostly what the schema asks for, now and then something else. */
static void put_fitting(struct maker *m, json_t *schema, unsigned depth)
{
    if (json_object_size(schema) == 0 || decide(m, 200) == 0) {
        put_any(m, depth);
    } else if (has_type(schema, "null") && decide(m, 5) == 0) {
        put(m, "null");
    } else if (json_object_get(schema, "format") != NULL) {
        if (decide(m, 4))
            put(m, "\"2026-11-20T10:00:00.25+01:00\"");
        else
            put_time(m);
    } else if (json_object_get(schema, "minLength") != NULL && decide(m, 8)) {
        put(m, decide(m, 2) ? "\"\\u0061b\"" : "\"12345678\"");
    } else if (json_object_get(schema, "enum") != NULL) {
        put(m, decide(m, 3) ? "\"red\"" : "\"gr\\u0065en\"");
    } else if (has_type(schema, "string")) {
        put_string(m);
    } else if (has_type(schema, "integer") || has_type(schema, "number")) {
        if (decide(m, 8))
            put(m, decide(m, 2) ? "1" : "1.0e0");
        else
            put_number(m);
    } else if (has_type(schema, "boolean")) {
        put(m, decide(m, 2) ? "true" : "false");
    } else if (has_type(schema, "array")) {
        put(m, "[");
        for (unsigned k = decide(m, 4); k > 0; k--) {
            put_fitting(m, json_object_get(schema, "items"), depth + 1);
            put(m, k > 1 ? " , " : "");
        }
        put(m, "]");
    } else {
        put_members(m, schema, depth);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct maker m;
    if (engine.contract == NULL)
        start();
    read_both((const char *)data, n);
    if (n == 0)
        return 0;
    m = (struct maker){ .data = data, .n = n };
    put_members(&m, engine.schema, 0);
    /* One byte of it, sometimes, is another. */
    if (m.length > 0 && decide(&m, 8) == 0)
        m.text[(data[0] * 251u + data[n - 1]) % m.length] = (char)data[n / 2];
    read_both(m.text, m.length);
    return 0;
}
