/* tests/golden/llm: what becomes of a document and of a model's answers about it, step by step.
 *
 * A file is a contract (JSON Schema), then documents, each behind a line of its own and followed by the answers that the model
 * gives one after another:
 *     === what is shown here [dmy] [mdy] [redacted] [parts N]     the words after it: as llm.json's "dates", "redacted",
 * "document_tokens" the document's lines
 *     --- stop                     OpenAI's finish_reason; a word of Anthropic's (end_turn, max_tokens, refusal, tool_use); or
 * "body" what the model says; after "body" the whole body of the provider's answer In a line that begins with '~' (left off), \xHH
 * is a byte. */
#include "llm/job.h"
#include "tests/golden/cases.h"

#define NOW_MS INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */

struct scene {
    struct llm_contract *contract;
    struct llm_config config;
    struct llm_provider provider;
    struct llm_model model;
    struct hmac_key key;
    bool redacted;
    struct buf document;
    struct job job;
    bool begun;
    struct buf *out;
};

static void put_lines(struct buf *out, const char *before, struct str text)
{
    while (text.n > 0) {
        struct str line = str_cut(&text, '\n');
        buf_printf(out, "%s%.*s\n", before, STR_ARG(line));
    }
}

static bool has_word(struct str title, const char *word)
{
    return memmem(title.p, title.n, word, strlen(word)) != NULL;
}

static void begin(struct scene *s, struct str title, struct buf *out)
{
    const char *parts = memmem(title.p, title.n, " [parts ", 8);
    *s = (struct scene){ .contract = s->contract, .out = out };
    s->provider = (struct llm_provider){ .name = "p", .api = LLM_OPENAI };
    s->model = (struct llm_model){ .name = "m", .provider = &s->provider };
    s->model.context_tokens = parts != NULL ? (unsigned)atoi(parts + 8) : 0;
    s->config.dates = has_word(title, " [dmy]") ? LLM_DATES_DMY : has_word(title, " [mdy]") ? LLM_DATES_MDY : LLM_DATES_UNSAID;
    s->redacted = has_word(title, " [redacted]");
    hmac_sha256_init(&s->key, STR("not-secret"));
    buf_init(&s->document, 0);
    buf_printf(out, "=== %.*s\n", STR_ARG(title));
}

/* The document is whole. */
static int prepare(struct scene *s)
{
    struct err err = ERR_INIT;
    s->job = (struct job){ .contract = s->contract, .model = &s->model, .text = str_trim(buf_str(&s->document)) };
    s->begun = true;
    if (job_prepare(&s->job, &s->config, s->redacted ? &s->key : NULL, &err) < 0) {
        buf_printf(s->out, "can't be: %s\n", err.text);
        return -1;
    }
    if (s->redacted)
        put_lines(s->out, "shown: ", buf_str(&s->job.shown));
    for (size_t i = 0; s->job.n_parts > 1 && i < s->job.n_parts; i++)
        buf_printf(s->out, "part %zu: %zu bytes from %td on\n", i + 1, s->job.parts[i].shown.text.n,
                   s->job.parts[i].shown.text.p - s->job.shown.p);
    return 0;
}

/* The body in which a provider sends these words. */
static char *body_of(struct str finish, struct str words, enum llm_api *api)
{
    static const char *const anthropic[] = { "end_turn", "max_tokens", "refusal", "tool_use", NULL };
    json_t *body = NULL, *text = json_stringn(words.n > 0 ? words.p : "", words.n), *input = NULL;
    char reason[40];
    snprintf(reason, sizeof reason, "%.*s", STR_ARG(finish));
    *api = LLM_OPENAI;
    for (const char *const *w = anthropic; *w != NULL; w++)
        if (str_eq(finish, str_of(*w)))
            *api = LLM_ANTHROPIC;
    if (*api == LLM_OPENAI)
        body = json_pack("{s:[{s:{s:O}, s:s}]}", "choices", "message", "content", text, "finish_reason", reason);
    else if (str_eq(finish, STR("tool_use")) && (input = json_loadb(words.p, words.n, 0, NULL)) != NULL)
        body = json_pack("{s:[{s:s, s:o}], s:s}", "content", "type", "tool_use", "input", input, "stop_reason", reason);
    else
        body = json_pack("{s:[{s:s, s:O}], s:s}", "content", "type", "text", "text", text, "stop_reason", reason);
    char *dumped = json_dumps(body, JSON_COMPACT);
    json_decref(text);
    json_decref(body);
    return dumped;
}

/* The part that waits for an answer; NULL: none does. */
static struct part *next_part(struct scene *s)
{
    for (size_t i = 0; i < s->job.n_parts && !job_ended(&s->job); i++)
        if (s->job.parts[i].record == NULL)
            return &s->job.parts[i];
    return NULL;
}

static int take(struct scene *s, struct str finish, struct str words)
{
    struct llm_answer answer = { 0 };
    struct err err = ERR_INIT;
    struct buf why, raw;
    enum llm_api api = LLM_OPENAI;
    struct part *part = next_part(s);
    if (part == NULL) {
        buf_puts(s->out, "an answer that nobody waits for\n");
        return -1;
    }
    buf_init(&answer.content, 0);
    buf_init(&why, 0);
    buf_init(&raw, 0);
    /* What the model writes are the tokens that it was shown. */
    if (s->redacted)
        redact_again(&s->job.redaction, words, &raw);
    else
        buf_put_str(&raw, words);
    char *body = str_eq(finish, STR("body")) ? strndup(words.p, words.n) : body_of(finish, buf_str(&raw), &api);
    if (body == NULL) {
        fprintf(stderr, "a body can't be made of this answer\n");
        exit(1);
    }
    if (llm_read_answer(api, str_of(body), &answer, &err) < 0) {
        buf_printf(s->out, "no answer, asked again as it was: %s\n", err.text);
    } else if (part_answer(part, &answer, NOW_MS, &why) == PART_REASK) {
        part->reasked = true;
        buf_puts(s->out, why.n > 0 ? "asked again, shown:\n" : "asked again\n");
        put_lines(s->out, "  ", buf_str(&why));
    }
    free(body);
    buf_fini(&answer.content);
    buf_fini(&why);
    buf_fini(&raw);
    return 0;
}

/* What the row has. */
static int finish(struct scene *s)
{
    const struct job *j = &s->job;
    const struct judged *judged = &j->judged;
    if (!s->begun)
        return 0;
    if (!job_ended(j)) {
        buf_puts(s->out, "not enough answers\n");
        return -1;
    }
    buf_printf(s->out, "%s\n", llm_status_name(j->result.status));
    put_lines(s->out, j->result.status == LLM_OK ? "record  " : "answer  ", buf_str(&j->result.record));
    put_lines(s->out, "error   ", buf_str(&j->result.error));
    for (size_t i = 0; i < judged->n_grounding; i++) {
        const struct llm_grounding *g = &judged->grounding[i];
        buf_printf(s->out, "%-8s %s", llm_how_name(g->how), g->field);
        if (g->end > 0)
            buf_printf(s->out, " = [%u, %u) %.*s", g->start, g->end, (int)(g->end - g->start), j->text.p + g->start);
        buf_putc(s->out, '\n');
    }
    buf_putc(s->out, '\n');
    return 0;
}

static void end(struct scene *s)
{
    if (s->begun)
        job_fini(&s->job);
    buf_fini(&s->document);
    s->begun = false;
}

/* The lines up to the next that begins with three equal signs or dashes. */
static void read_block(struct str *rest, struct buf *block)
{
    struct buf scratch;
    buf_init(&scratch, 0);
    buf_clear(block);
    while (rest->n > 0 && !str_starts(*rest, STR("=== ")) && !str_starts(*rest, STR("--- "))) {
        struct str line = str_cut(rest, '\n');
        if (block->n > 0)
            buf_putc(block, '\n');
        buf_put_str(block, cases_unescape(line, &scratch));
    }
    buf_fini(&scratch);
}

static int run_case(struct str in, struct buf *out)
{
    struct scene s = { 0 };
    struct err err = ERR_INIT;
    struct buf block;
    struct str rest = in;
    int bad = 0;
    buf_init(&block, 0);
    read_block(&rest, &block);
    struct contract *c = contract_compile("test", buf_str(&block), "test.schema.json", &err);
    if (c == NULL || (s.contract = llm_contract_new(c, &err)) == NULL) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n'), words = { line.p + 4, line.n - 4 };
        if (str_starts(line, STR("=== "))) {
            bad |= finish(&s);
            end(&s);
            begin(&s, words, out);
            read_block(&rest, &s.document);
            bad |= prepare(&s);
        } else {
            read_block(&rest, &block);
            bad |= take(&s, words, buf_str(&block));
        }
    }
    bad |= finish(&s);
    end(&s);
    llm_contract_free(s.contract);
    buf_fini(&block);
    return bad;
}

int main(void)
{
    return cases_run("tests/golden/llm/[0-9]*.in", run_case);
}
