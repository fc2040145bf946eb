/* lib/ua/generator: turns lists of rules into the tables of ua/tables.h. Runs at build time. */
#ifndef ODW_UA_GENERATOR_H
#define ODW_UA_GENERATOR_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "ua/tables.h"

/* Literals of which one must stand in a text (in lower case) for a rule to match it. */
struct clause {
    struct str *literals;
    size_t n;
};

enum { CLAUSES_MAX = 4 };

struct rule {
    const char *pattern;
    bool caseless;
    const char *templates[UA_TEMPLATES];
    struct clause clauses[CLAUSES_MAX];
    size_t n_clauses;
};

struct rules {
    struct arena arena; /* everything below lies in it */
    struct rule *rules;
    size_t n;
    size_t start[UA_LISTS + 1];
};

/* Appends a rule; NULL without memory. */
struct rule *rules_add(struct rules *rules);

/* ua-parser-builtins' regexes.py: calls of UserAgentParser, DeviceParser, OSParser with literals only, one a line. Appends those of
 * one list. -1 and err. */
int read_rules(struct rules *rules, enum ua_list list, const char *path, struct err *err);
/* crawler-user-agents.json: an array of objects with a "pattern". */
int read_crawlers(struct rules *rules, const char *path, struct err *err);

/* Fills in the rule's clauses: none where its pattern demands no literal, or isn't understood. -1: no memory. */
int find_clauses(struct rule *rule, struct arena *arena);

/* Writes the tables as C. */
int write_tables(const struct rules *rules, FILE *to, struct err *err);

#endif
