/* lib/contract/compile: what the compiler's parts share while a contract is loaded. */
#ifndef ODW_CONTRACT_COMPILE_H
#define ODW_CONTRACT_COMPILE_H

#include <jansson.h>

#include "contract/node.h"

enum { SCHEMA_DEPTH = 48, SCHEMA_NODES = 20000 };

/* Where a schema stands: decides which words it may have. */
enum place { PLACE_ROOT, PLACE_FIELD, PLACE_PROPERTY, PLACE_ELSEWHERE };

/* One of the root's $defs. */
struct def {
    const char *name;
    json_t *schema;
    struct node *node; /* for checking; shared by all references that come back to themselves */
    bool recursive;
};

struct load {
    struct contract *c;
    const char *where;
    struct buf path; /* JSON pointer into the schema */
    struct def *defs;
    size_t n_defs, n_nodes;
    unsigned depth;
    struct err *err;
};

/* A schema while it is compiled. */
struct draft {
    struct node *node;
    json_t *schema;
    enum place place;
    bool typed;       /* `type`, or values that say as much */
    uint8_t fallback; /* x-default */
    json_t *aliases;  /* x-aliases */
    json_t *window;   /* x-window */
    struct bounds bounds;
    bool bounded;
};

/* Descends by one token, which is escaped; returns what load_up needs to come back. */
size_t load_down(struct load *l, const char *token);
void load_up(struct load *l, size_t length);
/* "FILE: #/properties/n/minimum: ..."; always -1. */
int load_refuse(struct load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same: "expected WHAT, got VALUE". */
int load_expected(struct load *l, const char *what, json_t *got);
int load_no_memory(struct load *l);
void *load_alloc(struct load *l, size_t n);
const char *load_copy(struct load *l, json_t *string);

/* compile.c */
struct node *compile_node(struct load *l, json_t *schema, enum place place, struct draft *draft);

/* keyword.c: reads every word of the schema but those that compile.c itself does. */
int keywords_read(struct load *l, struct draft *d);
/* The types that `type`, or else `enum` and `const`, allow. */
int keywords_types(struct load *l, struct draft *d);

#endif
