/* lib/pii/spans: what finding in text and finding in JSON share. */
#ifndef ODW_PII_SPANS_H
#define ODW_PII_SPANS_H

#include "pii/find.h"

/* One round over a text: adds its spans; sets *again where one was not isolated. */
typedef void pii_round(struct str text, const void *arg, struct pii_spans *out, bool *again);

pii_round pii_round_of_text; /* arg: its struct pii_set */

/* What redaction replaces without a policy is firm: neither of a kept type nor a guess. Firm spans are found by themselves, so that
 * what is looked for beside them changes nothing about them. true: there are loose ones too. */
bool pii_firm(const struct pii_span *span);
bool pii_set_split(struct pii_set types, struct pii_set *firm, struct pii_set *loose);
/* What a second scan, for the loose ones, must look for: guesses are only made about a short text with nothing else in it, and need
 * all types. */
struct pii_set pii_set_second(struct pii_set types, struct pii_set loose, size_t firm_spans, size_t text);
/* Adds what isn't firm among `all`, where it doesn't overlap what s has. */
void pii_spans_add_loose(struct pii_spans *s, struct pii_spans *all);

/* Further rounds over the text with tokens in place of its spans, until nothing more shows: that is what makes redacting twice the
 * same as once. s: the first round's, into which the others' go. */
void pii_spans_settle(struct str text, struct pii_spans *s, bool again, pii_round *round, const void *arg);

/* Puts the spans of `over` among those of s; what they touch goes. */
void pii_spans_cover(struct pii_spans *s, const struct pii_spans *over);

/* Appends the text with tokens in place of its spans. */
void pii_spans_tokens(struct str text, const struct pii_spans *s, struct buf *out);

#endif
