/* lib/doc/css: which elements of an HTML page a style hides, as far as plain rules say: p, .class, #id, p.class. */
#ifndef ODW_DOC_CSS_H
#define ODW_DOC_CSS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { CSS_CHAINS = 4096 };

/* Rules that are found by words of one hash. */
struct css_chain {
    uint32_t first; /* the rule's number plus one */
    uint32_t n;
};

/* Selectors that hide, found by a word that each of them holds: a page has a hundred thousand elements, and may have ten thousand
 * rules. */
struct css {
    struct buf text;  /* "p.class", one behind the other */
    struct buf rules; /* of struct css_rule */
    struct css_chain chains[CSS_CHAINS];
    uint64_t seed[2];
    size_t tried; /* selectors that elements were held against so far */
};
void css_init(struct css *c);
void css_fini(struct css *c);

/* Takes in what a <style> holds; rules.failed says that there was no memory for all of it. Rules within @media and the like, and
 * selectors that name more than one element, are left out. */
void css_put(struct css *c, struct str sheet);

/* id, classes: as the attributes say; may be empty. */
bool css_hides(struct css *c, const char *element, const char *id, const char *classes);

/* Do declarations ("display: none; …") show nothing of what is within? Not displayed, not visible, without size or opacity, cut
 * off, moved off the page, or in the colour that they put behind it, white where they say none. */
bool css_is_hidden(struct str declarations);

#endif
