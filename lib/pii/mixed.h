/* lib/pii/mixed.h: a word of letters and digits, and what the finders of such numbers share. */
#ifndef ODW_PII_MIXED_H
#define ODW_PII_MIXED_H

#include "pii/scan.h"

enum { WORD_BYTES = 24 };

/* What stands at a place, letters in upper case. */
struct mixed {
    const struct pii_text *t;
    struct pii_context *context;
    size_t start, end;
    unsigned n;
    char c[WORD_BYTES + 1]; /* a NUL behind */
    bool small;             /* letters were in lower case */
    struct pii_span *best;
    bool found;
};

/* What a type needs beside its form. */
enum { TOLD = 0, ALONE = 1, NOTHING = 2, CAPITALS = 4 }; /* CAPITALS: nothing, but in lower case to be told or alone */

/* Takes [start, end) for the type where the need is met and what was found so far is less; says: the words that tell it. */
void pii_mixed_take(struct mixed *m, enum pii_type type, size_t start, size_t end, int need, uint64_t says, float score);

/* Whether the word is of the form: 'A' a letter, '9' a digit, 'X' either. */
bool pii_mixed_formed(const struct mixed *m, const char *form);

/* Numbers of further countries; letters: how many the word starts with. */
void pii_abroad(struct mixed *m, unsigned letters);

#endif
