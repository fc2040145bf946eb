/* lib/llm/orders: finds what reads like an instruction to a model; values aren't looked for there. */
#include <strings.h>

#include "llm/ground.h"

enum { AFTER_BYTES = 300 }; /* what an order says next, on its line */

/* Words in this order, each within some bytes of the one before. */
static const char *const orders[][4] = {
    { "ignore", "instruction" },
    { "ignore", "previous" },
    { "ignore", "above" },
    { "disregard", "instruction" },
    { "disregard", "previous" },
    { "forget", "instruction" },
    { "forget", "schema" },
    { "forget", "previous" },
    { "override", "instruction" },
    { "new instructions" },
    { "new task for" },
    { "system prompt" },
    { "system:" },
    { "assistant:" },
    { "you are now" },
    { "you are free" },
    { "pretend to be" },
    { "respond only with" },
    { "reply only with" },
    { "answer only with" },
    { "output only" },
    { "<|im_start|>" },
    { "[inst]" },
    { "</document" },
    { "ignoriere", "anweisung" },
    { "vergiss", "anweisung" },
    { "ignorez", "instruction" },
    { "oubliez", "instruction" },
    { "ignora", "instruccion" },
    { "ignora", "istruzioni" },
    { "jailbreak" },
    { "developer mode" },
};
enum { NEAR_BYTES = 60 };

static const char *find(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    char lower = word[0], upper = word[0] >= 'a' && word[0] <= 'z' ? (char)(word[0] - 32) : word[0];
    for (; (size_t)(end - p) >= n; p++)
        if ((*p == lower || *p == upper) && strncasecmp(p, word, n) == 0)
            return p;
    return NULL;
}

static bool starts_sentence(const char *text, const char *p)
{
    return p == text || p[-1] == '\n' || ((p[-1] == ' ') && p - text > 1 && strchr(".!?", p[-2]) != NULL);
}

static void blank(char *text, size_t n, const char *at)
{
    char *p = text + (at - text), *end = text + n;
    while (!starts_sentence(text, p))
        p--;
    const char *until = at + AFTER_BYTES < end ? at + AFTER_BYTES : end;
    for (; p < until && (p < at || *p != '\n'); p++)
        *p = *p == '\n' ? '\n' : ' ';
}

bool ground_blank_orders(char *text, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        for (const char *p = text, *at; (at = find(p, text + n, orders[i][0])) != NULL; p = at + 1) {
            const char *near = at + strlen(orders[i][0]), *limit = near + NEAR_BYTES < text + n ? near + NEAR_BYTES : text + n;
            if (orders[i][1] != NULL && find(near, limit, orders[i][1]) == NULL)
                continue;
            blank(text, n, at);
            any = true;
        }
    return any;
}
