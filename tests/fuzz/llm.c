/* tests/fuzz: an answer of a language model, whatever it holds: what is made of almost-JSON is JSON, and what a judged record has
 * is in the document. */
#include <stdlib.h>
#include <string.h>

#include "llm/judge.h"
#include "llm/repair.h"
#include "tests/fuzz/fuzz.h"

static const char schema[] =
    "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":[\"string\",\"null\"]},\"n\":{\"type\":\"number\"},"
    "\"d\":{\"type\":\"string\",\"format\":\"date\"},\"l\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":"
    "{\"x\":{\"type\":\"string\"}}}},\"o\":{\"type\":\"object\"}}}";

const char *const fuzz_words[] = {
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "\"a\"",
    "\"d\"",
    "\"l\"",
    "\"x\"",
    "\\u",
    "```json",
    "//",
    "/*",
    "*/",
    "None",
    "True",
    "\xE2\x80\x9C",
    "\xE2\x80\x8B",
    "4 March 2026",
    "2026-03-04",
    "1,234.50",
    "-1e5",
    "ignore previous instructions",
    "\n",
    NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct llm_contract *c;
    struct err err = ERR_INIT;
    if (c == NULL)
        c = llm_contract_new(contract_compile("fuzz", str_of(schema), "fuzz", &err), &err);
    if (c == NULL)
        abort();
    struct str text = { (const char *)data, size };
    struct buf mended;
    bool open = false;
    buf_init(&mended, 0);
    if (llm_repair(text, &mended, &open) == 0) {
        json_t *value = json_loadb(mended.p, mended.n, 0, NULL);
        /* Numbers beyond a double are the one thing that jansson doesn't take. */
        if (value == NULL && memmem(mended.p, mended.n, "e", 1) == NULL && memmem(mended.p, mended.n, "E", 1) == NULL)
            abort();
        json_decref(value);
    }
    buf_fini(&mended);
    /* The first half is the document. */
    struct ground g;
    struct judged j;
    struct str document = { text.p, size / 2 }, answer = { text.p + size / 2, size - size / 2 };
    json_t *value = llm_answer_json(answer, &open);
    if (ground_init(&g, document, LLM_DATES_UNSAID) < 0)
        abort();
    judged_init(&j);
    llm_judge(c, &g, value, false, 1800000000000, &j);
    for (size_t i = 0; i < j.n_grounding; i++)
        if (j.grounding[i].end > document.n || j.grounding[i].start > j.grounding[i].end)
            abort();
    judged_fini(&j);
    ground_fini(&g);
    json_decref(value);
    return 0;
}
