/* lib/pii/action: what a policy puts in a span's place, and the text around it. */
#include "base/utf8.h"
#include "pii/json_text.h"
#include "pii/policy_rules.h"
#include "pii/scan.h"

/* The length of the character at p, and whether a mask hides it: letters and digits of any script do, punctuation of ASCII and
 * spaces stay. */
static size_t character(const char *p, size_t n, bool *hidden)
{
    size_t length = utf8_length(p, n);
    *hidden = length != 1 || pii_is_alnum((unsigned char)*p);
    return length > 0 ? length : 1;
}

/* Where it would leave everything to be seen, it leaves nothing. */
static void put_mask(const struct action *a, struct str value, struct buf *out)
{
    size_t all = 0, at = 0, length;
    bool hidden;
    for (size_t i = 0; i < value.n; i += character(value.p + i, value.n - i, &hidden), all += hidden)
        ;
    bool too_few = all <= (size_t)a->keep_first + a->keep_last;
    for (size_t i = 0; i < value.n; i += length) {
        length = character(value.p + i, value.n - i, &hidden);
        bool shown = !hidden || (!too_few && (at < a->keep_first || all - at <= a->keep_last));
        at += hidden;
        if (shown)
            buf_put(out, value.p + i, length);
        else
            buf_putc(out, '*');
    }
}

static void put_canonical(unsigned type, struct str value, struct buf *canonical, struct buf *out)
{
    buf_init(canonical, 0);
    pii_canonical((enum pii_type)type, value, canonical);
    out->failed |= canonical->failed;
}

void pii_action_put(const struct pii_policy *p, unsigned type, struct str value, struct buf *out)
{
    const struct pattern *own = type >= PII_TYPES ? &p->patterns[type - PII_TYPES] : NULL;
    const struct action *a = own != NULL ? &own->action : &p->actions[type];
    const char *token = own != NULL ? own->token : pii_token((enum pii_type)type);
    struct buf canonical;
    switch (a->kind) {
    case ACTION_ADDRESS:
        if (pii_address_rule_put(&p->address, value, out))
            return;
        break; /* what isn't quite an address is replaced whole */
    case ACTION_TOKEN:
        break;
    case ACTION_MASK:
        put_mask(a, value, out);
        return;
    case ACTION_HASH:
        put_canonical(type, value, &canonical, out);
        pii_hash_put(buf_str(&canonical), out);
        buf_fini(&canonical);
        return;
    case ACTION_TOKENISE:
        put_canonical(type, value, &canonical, out);
        pii_token_put(a->key, token, buf_str(&canonical), out);
        buf_fini(&canonical);
        return;
    case ACTION_DROP:
        return;
    case ACTION_KEEP:
        buf_put_str(out, value);
        return;
    }
    buf_puts(out, token);
}

static bool keeps(const struct pii_policy *p, unsigned type)
{
    return (type >= PII_TYPES ? p->patterns[type - PII_TYPES].action.kind : p->actions[type].kind) == ACTION_KEEP;
}

/* The raw content of JSON's strings is resolved before, and escaped after; what is kept goes through as it came. */
static void put_spans(const struct pii_policy *p, struct str text, const struct pii_spans *spans, bool json, struct buf *out)
{
    struct buf value, put;
    size_t done = 0;
    buf_init(&value, 0);
    buf_init(&put, 0);
    for (size_t i = 0; i < spans->n; i++) {
        const struct pii_span *s = &spans->p[i].span;
        struct str raw = { text.p + s->start, s->length };
        if (keeps(p, s->type))
            continue;
        buf_put(out, text.p + done, s->start - done);
        done = s->start + s->length;
        if (!json) {
            pii_action_put(p, s->type, raw, out);
            continue;
        }
        buf_clear(&put);
        if (memchr(raw.p, '\\', raw.n) != NULL) {
            buf_clear(&value);
            pii_json_unescape(raw, &value);
            raw = buf_str(&value);
        }
        pii_action_put(p, s->type, raw, &put);
        if (spans->p[i].bare)
            buf_putc(out, '"');
        pii_json_escape(buf_str(&put), out);
        if (spans->p[i].bare)
            buf_putc(out, '"');
        out->failed |= put.failed | value.failed;
    }
    if (text.n > 0)
        buf_put(out, text.p + done, text.n - done);
    buf_fini(&value);
    buf_fini(&put);
}

int64_t pii_redact_with(const struct pii_policy *p, struct str text, struct buf *out)
{
    if (p->plain)
        return (int64_t)pii_redact(text, out);
    struct pii_spans spans;
    pii_spans_init(&spans);
    pii_find(text, p->types, &spans);
    int64_t found = -1;
    if (p->n_patterns == 0 || pii_patterns_find(p, text, &spans) == 0) {
        put_spans(p, text, &spans, false, out);
        out->failed |= spans.failed;
        found = (int64_t)spans.n;
    }
    pii_spans_fini(&spans);
    return found;
}

int64_t pii_redact_json_with(const struct pii_policy *p, struct str json, struct buf *out)
{
    if (p->plain)
        return (int64_t)pii_redact_json(json, out);
    struct pii_spans spans;
    pii_spans_init(&spans);
    bool is_json = pii_find_json(json, p->types, p->own_keys ? &p->keys : NULL, &spans);
    int64_t found = -1;
    if (p->n_patterns == 0 || (is_json ? pii_patterns_find_json : pii_patterns_find)(p, json, &spans) == 0) {
        put_spans(p, json, &spans, is_json, out);
        out->failed |= spans.failed;
        found = (int64_t)spans.n;
    }
    pii_spans_fini(&spans);
    return found;
}

bool pii_address_with(const struct pii_policy *p, struct str ip, struct buf *out)
{
    return (ip.n == 0 || memchr(ip.p, '/', ip.n) == NULL) && pii_address_rule_put(&p->address, ip, out);
}
