/* lib/ua: which rule matches a text, and with which groups. */
#ifndef ODW_UA_MATCH_H
#define ODW_UA_MATCH_H

#include "base/err.h"
#include "ua/prefilter.h"

enum { MATCH_GROUPS = 10 }; /* the whole and $1 to $9 */

/* Groups of a match; those that took no part are empty. */
struct match {
    const struct ua_rule *rule;
    struct str groups[MATCH_GROUPS];
};

struct matcher;

/* NULL and err: no memory. */
struct matcher *matcher_new(struct err *err) __attribute__((warn_unused_result));
void matcher_free(struct matcher *m);
/* The text that the next calls are about; borrowed. */
void matcher_text(struct matcher *m, struct str text);
/* The first rule of the list that matches. False: none does. A rule that takes too many steps doesn't. */
bool matcher_first(struct matcher *m, enum ua_list list, struct match *match);
/* True once a rule could not be tried, since matcher_text, for want of memory. */
bool matcher_failed(const struct matcher *m);
/* How many rules were tried since matcher_text, and are held in all. For benchmarks. */
unsigned matcher_tried(const struct matcher *m), matcher_held(const struct matcher *m);

#endif
