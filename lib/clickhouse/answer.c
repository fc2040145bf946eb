/* lib/clickhouse/answer: what comes back: an exception in mid-stream, an error's text and class, rows. */
#include "clickhouse/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_MAX = 64 << 20, ERROR_MAX = 64 << 10, CLIP = 700 };

/* ---- exceptions in mid-stream ---- */

void answer_init(struct answer *a, int (*on_body)(void *, const char *, size_t), void *context,
                 const struct http_response *response)
{
    *a = (struct answer){ .on_body = on_body, .context = context, .response = response };
    buf_init(&a->held, 0);
    buf_init(&a->error, ERROR_MAX);
}

void answer_fini(struct answer *a)
{
    buf_fini(&a->held);
    buf_fini(&a->error);
}

static int hand_over(struct answer *a, const char *p, size_t n)
{
    if (n > 0 && a->on_body(a->context, p, n) < 0) {
        a->refused = true;
        return -1;
    }
    return 0;
}

/* How many bytes at the end of s may be the beginning of the mark. */
static size_t tail_of(struct str s, struct str mark)
{
    size_t n = s.n < mark.n - 1 ? s.n : mark.n - 1;
    while (n > 0 && memcmp(s.p + s.n - n, mark.p, n) != 0)
        n--;
    return n;
}

int answer_take(void *context, const char *p, size_t n)
{
    struct answer *a = context;
    if (a->raised) {
        buf_put(&a->error, p, n);
        return 0;
    }
    if (a->response->exception_tag[0] == '\0')
        return hand_over(a, p, n);
    char text[80];
    snprintf(text, sizeof text, "\r\n__exception__\r\n%s", a->response->exception_tag);
    struct str mark = str_of(text);
    /* What was held is shorter than the mark, so this copies only where a mark may be cut in two. */
    struct str all = { p, n };
    if (a->held.n > 0) {
        if (buf_put(&a->held, p, n) < 0)
            return -1;
        all = buf_str(&a->held);
    }
    const char *at = memmem(all.p, all.n, mark.p, mark.n);
    size_t keep = at != NULL ? 0 : tail_of(all, mark);
    size_t give = at != NULL ? (size_t)(at - all.p) : all.n - keep;
    if (hand_over(a, all.p, give) < 0)
        return -1;
    if (at != NULL) {
        a->raised = true;
        buf_put(&a->error, at + mark.n, all.n - give - mark.n);
        buf_clear(&a->held);
        return 0;
    }
    char rest[sizeof text];
    memcpy(rest, all.p + give, keep);
    buf_clear(&a->held);
    return buf_put(&a->held, rest, keep);
}

int answer_finish(struct answer *a, bool cut, int *code, const struct clickhouse_query *q, struct err *err)
{
    if (a->raised)
        return answer_error(q, 200, code, buf_str(&a->error), err);
    if (!cut && !a->refused && a->held.n > 0)
        hand_over(a, a->held.p, a->held.n);
    return a->refused ? err_set(err, ERR_DROP, "ClickHouse's answer wasn't read to its end") : 0;
}

/* ---- errors ---- */

/* What passes by itself: too busy, out of memory or disk for now, a replica or Keeper away. */
static bool is_passing(int code)
{
    static const short codes[] = { 159, 160, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 285, 286, 319, 335, 439, 473, 999 };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* Replaces every bound value that stands in the text: it may be personal data. */
static void hide_values(const struct clickhouse_query *q, char *text)
{
    for (size_t i = 0; i < q->n_params; i++) {
        struct str v = q->params[i].value;
        if (v.n < 3)
            continue;
        for (char *at = memmem(text, strlen(text), v.p, v.n); at != NULL; at = memmem(at, strlen(at), v.p, v.n)) {
            memcpy(at, "\xe2\x80\xa6", 3);
            memmove(at + 3, at + v.n, strlen(at + v.n) + 1);
            at += 3;
        }
    }
}

static void cut_at(char *text, const char *mark)
{
    char *at = strstr(text, mark);
    if (at != NULL)
        *at = '\0';
}

int answer_error(const struct clickhouse_query *q, int status, int *code, struct str text, struct err *err)
{
    text = str_trim(text);
    char *message = malloc(text.n + 1);
    if (message == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    memcpy(message, text.p != NULL ? text.p : "", text.n);
    message[text.n] = '\0';
    for (size_t i = 0; i < text.n; i++)
        if (message[i] == '\0')
            message[i] = ' ';
    if (*code == 0 && strncmp(message, "Code: ", 6) == 0)
        *code = atoi(message + 6);
    cut_at(message, "\n__exception__");
    cut_at(message, " (version ");
    cut_at(message, ", Stack trace");
    /* A row that couldn't be read is shown by ClickHouse after this. */
    if (q->data.n > 0) {
        cut_at(message, " before: ");
        cut_at(message, ": (at row ");
        cut_at(message, "\n");
    }
    hide_values(q, message);
    for (char *p = message; *p != '\0'; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    enum err_class class = ERR_DROP;
    if (is_passing(*code) || (*code == 0 && (status == 429 || (status >= 502 && status <= 504))))
        class = ERR_RETRY;
    if (message[0] == '\0')
        err_set(err, class, "ClickHouse answered HTTP %d without a text", status);
    else if (*code == 0)
        err_set(err, class, "expected ClickHouse, got HTTP %d: %.200s", status, message);
    else
        err_set(err, class, "%.*s%s", (int)CLIP, message, strlen(message) > CLIP ? "\xe2\x80\xa6" : "");
    free(message);
    return -1;
}

/* ---- rows ---- */

size_t answer_unescape(char *p, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        if (c == '\\' && i + 1 < n) {
            c = p[++i];
            c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == '0' ? '\0' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
        }
        p[out++] = c;
    }
    return out;
}

void row_reader_init(struct row_reader *r, clickhouse_each *each, void *context)
{
    *r = (struct row_reader){ .each = each, .context = context };
    buf_init(&r->line, ROW_MAX);
}

void row_reader_fini(struct row_reader *r)
{
    buf_fini(&r->line);
    free(r->fields);
    r->fields = NULL;
}

static int add_field(struct row_reader *r, char *p, size_t n)
{
    if (r->n_fields == r->cap) {
        size_t cap = r->cap > 0 ? r->cap * 2 : 16;
        struct str *more = realloc(r->fields, cap * sizeof *more);
        if (more == NULL)
            return -1;
        r->fields = more;
        r->cap = cap;
    }
    struct str null = { NULL, 0 };
    r->fields[r->n_fields++] = n == 2 && p[0] == '\\' && p[1] == 'N' ? null : (struct str){ p, answer_unescape(p, n) };
    return 0;
}

/* r->line is one whole row. */
static int hand_row(struct row_reader *r)
{
    char *p = r->line.p, *end = p + r->line.n;
    r->n_fields = 0;
    for (;;) {
        char *tab = p < end ? memchr(p, '\t', (size_t)(end - p)) : NULL;
        char *stop = tab != NULL ? tab : end;
        if (add_field(r, p, (size_t)(stop - p)) < 0)
            return -1;
        if (tab == NULL)
            break;
        p = tab + 1;
    }
    int answer = r->each(r->context, r->fields, r->n_fields);
    buf_clear(&r->line);
    return answer;
}

int row_reader_take(void *context, const char *p, size_t n)
{
    struct row_reader *r = context;
    while (n > 0) {
        const char *end = memchr(p, '\n', n);
        size_t part = end != NULL ? (size_t)(end - p) : n;
        /* One byte more, so that an empty row has a buffer as well. */
        if (buf_reserve(&r->line, part + 1) < 0 || buf_put(&r->line, p, part) < 0)
            return -1;
        if (end == NULL)
            return 0;
        if (hand_row(r) < 0)
            return -1;
        p += part + 1;
        n -= part + 1;
    }
    return 0;
}
