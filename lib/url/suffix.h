/* lib/url: the public suffix list as generator/ compiles it: a tree of labels, the last label of a name first. */
#ifndef ODW_URL_SUFFIX_H
#define ODW_URL_SUFFIX_H

#include <stdint.h>

enum {
    SUFFIX_RULE = 1,      /* a rule ends here: "uk", "co.uk" */
    SUFFIX_WILDCARD = 2,  /* any label before this one makes a suffix: "*.ck" */
    SUFFIX_EXCEPTION = 4, /* "!www.ck": what stands before the first dot is no part of the suffix */
};

struct suffix_label {
    uint32_t text; /* where it begins in suffix_text */
    uint32_t first_child;
    uint16_t children; /* they stand side by side, sorted by length and then by their bytes */
    uint8_t length;
    uint8_t flags;
};

extern const struct suffix_label suffix_labels[]; /* [0] is the root */
extern const char suffix_text[];

#endif
