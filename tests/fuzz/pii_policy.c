/* tests/fuzz/pii_policy: the functions for personal data see the same spans, whatever a policy does with them. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "pii/policy_rules.h"
#include "pii/scan.h"
#include "pii/spans.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_words[] = {
    "john.doe@example.com",
    "\"q s\"@x.org",
    "jörg@müller.de",
    "+1 415 555 0132",
    "(415) 555-0132",
    "4155550132",
    "phone ",
    "4111 1111 1111 1111",
    "DE89370400440532013000",
    "078-05-1123",
    "192.168.1.1",
    "10.0.0.1/8",
    ":8080",
    "2001:db8::1",
    "fe80::1%eth0",
    "::ffff:1.2.3.4",
    "EMP-123456",
    "EMP-",
    "staff ",
    "550e8400-e29b-41d4-a716-446655440000",
    "https://u:p@h.org/",
    "[EMAIL]",
    "[IP]",
    "[SECRET]",
    "[EMAIL:f70d42849f6570c044be3be76a4a7b92]",
    "[VALUE:f43b673e0f446123faec2df4ce03a424]",
    " ",
    "-",
    ".",
    ",",
    "\n",
    "é",
    "\xF0\x9F\x98\x80",
    "\\u0040",
    "\\\"",
    "\\\\",
    "\\ud83d\\ude00",
    "{\"password\":",
    "{\"a\":\"",
    "\",\"token\":\"",
    "\":\"",
    "\"}",
    "123",
    "-1.5e3",
    "null",
    "[",
    "]",
    "{",
    "}",
    ",\"pin\":12",
    "{\"types\":{\"CARD\":",
    "{\"action\":\"mask\",\"keep_last\":4}",
    "\"drop\"}}",
    "{\"patterns\":[{\"name\":\"A\",\"pattern\":\"a+b\"}]}",
    NULL,
};

/* keep and token must change nothing and be as piiRedact; the others must keep JSON JSON and UTF-8 UTF-8. */
static const char *const policies[] = {
    "{\"default\": \"keep\"}",
    "{}",
    "{\"default\": \"drop\", \"types\": {\"UUID\": \"token\", \"URL\": \"hash\", \"DATE\": \"drop\"}}",
    "{\"default\": {\"action\": \"mask\", \"keep_first\": 2, \"keep_last\": 2}, \"types\": {\"IP\": \"address\"},"
    " \"address\": {\"action\": \"prefix-preserving\", \"key\": \"not-secret\"}}",
    "{\"default\": {\"action\": \"tokenise\", \"key\": \"not-secret\"}, \"keys\": {\"add\": [\"a\"], \"except\": [\"pin\"]},"
    " \"patterns\": [{\"name\": \"EMPLOYEE\", \"pattern\": \"EMP-\\\\d{6}\", \"context\": [\"staff\"]},"
    " {\"name\": \"ANY\", \"pattern\": \"@\\\\w*|\\\\s+é\", \"action\": \"hash\"}]}",
};
enum { KEEP, TOKEN, POLICIES = sizeof policies / sizeof *policies };

static struct pii_policies *store;
static struct pii_policy all[POLICIES];
static const struct hmac_key *key;

static void prepare(void)
{
    struct err err = ERR_INIT;
    store = pii_policies_load("no/such/folder", &err);
    MUST(store != NULL);
    key = pii_key(store, STR("not-secret"), &err);
    MUST(key != NULL);
    for (int i = 0; i < POLICIES; i++) {
        arena_init(&all[i].arena, 0);
        pii_policy_read(&all[i], store, str_of(policies[i]), "fuzz");
        if (all[i].broken != NULL)
            fprintf(stderr, "%s\n", all[i].broken);
        MUST(all[i].broken == NULL);
        MUST(all[i].plain == (i == TOKEN));
        all[i].plain = false; /* the long way must give the same */
    }
}

static bool valid_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.n - i)) == 0)
            return false;
    return true;
}

static bool is_json(struct str s)
{
    json_error_t error;
    json_t *root = s.n > 0 && memchr(s.p, 0, s.n) == NULL ? json_loadb(s.p, s.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error) : NULL;
    json_decref(root);
    return root != NULL;
}

static void same(const char *what, struct str a, struct str b)
{
    if (str_eq(a, b))
        return;
    fprintf(stderr, "%s:\n%.*s\n%.*s\n", what, STR_ARG(a), STR_ARG(b));
    abort();
}

static void check_text(struct str text)
{
    struct pii_spans spans;
    struct buf redacted, by_hand, tokenised;
    size_t done = 0, found, at = 0;
    pii_spans_init(&spans);
    buf_init(&redacted, 0);
    buf_init(&by_hand, 0);
    buf_init(&tokenised, 0);
    pii_find(text, pii_set_default(), &spans);
    found = pii_redact(text, &redacted);
    MUST(pii_contains(text) == (spans.n > 0));
    MUST(pii_tokenise(key, text, &tokenised) == spans.n);
    for (size_t i = 0; i < spans.n; i++) {
        const struct pii_span *s = &spans.p[i].span;
        MUST(s->start >= done && s->length > 0 && s->start + s->length <= text.n && !spans.p[i].bare);
        MUST(s->type < PII_TYPES && s->score > 0 && s->score <= 1);
        buf_put(&by_hand, text.p + done, s->start - done);
        at += s->start - done;
        /* The same place in the other text: the type's word, then 32 digits. */
        size_t token = strlen(pii_token(s->type));
        MUST(at + token + 33 <= tokenised.n && memcmp(tokenised.p + at, pii_token(s->type), token - 1) == 0);
        at += token + 33;
        buf_puts(&by_hand, pii_token(s->type));
        done = s->start + s->length;
    }
    if (text.n > 0)
        buf_put(&by_hand, text.p + done, text.n - done);
    same("piiRedact and piiDetect", buf_str(&redacted), buf_str(&by_hand));
    /* Joinable tokens stay what they are. */
    buf_clear(&by_hand);
    pii_redact(buf_str(&tokenised), &by_hand);
    same("piiTokenize, then piiRedact", buf_str(&tokenised), buf_str(&by_hand));
    MUST((found > 0) == (spans.n > 0) && at + (text.n - done) == tokenised.n);
    buf_fini(&redacted);
    buf_fini(&by_hand);
    buf_fini(&tokenised);
    pii_spans_fini(&spans);
}

/* What piiDetect tells beside (kept types, guesses) changes nothing about what it tells. */
static void check_all(struct str text)
{
    struct pii_spans few, many;
    size_t i = 0;
    pii_spans_init(&few);
    pii_spans_init(&many);
    pii_find(text, pii_set_default(), &few);
    pii_find(text, pii_set_all(), &many);
    for (size_t k = 0; k < many.n; k++) {
        const struct pii_span *s = &many.p[k].span;
        if (!pii_firm(s))
            continue;
        if (i == few.n || few.p[i].span.start != s->start || few.p[i].span.length != s->length || few.p[i].span.type != s->type)
            fprintf(stderr, "%zu+%zu %s in %.*s\n", s->start, s->length, pii_type_name(s->type), STR_ARG(text));
        MUST(i < few.n && few.p[i].span.start == s->start && few.p[i].span.length == s->length && few.p[i].span.type == s->type);
        i++;
    }
    MUST(i == few.n);
    pii_spans_fini(&few);
    pii_spans_fini(&many);
}

static void check_policies(struct str text)
{
    struct buf out, plain;
    bool utf8 = valid_utf8(text), json = is_json(text);
    buf_init(&out, 0);
    buf_init(&plain, 0);
    for (int i = 0; i < POLICIES; i++) {
        buf_clear(&out);
        MUST(pii_redact_with(&all[i], text, &out) >= 0 || out.n == 0);
        MUST(!utf8 || valid_utf8(buf_str(&out)));
        if (i == KEEP)
            same("kept", text, buf_str(&out));
        if (i == TOKEN) {
            buf_clear(&plain);
            pii_redact(text, &plain);
            same("piiRedact and piiRedactWith", buf_str(&plain), buf_str(&out));
        }
        buf_clear(&out);
        MUST(pii_redact_json_with(&all[i], text, &out) >= 0 || out.n == 0);
        MUST(!json || is_json(buf_str(&out)));
        if (i == KEEP)
            same("kept, JSON", text, buf_str(&out));
        if (i == TOKEN) {
            buf_clear(&plain);
            pii_redact_json(text, &plain);
            same("piiRedactJSON and piiRedactJSONWith", buf_str(&plain), buf_str(&out));
        }
        buf_clear(&out);
        MUST(pii_address_with(&all[i], text, &out) || out.n == 0);
    }
    buf_clear(&out);
    pii_tokenise_value(key, text, &out);
    MUST((out.n == 0) == (text.n == 0));
    for (int t = 0; t <= PII_TYPES; t++) {
        buf_clear(&out);
        pii_canonical((enum pii_type)t, text, &out);
    }
    buf_fini(&out);
    buf_fini(&plain);
}

/* The bytes as a policy of their own: read or refused, and where it can be read, used. */
static void check_reading(struct str text)
{
    struct pii_policy p = { 0 };
    struct buf out;
    buf_init(&out, 0);
    arena_init(&p.arena, 0);
    pii_policy_read(&p, store, text, "fuzz");
    if (p.broken == NULL) {
        int64_t found = pii_redact_with(&p, text, &out);
        MUST(found >= -1);
    }
    pii_policy_fini(&p);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (store == NULL)
        prepare();
    /* A copy of exactly n bytes: a sanitizer sees every read beyond. */
    char *copy = malloc(n > 0 ? n : 1);
    MUST(copy != NULL);
    memcpy(copy, data, n);
    struct str text = { copy, n };
    check_text(text);
    check_all(text);
    check_policies(text);
    check_reading(text);
    free(copy);
    return 0;
}
