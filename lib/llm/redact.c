/* lib/llm/redact: the spans that lib/pii finds, a token for each. */
#include "llm/redact.h"

#include <stdlib.h>

enum { DEPTH_MAX = 200 };

void redaction_fini(struct redaction *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->replaced[i].token);
        free(r->replaced[i].value);
    }
    free(r->replaced);
    *r = (struct redaction){ 0 };
}

static int remember(struct redaction *r, struct str token, struct str value)
{
    for (size_t i = 0; i < r->n; i++)
        if (str_eq(str_of(r->replaced[i].token), token))
            return 0; /* the first way of writing it */
    if (r->n == r->cap) {
        size_t cap = r->cap > 0 ? 2 * r->cap : 16;
        struct replaced *more = realloc(r->replaced, cap * sizeof *more);
        if (more == NULL)
            return -1;
        r->replaced = more;
        r->cap = cap;
    }
    struct replaced *one = &r->replaced[r->n];
    *one = (struct replaced){ strndup(token.p, token.n), strndup(value.p, value.n) };
    if (one->token == NULL || one->value == NULL) {
        free(one->token);
        free(one->value);
        return -1;
    }
    r->n++;
    return 0;
}

int redact_text(struct redaction *r, const struct hmac_key *key, struct str text, struct buf *out)
{
    struct pii_span span;
    struct buf token;
    size_t from = 0;
    int done = 0;
    buf_init(&token, 0);
    while (done == 0 && pii_next(text, from, &span)) {
        struct str value = { text.p + span.start, span.length };
        buf_put(out, text.p + from, span.start - from);
        buf_clear(&token);
        pii_tokenise(key, value, &token);
        if (token.n == value.n && memcmp(token.p, value.p, value.n) == 0) {
            /* Alone it isn't what it was among its words: hidden as a whole, then. */
            buf_clear(&token);
            pii_tokenise_value(key, value, &token);
        }
        buf_put_str(out, buf_str(&token));
        done = remember(r, buf_str(&token), value);
        from = span.start + span.length;
    }
    buf_put(out, text.p + from, text.n - from);
    done = done < 0 || token.failed || out->failed ? -1 : 0;
    buf_fini(&token);
    return done;
}

/* Each `from` in the text becomes its `to`; at each place the first of them that fits. */
static int replace(const struct redaction *r, bool undo, struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.n;) {
        const struct replaced *found = NULL;
        size_t length = 0;
        for (size_t k = 0; k < r->n; k++) {
            const char *from = undo ? r->replaced[k].token : r->replaced[k].value;
            size_t n = strlen(from);
            if (n > length && text.n - i >= n && memcmp(text.p + i, from, n) == 0) {
                found = &r->replaced[k];
                length = n;
            }
        }
        if (found != NULL) {
            buf_puts(out, undo ? found->value : found->token);
            i += length;
        } else {
            buf_putc(out, text.p[i++]);
        }
    }
    return out->failed ? -1 : 0;
}

int redact_again(const struct redaction *r, struct str text, struct buf *out)
{
    return replace(r, false, text, out);
}

int redact_undo(const struct redaction *r, struct str text, struct buf *out)
{
    return replace(r, true, text, out);
}

static json_t *undo(const struct redaction *r, json_t *v, unsigned depth)
{
    const char *key;
    json_t *member, *out;
    size_t i;
    if (depth > DEPTH_MAX)
        return json_null();
    if (json_is_string(v)) {
        struct buf text;
        buf_init(&text, 0);
        int done = redact_undo(r, (struct str){ json_string_value(v), json_string_length(v) }, &text);
        out = done == 0 ? json_stringn(text.p != NULL ? text.p : "", text.n) : NULL;
        buf_fini(&text);
        return out != NULL ? out : json_incref(v);
    }
    if (json_is_array(v)) {
        out = json_array();
        json_array_foreach(v, i, member) json_array_append_new(out, undo(r, member, depth + 1));
        return out;
    }
    if (json_is_object(v)) {
        out = json_object();
        json_object_foreach(v, key, member) json_object_set_new(out, key, undo(r, member, depth + 1));
        return out;
    }
    return json_incref(v);
}

json_t *redact_undo_json(const struct redaction *r, json_t *value)
{
    return r->n > 0 ? undo(r, value, 0) : json_incref(value);
}
