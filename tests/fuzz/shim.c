/* tests/fuzz/shim: what must hold for any body, parameter and cursor that a client may send. The first byte chooses. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/cursor.h"
#include "shim/param.h"
#include "shim/split.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_words[] = {
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "\\\"",
    "\\\\",
    "\\u",
    "\\u006b",
    "\\ud83d\\ude00",
    "\\ud800",
    "\"k\":",
    "\"k\":\"v\"",
    "{\"k\":1}",
    "null",
    "true",
    "-1.5e3",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\"a\\\\\"",
    "[[[[[[[[",
    "]]]]]]]]",
    "{\"a\":{\"k\":2},\"k\":\"x\"}",
    "2026-11-20T10:00:00.123Z",
    "2026-02-31",
    "2024-02-29",
    "+02:00",
    "1900-01-01",
    "2299-12-31",
    "1969-12-31T23:59:59.999Z",
    "255",
    "256",
    "-128",
    "18446744073709551615",
    "9223372036854775808",
    "1e400",
    "inf",
    "0193a5c1-6f0e-7c55-9d2e-3a7b1c2d4e5f",
    "AQ",
    "AAAA",
    "-_",
    "=",
    NULL,
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "must hold: %s\n", what);
    abort();
}

static json_t *load(struct str s)
{
    return json_loadb(s.p, s.n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
}

/* An array is cut just where a JSON parser would; slices that are JSON make an array that is. */
static void check_split(struct str body)
{
    struct split s;
    json_t *whole = load(body);
    int rc = split_body(&s, body, SPLIT_LOOK, 100000);
    if (whole != NULL && json_is_array(whole) && json_array_size(whole) > 0) {
        must(rc == 0 && s.found == SPLIT_ARRAY && s.n == json_array_size(whole), "a JSON array is cut into its elements");
        for (size_t i = 0; i < s.n; i++) {
            json_t *one = load(s.records[i]);
            must(one != NULL && json_equal(one, json_array_get(whole, i)), "a slice is its element");
            json_decref(one);
        }
    } else if (rc == 0 && s.found == SPLIT_ARRAY) {
        bool all = true;
        for (size_t i = 0; i < s.n && all; i++) {
            json_t *one = load(s.records[i]);
            all = one != NULL;
            json_decref(one);
        }
        must(!all, "a body that isn't JSON has a slice that isn't, or is refused");
    }
    if (rc == 0)
        for (size_t i = 0; i < s.n; i++)
            must(s.records[i].n > 0 && s.records[i].p >= body.p && s.records[i].p + s.records[i].n <= body.p + body.n,
                 "a slice lies in the body");
    else
        must(s.why[0] != '\0', "a refusal has a reason");
    split_fini(&s);
    rc = split_body(&s, body, SPLIT_LINES, 100000);
    split_fini(&s);

    struct buf key;
    buf_init(&key, 0);
    bool found = split_member(body, "k", &key);
    const json_t *value = whole != NULL && json_is_object(whole) ? json_object_get(whole, "k") : NULL;
    if (whole != NULL && json_is_object(whole) && value == NULL)
        must(!found, "an object without the member has no key");
    /* Of duplicate members jansson keeps the last; the contract refuses them. */
    if (value != NULL && json_is_string(value) && memmem(body.p, body.n, "\\u", 2) == NULL) {
        size_t names = 0;
        for (const char *p = body.p; (p = memmem(p, (size_t)(body.p + body.n - p), "\"k\"", 3)) != NULL; p += 3)
            names++;
        if (names == 1)
            must(found && key.n == json_string_length(value) &&
                     memcmp(key.p != NULL ? key.p : "", json_string_value(value), key.n) == 0,
                 "the key is the member's text");
    }
    buf_fini(&key);
    json_decref(whole);
}

/* What is bound stays as it is when it is bound again, and a refusal has a reason. */
static void check_param(const char *type, struct str given)
{
    char why[PARAM_WHY] = "";
    struct buf first, second;
    buf_init(&first, 1 << 20);
    buf_init(&second, 1 << 20);
    if (param_bind(type, NULL, NULL, given, &first, why) == 0) {
        if (param_bind(type, NULL, NULL, buf_str(&first), &second, why) < 0)
            must(false, why);
        must(str_eq(buf_str(&first), buf_str(&second)), "binding twice is binding once");
        for (size_t i = 0; i < first.n; i++)
            must(first.p[i] != '\0', "no NUL is bound");
    } else {
        must(why[0] != '\0' && strlen(why) < PARAM_WHY, "a refusal has a reason");
    }
    buf_fini(&first);
    buf_fini(&second);
}

/* Nothing but what was signed is taken; what was comes back. */
static void check_cursor(struct str text)
{
    static const struct cursor_secret secret = { "0123456789abcdef0123456789abcde" };
    static const unsigned char context[CURSOR_CONTEXT] = "context";
    struct arena a;
    struct buf out;
    struct str got[2];
    arena_init(&a, 0);
    must(cursor_get(&secret, context, text, &a, got, 2) == CURSOR_DAMAGED, "no text is a cursor by chance");
    buf_init(&out, 0);
    const struct str values[2] = { { text.p, text.n / 2 }, { text.p + text.n / 2, text.n - text.n / 2 } };
    if (cursor_put(&secret, context, values, 2, &out) == 0) {
        must(cursor_get(&secret, context, buf_str(&out), &a, got, 2) == CURSOR_OK && str_eq(got[0], values[0]) &&
                 str_eq(got[1], values[1]),
             "a cursor gives what was put");
        size_t at = text.n > 0 ? (unsigned char)text.p[0] % out.n : 0;
        out.p[at] ^= 1;
        must(cursor_get(&secret, context, buf_str(&out), &a, got, 2) != CURSOR_OK, "a changed cursor isn't taken");
    }
    buf_fini(&out);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const types[] = { "UInt8",         "Int8",          "UInt64", "Int64",       "Float64",  "Float32",
                                         "Bool",          "UUID",          "Date",   "Date32",      "DateTime", "DateTime64(0)",
                                         "DateTime64(3)", "DateTime64(9)", "String", "Array(UInt8)" };
    if (n == 0 || n > 1 << 16)
        return 0;
    struct str rest = { (const char *)data + 1, n - 1 };
    switch (data[0] % 4) {
    case 0:
    case 1:
        check_split((struct str){ (const char *)data, n });
        check_split(rest);
        break;
    case 2:
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            check_param(types[i], rest);
        break;
    default:
        check_cursor(rest);
        break;
    }
    return 0;
}
