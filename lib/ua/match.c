/* lib/ua: tries the rules that can match, in their order. */
#include "ua/match.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    /* The rules have no nested repeats; the worst of them take n * 200 * 200 steps over n bytes. No agent of uap-core's tests takes
     * a tenth of this. */
    STEPS_MAX = 200000,
    STACK_MIN = 32 << 10,
    STACK_MAX = 512 << 10,
};

struct matcher {
    struct prefilter prefilter;
    pcre2_code **bytes;      /* by rule; NULL: not needed so far */
    pcre2_code **characters; /* the same for texts that aren't ASCII: there "." is a character, and what isn't UTF-8 is none */
    pcre2_compile_context *compile;
    pcre2_match_context *context;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
    struct str text;
    bool ascii;
    bool failed; /* there was no memory: what was found can't be relied on */
    unsigned tried, held;
};

struct matcher *matcher_new(struct err *err)
{
    struct matcher *m = calloc(1, sizeof *m);
    if (m == NULL || prefilter_init(&m->prefilter) < 0)
        goto fail;
    m->bytes = calloc(ua_n_rules, sizeof(pcre2_code *));
    m->characters = calloc(ua_n_rules, sizeof(pcre2_code *));
    m->compile = pcre2_compile_context_create(NULL);
    m->context = pcre2_match_context_create(NULL);
    m->data = pcre2_match_data_create(MATCH_GROUPS, NULL);
    if (m->bytes == NULL || m->characters == NULL || m->compile == NULL || m->context == NULL || m->data == NULL)
        goto fail;
    pcre2_set_newline(m->compile, PCRE2_NEWLINE_LF);
    pcre2_set_match_limit(m->context, STEPS_MAX);
    if ((m->stack = pcre2_jit_stack_create(STACK_MIN, STACK_MAX, NULL)) != NULL)
        pcre2_jit_stack_assign(m->context, NULL, m->stack);
    return m;
fail:
    matcher_free(m);
    err_set(err, ERR_STOP, "out of memory");
    return NULL;
}

void matcher_free(struct matcher *m)
{
    if (m == NULL)
        return;
    for (unsigned i = 0; i < ua_n_rules; i++) {
        if (m->bytes != NULL)
            pcre2_code_free(m->bytes[i]);
        if (m->characters != NULL)
            pcre2_code_free(m->characters[i]);
    }
    free(m->bytes);
    free(m->characters);
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    pcre2_compile_context_free(m->compile);
    pcre2_jit_stack_free(m->stack);
    prefilter_fini(&m->prefilter);
    free(m);
}

void matcher_text(struct matcher *m, struct str text)
{
    unsigned char any = 0;
    for (size_t i = 0; i < text.n; i++)
        any |= (unsigned char)text.p[i];
    m->text = text;
    m->ascii = any < 0x80;
    m->tried = 0;
    m->failed = false;
    prefilter_scan(&m->prefilter, text);
}

/* NULL: no memory. Where the system allows no new machine code, PCRE2 interprets. */
static const pcre2_code *code(struct matcher *m, unsigned rule)
{
    pcre2_code **held = m->ascii ? &m->bytes[rule] : &m->characters[rule];
    if (*held == NULL) {
        int error;
        size_t at;
        uint32_t options = (ua_rules[rule].caseless ? PCRE2_CASELESS : 0) | (m->ascii ? 0 : PCRE2_UTF | PCRE2_MATCH_INVALID_UTF);
        *held = pcre2_compile((PCRE2_SPTR)ua_rules[rule].pattern, PCRE2_ZERO_TERMINATED, options, &error, &at, m->compile);
        if (*held != NULL) {
            (void)pcre2_jit_compile(*held, PCRE2_JIT_COMPLETE);
            m->held++;
        }
    }
    return *held;
}

static bool matches(struct matcher *m, unsigned rule, struct match *match)
{
    const pcre2_code *c = code(m, rule);
    m->tried++;
    int n = PCRE2_ERROR_NOMEMORY;
    if (c != NULL)
        n = pcre2_match(c, (PCRE2_SPTR)m->text.p, m->text.n, 0, 0, m->data, m->context);
    if (n == PCRE2_ERROR_NOMEMORY)
        m->failed = true;
    if (n < 0)
        return false;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m->data);
    *match = (struct match){ .rule = &ua_rules[rule] };
    for (int i = 0; i < MATCH_GROUPS; i++)
        match->groups[i] = (n == 0 || i < n) && at[2 * i] != PCRE2_UNSET
                               ? (struct str){ m->text.p + at[2 * i], at[2 * i + 1] - at[2 * i] }
                               : STR("");
    return true;
}

bool matcher_first(struct matcher *m, enum ua_list list, struct match *match)
{
    unsigned to = ua_list_start[list + 1];
    for (unsigned rule = ua_list_start[list]; (rule = prefilter_next(&m->prefilter, rule, to)) < to; rule++)
        if (matches(m, rule, match))
            return true;
    return false;
}

bool matcher_failed(const struct matcher *m)
{
    return m->failed;
}

unsigned matcher_tried(const struct matcher *m)
{
    return m->tried;
}

unsigned matcher_held(const struct matcher *m)
{
    return m->held;
}
