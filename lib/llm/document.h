/* lib/llm/document: a document's text as a model is shown it, and as values are looked for in it. */
#ifndef ODW_LLM_DOCUMENT_H
#define ODW_LLM_DOCUMENT_H

#include "base/buf.h"
#include "base/str.h"

/* Appends the text without what no reader sees: control characters, zero-width and bidirectional marks, tags, variation selectors,
 * soft hyphens. Bytes that aren't UTF-8 become U+FFFD. */
int llm_document_clean(struct str text, struct buf *out);

/* A text with what doesn't matter for finding a value evened out: case, white space, commas, kinds of quotes and dashes. Each byte
 * of it knows where it came from. */
struct folded {
    struct buf text;
    uint32_t *at; /* for each byte, where its character begins in the original; one more for the end */
};
int llm_fold(struct str text, struct folded *out) __attribute__((warn_unused_result));
void llm_folded_fini(struct folded *f);

/* Where a document may be cut so that each part is at most `bytes` long: best between pages, else before a heading or between
 * paragraphs, lines, sentences, words. The part that begins at `from`; it is never empty while from < text.n. */
struct str llm_document_part(struct str text, size_t from, size_t bytes);
/* Where the part after this one begins: with the last paragraph (or lines) of it again, at most a tenth. */
size_t llm_document_overlap(struct str text, struct str part);

#endif
