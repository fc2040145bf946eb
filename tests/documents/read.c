/* tests/documents: reads files as docText does and says for each what came out: a line of JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "doc/doc.h"

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct doc_reader *r = doc_reader_new(&doc_limits_default, &err);
    size_t n = (size_t)argc - 1;
    struct buf *bytes = calloc(n + 1, sizeof *bytes), out;
    struct doc_task *tasks = calloc(n + 1, sizeof *tasks);
    struct doc_answer *answers = calloc(n + 1, sizeof *answers);
    if (r == NULL || bytes == NULL || tasks == NULL || answers == NULL)
        return fprintf(stderr, "%s\n", err.text), 1;
    for (size_t i = 0; i < n; i++) {
        buf_init(&bytes[i], 0);
        if (file_read(argv[i + 1], &bytes[i], &err) < 0)
            return fprintf(stderr, "%s\n", err.text), 1;
        tasks[i].bytes = buf_str(&bytes[i]);
    }
    doc_read(r, tasks, answers, n);
    for (size_t i = 0; i < n; i++) {
        buf_init(&out, 0);
        buf_puts(&out, "{\"file\": ");
        buf_put_json(&out, str_of(argv[i + 1]));
        buf_printf(&out, ", \"method\": \"%s\", \"pages\": %u, \"error\": ", answers[i].method, answers[i].pages);
        buf_put_json(&out, str_of(answers[i].error));
        buf_puts(&out, ", \"text\": ");
        buf_put_json(&out, buf_str(&answers[i].text));
        buf_putc(&out, '}');
        puts(buf_text(&out));
        buf_fini(&out);
        buf_fini(&bytes[i]);
    }
    doc_answers_fini(answers, n);
    free(bytes);
    free(tasks);
    free(answers);
    doc_reader_free(r);
    return 0;
}
