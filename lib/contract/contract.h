/* lib/contract: holds messages to a JSON Schema: one pass over the bytes parses, checks and types.
 *
 * A declared profile of JSON Schema 2020-12 (docs/contracts.md lists it); any other keyword is refused at load.
 * Words of ours begin with "x-": see docs/contracts.md. */
#ifndef ODW_CONTRACT_H
#define ODW_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "native/column.h"

struct contract; /* compiled; read only and shareable between threads */
struct reader;   /* what one thread needs to read messages */
struct pii_policies;

/* The result's bytes are the values of the verdict's Enum8 on the wire. */
enum verdict {
    VERDICT_OK = 1,
    VERDICT_PARSE = 2,     /* not JSON (RFC 8259), or nested deeper than 512 */
    VERDICT_CONTRACT = 3,  /* JSON, but not what the contract asks for */
    VERDICT_SIMULATED = 4, /* a field begins with its x-simulated marker: a failure that someone asked for */
};
const char *verdict_name(enum verdict v); /* "ok", "parse", "contract", "simulated" */

/* Loads NAME.schema.json; the stem is NAME. Errors name the file and the JSON pointer. The caller frees. */
struct contract *contract_load(const char *path, struct err *err) __attribute__((warn_unused_result));
/* The same from text in memory; `where` stands for the file in errors. */
struct contract *contract_compile(const char *stem, struct str text, const char *where, struct err *err)
    __attribute__((warn_unused_result));
void contract_free(struct contract *c);

const char *contract_stem(const struct contract *c);
/* 16 lower-case hex digits: SHA-256 of the schema's canonical text (keys sorted, no white space) and of contract_type (where the
 * order of the properties shows), cut to 64 bits. So re-indenting changes nothing. */
const char *contract_hash(const struct contract *c);
const char *contract_description(const struct contract *c);
/* The function that reads it, in camelCase with its hash: "eventsRecord_0123456789abcdef". */
const char *contract_function(const struct contract *c);
/* The function's ClickHouse type: Tuple(violations Array(String), verdict Enum8('ok' = 1, 'parse' = 2, 'contract' = 3,
 * 'simulated' = 4), then contract_field's). */
const char *contract_type(const struct contract *c);
/* The whole schema as compact JSON, as loaded: for OpenAPI and for people. */
const char *contract_json(const struct contract *c);

struct contract_field {
    const char *name;
    const char *type; /* ClickHouse's */
    bool required;
    bool from_origin; /* x-default: origin: '' in the record where the message has none; the intake fills it in */
    bool implied;     /* x-derive made it of a field that is in the record too */
    bool is_time;     /* the contract's time field: the first required date-time (has the window) */
};
/* The record's fields in order: the properties that aren't dropped, then what x-derive names; i from 0; NULL past the last. */
const struct contract_field *contract_field(const struct contract *c, size_t i);

/* Whether "x-pii": "drop" keeps the property out of the record. */
bool contract_drops(const struct contract *c, struct str name);

struct reader *reader_new(const struct contract *c, struct err *err) __attribute__((warn_unused_result));
void reader_free(struct reader *r);

/* Looks up the policies and keys that the contract's x-pii names; they must outlive the reader. -1 and err: one is missing or
 * broken. Without them (as where messages are only checked) what would be cleaned by one of them becomes ''. */
int reader_use_policies(struct reader *r, struct pii_policies *policies, struct err *err) __attribute__((warn_unused_result));

enum { CONTRACT_PARTS = 16 }; /* of the tuple that a function returns */

/* A function that x-derive calls with a field's value, before the value is cleaned. Puts part i of its answer into parts[i], unless
 * that is NULL. -1: no memory. */
struct contract_deriver {
    int (*derive)(void *state, struct str value, struct col *const parts[CONTRACT_PARTS]);
    void *state;
};

/* The name of the i-th function that the contract's x-derive calls ("ipGeo"; a function may come again); NULL past the last. */
const char *contract_derives(const struct contract *c, size_t i);
/* Gives the i-th; it must outlive the reader. Without one (as where messages are only checked) what it would fill is empty. */
void reader_use_deriver(struct reader *r, size_t i, const struct contract_deriver *deriver);

/* Reads one message (any bytes). appended_ms: when the broker appended it, milliseconds since 1970: the end of the time
 * window and x-default: appended come from it, never from a clock. record: a column of contract_type to which exactly one row
 * is added (defaults and the violations where the verdict isn't ok), or NULL to check only. */
enum verdict reader_read(struct reader *r, struct str message, int64_t appended_ms, struct col *record);

/* True where memory was out while the last message was read: its verdict means nothing, and col_failed is true of the record. */
bool reader_failed(const struct reader *r);

/* What is wrong with the message read last, none where it was ok; at most 32, then one that says how many more.
 * "/timestamp: expected a date-time, got \"2026-02-31T10:00:00Z\" (February has 28 days)". Borrowed until the next read. */
size_t reader_violations(const struct reader *r, const struct str **violations);

#endif
