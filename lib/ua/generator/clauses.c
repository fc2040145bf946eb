/* lib/ua/generator: which literals a text must have for a regular expression to match it.
 *
 * Every part of a pattern either matches one of few known texts (`exact`), or demands that some clauses hold, or demands nothing.
 * The idea is that of RE2's prefilter and of Cox, "Regular Expression Matching with a Trigram Index" (2012). */
#include <stdlib.h>
#include <string.h>

#include "ua/generator/generator.h"

enum {
    CROSS_MAX = 24,   /* texts that a sequence of exact parts may have */
    EXACT_MAX = 1000, /* texts that one exact part may have */
    CLASS_MAX = 4,    /* characters that a class may have to count as exact */
    PARTS_MAX = 64,   /* clauses of a sequence that are looked at */
    LITERAL_MAX = 16, /* bytes of a literal: what is longer isn't rarer */
    LITERAL_WEAK = 3, /* shorter ones stand in nearly every text: they count where there are no others */
    DEPTH_MAX = 100,
};

struct part {
    bool exact;
    struct clause texts; /* exact: all that it matches, in lower case */
    struct clause clauses[PARTS_MAX];
    size_t n;
};

struct parser {
    const char *p;
    struct arena *arena;
    bool failed; /* something that isn't understood, or no memory */
    bool no_memory;
    int depth;
};

static void *get(struct parser *q, size_t n)
{
    void *p = arena_alloc(q->arena, n);
    if (p == NULL)
        q->failed = q->no_memory = true;
    return p;
}

static struct clause texts_new(struct parser *q, size_t max)
{
    return (struct clause){ get(q, (max > 0 ? max : 1) * sizeof(struct str)), 0 };
}

static void texts_add(struct parser *q, struct clause *to, struct str a, struct str b)
{
    char *both = get(q, a.n + b.n + 1);
    if (both == NULL || to->literals == NULL)
        return;
    memcpy(both, a.p, a.n);
    memcpy(both + a.n, b.p, b.n);
    to->literals[to->n++] = (struct str){ both, a.n + b.n };
}

static struct part exactly(struct parser *q, struct str text)
{
    struct part part = { .exact = true, .texts = texts_new(q, 1) };
    texts_add(q, &part.texts, text, STR(""));
    return part;
}

static size_t shortest(const struct clause *c)
{
    size_t n = SIZE_MAX;
    for (size_t i = 0; i < c->n; i++)
        if (c->literals[i].n < n)
            n = c->literals[i].n;
    return c->n > 0 ? n : 0;
}

/* Cut to LITERAL_MAX, and without those that hold another one. A copy: an exact part's texts stay as they are. */
static struct clause reduced(struct parser *q, const struct clause *texts)
{
    struct clause c = texts_new(q, texts->n);
    for (size_t i = 0; i < texts->n; i++) {
        struct str s = texts->literals[i];
        texts_add(q, &c, (struct str){ s.p, s.n < LITERAL_MAX ? s.n : LITERAL_MAX }, STR(""));
    }
    for (size_t i = 0; i < c.n;) {
        bool held = false;
        for (size_t j = 0; j < c.n && !held; j++)
            held = j != i && memmem(c.literals[i].p, c.literals[i].n, c.literals[j].p, c.literals[j].n) != NULL;
        if (held)
            c.literals[i] = c.literals[--c.n];
        else
            i++;
    }
    return c;
}

/* Longer literals are rarer, and so are fewer. */
static int compare(const void *a, const void *b)
{
    const struct clause *x = a, *y = b;
    size_t m = shortest(x), n = shortest(y);
    if (m != n)
        return m > n ? -1 : 1;
    return x->n < y->n ? -1 : x->n > y->n;
}

static void demand(struct parser *q, struct part *part, const struct clause *texts)
{
    struct clause c = reduced(q, texts);
    if (part->n < PARTS_MAX && shortest(&c) > 0)
        part->clauses[part->n++] = c;
}

static struct part alternatives(struct parser *q);

/* The characters of a class, in lower case; *rest: it has more than can be listed. q->p is behind its "[". */
static struct clause class_members(struct parser *q, bool *rest)
{
    bool has[256] = { false }, not = *q->p == '^', first = true;
    size_t n = 0;
    if (not )
        q->p++;
    for (; *q->p != '\0' && (*q->p != ']' || first); first = false) {
        unsigned char from = (unsigned char)*q->p++, to;
        if (from == '\\') {
            from = (unsigned char)*q->p;
            if (from == '\0')
                break;
            q->p++;
            if (strchr("dwsDWS", from) != NULL) {
                not = true; /* too many to list */
                continue;
            }
            if ((from | 0x20) >= 'a' && (from | 0x20) <= 'z') /* \n, \x41 …: not in the lists as they are */
                q->failed = true;
        }
        to = from;
        if (q->p[0] == '-' && q->p[1] != ']' && q->p[1] != '\0') {
            to = (unsigned char)q->p[1];
            q->p += 2;
            if (to == '\\' && *q->p != '\0')
                to = (unsigned char)*q->p++;
        }
        for (unsigned c = from; c <= to; c++)
            has[c >= 'A' && c <= 'Z' ? c | 0x20 : c] = true;
    }
    if (*q->p == ']')
        q->p++;
    else
        q->failed = true;
    for (int c = 0; c < 256; c++)
        n += has[c];
    struct clause members = texts_new(q, n);
    *rest = not || n > CLASS_MAX;
    for (int c = 0; c < 256 && !*rest; c++)
        if (has[c])
            texts_add(q, &members, (struct str){ &(char){ (char)c }, 1 }, STR(""));
    return members;
}

static struct part group(struct parser *q)
{
    bool ahead = false;
    if (*q->p == '?') {
        if (q->p[1] == ':' || q->p[1] == '=' || q->p[1] == '!') {
            ahead = q->p[1] != ':';
            q->p += 2;
        } else {
            q->failed = true;
        }
    }
    struct part inner = alternatives(q);
    if (*q->p == ')')
        q->p++;
    else
        q->failed = true;
    return ahead ? exactly(q, STR("")) : inner;
}

static struct part atom(struct parser *q)
{
    static const struct part anything;
    char c = *q->p++;
    bool rest = false;
    struct clause members;
    switch (c) {
    case '(':
        return group(q);
    case '[':
        members = class_members(q, &rest);
        return rest ? anything : (struct part){ .exact = true, .texts = members };
    case '.':
        return anything;
    case '^':
    case '$':
        return exactly(q, STR(""));
    case '\\':
        c = *q->p++;
        if (c == '\0') {
            q->p--;
            q->failed = true;
        }
        if (c == 'b' || c == 'B')
            return exactly(q, STR(""));
        if (strchr("dwsDWS", c) != NULL)
            return anything;
        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            q->failed = true; /* back references, \x41, \Q …: not in the lists as they are */
        break;
    default:
        break;
    }
    if (c >= 'A' && c <= 'Z')
        c |= 0x20;
    return exactly(q, (struct str){ &c, 1 });
}

/* * + ? {m} {m,} {m,n}, and the ? or + behind it. False: none of them. */
static bool quantifier(struct parser *q, unsigned long *min, unsigned long *max)
{
    char *end;
    switch (*q->p) {
    case '*':
        *min = 0, *max = 1000;
        q->p++;
        break;
    case '+':
        *min = 1, *max = 1000;
        q->p++;
        break;
    case '?':
        *min = 0, *max = 1;
        q->p++;
        break;
    case '{':
        if (q->p[1] < '0' || q->p[1] > '9')
            return false; /* a brace */
        *max = *min = strtoul(q->p + 1, &end, 10);
        if (*end == ',') {
            *max = end[1] == '}' ? 1000 : strtoul(end + 1, &end, 10);
            end += *end == ',';
        }
        if (*end != '}') {
            q->failed = true;
            return false;
        }
        q->p = end + 1;
        break;
    default:
        return false;
    }
    if (*q->p == '?' || *q->p == '+')
        q->p++;
    return true;
}

static struct part repeated(struct parser *q, struct part part, unsigned long min, unsigned long max)
{
    struct part result = { .exact = false };
    if (min == 1 && max == 1)
        return part;
    if (min == 0) {
        if (max == 1 && part.exact && part.texts.n < CROSS_MAX) {
            result.exact = true;
            result.texts = texts_new(q, part.texts.n + 1);
            for (size_t i = 0; i < part.texts.n; i++)
                texts_add(q, &result.texts, part.texts.literals[i], STR(""));
            texts_add(q, &result.texts, STR(""), STR(""));
        }
        return result;
    }
    if (part.exact)
        demand(q, &result, &part.texts);
    else
        result = part;
    return result;
}

static struct clause cross(struct parser *q, const struct clause *a, const struct clause *b)
{
    struct clause result = texts_new(q, a->n * b->n);
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++)
            texts_add(q, &result, a->literals[i], b->literals[j]);
    return result;
}

static struct part sequence(struct parser *q)
{
    struct part result = { .exact = true };
    struct clause run = exactly(q, STR("")).texts; /* what the exact parts since the last other one can be */
    while (*q->p != '\0' && *q->p != '|' && *q->p != ')' && !q->failed) {
        unsigned long min, max;
        struct part part = atom(q);
        if (quantifier(q, &min, &max))
            part = repeated(q, part, min, max);
        if (part.exact && (run.n * part.texts.n <= CROSS_MAX || run.n == 1)) {
            run = cross(q, &run, &part.texts);
            continue;
        }
        result.exact = false;
        demand(q, &result, &run);
        run = part.exact ? part.texts : exactly(q, STR("")).texts;
        for (size_t i = 0; i < part.n && !part.exact; i++)
            demand(q, &result, &part.clauses[i]);
    }
    if (result.exact)
        result.texts = run;
    else
        demand(q, &result, &run);
    return result;
}

/* Both: texts either of them can be, or literals of which one must be there. */
static struct clause united(struct parser *q, const struct clause *a, const struct clause *b)
{
    struct clause result = texts_new(q, a->n + b->n);
    for (size_t i = 0; i < a->n + b->n; i++)
        texts_add(q, &result, i < a->n ? a->literals[i] : b->literals[i - a->n], STR(""));
    return result;
}

/* The best clause of a part; none (n is 0) where it demands nothing. */
static struct clause best(struct parser *q, const struct part *part)
{
    struct part all = *part;
    if (part->exact)
        demand(q, &all, &part->texts);
    qsort(all.clauses, all.n, sizeof all.clauses[0], compare);
    return all.n > 0 ? all.clauses[0] : (struct clause){ NULL, 0 };
}

static struct part alternatives(struct parser *q)
{
    struct part result = { .exact = false };
    if (++q->depth > DEPTH_MAX)
        q->failed = true;
    struct part all = sequence(q);
    struct clause any = best(q, &all); /* one of these must be there, whichever branch it is */
    bool alone = true;
    while (*q->p == '|' && !q->failed) {
        q->p++;
        alone = false;
        struct part branch = sequence(q);
        struct clause more = best(q, &branch);
        any = any.n > 0 && more.n > 0 ? united(q, &any, &more) : (struct clause){ NULL, 0 };
        all.exact = all.exact && branch.exact && all.texts.n + branch.texts.n <= EXACT_MAX;
        if (all.exact)
            all.texts = united(q, &all.texts, &branch.texts);
    }
    q->depth--;
    if (alone || all.exact)
        return all;
    if (any.n > 0)
        demand(q, &result, &any);
    return result;
}

int find_clauses(struct rule *rule, struct arena *arena)
{
    struct parser q = { .p = rule->pattern, .arena = arena };
    struct part part = alternatives(&q);
    if (q.no_memory)
        return -1;
    if (q.failed || *q.p != '\0')
        return 0;
    if (part.exact) {
        part.n = 0;
        demand(&q, &part, &part.texts);
    }
    qsort(part.clauses, part.n, sizeof part.clauses[0], compare);
    for (size_t i = 0; i < part.n && rule->n_clauses < CLAUSES_MAX; i++) {
        if (i > 0 && shortest(&part.clauses[i]) < LITERAL_WEAK)
            break;
        rule->clauses[rule->n_clauses++] = part.clauses[i];
    }
    return 0;
}
