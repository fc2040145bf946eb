/* dev/stack: llama.cpp's server with a small model, where dev/install has fetched them. */
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "stack.h"

enum { LLM = 6 };

extern const struct part part_llm;

static const char *file(const struct stack *s, const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/llm/%s", s->deps, name);
    return path;
}

static bool present(const struct stack *s)
{
    return access(file(s, "version"), R_OK) == 0;
}

static void run(const struct stack *s)
{
    struct err err = ERR_INIT;
    char port[32], model[PATH_MAX], program[PATH_MAX], key[128];
    const char *key_file = stack_path(s, "llm/key");
    if (stack_mkdir(stack_path(s, "llm"), &err) < 0 || stack_secret(key_file, key, &err) < 0) {
        log_error("llm: %s", err.text);
        return;
    }
    snprintf(port, sizeof port, "%d", stack_port(s, LLM));
    snprintf(model, sizeof model, "%s", file(s, "model.gguf"));
    snprintf(program, sizeof program, "%s/dev/llm/serve.py", s->root);
    setenv("PYTHONPATH", file(s, ""), 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    execlp("python3", "python3", program, model, port, key_file, (char *)NULL);
}

static bool answers(const struct stack *s, struct err *err)
{
    return probe_http(stack_port(s, LLM), "/health", err);
}

static void variables(const struct stack *s, FILE *to)
{
    if (!part_wanted(s, &part_llm))
        return;
    fprintf(to, "ODW_LLM_URL=http://127.0.0.1:%d/v1\n", stack_port(s, LLM));
    fprintf(to, "ODW_LLM_KEY_FILE=%s\n", stack_path(s, "llm/key"));
}

const struct part part_llm = {
    .name = "llm",
    .about = "a language model: llama.cpp's server with a small open one",
    .layer = 10,
    .ports = { { "the language model", LLM } },
    .grace_seconds = 5,
    .present = present,
    .run = run,
    .answers = answers,
    .variables = variables,
};
