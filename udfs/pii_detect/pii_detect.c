/* udfs/pii_detect: where personal data is in a text, and what. */
#include <stdlib.h>

#include "pii/find.h"
#include "udf/udf.h"

static void *open_spans(const struct udf *udf, struct err *err)
{
    (void)udf;
    struct pii_spans *spans = malloc(sizeof *spans);
    if (spans == NULL)
        err_set(err, ERR_STOP, "out of memory");
    else
        pii_spans_init(spans);
    return spans;
}

static void close_spans(void *spans)
{
    pii_spans_fini(spans);
    free(spans);
}

static int row(struct udf_row *row)
{
    struct pii_spans *spans = row->state;
    struct col *tuple = &row->out->kids[0];
    pii_find(row->str[0], pii_set_all(), spans);
    if (spans->failed)
        return -1;
    for (size_t i = 0; i < spans->n; i++) {
        const struct pii_span *s = &spans->p[i].span;
        col_put_str(&tuple->kids[0], str_of(pii_type_name(s->type)));
        col_put_u64(&tuple->kids[1], s->start);
        col_put_u64(&tuple->kids[2], s->length);
        col_put_fixed(&tuple->kids[3], &s->score);
        col_end_tuple(tuple);
    }
    col_end_array(row->out);
    return 0;
}

const struct udf udf_pii_detect = {
    .name = "piiDetect",
    .group = "Personal data",
    .about = "What personal data a text holds, in order: its type, where it starts and how long it is in bytes (from 0: "
             "substring(text, start + 1, length) is the value), and how certain that is, 0 to 1. Exactly what piiRedact replaces; "
             "beside "
             "it, where nothing else is, what piiRedact keeps (UUID, URL, DATE) and, with a score under 0.5, guesses: a text that "
             "is one "
             "bare number with the check digit of some identifier.",
    .errors = "Any bytes are accepted; [] where nothing is recognised, and for a row that can't be answered.",
    .examples = { { "piiDetect('mail ada@example.com')", "[('EMAIL',5,15,0.95)]" },
                  { "arrayMap(s -> tupleElement(s, 'type'), piiDetect('ada@example.com, +1 415 555 0132'))",
                    "['EMAIL','PHONE']" } },
    .args = { { "text", "String" } },
    .returns = "Array(Tuple(type String, start UInt32, length UInt32, score Float32))",
    .deterministic = true,
    .open = open_spans,
    .row = row,
    .close = close_spans,
};
