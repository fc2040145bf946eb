/* udfs: what the functions that read documents have in common. */
#ifndef ODW_UDF_DOCUMENTS_H
#define ODW_UDF_DOCUMENTS_H

#include <stdio.h>
#include <stdlib.h>

#include "doc/doc.h"
#include "udf/udf.h"

/* Rows start programs. What a block may take is what the slowest 16 documents may, on two processors. */
#define DOCUMENTS_LIMITS .unconfined = true, .block_rows = 16, .block_ms = 5400000, .pool_size = 8, .deadline_ms = 60000

static inline void *documents_open(const struct udf *udf, struct err *err)
{
    (void)udf;
    /* Without them every PDF would be a dead letter: the block waits for them instead. */
    return doc_programs_check(err) < 0 ? NULL : doc_reader_new(&doc_limits_default, err);
}

static inline void documents_close(void *state)
{
    doc_reader_free(state);
}

/* Reads the block's documents (bytes, content_type), and puts each answer. */
static inline int documents_read(struct udf_block *b, void (*put)(struct col *out, const struct doc_answer *a))
{
    struct doc_task *tasks = calloc(b->rows, sizeof *tasks);
    struct doc_answer *answers = calloc(b->rows, sizeof *answers);
    int done = tasks != NULL && answers != NULL ? 0 : err_set(b->err, ERR_RETRY, "out of memory");
    if (done == 0) {
        for (size_t i = 0; i < b->rows; i++)
            tasks[i] = (struct doc_task){ b->values[i].str[0], b->values[i].str[1] };
        doc_read(b->state, tasks, answers, b->rows);
        for (size_t i = 0; i < b->rows; i++)
            put(b->out, &answers[i]);
        doc_answers_fini(answers, b->rows);
    }
    free(tasks);
    free(answers);
    return done == 0 ? 0 : UDF_STOP;
}

#endif
