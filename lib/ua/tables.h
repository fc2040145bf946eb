/* lib/ua: the tables that generator/ makes, at build time, of uap-core's rules and of the crawler list. */
#ifndef ODW_UA_TABLES_H
#define ODW_UA_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The lists of rules, one behind the other in ua_rules; of each the first rule that matches counts. */
enum ua_list { UA_BROWSER, UA_OS, UA_DEVICE, UA_CRAWLER, UA_LISTS };

enum { UA_TEMPLATES = 5 };

struct ua_rule {
    const char *pattern; /* a Perl regular expression, not anchored */
    bool caseless;
    uint8_t clauses; /* how many of its clauses a text must have for it to be a candidate */
    /* What it gives, $1 to $9 being its groups; NULL: what the list has by default. Browser and OS: family and versions;
     * device: device, brand, model; crawler: none. */
    const char *templates[UA_TEMPLATES];
};

extern const struct ua_rule ua_rules[];
extern const uint16_t ua_list_start[UA_LISTS + 1];

/* A rule can match a text only where all its clauses hold; a clause holds where one of its literals stands in the text, both in
 * lower case. Literals are found in one pass (Aho and Corasick, CACM 18(6), 1975). */
extern const uint8_t ua_class[256];    /* of a byte, by its role in literals; 0: in none */
extern const uint16_t ua_dense[];      /* states below ua_n_dense: the next one, by state * ua_n_classes + class */
extern const uint8_t ua_only_class[];  /* states from there on (less ua_n_dense) have one way forward, … */
extern const uint16_t ua_only_next[];  /* … which leads here; … */
extern const uint16_t ua_fail[];       /* … with any other class it goes on from here */
extern const uint16_t ua_found[];      /* by state: the longest literal that ends here, 0: none */
extern const uint16_t ua_also[];       /* by literal: the longest other one at its end, 0: none */
extern const uint16_t ua_clauses[];    /* of all literals … */
extern const uint16_t ua_clauses_of[]; /* … from ua_clauses_of[literal] to before ua_clauses_of[literal + 1] */
extern const uint16_t ua_rule_of[];    /* by clause */
extern const uint16_t ua_always[];     /* rules without a clause */
extern const unsigned ua_n_rules, ua_n_literals, ua_n_clauses, ua_n_always, ua_n_classes, ua_n_dense;

#endif
