/* lib/contract/node: a contract once compiled: a tree of nodes, one per schema, that the reader walks beside the message. */
#ifndef ODW_CONTRACT_NODE_H
#define ODW_CONTRACT_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "base/buf.h"
#include "contract/contract.h"
#include "contract/derive.h"
#include "contract/number.h"

/* JSON's types, as a set. T_NUMBER includes the integers. */
enum {
    T_NULL = 1,
    T_BOOL = 2,
    T_INTEGER = 4,
    T_NUMBER = 8,
    T_STRING = 16,
    T_ARRAY = 32,
    T_OBJECT = 64,
    T_ANY = T_NULL | T_BOOL | T_NUMBER | T_STRING | T_ARRAY | T_OBJECT,
};

/* What a value becomes in the record. */
enum shape {
    SHAPE_JSON,    /* String: its text as received */
    SHAPE_BOOL,    /* Bool */
    SHAPE_INTEGER, /* Int8..64, UInt8..64 */
    SHAPE_NUMBER,  /* Float64 */
    SHAPE_TIME,    /* DateTime64(3, 'UTC') */
    SHAPE_DATE,    /* Date32 */
    SHAPE_TEXT,    /* String */
    SHAPE_ARRAY,   /* Array(items) */
    SHAPE_TUPLE,   /* Tuple(properties) */
};

enum format {
    FORMAT_NONE,
    FORMAT_DATE_TIME,
    FORMAT_DATE,
    FORMAT_TIME,
    FORMAT_UUID,
    FORMAT_EMAIL,
    FORMAT_IPV4,
    FORMAT_IPV6,
    FORMAT_URI
};
enum policy { PII_KEEP, PII_REDACT, PII_ADDRESS, PII_TOKENISE, PII_DROP };
enum fallback { DEFAULT_NONE, DEFAULT_ORIGIN, DEFAULT_APPENDED };

/* The bounds of numbers: exact for integers, rounded to double otherwise. */
struct bounds {
    bool has_min, has_max;
    bool above, below; /* exclusive */
    double min, max;
    wide first, last; /* the integers within; a bound that is absent leaves its end of the type's range */
    double step;      /* multipleOf; 0: none */
    wide whole_step;  /* the same where it is an integer, else 0 */
};

/* A scalar of `enum` or `const`. */
struct scalar {
    uint8_t type;
    bool truth;
    struct str text; /* a string's bytes; otherwise its JSON */
    bool whole;      /* a number that is an integer of at most 64 bits: `integer` holds it */
    wide integer;
    double number;
};

struct node {
    uint8_t types;
    uint8_t shape;  /* enum shape */
    uint8_t format; /* enum format */
    uint8_t policy; /* enum policy */
    uint8_t named;  /* which of the contract's names it goes by, from 1; 0: none */
    uint8_t derive; /* which of the contract's derivations begins with it, from 1; 0: none */
    bool typed;     /* it has a column: its values must fit it, whether or not one is being filled */
    bool nullable;  /* its column is Nullable */
    bool normalise; /* x-normalise: level */
    bool windowed;  /* the contract's time field */
    bool ruled;     /* a string that has a rule besides its type */
    uint8_t width;  /* SHAPE_INTEGER: bytes */
    bool is_signed;
    bool low; /* x-low-cardinality: its column is LowCardinality */

    size_t min_length, max_length; /* code points */
    size_t min_items, max_items;
    struct str simulated; /* the marker; n = 0: none */
    const char *pattern;
    pcre2_code *regex;
    const struct scalar *choices;
    size_t n_choices;
    bool one_choice; /* `const`, not an `enum` of one */
    const struct bounds *bounds;

    const struct node *items;
    const struct object *object; /* NULL: any properties */
    const struct node *target;   /* a $ref that comes back to itself: what checks its values */
};

struct property {
    const char *name;
    const struct node *node;
    uint8_t fallback; /* enum fallback */
    bool required;
    int column; /* its place among the columns of the object; -1: x-pii drops it */
};

/* What a property may be called: its name or an alias. */
struct name {
    struct str text;
    uint16_t property;
    bool plain;    /* stands in JSON as it is: no byte of it needs an escape */
    char head[16]; /* plain and shorter than 16 bytes: the name and the closing quote */
    uint16_t mask; /* the bytes of `head` that count; 0: compare `text` */
};

enum { PROPERTIES_MAX = 1024, NAMES_MAX = 4096, NAMED_MAX = 255 };

struct object {
    struct property *properties;
    size_t n_properties;
    size_t n_columns;
    struct name *names;
    size_t n_names;
    uint16_t *slots; /* open addressing: an index into names + 1, 0 = free */
    size_t slot_mask;
    size_t follow;            /* where its part of reader.follow begins: n_names + 1 entries */
    bool closed;              /* additionalProperties: false */
    const struct node *extra; /* additionalProperties: a schema; NULL: anything */
};

/* A policy or a key that x-pii names. */
struct named {
    struct named *next;
    const char *name;
    bool key;
};

enum { DERIVE_MAX = 32, DERIVED_MAX = 128 };

/* What x-derive on one property asks for: the fields derived[first, first + n) of the record. */
struct derivation {
    const struct derive_function *function;
    uint8_t first, n;
    bool dropped; /* x-pii drops the property */
};

struct derived {
    const char *name;
    uint8_t part; /* of its function's answer */
};

struct contract {
    struct arena arena;
    struct node *root;
    struct node *time;                 /* the time field; NULL: none */
    int64_t window_from, window_ahead; /* milliseconds: since 1970; after the append time */
    const char *window_text;           /* "1 day after it was appended" */
    int text_property;                 /* x-text; -1: none */
    bool text_is_log;                  /* x-text with "parse": "log": what others wrote is read as a log line */
    size_t n_follow;
    bool has_pattern;
    struct named *named; /* the last first */
    size_t n_named;
    struct derivation derivations[DERIVE_MAX];
    struct derived derived[DERIVED_MAX];
    uint8_t n_derivations, n_derived;
    struct regex {
        struct regex *next;
        pcre2_code *code;
    } * regexes;
    struct contract_field *fields;
    size_t n_fields;
    const char *stem, *hash, *description, *function, *type, *json;
};

/* A cheap hash of a property's name, for object.slots. */
static inline uint32_t name_hash(struct str s)
{
    uint32_t h = (uint32_t)s.n * 0x9E3779B1u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x01000193u;
    return h ^ h >> 15;
}

/* compile.c: the schema (a jansson value) as nodes in c->arena. */
struct json_t;
int compile_root(struct contract *c, struct json_t *schema, const char *where, struct err *err) __attribute__((warn_unused_result));

/* type.c: gives each node below `node` its column. optional: the value, or what it stands in, may be absent. */
void type_assign(struct node *node, bool optional);
/* Appends the ClickHouse type of the node's column. */
void type_write(const struct node *node, struct buf *out);
/* Appends a tuple element's name, in backticks where it isn't a plain identifier. */
void type_write_name(const char *name, struct buf *out);

#endif
