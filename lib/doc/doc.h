/* lib/doc: the text of a document, whatever kind of file it is. */
#ifndef ODW_DOC_H
#define ODW_DOC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* What one document may take. More is an answer of its own: an error that says which limit it was. */
struct doc_limits {
    size_t bytes;          /* of the file */
    size_t text_bytes;     /* of what it says */
    size_t unpacked_bytes; /* of what an archive holds */
    size_t ratio;          /* unpacked to packed, of a member of an archive that unpacks to more than a megabyte */
    unsigned pages;        /* of a PDF, a book of sheets, a TIFF */
    unsigned scans;        /* pages that are read by OCR */
    unsigned megapixels;   /* of a picture */
    unsigned parts;        /* of a message or an office file: its attachments or pictures and theirs, together */
    unsigned depth;        /* of messages and files within messages */
    unsigned cpu_s;        /* computing, of each process */
    size_t memory_bytes;   /* of each process */
    unsigned deadline_ms;  /* in all */
};
extern const struct doc_limits doc_limits_default;

/* A document to be read. */
struct doc_task {
    struct str bytes;
    struct str content_type; /* "text/html; charset=utf-8"; empty or application/octet-stream: to be found out */
};

/* What it says. Either `error` is empty, or text and pages are. */
struct doc_answer {
    struct buf text; /* UTF-8 without control characters but \t and \n; a form feed stands between two pages */
    uint32_t pages;  /* at least 1; sheets, slides and attachments are pages too */
    char method[16]; /* how it was read: text, html, pdf, ocr, pdf+ocr, docx, docx+ocr, xlsx, pptx, odt, ods, odp, rtf, eml,
                      * p7m */
    char error[320]; /* why there is no text, for people: "the PDF is protected with a password" */
};

struct doc_reader;

/* limits: borrowed. NULL and err: libmagic has no database, or no memory. */
struct doc_reader *doc_reader_new(const struct doc_limits *limits, struct err *err) __attribute__((warn_unused_result));
void doc_reader_free(struct doc_reader *r);

/* Are the programs there that it runs? -1 and err (ERR_STOP): which one isn't, and its Debian package. */
int doc_programs_check(struct err *err) __attribute__((warn_unused_result));

/* Reads n documents, several at a time. Each is taken apart by processes of its own that can reach nothing but the bytes that they
 * are given (seccomp, landlock, limits), and that end with it: whatever is in a document costs that document. answers: n of them;
 * what was in them is overwritten, the caller ends them by doc_answers_fini. */
void doc_read(struct doc_reader *r, const struct doc_task *tasks, struct doc_answer *answers, size_t n);
/* The media type of what the bytes are. */
void doc_type(struct doc_reader *r, struct str bytes, char type[128]);
void doc_answers_fini(struct doc_answer *answers, size_t n);

#endif
