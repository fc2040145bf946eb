/* lib/doc/parts: what a parser finds in a file, as one run of bytes: it comes out of a process that nobody trusts. */
#ifndef ODW_DOC_PARTS_H
#define ODW_DOC_PARTS_H

#include "doc/doc.h"

enum part_kind {
    PART_PAGE = 'P',   /* text */
    PART_IMAGE = 'I',  /* a picture for OCR: a PGM file, upright as far as that could be told */
    PART_PDF = 'D',    /* the file is a PDF: programs are to read it */
    PART_FILE = 'F',   /* a file within the file: type NUL name NUL bytes */
    PART_METHOD = 'M', /* how the file was read */
    PART_ERROR = 'E',  /* why it can't be */
};

struct parts {
    const struct doc_limits *limits;
    struct buf out;  /* the parts */
    struct buf page; /* the text of the page that is being read */
    unsigned pages;  /* so far */
    bool failed;     /* PART_ERROR was put: nothing follows it */
};

int parts_init(struct parts *p, const struct doc_limits *limits) __attribute__((warn_unused_result));
void parts_fini(struct parts *p);

/* How text becomes fit for a column. All of them: valid UTF-8 (a stray byte becomes U+FFFD), \n for every line's end, no control
 * characters. */
enum tidy {
    TIDY_VERBATIM, /* nothing else */
    TIDY_FLOW,     /* a run of spaces is one, none at a line's ends; tabs stay; one empty line at most, none at either end */
    TIDY_LAYOUT,   /* as FLOW, but that three spaces and more are two: columns stay apart */
};
void tidy(struct str text, enum tidy how, struct buf *out);

/* Ends the page that p->page holds. -1: over a limit, the error is put. */
int parts_page(struct parts *p, enum tidy how);
/* The same where the page has any text. */
int parts_page_if_any(struct parts *p, enum tidy how);
void parts_put(struct parts *p, enum part_kind kind, struct str bytes);
void parts_file(struct parts *p, struct str content_type, struct str name, struct str bytes);
/* Always -1. The first one counts. */
int parts_fail(struct parts *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes all of them to a pipe; the process ends soon after. */
void parts_write(struct parts *p, int fd);

struct part {
    enum part_kind kind;
    struct str bytes;
};
/* 1: the next one; 0: that was all; -1: it isn't such a run. */
int parts_next(struct str *rest, struct part *part) __attribute__((warn_unused_result));

#endif
