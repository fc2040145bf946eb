/* lib/pii/pattern: types of a policy's own: a regular expression (PCRE2) within limits, words around it, a checksum. */
#include <stdlib.h>

#include "pii/json_text.h"
#include "pii/policy_rules.h"
#include "pii/scan.h"
#include "pii/spans.h"

enum {
    STEPS = 2000,         /* backtracking from one place: so much for each byte is what a text costs at worst */
    DEPTH = 500,          /* where there is no JIT */
    HEAP_KIB = 1024,      /* likewise */
    STACK_MIN = 32 << 10, /* JIT */
    STACK_MAX = 512 << 10,
    CONTEXT_BYTES = 64,
};

int pii_pattern_compile(struct pii_policy *p, struct pattern *pattern, const char *regex, struct err *err)
{
    int error;
    size_t at;
    unsigned char message[128] = "";
    pattern->code =
        pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY, &error, &at, NULL);
    if (pattern->code == NULL) {
        pcre2_get_error_message(error, message, sizeof message);
        return err_set(err, ERR_STOP, "expected a regular expression (PCRE2), got one that is wrong at byte %zu: %s", at, message);
    }
    /* Where the machine refuses memory that may run, the interpreter does it, slower. */
    pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
    if (p->match == NULL) {
        p->match = pcre2_match_data_create(1, NULL);
        p->limits = pcre2_match_context_create(NULL);
        p->stack = pcre2_jit_stack_create(STACK_MIN, STACK_MAX, NULL);
        if (p->match == NULL || p->limits == NULL || p->stack == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        pcre2_set_match_limit(p->limits, STEPS);
        pcre2_set_depth_limit(p->limits, DEPTH);
        pcre2_set_heap_limit(p->limits, HEAP_KIB);
        pcre2_jit_stack_assign(p->limits, NULL, p->stack);
    }
    return 0;
}

/* ISO/IEC 7812-1, annex B; other bytes than digits don't count. */
static bool luhn(struct str value)
{
    unsigned sum = 0, n = 0;
    for (size_t i = value.n; i > 0; i--) {
        unsigned d = (unsigned char)value.p[i - 1] - '0';
        if (d >= 10)
            continue;
        if (n++ % 2 == 1)
            d = d < 5 ? 2 * d : 2 * d - 9;
        sum += d;
    }
    return n > 1 && sum % 10 == 0;
}

/* ISO/IEC 7064 MOD 97-10: letters count as 10 to 35; the remainder of all of it is 1. */
static bool mod97(struct str value)
{
    unsigned rest = 0, n = 0;
    for (size_t i = 0; i < value.n; i++) {
        unsigned c = (unsigned char)value.p[i];
        if (pii_is_digit(c))
            rest = (rest * 10 + c - '0') % 97;
        else if (pii_is_letter(c))
            rest = (rest * 100 + (c | 0x20) - 'a' + 10) % 97;
        else
            continue;
        n++;
    }
    return n > 2 && rest == 1;
}

/* Verhoeff 1969: the dihedral group D5. */
static bool verhoeff(struct str value)
{
    static const unsigned char permute[10] = { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 };
    unsigned check = 0, n = 0;
    for (size_t i = value.n; i > 0; i--) {
        unsigned d = (unsigned char)value.p[i - 1] - '0';
        if (d >= 10)
            continue;
        for (unsigned k = n++ % 8; k > 0; k--)
            d = permute[d];
        /* In D5, 0 to 4 are rotations, 5 to 9 reflections. */
        unsigned turn = check < 5 ? (check % 5 + d % 5) % 5 : (check % 5 + 5 - d % 5) % 5;
        check = turn + ((check < 5) == (d < 5) ? 0 : 5);
    }
    return n > 1 && check == 0;
}

pii_checksum *pii_checksum_of(const char *name)
{
    static const struct {
        const char *name;
        pii_checksum *check;
    } all[] = { { "luhn", luhn }, { "mod97", mod97 }, { "verhoeff", verhoeff } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(name, all[i].name) == 0)
            return all[i].check;
    return NULL;
}

/* Whether one of the words stands, as a word and in any case, in the bytes before. */
static bool announced(const char *words, struct str text, size_t start)
{
    size_t from = start > CONTEXT_BYTES ? start - CONTEXT_BYTES : 0;
    for (const char *w = words; *w != '\0'; w += strlen(w) + 1) {
        size_t n = strlen(w);
        for (size_t i = from; i + n <= start; i++)
            if (strncasecmp(text.p + i, w, n) == 0 && (i == 0 || !pii_is_word((unsigned char)text.p[i - 1])) &&
                (i + n == text.n || !pii_is_word((unsigned char)text.p[i + n])))
                return true;
    }
    return false;
}

static int find_one(const struct pii_policy *p, unsigned index, struct str text, struct pii_spans *out)
{
    const struct pattern *own = &p->patterns[index];
    for (size_t at = 0; at <= text.n;) {
        int rc = pcre2_match(own->code, (PCRE2_SPTR)text.p, text.n, at, 0, p->match, p->limits);
        if (rc == PCRE2_ERROR_NOMATCH)
            return 0;
        if (rc == PCRE2_ERROR_BADUTFOFFSET) { /* within a character, which a \\K or an empty match can lead to */
            at++;
            continue;
        }
        if (rc < 0)
            return -1;
        const size_t *ends = pcre2_get_ovector_pointer(p->match);
        struct str value = { text.p + ends[0], ends[1] > ends[0] ? ends[1] - ends[0] : 0 };
        /* An empty match, or one that \K moved before its start, is no span. */
        if (value.n > 0 && ends[0] >= at && (own->context == NULL || announced(own->context, text, ends[0])) &&
            (own->checksum == NULL || own->checksum(value)))
            pii_spans_put(out, (struct pii_found){ { ends[0], value.n, (enum pii_type)(PII_TYPES + index), own->score }, false });
        at = ends[1] > at ? ends[1] : at + 1;
    }
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct pii_span *x = a, *y = b;
    return x->start != y->start ? (x->start < y->start ? -1 : 1) : x->length != y->length ? (x->length > y->length ? -1 : 1) : 0;
}

/* Two that overlap become one that covers both, so that nothing of either is left: of the longer's type, else the more certain's,
 * else the policy's own. */
static void add(struct pii_spans *all, struct pii_found f)
{
    struct pii_found *last = all->n > 0 ? &all->p[all->n - 1] : NULL;
    if (last == NULL || last->span.start + last->span.length <= f.span.start) {
        pii_spans_put(all, f);
        return;
    }
    size_t start = last->span.start, end = start + last->span.length;
    if (f.span.start + f.span.length > end)
        end = f.span.start + f.span.length;
    if (f.span.length > last->span.length ||
        (f.span.length == last->span.length &&
         (f.span.score > last->span.score ||
          (f.span.score == last->span.score && f.span.type >= PII_TYPES && last->span.type < PII_TYPES)))) {
        last->span.type = f.span.type;
        last->span.score = f.span.score;
    }
    last->bare |= f.bare;
    last->span.start = start;
    last->span.length = end - start;
}

static void unite(struct pii_spans *spans, struct pii_spans *own)
{
    struct pii_spans all;
    size_t i = 0, k = 0;
    spans->failed |= own->failed;
    if (own->n == 0)
        return;
    qsort(own->p, own->n, sizeof *own->p, by_start); /* the span comes first in struct pii_found */
    pii_spans_init(&all);
    while (i < spans->n || k < own->n)
        add(&all, k == own->n || (i < spans->n && spans->p[i].span.start <= own->p[k].span.start) ? spans->p[i++] : own->p[k++]);
    all.failed |= spans->failed | own->failed;
    pii_spans_fini(spans);
    *spans = all;
}

int pii_patterns_find(const struct pii_policy *p, struct str text, struct pii_spans *spans)
{
    struct pii_spans own;
    int done = 0;
    pii_spans_init(&own);
    for (unsigned k = 0; k < p->n_patterns && done == 0 && text.n > 0; k++)
        done = find_one(p, k, text, &own);
    if (done == 0)
        unite(spans, &own);
    pii_spans_fini(&own);
    return done;
}

struct strings {
    const struct pii_policy *p;
    struct str json;
    struct pii_spans own;
    struct buf resolved;
    int done;
};

static void visit(void *arg, enum pii_json what, size_t start, size_t end)
{
    struct strings *s = arg;
    struct str raw = { s->json.p + start, end - start }, text = raw;
    bool escaped = raw.n > 0 && memchr(raw.p, '\\', raw.n) != NULL;
    size_t i, at, n;
    char c[4];
    if ((what != JSON_KEY && what != JSON_STRING) || raw.n == 0)
        return;
    if (escaped) {
        buf_clear(&s->resolved);
        pii_json_unescape(raw, &s->resolved);
        text = buf_str(&s->resolved);
    }
    for (unsigned k = 0; k < s->p->n_patterns && s->done == 0; k++) {
        struct pii_spans *own = &s->own;
        size_t before = own->n;
        s->done = find_one(s->p, k, text, own);
        /* Places in the string become places in the document; matches of one pattern come in order. */
        i = at = 0;
        for (size_t m = before; m < own->n; m++) {
            struct pii_span *span = &own->p[m].span;
            size_t stop = span->start + span->length;
            if (!escaped) {
                span->start += start;
                continue;
            }
            for (; at < span->start; at += n)
                i += pii_json_resolve(raw.p, raw.n, i, c, &n);
            span->start = start + i;
            for (; at < stop; at += n)
                i += pii_json_resolve(raw.p, raw.n, i, c, &n);
            span->length = start + i - span->start;
        }
    }
}

int pii_patterns_find_json(const struct pii_policy *p, struct str json, struct pii_spans *spans)
{
    struct strings s = { .p = p, .json = json };
    pii_spans_init(&s.own);
    buf_init(&s.resolved, 0);
    /* What only looked like JSON is text to the patterns: they see no less of it. */
    bool is_json = pii_json_walk(json, visit, &s, &spans->failed);
    if (!is_json && s.done == 0) {
        s.own.n = 0;
        s.done = pii_patterns_find(p, json, spans);
    } else if (s.done == 0) {
        spans->failed |= s.resolved.failed;
        unite(spans, &s.own);
    }
    buf_fini(&s.resolved);
    pii_spans_fini(&s.own);
    return s.done;
}
