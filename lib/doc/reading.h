/* lib/doc/reading: one document while it is read, by the process that starts all others for it. */
#ifndef ODW_DOC_READING_H
#define ODW_DOC_READING_H

#include "doc/parse.h"
#include "doc/process.h"

struct reading {
    const struct doc_limits *limits;
    void *magic;
    int64_t deadline;
    int at_once;           /* pages of a scan */
    struct parts answer;   /* pages, method or error: what becomes the document's answer */
    unsigned scans, files; /* pages read by OCR and attachments so far */
    bool by_pdf, by_ocr;
};

/* Appends a PDF's pages. -1: the error is in `answer`. pdf.c */
int reading_pdf(struct reading *r, struct str bytes);
/* What went wrong, from what poppler said. Always -1. */
int reading_pdf_failed(struct reading *r, const struct outcome *o);

/* Blanks out what a PDF's pages don't show in their texts, which lie in memory that may be written. `scanned` says whether a page
 * (from 0) is a picture: words that are never painted are what OCR found there. A PDF that can't be looked at stays as it is.
 * hidden.c */
void reading_hidden(struct reading *r, struct str pdf, const struct str *texts, unsigned n,
                    bool (*scanned)(void *context, unsigned page), void *context);

/* A page of a PDF that is read by OCR. */
struct scan {
    unsigned page;
    double width, height; /* points */
    struct buf text;
};
/* Renders and reads n of them, several at a time. -1: the error is in `answer`. scan.c */
int reading_scans(struct reading *r, struct str pdf, struct scan *scans, size_t n);

/* The text of a picture (PGM), appended. -1: the error is in `answer`. ocr.c */
int reading_ocr(struct reading *r, struct str image, struct buf *text);

#endif
