/* cli/sample: made-up documents whose truth is known, to try models, prompts and the whole path with. */
#ifndef ODW_SAMPLE_H
#define ODW_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "loaders/generate.h"

/* What looks random, and is a function of where it began. */
struct dice {
    uint64_t state;
};

static inline uint64_t dice_roll(struct dice *d, uint64_t sides)
{
    return gen_mix(d->state++) % sides;
}
#define DICE_PICK(d, list) ((list)[dice_roll((d), sizeof(list) / sizeof((list)[0]))])

/* A document that was made up: its text in UTF-8, with lines of at most SAMPLE_COLUMNS characters, and what is to be found in it.
 */
enum { SAMPLE_COLUMNS = 88, SAMPLE_TEXT_MAX = 1 << 20 };
struct sample {
    struct buf text, truth; /* truth: JSON as the contract has it */
    const char *kind;       /* "letter", for the file's name */
    bool columns;           /* its lines are columns: for a font whose letters are all as wide */
};

/* What writes samples of one contract. */
struct sampler {
    const char *contract;
    int kinds;
    void (*write)(struct sample *s, int kind, struct dice *d); /* text and truth are empty; a failed buf says that memory is out */
};
extern const struct sampler sampler_dental_appointment, sampler_invoice;

/* Fills a template in: `{word}` becomes its value (pairs: word, value, …, NULL; a value NULL: it isn't known); `[…]` is left out
 * where a word within is NULL. */
void sample_fill(struct buf *out, const char *template, const char *const *pairs);
/* A calendar day and time in one of the ways that people write it; days: since 1970-01-01; minute: of the day, -1: none. */
enum { SAMPLE_DATE_FORMATS = 8 };
void sample_put_date(struct buf *out, int64_t days, int minute, int format);

/* The text as a PDF of A4 pages with a text layer, turned by `degrees` (as a scan lies). */
void sample_put_pdf(struct buf *out, const struct sample *s, double degrees);
/* That PDF as a grey PNG of its first page, 150 dots per inch, by poppler's pdftoppm. path: what is written. */
int sample_write_png(const char *path, struct str pdf, struct err *err) __attribute__((warn_unused_result));

#endif
