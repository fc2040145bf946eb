/* lib/llm/schema: a contract as providers take it: the strict part of JSON Schema, and nothing else. */
#ifndef ODW_LLM_SCHEMA_H
#define ODW_LLM_SCHEMA_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"
#include "contract/contract.h"

/* What a value may be, as a set. */
enum {
    LLM_T_NULL = 1,
    LLM_T_BOOLEAN = 2,
    LLM_T_INTEGER = 4,
    LLM_T_NUMBER = 8, /* with LLM_T_INTEGER or without */
    LLM_T_STRING = 16,
    LLM_T_ARRAY = 32,
    LLM_T_OBJECT = 64,
    LLM_T_ANY = 127,
};

/* The schema that a $ref leads to; itself where it has none. root: the contract, for its $defs. */
const json_t *llm_schema_resolve(const json_t *root, const json_t *schema);
unsigned llm_schema_types(const json_t *root, const json_t *schema);
/* It has properties of its own; else an object of it is free. */
bool llm_schema_has_properties(const json_t *root, const json_t *schema);
bool llm_schema_requires(const json_t *root, const json_t *schema, const char *property);

/* A contract, ready for extraction. Read by one thread at a time. */
struct llm_contract {
    struct contract *contract;
    struct reader *reader;
    json_t *schema; /* as in the file */
    char *strict;   /* JSON: what a provider enforces. Each object is closed and all its properties are required; any value but an
                       object   may be null, so that a document which doesn't say need not be lied about; limits are told in
                       descriptions */
    char *strict_batch; /* {"documents": [{"id": …, "record": …}]} */
    char *strict_title; /* letters, digits, '_' and '-' */
};

/* Takes the contract over. NULL and err. */
struct llm_contract *llm_contract_new(struct contract *contract, struct err *err) __attribute__((warn_unused_result));
void llm_contract_free(struct llm_contract *c);

/* The file of a contract in a folder of them: STEM (STEM.schema.json, or of STEM.HASH.schema.json the one that was installed last),
 * or STEM.HASH. -1 and err: there is none. */
int llm_contract_find(const char *folder, struct str name, char *path, size_t size, struct err *err)
    __attribute__((warn_unused_result));

#endif
