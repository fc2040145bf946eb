/* lib/llm/ground: where in a document a value comes from. */
#ifndef ODW_LLM_GROUND_H
#define ODW_LLM_GROUND_H

#include "base/str.h"
#include "llm/config.h"
#include "llm/document.h"

enum llm_how {
    LLM_ABSENT,   /* not in the document: the value was taken away */
    LLM_EXACT,    /* the very bytes */
    LLM_FOLDED,   /* but for case, white space, commas, kinds of quotes and dashes; a currency by its sign */
    LLM_NUMBER,   /* the same number, written otherwise: 1,234.50 */
    LLM_DATE,     /* the same day (and time), written otherwise */
    LLM_FUZZY,    /* alike: at most one edit (insertion, deletion, replacement) in eight characters, and all digits the same */
    LLM_PIECES,   /* what the value has between commas or lines stands there one after another, each as it is, not far apart: an
                     address beside which another column runs */
    LLM_INFERRED, /* a choice that the contract leaves to the model (x-inferred, const), made and not copied: no words of the
                     document */
};
const char *llm_how_name(enum llm_how how); /* "absent", "exact", … */

struct llm_place {
    size_t start, end; /* bytes of the document; both 0 where it has none */
    enum llm_how how;
};

/* A document in which values are looked for. */
struct ground {
    struct str text; /* as it came, but for sentences that give orders to a model: spaces stand in their place */
    char *blanked;   /* NULL: there are none */
    enum llm_dates dates;
    struct folded folded; /* of text */
};
int ground_init(struct ground *g, struct str text, enum llm_dates dates) __attribute__((warn_unused_result));
void ground_fini(struct ground *g);

/* Looks, from byte `from` of the folded text on, for words that give a model an order ("ignore all previous instructions"). True:
 * they stand at [*start, *end) of it. */
bool ground_next_order(struct str text, const struct folded *f, size_t from, size_t *start, size_t *end);

struct llm_place ground_text(struct ground *g, struct str value);
struct llm_place ground_number(struct ground *g, double value);
/* value: as RFC 3339 has a date, or a date-time whose offset is left out of account. */
struct llm_place ground_date(struct ground *g, struct str value);

#endif
