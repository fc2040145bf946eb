/* lib/llm/dialect: OpenAI's chat completions (llama.cpp, Ollama, vLLM and many others speak it) and Anthropic's messages. */
#include "llm/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <jansson.h>

void llm_prompt_init(struct llm_prompt *p)
{
    *p = (struct llm_prompt){ .n_turns = 1 };
    buf_init(&p->system, 16 << 20);
    for (int i = 0; i < LLM_TURNS; i++)
        buf_init(&p->turns[i], 256 << 20);
}

void llm_prompt_fini(struct llm_prompt *p)
{
    buf_fini(&p->system);
    for (int i = 0; i < LLM_TURNS; i++)
        buf_fini(&p->turns[i]);
}

static bool is_extra(const struct llm_model *m, const char *name)
{
    return m->extra != NULL && json_object_get(m->extra, name) != NULL;
}

static void put_extra(const struct llm_model *m, struct buf *body)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)m->extra, name, value)
    {
        char *text = json_is_null(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        if (text == NULL)
            continue;
        buf_putc(body, ',');
        buf_put_json(body, str_of(name));
        buf_putc(body, ':');
        buf_puts(body, text);
        free(text);
    }
}

static void put_message(const char *role, struct str text, bool first, struct buf *body)
{
    buf_printf(body, "%s{\"role\":\"%s\",\"content\":", first ? "" : ",", role);
    buf_put_json(body, text);
    buf_putc(body, '}');
}

static void put_turns(const struct llm_prompt *p, bool first, struct buf *body)
{
    for (int i = 0; i < p->n_turns; i++)
        put_message(i % 2 == 0 ? "user" : "assistant", buf_str(&p->turns[i]), first && i == 0, body);
}

/* Model, length, temperature: unless the configuration has them otherwise. */
static void put_head(const struct llm_model *m, unsigned max_tokens, struct buf *body)
{
    buf_puts(body, "{\"model\":");
    buf_put_json(body, str_of(m->id));
    if (!is_extra(m, "max_tokens") && !is_extra(m, "max_completion_tokens"))
        buf_printf(body, ",\"max_tokens\":%u", max_tokens);
    if (!is_extra(m, "temperature"))
        buf_puts(body, ",\"temperature\":0");
    put_extra(m, body);
}

static void put_openai(const struct llm_model *m, enum llm_form form, const struct llm_prompt *p, const char *schema,
                       const char *title, unsigned max_tokens, struct buf *body)
{
    put_head(m, max_tokens, body);
    buf_puts(body, ",\"messages\":[");
    put_message("system", buf_str(&p->system), true, body);
    put_turns(p, false, body);
    buf_putc(body, ']');
    if (form == LLM_SCHEMA) {
        buf_puts(body, ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":");
        buf_put_json(body, str_of(title));
        buf_puts(body, ",\"strict\":true,\"schema\":");
        buf_puts(body, schema);
        buf_puts(body, "}}");
    } else if (form == LLM_OBJECT) {
        buf_puts(body, ",\"response_format\":{\"type\":\"json_object\"}");
    }
    buf_putc(body, '}');
}

static void put_anthropic(const struct llm_model *m, enum llm_form form, const struct llm_prompt *p, const char *schema,
                          const char *title, unsigned max_tokens, struct buf *body)
{
    put_head(m, max_tokens, body);
    buf_puts(body, ",\"system\":");
    buf_put_json(body, buf_str(&p->system));
    buf_puts(body, ",\"messages\":[");
    put_turns(p, true, body);
    buf_putc(body, ']');
    if (form == LLM_SCHEMA) {
        buf_puts(body, ",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":");
        buf_puts(body, schema);
        buf_puts(body, "}}");
    } else if (form == LLM_OBJECT) {
        buf_puts(body, ",\"tools\":[{\"name\":");
        buf_put_json(body, str_of(title));
        buf_puts(body, ",\"description\":\"Takes the record that was asked for.\",\"input_schema\":");
        buf_puts(body, schema);
        buf_puts(body, "}],\"tool_choice\":{\"type\":\"tool\",\"name\":");
        buf_put_json(body, str_of(title));
        buf_putc(body, '}');
    }
    buf_putc(body, '}');
}

int llm_put_request(const struct llm_model *m, enum llm_form form, const struct llm_prompt *p, const char *schema,
                    const char *title, unsigned max_tokens, struct buf *body)
{
    (m->provider->api == LLM_OPENAI ? put_openai : put_anthropic)(m, form, p, schema, title, max_tokens, body);
    return body->failed ? -1 : 0;
}

const char *llm_request_path(enum llm_api api)
{
    return api == LLM_OPENAI ? "/chat/completions" : "/messages";
}

char **llm_headers(const struct llm_provider *p)
{
    char **h = calloc(5, sizeof *h);
    int n = 0, bad = 0;
    if (h == NULL)
        return NULL;
    bad |= asprintf(&h[n++], "Content-Type: application/json") < 0;
    bad |= asprintf(&h[n++], "Accept: application/json") < 0;
    if (p->api == LLM_ANTHROPIC)
        bad |= asprintf(&h[n++], "anthropic-version: 2023-06-01") < 0;
    if (p->key != NULL)
        bad |= asprintf(&h[n++], p->api == LLM_ANTHROPIC ? "x-api-key: %s" : "Authorization: Bearer %s", p->key) < 0;
    if (bad) {
        llm_headers_free(h);
        return NULL;
    }
    return h;
}

void llm_headers_free(char **headers)
{
    for (char **h = headers; h != NULL && *h != NULL; h++) {
        explicit_bzero(*h, strlen(*h));
        free(*h);
    }
    free(headers);
}

static void add_text(const json_t *v, struct buf *out)
{
    if (json_is_string(v))
        buf_put(out, json_string_value(v), json_string_length(v));
}

static uint64_t count(const json_t *usage, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(usage, name));
    return n > 0 ? (uint64_t)n : 0;
}

static int read_openai(const json_t *body, struct llm_answer *out, struct err *err)
{
    const json_t *choice = json_array_get(json_object_get(body, "choices"), 0), *message = json_object_get(choice, "message"),
                 *content = json_object_get(message, "content"), *refusal = json_object_get(message, "refusal"),
                 *usage = json_object_get(body, "usage"), *part;
    const char *finish = json_string_value(json_object_get(choice, "finish_reason"));
    size_t i;
    if (message == NULL)
        return err_set(err, ERR_RETRY, "expected choices with a message in the answer, got none");
    add_text(content, &out->content);
    json_array_foreach(content, i, part) add_text(json_object_get(part, "text"), &out->content);
    out->tokens_in = count(usage, "prompt_tokens");
    out->tokens_out = count(usage, "completion_tokens");
    if (finish != NULL && strcmp(finish, "length") == 0)
        out->finish = LLM_CUT;
    if ((json_is_string(refusal) && json_string_length(refusal) > 0) || (finish != NULL && strcmp(finish, "content_filter") == 0)) {
        out->finish = LLM_REFUSED;
        if (out->content.n == 0)
            add_text(refusal, &out->content);
    }
    return 0;
}

static int read_anthropic(const json_t *body, struct llm_answer *out, struct err *err)
{
    const json_t *content = json_object_get(body, "content"), *usage = json_object_get(body, "usage"), *part;
    const char *stop = json_string_value(json_object_get(body, "stop_reason"));
    size_t i;
    if (!json_is_array(content))
        return err_set(err, ERR_RETRY, "expected content in the answer, got none");
    json_array_foreach(content, i, part)
    {
        const json_t *input = json_object_get(part, "input");
        char *text = json_is_object(input) ? json_dumps(input, JSON_COMPACT) : NULL;
        if (text != NULL) {
            buf_clear(&out->content); /* the tool's argument is the answer; words before it aren't */
            buf_puts(&out->content, text);
            free(text);
            break;
        }
        add_text(json_object_get(part, "text"), &out->content);
    }
    out->tokens_in =
        count(usage, "input_tokens") + count(usage, "cache_creation_input_tokens") + count(usage, "cache_read_input_tokens");
    out->tokens_out = count(usage, "output_tokens");
    if (stop != NULL && (strcmp(stop, "max_tokens") == 0 || strcmp(stop, "model_context_window_exceeded") == 0))
        out->finish = LLM_CUT;
    if (stop != NULL && strcmp(stop, "refusal") == 0)
        out->finish = LLM_REFUSED;
    return 0;
}

int llm_read_answer(enum llm_api api, struct str body, struct llm_answer *out, struct err *err)
{
    json_error_t where;
    json_t *json = body.n > 0 ? json_loadb(body.p, body.n, 0, &where) : NULL;
    if (json == NULL)
        return err_set(err, ERR_RETRY, "expected JSON from the provider, got %zu bytes that are none", body.n);
    out->finish = LLM_FINISHED;
    int done = (api == LLM_OPENAI ? read_openai : read_anthropic)(json, out, err);
    json_decref(json);
    struct str text = str_trim(buf_str(&out->content));
    if (done == 0 && out->finish == LLM_FINISHED && text.n == 0)
        out->finish = LLM_NOTHING;
    if (done == 0 && out->finish == LLM_FINISHED && llm_sounds_like_refusal(text))
        out->finish = LLM_REFUSED;
    return done;
}

bool llm_sounds_like_refusal(struct str text)
{
    static const char *const begins[] = { "I'm sorry",  "I\xE2\x80\x99m sorry",  "I am sorry", "Sorry,",
                                          "I can't",    "I can\xE2\x80\x99t",    "I cannot",   "I am unable",
                                          "I'm unable", "I\xE2\x80\x99m unable", "I won't",    "I won\xE2\x80\x99t",
                                          "As an AI" };
    if (memchr(text.p, '{', text.n) != NULL)
        return false;
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (text.n >= strlen(begins[i]) && strncasecmp(text.p, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

void llm_read_error(struct str body, const char *key, char *text, size_t size)
{
    json_t *json = body.n > 0 ? json_loadb(body.p, body.n, 0, NULL) : NULL;
    const json_t *error = json_object_get(json, "error"), *message = json_object_get(error, "message");
    const char *said = json_is_string(message) ? json_string_value(message)
                       : json_is_string(error) ? json_string_value(error)
                                               : json_string_value(json_object_get(json, "message"));
    struct str s = said != NULL ? str_of(said) : json == NULL ? body : STR("");
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 1 < size; i++) {
        if (key != NULL && s.n - i >= strlen(key) && memcmp(s.p + i, key, strlen(key)) == 0) {
            n += (size_t)snprintf(text + n, size - n, "[KEY]");
            n = n < size ? n : size - 1;
            i += strlen(key) - 1;
            continue;
        }
        text[n++] = (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i];
    }
    text[n] = '\0';
    json_decref(json);
}
