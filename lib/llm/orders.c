/* lib/llm/orders: finds what reads like an instruction to a model; values aren't looked for there. */
#include "llm/ground.h"

/* As llm_fold leaves them, at least HEAD bytes long; the second within some bytes of the first. LINE: both on one line. */
#define LINE "line"
static const char *const orders[][3] = {
    { "ignore", "instru" }, /* instruction, instruções */
    { "ignore", "previous" },
    { "ignore", "above" },
    { "disregard", "instruction" },
    { "disregard", "previous" },
    { "disregard", "above" },
    { "forget", "instruction" },
    { "forget", "schema" },
    { "forget", "previous" },
    { "forget everything" },
    { "override", "instruction" },
    { "new instructions" },
    { "new task for" },
    { "system prompt" },
    /* Alone these begin many a line that is none: "Operating system: Linux", "Dental assistant: Mary Moe". */
    { "system:", "you ", LINE },
    { "system:", "write", LINE },
    { "system:", "output", LINE },
    { "system:", "answer", LINE },
    { "system:", "reply", LINE },
    { "system:", "respond", LINE },
    { "system:", "instruction", LINE },
    { "assistant:", "you ", LINE },
    { "assistant:", "write", LINE },
    { "assistant:", "output", LINE },
    { "assistant:", "answer", LINE },
    { "assistant:", "reply", LINE },
    { "you are now", "assistant" },
    { "you are now", " ai" },
    { "you are now", "mode" },
    { "you are now", "free" },
    { "you are now", "allowed" },
    { "you are free", "write" },
    { "you are free", "ignore" },
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
    { "olvida", "instruccion" },
    { "ignora", "istruzioni" },
    { "dimentica", "istruzioni" },
    { "negeer", "instructie" },
    { "\xD0\xB8\xD0\xB3\xD0\xBD\xD0\xBE\xD1\x80\xD0\xB8\xD1\x80\xD1\x83\xD0\xB9",
      "\xD0\xB8\xD0\xBD\xD1\x81\xD1\x82\xD1\x80\xD1\x83\xD0\xBA\xD1\x86" }, /* Russian */
    { "\xE5\xBF\xBD\xE7\x95\xA5", "\xE6\x8C\x87\xE4\xBB\xA4" },             /* Chinese: ignore, instruction */
    { "\xE6\x8C\x87\xE7\xA4\xBA", "\xE7\x84\xA1\xE8\xA6\x96" },             /* Japanese: instruction, ignore */
    { "jailbreak" },
    { "developer mode" },
};
enum { ORDERS = sizeof orders / sizeof orders[0], NEAR_BYTES = 60, HEAD = 4, FILTER_BITS = 12 };

/* Of the four bytes with which an order may begin. */
static unsigned filter_at(const char *p)
{
    uint32_t head;
    memcpy(&head, p, HEAD);
    return head * 2654435761u >> (32 - FILTER_BITS);
}

/* Where the order that begins at this byte of the folded text ends; 0: it isn't this one. */
static size_t order_end(struct str text, const struct folded *f, size_t at, const char *const order[3])
{
    struct str folded = buf_str(&f->text);
    size_t n = strlen(order[0]), near = at + n, second = order[1] != NULL ? strlen(order[1]) : 0;
    if (folded.n - at < n || memcmp(folded.p + at, order[0], n) != 0)
        return 0;
    size_t left = folded.n - near < NEAR_BYTES ? folded.n - near : NEAR_BYTES;
    const char *found = second > 0 ? memmem(folded.p + near, left, order[1], second) : folded.p + near;
    if (found == NULL)
        return 0;
    size_t end = (size_t)(found - folded.p) + second;
    return order[2] != NULL && memchr(text.p + f->at[at], '\n', f->at[end] - f->at[at]) != NULL ? 0 : end;
}

bool ground_next_order(struct str text, const struct folded *f, size_t from, size_t *start, size_t *end)
{
    uint8_t filter[1 << FILTER_BITS] = { 0 };
    for (size_t k = 0; k < ORDERS; k++)
        filter[filter_at(orders[k][0])] = 1;
    for (size_t i = from; i + HEAD <= f->text.n; i++)
        for (size_t k = 0; filter[filter_at(f->text.p + i)] != 0 && k < ORDERS; k++)
            if ((*end = order_end(text, f, i, orders[k])) > 0) {
                *start = i;
                return true;
            }
    return false;
}
