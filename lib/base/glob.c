/* lib/base/glob: a pattern becomes a small program, which is run over the path with all its threads at once: no pattern and no path
 * makes it go back. */
#include "base/glob.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"

enum { PATTERN_MAX = 4096, DEPTH_MAX = 32, PROGRAM_MAX = 4 * PATTERN_MAX + 2, RAW = 0x110000 };

enum op { OP_CHAR, OP_STEP_CHAR, OP_ANY, OP_CLASS, OP_SPLIT, OP_JUMP, OP_MATCH };

struct instruction {
    uint8_t op;
    bool inverted; /* OP_CLASS */
    uint16_t to;   /* OP_SPLIT: the other way (the first is the next one); OP_JUMP: where; OP_CLASS: its ranges end here */
    uint32_t c;    /* OP_CHAR: a code point; OP_CLASS: its first range */
};

struct range {
    uint32_t from, to;
};

/* The threads that live, each once, in the order they came. */
struct threads {
    uint16_t *at;
    size_t n;
};

struct glob {
    struct instruction *program;
    struct range *ranges;
    size_t n, n_ranges;
    struct threads now, next;
    uint32_t *seen; /* the round in which an instruction was last reached */
    uint32_t round;
    struct buf prefix;
    bool literal;
};

struct reader {
    struct glob *g;
    struct str pattern;
    size_t at;
    bool fresh; /* a step of the path begins here */
    struct err *err;
};

/* The code point at *at, or RAW + a byte that begins none. */
static uint32_t take_char(struct str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t n = utf8_length(s.p + *at, s.n - *at);
    static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    *at += n > 0 ? n : 1;
    if (n == 0)
        return RAW + p[0];
    uint32_t c = p[0] & mask[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* ---- from pattern to program ---- */

static size_t emit(struct reader *r, enum op op, uint32_t c)
{
    struct glob *g = r->g;
    g->program[g->n] = (struct instruction){ .op = (uint8_t)op, .c = c };
    r->fresh = op == OP_CHAR && c == '/';
    return g->n++;
}

/* Any number of what one instruction takes, none as well. */
static void emit_run(struct reader *r, enum op op)
{
    size_t split = emit(r, OP_SPLIT, 0);
    emit(r, op, 0);
    r->g->program[emit(r, OP_JUMP, 0)].to = (uint16_t)split;
    r->g->program[split].to = (uint16_t)r->g->n;
}

static int bad(struct reader *r, size_t at, const char *why)
{
    return err_set(r->err, ERR_STOP, "the pattern '%.*s', byte %zu: %s", r->pattern.n < 200 ? (int)r->pattern.n : 200, r->pattern.p,
                   at + 1, why);
}

/* One character that stands for itself, maybe behind a backslash. */
static int read_char(struct reader *r, uint32_t *c)
{
    if (r->pattern.p[r->at] == '\\' && ++r->at == r->pattern.n)
        return bad(r, r->at - 1, "a \\ at the end stands for nothing (\\\\ is a \\ itself)");
    *c = take_char(r->pattern, &r->at);
    return 0;
}

static int read_class(struct reader *r)
{
    struct glob *g = r->g;
    size_t begin = r->at++, at = emit(r, OP_CLASS, (uint32_t)g->n_ranges);
    if (r->at < r->pattern.n && (r->pattern.p[r->at] == '!' || r->pattern.p[r->at] == '^')) {
        g->program[at].inverted = true;
        r->at++;
    }
    for (size_t first = r->at; r->at < r->pattern.n && (r->pattern.p[r->at] != ']' || r->at == first);) {
        struct range range = { 0, 0 };
        if (read_char(r, &range.from) < 0)
            return -1;
        range.to = range.from;
        if (r->at + 1 < r->pattern.n && r->pattern.p[r->at] == '-' && r->pattern.p[r->at + 1] != ']') {
            r->at++;
            if (read_char(r, &range.to) < 0)
                return -1;
            if (range.to < range.from)
                return bad(r, begin, "expected a range from lower to higher between the [ and its ]");
        }
        g->ranges[g->n_ranges++] = range;
    }
    if (r->at == r->pattern.n)
        return bad(r, begin, "a [ without its ] (\\[ is a [ itself)");
    r->at++;
    g->program[at].to = (uint16_t)g->n_ranges;
    return 0;
}

static void read_stars(struct reader *r)
{
    bool fresh = r->fresh;
    size_t n = 0;
    while (r->at < r->pattern.n && r->pattern.p[r->at] == '*')
        r->at++, n++;
    if (n == 1) {
        emit_run(r, OP_STEP_CHAR);
        return;
    }
    if (!fresh || r->at == r->pattern.n || r->pattern.p[r->at] != '/') {
        emit_run(r, OP_ANY);
        return;
    }
    /* Nothing, or anything that ends in a slash. */
    size_t split = emit(r, OP_SPLIT, 0);
    emit_run(r, OP_ANY);
    emit(r, OP_CHAR, '/');
    r->g->program[split].to = (uint16_t)r->g->n;
    r->at++;
}

static int read_sequence(struct reader *r, int depth);

static int read_braces(struct reader *r, int depth)
{
    size_t begin = r->at, split, ends = PROGRAM_MAX;
    bool fresh = r->fresh, all_fresh = true;
    if (depth == DEPTH_MAX)
        return bad(r, begin, "braces are nested too deep");
    for (bool more = true; more;) {
        r->at++;
        split = emit(r, OP_SPLIT, 0);
        r->fresh = fresh;
        if (read_sequence(r, depth + 1) < 0)
            return -1;
        if (r->at == r->pattern.n)
            return bad(r, begin, "a { without its } (\\{ is a { itself)");
        more = r->pattern.p[r->at] == ',';
        all_fresh = all_fresh && r->fresh;
        /* Each alternative's end jumps behind the braces: until that is known, the jumps are a chain. */
        size_t jump = emit(r, OP_JUMP, (uint32_t)ends);
        ends = jump;
        r->g->program[split].to = (uint16_t)r->g->n;
        if (!more)
            r->g->program[split] = (struct instruction){ .op = OP_JUMP, .to = (uint16_t)(split + 1) };
    }
    r->at++;
    r->fresh = all_fresh;
    while (ends != PROGRAM_MAX) {
        size_t before = r->g->program[ends].c;
        r->g->program[ends].to = (uint16_t)r->g->n;
        ends = before;
    }
    return 0;
}

/* Up to the end, or to the ',' or '}' of the braces it's in. */
static int read_sequence(struct reader *r, int depth)
{
    while (r->at < r->pattern.n) {
        uint32_t c = 0;
        int rc = 0;
        switch (r->pattern.p[r->at]) {
        case '}':
        case ',':
            if (depth > 0)
                return 0;
            emit(r, OP_CHAR, (uint32_t)r->pattern.p[r->at++]);
            break;
        case '{':
            rc = read_braces(r, depth);
            break;
        case '[':
            rc = read_class(r);
            break;
        case '*':
            read_stars(r);
            break;
        case '?':
            emit(r, OP_STEP_CHAR, 0);
            r->at++;
            break;
        default:
            rc = read_char(r, &c);
            if (rc == 0)
                emit(r, OP_CHAR, c);
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* ---- running it ---- */

/* Follows what takes no character. The list holds each instruction once, so that it never outgrows the program. */
static void reach(struct glob *g, struct threads *t, size_t at)
{
    size_t first = t->n;
    if (g->seen[at] == g->round)
        return;
    g->seen[at] = g->round;
    t->at[t->n++] = (uint16_t)at;
    for (size_t i = first; i < t->n; i++) {
        const struct instruction *p = &g->program[t->at[i]];
        size_t ways[2] = { p->to, (size_t)t->at[i] + 1 };
        if (p->op != OP_SPLIT && p->op != OP_JUMP)
            continue;
        for (size_t w = 0; w < (p->op == OP_SPLIT ? 2 : 1); w++)
            if (g->seen[ways[w]] != g->round) {
                g->seen[ways[w]] = g->round;
                t->at[t->n++] = (uint16_t)ways[w];
            }
    }
}

static void new_round(struct glob *g, struct threads *t)
{
    t->n = 0;
    if (++g->round == 0) {
        memset(g->seen, 0, g->n * sizeof *g->seen);
        g->round = 1;
    }
}

static bool takes(const struct glob *g, const struct instruction *p, uint32_t c)
{
    switch ((enum op)p->op) {
    case OP_CHAR:
        return c == p->c;
    case OP_STEP_CHAR:
        return c != '/';
    case OP_ANY:
        return true;
    case OP_CLASS:
        for (size_t i = p->c; i < p->to; i++)
            if (c >= g->ranges[i].from && c <= g->ranges[i].to)
                return !p->inverted && c != '/';
        return p->inverted && c != '/';
    default:
        return false;
    }
}

static void step(struct glob *g, uint32_t c)
{
    new_round(g, &g->next);
    for (size_t i = 0; i < g->now.n; i++)
        if (takes(g, &g->program[g->now.at[i]], c))
            reach(g, &g->next, (size_t)g->now.at[i] + 1);
    struct threads t = g->now;
    g->now = g->next;
    g->next = t;
}

static void start(struct glob *g)
{
    new_round(g, &g->now);
    reach(g, &g->now, 0);
}

static void run(struct glob *g, struct str path)
{
    start(g);
    for (size_t at = 0; at < path.n && g->now.n > 0;)
        step(g, take_char(path, &at));
}

static bool matched(const struct glob *g)
{
    for (size_t i = 0; i < g->now.n; i++)
        if (g->program[g->now.at[i]].op == OP_MATCH)
            return true;
    return false;
}

bool glob_match(struct glob *g, struct str path)
{
    run(g, path);
    return matched(g);
}

bool glob_reaches(struct glob *g, struct str prefix)
{
    run(g, prefix);
    return g->now.n > 0;
}

/* As long as all that live ask for the same character. */
static int find_prefix(struct glob *g)
{
    for (start(g);;) {
        uint32_t c = UINT32_MAX;
        bool same = true, ends = matched(g);
        for (size_t i = 0; i < g->now.n && same; i++) {
            const struct instruction *p = &g->program[g->now.at[i]];
            if (p->op == OP_SPLIT || p->op == OP_JUMP || p->op == OP_MATCH)
                continue;
            same = p->op == OP_CHAR && (c == UINT32_MAX || c == p->c);
            c = p->c;
        }
        g->literal = ends && c == UINT32_MAX && same;
        if (ends || !same || c == UINT32_MAX)
            return g->prefix.failed ? -1 : 0;
        char bytes[4];
        buf_put(&g->prefix, bytes, utf8_encode(bytes, c));
        step(g, c);
    }
}

struct glob *glob_new(struct str pattern, struct err *err)
{
    if (pattern.n > PATTERN_MAX) {
        err_set(err, ERR_STOP, "the pattern has %zu bytes; expected at most %d", pattern.n, (int)PATTERN_MAX);
        return NULL;
    }
    for (size_t at = 0, n; at < pattern.n; at += n)
        if ((n = utf8_length(pattern.p + at, pattern.n - at)) == 0) {
            err_set(err, ERR_STOP, "the pattern, byte %zu: expected UTF-8 ('?' also takes a byte that is none)", at + 1);
            return NULL;
        }
    struct glob *g = calloc(1, sizeof *g);
    /* A byte of the pattern becomes at most four instructions ("{" and "," two, "**" five). */
    size_t most = 4 * pattern.n + 2;
    if (g == NULL)
        goto no_memory;
    buf_init(&g->prefix, 0);
    g->program = calloc(most, sizeof *g->program);
    g->ranges = calloc(pattern.n + 1, sizeof *g->ranges);
    g->now.at = calloc(most, sizeof *g->now.at);
    g->next.at = calloc(most, sizeof *g->next.at);
    g->seen = calloc(most, sizeof *g->seen);
    if (g->program == NULL || g->ranges == NULL || g->now.at == NULL || g->next.at == NULL || g->seen == NULL)
        goto no_memory;
    struct reader r = { .g = g, .pattern = pattern, .fresh = true, .err = err };
    if (read_sequence(&r, 0) < 0)
        goto fail;
    emit(&r, OP_MATCH, 0);
    if (find_prefix(g) < 0)
        goto no_memory;
    return g;
no_memory:
    err_set(err, ERR_RETRY, "out of memory");
fail:
    glob_free(g);
    return NULL;
}

void glob_free(struct glob *g)
{
    if (g == NULL)
        return;
    free(g->program);
    free(g->ranges);
    free(g->now.at);
    free(g->next.at);
    free(g->seen);
    buf_fini(&g->prefix);
    free(g);
}

struct str glob_prefix(const struct glob *g)
{
    return buf_str(&g->prefix);
}

bool glob_is_literal(const struct glob *g)
{
    return g->literal;
}
