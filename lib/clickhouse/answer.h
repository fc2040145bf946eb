/* lib/clickhouse/answer: what comes back: an exception in mid-stream, an error's text and class, rows; used by clickhouse.c alone.
 */
#ifndef ODW_CLICKHOUSE_ANSWER_H
#define ODW_CLICKHOUSE_ANSWER_H

#include "base/buf.h"
#include "base/err.h"
#include "clickhouse/clickhouse.h"
#include "http/http.h"

/* A streamed body. Once an answer has begun with 200, ClickHouse can only tell of an exception inside the body:
 * "\r\n__exception__\r\nTAG\r\nTEXT\nLENGTH TAG\r\n__exception__\r\n", where TAG is random and stands in the headers, so that no
 * data can be taken for it. */
struct answer {
    int (*on_body)(void *context, const char *p, size_t n);
    void *context;
    const struct http_response *response;
    struct buf held;  /* the end of what came, as far as it may be the mark's beginning */
    struct buf error; /* what came after the mark */
    bool raised, refused;
};

void answer_init(struct answer *a, int (*on_body)(void *, const char *, size_t), void *context,
                 const struct http_response *response);
void answer_fini(struct answer *a);
/* For struct http_request. */
int answer_take(void *context, const char *p, size_t n);
/* Hands over what was held; -1 and err where an exception came, or on_body broke off. cut: the transport failed as well. */
int answer_finish(struct answer *a, bool cut, int *code, const struct clickhouse_query *q, struct err *err);

/* Sets err from an error's body; always -1. *code: from the header, or 0 to find it in the text. */
int answer_error(const struct clickhouse_query *q, int status, int *code, struct str text, struct err *err);

/* Unescapes one TSV field in place; its new length. */
size_t answer_unescape(char *p, size_t n);

/* TabSeparated as it comes, a call per row. */
struct row_reader {
    clickhouse_each *each;
    void *context;
    struct buf line;
    struct str *fields;
    size_t n_fields, cap;
};

void row_reader_init(struct row_reader *r, clickhouse_each *each, void *context);
void row_reader_fini(struct row_reader *r);
int row_reader_take(void *context, const char *p, size_t n);

#endif
