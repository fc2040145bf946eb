/* tests/unit/contract_load: what a contract may not say, and what the message about it says; names, hash and fields of one that
 * loads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "contract/contract.h"

/* FIELD("…") is a contract whose field "a" has these words. */
#define FIELD(words)  "{\"type\":\"object\",\"properties\":{\"a\":{" words "}}}"
#define ROOT(words)   "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}," words "}"
#define DEFS(a, defs) "{\"type\":\"object\",\"properties\":{\"a\":{" a "}},\"$defs\":{" defs "}}"

static const struct {
    const char *schema, *message;
} refused[] = {
    { "", "t: line 1, column 0: expected JSON: " },
    { "{\"type\":\"object\",}", "t: line 1, column " },
    { "[]", "t: #: expected a schema (an object), got []" },
    { "{\"type\":\"object\",\"type\":\"object\"}", "t: line 1, column 23: expected JSON: duplicate object key" },
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"maximum\":18446744073709551616}}}",
      "t: line 1: expected integers up to 9223372036854775807" },

    /* The root. */
    { "{}", "t: #: expected \"type\": \"object\" and \"properties\" at the root" },
    { "{\"type\":\"object\"}", "t: #: expected \"type\": \"object\" and \"properties\" at the root" },
    { "{\"type\":[\"object\",\"null\"],\"properties\":{\"a\":{}}}", "t: #: expected \"type\": \"object\"" },
    { "{\"properties\":{\"a\":{}}}", "t: #/properties: \"properties\" needs \"type\": expected object among its types" },
    { ROOT("\"x-text\":\"b\""), "t: #/x-text: expected the name of a property that is a string, got \"b\"" },
    { ROOT("\"x-text\":5"), "t: #/x-text: expected the name of a property that is a string, got 5" },
    { ROOT("\"title\":5"), "t: #/title: expected a string, got 5" },
    { ROOT("\"description\":[]"), "t: #/description: expected a string, got []" },
    { ROOT("\"examples\":{}"), "t: #/examples: expected an array, got {}" },
    { ROOT("\"$schema\":1"), "t: #/$schema: expected a string, got 1" },
    { ROOT("\"x-pii\":\"redact\""), "t: #/x-pii: \"x-pii\" can't stand here: expected it below the root" },
    { ROOT("\"x-default\":\"origin\""), "t: #/x-default: \"x-default\" can't stand here: expected it on a property of the root" },
    { ROOT("\"x-aliases\":[\"b\"]"), "t: #/x-aliases: \"x-aliases\" can't stand here: expected it on a property" },

    /* Words of JSON Schema that aren't in the profile, and misspelt ones. */
    { ROOT("\"allOf\":[]"), "t: #/allOf: expected a keyword of the profile (docs/contracts.md), got \"allOf\"" },
    { ROOT("\"patternProperties\":{}"), "t: #/patternProperties: expected a keyword" },
    { FIELD("\"oneOf\":[]"), "t: #/properties/a/oneOf: expected a keyword" },
    { FIELD("\"type\":\"string\",\"maxlength\":5"), "t: #/properties/a/maxlength: expected a keyword" },
    { FIELD("\"type\":\"array\",\"uniqueItems\":true"), "t: #/properties/a/uniqueItems: expected a keyword" },
    { FIELD("\"x-unknown\":true"), "t: #/properties/a/x-unknown: expected a keyword" },
    { FIELD("\"type\":\"string\",\"$schema\":\"x\""),
      "t: #/properties/a/$schema: \"$schema\" can't stand here: expected it at the root" },
    { FIELD("\"$defs\":{}"), "t: #/properties/a/$defs: \"$defs\" can't stand here: expected it at the root" },

    /* What is derived. */
    { FIELD("\"type\":\"string\",\"x-derive\":\"ipGeo\""), "t: #/properties/a/x-derive: expected an object such as {\"country\"" },
    { FIELD("\"type\":\"boolean\",\"x-inferred\":false"), "t: #/properties/a/x-inferred: expected true" },
    { FIELD("\"type\":\"string\",\"x-inferred\":true"),
      "t: #/properties/a/x-inferred: \"x-inferred\" needs values to choose from" },
    { FIELD("\"type\":\"string\",\"x-derive\":{}"), "t: #/properties/a/x-derive: expected an object such as {\"country\"" },
    { FIELD("\"type\":\"string\",\"x-derive\":{\"b\":\"ipGeo.city\"}"),
      "t: #/properties/a/x-derive: expected ipGeo or uaParse, a dot and a part of what it returns, got \"ipGeo.city\"" },
    { FIELD("\"type\":\"string\",\"x-derive\":{\"b\":\"piiRedact.x\"}"), "t: #/properties/a/x-derive: expected ipGeo or uaParse" },
    { FIELD("\"type\":\"string\",\"x-derive\":{\"b\":5}"), "t: #/properties/a/x-derive: expected ipGeo or uaParse" },
    { FIELD("\"type\":\"string\",\"x-derive\":{\"b\":\"ipGeo.asn\",\"c\":\"uaParse.os\"}"),
      "t: #/properties/a/x-derive: expected one function, got ipGeo and uaParse" },
    { FIELD("\"type\":\"string\",\"x-derive\":{\"b\":\"ipGeo.asn\",\"c\":\"ipGeo.asn\"}"),
      "t: #/properties/a/x-derive: expected each part once, got ipGeo.asn twice" },
    { FIELD("\"type\":\"string\",\"x-derive\":{\"a\":\"ipGeo.asn\"}"),
      "t: #: \"x-derive\": expected a name that no other field has, got \"a\"" },
    { FIELD("\"type\":\"string\",\"x-derive\":{\"verdict\":\"ipGeo.asn\"}"), "t: #: \"verdict\" is the name of a column" },
    { FIELD("\"type\":\"string\",\"format\":\"date-time\",\"x-derive\":{\"b\":\"ipGeo.asn\"}"),
      "\"x-derive\" needs a plain string" },
    { FIELD("\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-derive\":{\"b\":\"ipGeo.asn\"}}"),
      "t: #/properties/a/items/x-derive: \"x-derive\" can't stand here: expected it on a property of the root" },

    /* Types. */
    { FIELD("\"type\":\"text\""),
      "t: #/properties/a/type: expected one of null, boolean, integer, number, string, array, object, got \"text\"" },
    { FIELD("\"type\":5"), "t: #/properties/a/type: expected one of null" },
    { FIELD("\"type\":[]"), "t: #/properties/a/type: expected a type, or an array of types, got []" },
    { FIELD("\"type\":[\"string\",\"string\"]"), "t: #/properties/a/type: expected each type once, got \"string\" twice" },
    { FIELD("\"type\":\"null\""), "t: #/properties/a/type: expected a type besides null" },
    { "{\"type\":\"object\",\"properties\":{\"a\":5}}", "t: #/properties/a: expected a schema (an object), got 5" },
    { "{\"type\":\"object\",\"properties\":{\"a\":false}}", "t: #/properties/a: expected a schema (an object), got false" },
    { "{\"type\":\"object\",\"properties\":[]}", "t: #/properties: expected an object of schemas, got []" },

    /* Words beside the wrong type. */
    { FIELD("\"minLength\":1"), "t: #/properties/a/minLength: \"minLength\" needs \"type\": expected string among its types" },
    { FIELD("\"type\":\"integer\",\"minLength\":1"), "t: #/properties/a/minLength: \"minLength\" needs \"type\"" },
    { FIELD("\"type\":\"string\",\"minimum\":1"),
      "t: #/properties/a/minimum: \"minimum\" needs \"type\": expected integer or number" },
    { FIELD("\"type\":\"string\",\"items\":{}"), "t: #/properties/a/items: \"items\" needs \"type\": expected array" },
    { FIELD("\"type\":\"string\",\"required\":[]"), "t: #/properties/a/required: \"required\" needs \"type\": expected object" },
    { FIELD("\"type\":\"integer\",\"format\":\"uuid\""), "t: #/properties/a/format: \"format\" needs \"type\"" },

    /* Bounds. */
    { FIELD("\"type\":\"string\",\"minLength\":-1"), "t: #/properties/a/minLength: expected a non-negative integer, got -1" },
    { FIELD("\"type\":\"string\",\"minLength\":1.5"), "t: #/properties/a/minLength: expected a non-negative integer, got 1.5" },
    { FIELD("\"type\":\"string\",\"minLength\":\"1\""), "t: #/properties/a/minLength: expected a non-negative integer, got \"1\"" },
    { FIELD("\"type\":\"string\",\"minLength\":3,\"maxLength\":2"), "t: #/properties/a: expected minLength not above maxLength" },
    { FIELD("\"type\":\"array\",\"minItems\":3,\"maxItems\":2"), "t: #/properties/a: expected minItems not above maxItems" },
    { FIELD("\"type\":\"integer\",\"minimum\":\"1\""), "t: #/properties/a/minimum: expected a number, got \"1\"" },
    { FIELD("\"type\":\"integer\",\"minimum\":3,\"maximum\":2"), "t: #/properties/a: no number is within these bounds" },
    { FIELD("\"type\":\"number\",\"exclusiveMinimum\":3,\"maximum\":3"), "t: #/properties/a: no number is within these bounds" },
    { FIELD("\"type\":\"integer\",\"minimum\":0.2,\"maximum\":0.8"),
      "t: #/properties/a: no integer of 64 bits is within these bounds" },
    { FIELD("\"type\":\"integer\",\"minimum\":1e30"), "t: #/properties/a: no integer of 64 bits is within these bounds" },
    { FIELD("\"type\":\"integer\",\"multipleOf\":0"), "t: #/properties/a/multipleOf: expected a number above 0, got 0" },
    { FIELD("\"type\":\"number\",\"multipleOf\":-0.5"), "t: #/properties/a/multipleOf: expected a number above 0, got -0.5" },

    /* Strings. */
    { FIELD("\"type\":\"string\",\"pattern\":\"(\""),
      "t: #/properties/a/pattern: expected a regular expression, got \"(\" (at 1: missing closing parenthesis)" },
    { FIELD("\"type\":\"string\",\"pattern\":5"), "t: #/properties/a/pattern: expected a regular expression, got 5" },
    { FIELD("\"type\":\"string\",\"format\":\"hostname\""),
      "t: #/properties/a/format: expected one of date-time, date, time, uuid, email, ipv4, ipv6, uri, got \"hostname\"" },

    /* Choices. */
    { FIELD("\"enum\":[]"), "t: #/properties/a/enum: expected an array of 1 to 10000 values, got []" },
    { FIELD("\"enum\":\"x\""), "t: #/properties/a/enum: expected an array of 1 to 10000 values, got \"x\"" },
    { FIELD("\"enum\":[[1]]"), "t: #/properties/a/enum: expected a string, a number, true, false or null, got [1]" },
    { FIELD("\"type\":\"string\",\"enum\":[\"x\",1]"),
      "t: #/properties/a: expected values of the types that \"type\" allows, got 1" },
    { FIELD("\"enum\":[1],\"const\":1"), "expected either \"enum\" or \"const\", got both" },

    /* Objects. */
    { ROOT("\"required\":[\"b\"]"), "t: #/required: expected the name of a property that \"properties\" declares, got \"b\"" },
    { ROOT("\"required\":\"a\""), "t: #/required: expected an array of names, got \"a\"" },
    { ROOT("\"required\":[\"a\",\"a\"]"), "t: #/required: expected each name once, got \"a\"" },
    { ROOT("\"additionalProperties\":5"), "t: #/additionalProperties: expected a schema (an object), got 5" },
    { "{\"type\":\"object\",\"properties\":{\"\":{}}}", "t: #/properties/: expected a property's name without" },
    { "{\"type\":\"object\",\"properties\":{\"a`b\":{}}}", "t: #/properties/a`b: expected a property's name without" },
    { "{\"type\":\"object\",\"properties\":{\"a\\nb\":{}}}", "expected a property's name without control characters" },
    { "{\"type\":\"object\",\"properties\":{\"verdict\":{}}}",
      "t: #/properties/verdict: \"verdict\" is the name of a column that every record has" },
    { "{\"type\":\"object\",\"properties\":{\"a/b~c\":{\"type\":1}}}", "t: #/properties/a~1b~0c/type: expected one of" },

    /* References. */
    { DEFS("\"$ref\":\"#/$defs/x\"", ""),
      "t: #/properties/a/$ref: expected \"#/$defs/NAME\" with a NAME that the root's $defs has, got \"#/$defs/x\"" },
    { DEFS("\"$ref\":\"other.json\"", ""), "t: #/properties/a/$ref: expected \"#/$defs/NAME\"" },
    { DEFS("\"$ref\":5", ""), "t: #/properties/a/$ref: expected \"#/$defs/NAME\"" },
    { DEFS("\"$ref\":\"#/$defs/x\",\"type\":\"string\"", "\"x\":{}"),
      "t: #/properties/a/type: \"type\" can't stand beside \"$ref\"" },
    { DEFS("\"$ref\":\"#/$defs/x\"", "\"x\":{\"$ref\":\"#/$defs/y\"},\"y\":{\"$ref\":\"#/$defs/x\"}"),
      "t: #/$defs/x: expected a schema, got references in a circle" },
    { DEFS("\"$ref\":\"#/$defs/x\"", "\"x\":{\"$ref\":\"#/$defs/x\"}"),
      "t: #/$defs/x: expected a schema, got references in a circle" },
    { DEFS("", "\"x\":{\"type\":\"strin\"}"), "t: #/$defs/x/type: expected one of" },
    { DEFS("\"$ref\":\"#/$defs/x\",\"x-pii\":\"address\"", "\"x\":{\"type\":\"integer\"}"),
      "t: #/properties/a: \"x-pii\": \"address\" needs a string" },

    /* Words of ours. */
    { FIELD("\"type\":\"string\",\"x-pii\":\"hide\""),
      "t: #/properties/a/x-pii: expected redact, address, tokenise, drop or keep, or {\"redact\": POLICY}, {\"address\": POLICY}, "
      "{\"tokenise\": KEY}, got \"hide\"" },
    { FIELD("\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-pii\":\"drop\"}"),
      "t: #/properties/a/items/x-pii: \"x-pii\": \"drop\" stands on a property of the root" },
    { FIELD("\"type\":\"string\",\"x-pii\":\"drop\",\"x-default\":\"origin\""),
      "t: #/properties/a: \"x-default\" can't stand on what \"x-pii\" drops" },
    { FIELD("\"type\":\"string\",\"format\":\"date-time\",\"x-pii\":\"drop\",\"x-window\":{}"),
      "t: #/properties/a: \"x-window\" can't stand on what \"x-pii\" drops" },
    { FIELD("\"type\":\"string\",\"x-low-cardinality\":1"), "t: #/properties/a/x-low-cardinality: expected true or false, got 1" },
    { FIELD("\"type\":\"integer\",\"x-low-cardinality\":true"), "t: #/properties/a/x-low-cardinality: " },
    { FIELD("\"type\":\"string\",\"format\":\"date\",\"x-low-cardinality\":true"),
      "t: #/properties/a: \"x-low-cardinality\" needs a string that is kept as text" },
    { FIELD("\"type\":\"integer\",\"x-pii\":\"tokenise\""), "t: #/properties/a: \"x-pii\": \"tokenise\" needs a string" },
    { FIELD("\"type\":\"string\",\"x-pii\":{\"tokenise\":\"\"}"), "t: #/properties/a/x-pii: expected the id of a key, got \"\"" },
    { FIELD("\"type\":\"string\",\"x-pii\":{\"redact\":1}"), "t: #/properties/a/x-pii: expected the name of a policy, got 1" },
    { FIELD("\"type\":\"string\",\"x-pii\":{\"keep\":\"p\"}"),
      "t: #/properties/a/x-pii: expected \"keep\" or \"drop\", which have no policy, got" },
    { FIELD("\"type\":\"string\",\"x-pii\":{\"redact\":\"p\",\"address\":\"p\"}"),
      "t: #/properties/a/x-pii: expected redact, address" },
    { FIELD("\"type\":\"integer\",\"x-pii\":\"redact\""), "t: #/properties/a: \"x-pii\": \"redact\" needs a string" },
    { FIELD("\"enum\":[\"x\"],\"x-pii\":\"redact\""), "t: #/properties/a: \"x-pii\": \"redact\" needs a string" },
    { FIELD("\"type\":\"object\",\"x-pii\":\"redact\",\"properties\":{\"b\":{}}"),
      "t: #/properties/a: \"x-pii\": \"redact\" needs a string" },
    { FIELD("\"type\":\"array\",\"x-pii\":\"redact\",\"items\":{\"type\":\"string\"}"),
      "t: #/properties/a: \"x-pii\": \"redact\" needs a string" },
    { FIELD("\"type\":\"string\",\"format\":\"date-time\",\"x-pii\":\"redact\""),
      "t: #/properties/a: \"x-pii\": \"redact\" needs a string" },
    { FIELD("\"type\":\"object\",\"x-pii\":\"address\""), "t: #/properties/a: \"x-pii\": \"address\" needs a string" },
    { FIELD("\"type\":\"string\",\"x-normalise\":\"case\""), "t: #/properties/a/x-normalise: expected \"level\", got \"case\"" },
    { FIELD("\"type\":\"string\",\"format\":\"uuid\",\"x-normalise\":\"level\""),
      "t: #/properties/a: \"x-normalise\" needs a string without a format" },
    { FIELD("\"type\":\"string\",\"x-simulated\":\"\""),
      "t: #/properties/a/x-simulated: expected the text that marks a simulated failure, got \"\"" },
    { FIELD("\"type\":\"string\",\"x-default\":\"now\""), "t: #/properties/a/x-default: expected origin or appended, got \"now\"" },
    { FIELD("\"type\":\"string\",\"x-default\":\"appended\""),
      "t: #/properties/a: \"x-default\": \"appended\" needs a string with \"format\": \"date-time\"" },
    { FIELD("\"type\":\"string\",\"format\":\"date-time\",\"x-default\":\"origin\""),
      "t: #/properties/a: \"x-default\": \"origin\" needs a plain string" },
    { FIELD("\"type\":[\"string\",\"null\"],\"x-default\":\"origin\""),
      "t: #/properties/a: \"x-default\" can't stand beside null" },
    { FIELD("\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\",\"x-default\":\"origin\"}}"),
      "t: #/properties/a/properties/b/x-default: \"x-default\" can't stand here: expected it on a property of the root" },
    { FIELD("\"type\":\"string\",\"x-aliases\":\"b\""), "t: #/properties/a/x-aliases: expected an array of names, got \"b\"" },
    { FIELD("\"type\":\"string\",\"x-aliases\":[1]"), "t: #/properties/a/x-aliases: expected a name, got 1" },
    { FIELD("\"type\":\"string\",\"x-aliases\":[\"a\"]"),
      "t: #/properties/a/x-aliases: expected each name for one property only, got \"a\" again" },
    { FIELD("\"type\":\"array\",\"items\":{\"x-aliases\":[\"b\"]}"),
      "t: #/properties/a/items/x-aliases: \"x-aliases\" can't stand here: expected it on a property" },
    { FIELD("\"type\":\"string\",\"x-window\":{}"),
      "t: #/properties/a: \"x-window\" needs a string with \"format\": \"date-time\"" },
    { FIELD("\"type\":\"string\",\"format\":\"date-time\",\"x-window\":5"),
      "t: #/properties/a/x-window: expected an object such as" },
    { FIELD("\"type\":\"string\",\"format\":\"date-time\",\"x-window\":{\"to\":1}"),
      "t: #/properties/a/x-window/to: expected \"from\" or \"ahead\", got \"to\"" },
    { FIELD("\"type\":\"string\",\"format\":\"date-time\",\"x-window\":{\"from\":\"2026\"}"),
      "t: #/properties/a/x-window/from: expected a date-time, got \"2026\"" },
    { FIELD("\"type\":\"string\",\"format\":\"date-time\",\"x-window\":{\"ahead\":\"1w\"}"),
      "t: #/properties/a/x-window/ahead: expected a span such as 250ms, 10s, 5m, 2h or 1d, got \"1w\"" },
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"format\":\"date-time\",\"x-window\":{}},"
      "\"b\":{\"type\":\"string\",\"format\":\"date-time\",\"x-window\":{}}}}",
      "t: #/properties/b: expected \"x-window\" on one property only" },
};

static void mistakes_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err err = ERR_INIT;
        struct contract *c = contract_compile("test", str_of(refused[i].schema), "t", &err);
        if (c != NULL)
            fail_msg("not refused: %s", refused[i].schema);
        if (strstr(err.text, refused[i].message) == NULL)
            fail_msg("%s:\n expected %s\n got %s", refused[i].schema, refused[i].message, err.text);
        assert_int_equal(err.class, ERR_STOP);
    }
}

/* Nesting, and $defs whose uses multiply, end somewhere. */
static void sizes_are_bounded(void **state)
{
    (void)state;
    struct buf b;
    struct err err = ERR_INIT;
    buf_init(&b, 0);
    buf_puts(&b, "{\"type\":\"object\",\"properties\":{\"a\":");
    for (int i = 0; i < 100; i++)
        buf_puts(&b, "{\"type\":\"array\",\"items\":");
    buf_puts(&b, "{}");
    for (int i = 0; i < 100; i++)
        buf_putc(&b, '}');
    buf_puts(&b, "}}");
    assert_null(contract_compile("test", buf_str(&b), "t", &err));
    assert_non_null(strstr(err.text, "48 levels"));

    buf_clear(&b);
    err = ERR_INIT;
    buf_puts(&b, "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/d0\"}},\"$defs\":{");
    for (int i = 0; i < 20; i++)
        buf_printf(
            &b, "\"d%d\":{\"type\":\"object\",\"properties\":{\"x\":{\"$ref\":\"#/$defs/d%d\"},\"y\":{\"$ref\":\"#/$defs/d%d\"}}},",
            i, i + 1, i + 1);
    buf_puts(&b, "\"d20\":{}}}");
    assert_null(contract_compile("test", buf_str(&b), "t", &err));
    assert_non_null(strstr(err.text, "20000 schemas"));
    buf_fini(&b);
}

static struct contract *compile(const char *stem, const char *schema)
{
    struct err err = ERR_INIT;
    struct contract *c = contract_compile(stem, str_of(schema), "t", &err);
    if (c == NULL)
        fail_msg("%s", err.text);
    return c;
}

static void names_and_types(void **state)
{
    (void)state;
    struct contract *c =
        compile("dental_appointment_2",
                "{ \"description\": \"One \\u00e9.\", \"type\": \"object\", \"required\": [\"at\", \"seen\"], \"properties\": {"
                "\"id\": { \"type\": \"string\", \"x-default\": \"origin\" },"
                "\"seen\": { \"type\": \"string\", \"format\": \"date\" },"
                "\"maybe\": { \"type\": \"string\", \"format\": \"date-time\" },"
                "\"at\": { \"type\": \"string\", \"format\": \"date-time\" } } }");
    assert_string_equal(contract_stem(c), "dental_appointment_2");
    assert_string_equal(contract_description(c), "One é.");
    assert_int_equal(strlen(contract_hash(c)), 16);
    assert_int_equal(strspn(contract_hash(c), "0123456789abcdef"), 16);
    char function[64];
    snprintf(function, sizeof function, "dentalAppointment2Record_%s", contract_hash(c));
    assert_string_equal(contract_function(c), function);
    assert_string_equal(contract_type(c),
                        "Tuple(violations Array(String), verdict Enum8('ok' = 1, 'parse' = 2, 'contract' = 3, 'simulated' = 4), "
                        "id String, seen Date32, maybe Nullable(DateTime64(3, 'UTC')), at DateTime64(3, 'UTC'))");
    static const struct contract_field expected[] = {
        { "id", "String", false, true, false, false },
        { "seen", "Date32", true, false, false, false },
        { "maybe", "Nullable(DateTime64(3, 'UTC'))", false, false, false, false },
        { "at", "DateTime64(3, 'UTC')", true, false, false, true },
    };
    for (size_t i = 0; i < 4; i++) {
        const struct contract_field *f = contract_field(c, i);
        assert_string_equal(f->name, expected[i].name);
        assert_string_equal(f->type, expected[i].type);
        assert_int_equal(f->required, expected[i].required);
        assert_int_equal(f->from_origin, expected[i].from_origin);
        assert_int_equal(f->is_time, expected[i].is_time);
    }
    assert_null(contract_field(c, 4));
    contract_free(c);
    contract_free(NULL);
}

/* White space and the order of words don't matter to the hash; what is asked for, and the order of the columns, do. */
static void hash_of_content(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":5},\"b\":{}}}",
        " { \"properties\" : {\n\"a\": { \"maxLength\": 5, \"type\": \"string\" }, \"b\": {} }, \"type\": \"object\" } ",
        "{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":{\"type\":\"string\",\"maxLength\":5}}}",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":6},\"b\":{}}}",
        "{\"type\":\"object\",\"title\":\"x\",\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":5},\"b\":{}}}",
    };
    struct contract *all[5];
    for (int i = 0; i < 5; i++)
        all[i] = compile("test", schemas[i]);
    assert_string_equal(contract_hash(all[0]), contract_hash(all[1]));
    for (int i = 0; i < 5; i++)
        for (int j = i + 1; j < 5; j++)
            if (i != 0 || j != 1)
                assert_string_not_equal(contract_hash(all[i]), contract_hash(all[j]));
    assert_string_equal(contract_json(all[1]),
                        "{\"properties\":{\"a\":{\"maxLength\":5,\"type\":\"string\"},\"b\":{}},\"type\":\"object\"}");
    for (int i = 0; i < 5; i++)
        contract_free(all[i]);
}

static void files(void **state)
{
    (void)state;
    static const struct {
        const char *path, *message;
    } bad[] = {
        { "no-such-folder/x.schema.json", "no-such-folder/x.schema.json: No such file or directory" },
        { "contracts/events.json", "contracts/events.json: expected a file named NAME.schema.json" },
        { "contracts/.schema.json", "contracts/.schema.json: expected a file named NAME.schema.json" },
        { "no-such-folder/Big.schema.json", "no-such-folder/Big.schema.json" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = ERR_INIT;
        assert_null(contract_load(bad[i].path, &err));
        assert_non_null(strstr(err.text, bad[i].message));
    }
    struct err err = ERR_INIT;
    assert_null(contract_compile("Big", STR("{}"), "t", &err));
    assert_string_equal(err.text, "t: expected a contract named with lower-case letters, digits and '_', got \"Big\"");

    struct contract *c = contract_load("contracts/events.schema.json", &err);
    assert_non_null(c);
    assert_string_equal(contract_stem(c), "events");
    contract_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(names_and_types),
        cmocka_unit_test(hash_of_content),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
