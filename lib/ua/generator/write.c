/* lib/ua/generator: builds the automaton that finds literals, and prints all tables. */
#include <stdlib.h>
#include <string.h>

#include "ua/generator/generator.h"

enum { STATES_MAX = 65535 };

struct literal {
    struct str text;
    uint16_t *clauses;
    size_t n;
    unsigned also;
};

struct state {
    int *next;        /* by class; 0: none */
    unsigned literal; /* that is spelled by the way here, 0: none */
    unsigned found, fail, number, ways;
    int depth;
};

struct automaton {
    struct arena *arena;
    const struct rules *rules;
    uint8_t class[256];
    unsigned n_classes;
    struct literal *literals; /* from 1 on */
    size_t n_literals, n_postings;
    struct state *states; /* 0 is the root */
    size_t n_states, n_dense;
    unsigned *order;     /* states, breadth first */
    unsigned *by_number; /* states, as the tables number them: those with one way forward come last */
    uint16_t *rule_of;
    size_t n_clauses;
};

static int compare(const void *a, const void *b)
{
    const struct literal *x = a, *y = b;
    size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
    int order = memcmp(x->text.p, y->text.p, n);
    return order != 0 ? order : x->text.n < y->text.n ? -1 : x->text.n > y->text.n;
}

/* One entry per literal, with the clauses that it's in. */
static int collect(struct automaton *a, struct err *err)
{
    size_t n = 0, clauses = 0;
    for (size_t i = 0; i < a->rules->n; i++)
        for (size_t j = 0; j < a->rules->rules[i].n_clauses; j++, clauses++)
            n += a->rules->rules[i].clauses[j].n;
    struct literal *all = arena_alloc(a->arena, (n + 1) * sizeof *all);
    uint16_t *numbers = arena_alloc(a->arena, (n + 1) * sizeof *numbers);
    a->rule_of = arena_alloc(a->arena, (clauses + 1) * sizeof *a->rule_of);
    if (all == NULL || numbers == NULL || a->rule_of == NULL || clauses > UINT16_MAX || n > UINT16_MAX)
        return err_set(err, ERR_STOP, "out of memory, or more than 65535 clauses (%zu) or literals (%zu)", clauses, n);
    n = 0;
    for (size_t i = 0; i < a->rules->n; i++)
        for (size_t j = 0; j < a->rules->rules[i].n_clauses; j++) {
            const struct clause *c = &a->rules->rules[i].clauses[j];
            for (size_t k = 0; k < c->n; k++, n++) {
                numbers[n] = (uint16_t)a->n_clauses;
                all[n] = (struct literal){ .text = c->literals[k], .clauses = &numbers[n], .n = 1 };
            }
            a->rule_of[a->n_clauses++] = (uint16_t)i;
        }
    a->n_postings = n;
    qsort(all, n, sizeof *all, compare);
    a->literals = arena_alloc(a->arena, (n + 1) * sizeof *a->literals);
    if (a->literals == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (size_t i = 0, j; i < n; i = j) {
        struct literal *l = &a->literals[++a->n_literals];
        for (j = i; j < n && str_eq(all[i].text, all[j].text); j++)
            ;
        *l = (struct literal){ .text = all[i].text, .clauses = arena_alloc(a->arena, (j - i) * sizeof *l->clauses), .n = j - i };
        if (l->clauses == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        for (size_t k = i; k < j; k++)
            l->clauses[k - i] = *all[k].clauses;
    }
    return 0;
}

static void classify(struct automaton *a)
{
    a->n_classes = 1;
    for (size_t i = 1; i <= a->n_literals; i++)
        for (size_t j = 0; j < a->literals[i].text.n; j++) {
            uint8_t *class = &a->class[(unsigned char)a->literals[i].text.p[j]];
            if (*class == 0)
                *class = (uint8_t)a->n_classes++;
        }
    for (int c = 'A'; c <= 'Z'; c++)
        a->class[c] = a->class[c | 0x20];
}

static int spell(struct automaton *a, struct err *err)
{
    a->states = arena_alloc(a->arena, STATES_MAX * sizeof *a->states);
    for (size_t i = 0; i <= a->n_literals && a->states != NULL; i++) {
        unsigned s = 0;
        for (size_t j = 0; i > 0 && j < a->literals[i].text.n; j++) {
            uint8_t class = a->class[(unsigned char)a->literals[i].text.p[j]];
            if (a->states[s].next[class] == 0) {
                if (a->n_states == STATES_MAX)
                    return err_set(err, ERR_STOP, "more than %d states", STATES_MAX);
                a->states[s].ways++;
                a->states[s].next[class] = (int)a->n_states++;
            }
            int depth = a->states[s].depth;
            s = (unsigned)a->states[s].next[class];
            a->states[s].depth = depth + 1;
            if (a->states[s].next == NULL && (a->states[s].next = arena_alloc(a->arena, a->n_classes * sizeof(int))) == NULL)
                return err_set(err, ERR_STOP, "out of memory");
        }
        if (i == 0) {
            a->n_states = 1;
            a->states[0].next = arena_alloc(a->arena, a->n_classes * sizeof(int));
            if (a->states[0].next == NULL)
                return err_set(err, ERR_STOP, "out of memory");
        }
        a->states[s].literal = (unsigned)i;
    }
    return a->states != NULL ? 0 : err_set(err, ERR_STOP, "out of memory");
}

static unsigned step(const struct automaton *a, unsigned s, unsigned class)
{
    for (; a->states[s].next[class] == 0; s = a->states[s].fail)
        if (s == 0)
            return 0;
    return (unsigned)a->states[s].next[class];
}

/* Breadth first, so that a state's shorter suffixes are done before it. */
static int link_states(struct automaton *a, struct err *err)
{
    a->order = arena_alloc(a->arena, a->n_states * sizeof *a->order);
    a->by_number = arena_alloc(a->arena, a->n_states * sizeof *a->by_number);
    if (a->order == NULL || a->by_number == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    size_t n = 1;
    for (size_t i = 0; i < n; i++) {
        unsigned s = a->order[i];
        struct state *state = &a->states[s];
        unsigned shorter = s == 0 ? 0 : a->states[state->fail].found;
        state->found = state->literal != 0 ? state->literal : shorter;
        if (state->literal != 0)
            a->literals[state->literal].also = shorter;
        for (unsigned class = 1; class < a->n_classes; class ++)
            if (state->next[class] != 0) {
                unsigned next = (unsigned)state->next[class];
                a->states[next].fail = s == 0 ? 0 : step(a, state->fail, class);
                a->order[n++] = next;
            }
    }
    size_t number = 0;
    for (int dense = 1; dense >= 0; dense--) {
        for (size_t i = 0; i < n; i++) {
            struct state *state = &a->states[a->order[i]];
            if ((state->depth <= 1 || state->ways > 1) != dense)
                continue;
            a->by_number[number] = a->order[i];
            state->number = (unsigned)number++;
        }
        if (dense)
            a->n_dense = number;
    }
    return 0;
}

static void put_text(FILE *to, const char *text)
{
    if (text == NULL) {
        fputs("NULL", to);
        return;
    }
    fputc('"', to);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\' || *p == '?') /* "??" may begin a trigraph */
            fputc('\\', to);
        if (*p < ' ' || *p == 0x7F)
            fprintf(to, "\\%03o", (unsigned char)*p);
        else
            fputc(*p, to);
    }
    fputc('"', to);
}

static void put_rules(const struct automaton *a, FILE *to)
{
    size_t always = 0;
    fprintf(to, "const struct ua_rule ua_rules[] = {\n");
    for (size_t i = 0; i < a->rules->n; i++) {
        const struct rule *r = &a->rules->rules[i];
        int n = UA_TEMPLATES;
        while (n > 0 && r->templates[n - 1] == NULL)
            n--;
        fputs("    { ", to);
        put_text(to, r->pattern);
        fprintf(to, ", %d, %zu, {", r->caseless, r->n_clauses);
        for (int j = 0; j < (n > 0 ? n : 1); j++) {
            fputs(j > 0 ? ", " : " ", to);
            put_text(to, r->templates[j]);
        }
        fputs(" } },\n", to);
    }
    fputs("};\nconst uint16_t ua_list_start[] = {", to);
    for (int i = 0; i <= UA_LISTS; i++)
        fprintf(to, " %zu,", a->rules->start[i]);
    fputs(" };\nconst uint16_t ua_always[] = {", to);
    for (size_t i = 0; i < a->rules->n; i++)
        if (a->rules->rules[i].n_clauses == 0)
            fprintf(to, "%s%zu,", always++ % 20 == 0 ? "\n    " : " ", i);
    fprintf(to, " 0 };\nconst unsigned ua_n_rules = %zu, ua_n_always = %zu;\n", a->rules->n, always);
}

/* static table NAME[n] = value(a, i). */
static void put_numbers(const struct automaton *a, FILE *to, const char *type, const char *name, size_t n,
                        unsigned (*value)(const struct automaton *a, size_t i))
{
    fprintf(to, "const %s %s[] = {", type, name);
    for (size_t i = 0; i < n; i++)
        fprintf(to, "%s%u,", i % 24 == 0 ? "\n    " : " ", value(a, i));
    fputs(n > 0 ? "\n};\n" : " 0 };\n", to);
}

static unsigned class_at(const struct automaton *a, size_t i)
{
    return a->class[i];
}

static unsigned dense_at(const struct automaton *a, size_t i)
{
    unsigned class = (unsigned)(i % a->n_classes);
    return class == 0 ? 0 : a->states[step(a, a->by_number[i / a->n_classes], class)].number;
}

static const struct state *numbered(const struct automaton *a, size_t number)
{
    return &a->states[a->by_number[number]];
}

static unsigned only_class_at(const struct automaton *a, size_t i)
{
    const struct state *s = numbered(a, a->n_dense + i);
    for (unsigned class = 1; class < a->n_classes; class ++)
        if (s->next[class] != 0)
            return class;
    return UINT8_MAX; /* the class of no byte */
}

static unsigned only_next_at(const struct automaton *a, size_t i)
{
    unsigned class = only_class_at(a, i);
    return class == UINT8_MAX ? 0 : a->states[numbered(a, a->n_dense + i)->next[class]].number;
}

static unsigned fail_at(const struct automaton *a, size_t i)
{
    return a->states[numbered(a, a->n_dense + i)->fail].number;
}

static unsigned found_at(const struct automaton *a, size_t i)
{
    return numbered(a, i)->found;
}

static unsigned also_at(const struct automaton *a, size_t i)
{
    return i == 0 ? 0 : a->literals[i].also;
}

static unsigned rule_at(const struct automaton *a, size_t i)
{
    return a->rule_of[i];
}

static void put_clauses(const struct automaton *a, FILE *to)
{
    size_t n = 0;
    fputs("const uint16_t ua_clauses_of[] = { 0,", to);
    for (size_t i = 1; i <= a->n_literals; n += a->literals[i++].n)
        fprintf(to, "%s%zu,", i % 20 == 0 ? "\n    " : " ", n);
    fprintf(to, " %zu };\nconst uint16_t ua_clauses[] = {", n);
    n = 0;
    for (size_t i = 1; i <= a->n_literals; i++)
        for (size_t j = 0; j < a->literals[i].n; j++)
            fprintf(to, "%s%u,", n++ % 20 == 0 ? "\n    " : " ", a->literals[i].clauses[j]);
    fputs("\n};\n", to);
}

int write_tables(const struct rules *rules, FILE *to, struct err *err)
{
    struct arena arena;
    struct automaton a = { .arena = &arena, .rules = rules };
    int result = -1;
    arena_init(&arena, (size_t)1 << 30);
    if (collect(&a, err) < 0)
        goto out;
    classify(&a);
    if (a.n_classes >= UINT8_MAX) {
        err_set(err, ERR_STOP, "more than 254 different bytes in literals");
        goto out;
    }
    if (spell(&a, err) < 0 || link_states(&a, err) < 0)
        goto out;
    fputs("/* Generated by lib/ua/generator from uap-core (Apache-2.0) and crawler-user-agents (MIT). */\n"
          "#include \"ua/tables.h\"\n\n",
          to);
    put_rules(&a, to);
    put_numbers(&a, to, "uint8_t", "ua_class", 256, class_at);
    put_numbers(&a, to, "uint16_t", "ua_dense", a.n_dense * a.n_classes, dense_at);
    put_numbers(&a, to, "uint8_t", "ua_only_class", a.n_states - a.n_dense, only_class_at);
    put_numbers(&a, to, "uint16_t", "ua_only_next", a.n_states - a.n_dense, only_next_at);
    put_numbers(&a, to, "uint16_t", "ua_fail", a.n_states - a.n_dense, fail_at);
    put_numbers(&a, to, "uint16_t", "ua_found", a.n_states, found_at);
    put_numbers(&a, to, "uint16_t", "ua_also", a.n_literals + 1, also_at);
    put_numbers(&a, to, "uint16_t", "ua_rule_of", a.n_clauses, rule_at);
    put_clauses(&a, to);
    fprintf(to, "const unsigned ua_n_literals = %zu, ua_n_clauses = %zu, ua_n_classes = %u, ua_n_dense = %zu;\n", a.n_literals,
            a.n_clauses, a.n_classes, a.n_dense);
    result = fflush(to) == 0 && !ferror(to) ? 0 : err_errno(err, ERR_STOP, "writing the tables");
out:
    arena_fini(&arena);
    return result;
}
