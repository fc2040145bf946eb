/* lib/pii/json_key: values that are secrets because of the key they stand under, whatever they look like. */
#include <stdlib.h>

#include "pii/json_key.h"
#include "pii/json_text.h"
#include "pii/scan.h"

/* Names without case and separators; '*' before one: also what ends in it, "db_password", "X-Api-Key". */
static const char *const names[] = {
    "*password",
    "*passwords",
    "*passwd",
    "*passphrase",
    "*secret",
    "*secrets",
    "*apikey",
    "*apikeys",
    "*accesskey",
    "*secretkey",
    "*privatekey",
    "*accesstoken",
    "*authtoken",
    "*idtoken",
    "*bearertoken",
    "*sessiontoken",
    "*refreshtoken",
    "*secrettoken",
    "*credentials",
    "*credential",
    "*signingkey",
    "*encryptionkey",
    "*authorization",
    "pwd",
    "pass",
    "passcode",
    "pin",
    "pincode",
    "otp",
    "totp",
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "token",
    "apitoken",
    "usertoken",
    "devicetoken",
    "pushtoken",
    "csrftoken",
    "xcsrftoken",
    "xsrftoken",
    "jwt",
    "bearer",
    "cookie",
    "setcookie",
    "privkey",
    "accountkey",
    "storagekey",
    "sharedkey",
    "masterkey",
    "hmackey",
    "sshkey",
    "connectionstring",
    "securityanswer",
    "securitycode",
    "seedphrase",
    "mnemonic",
    "webhookurl",
    "sastoken",
    "authkey",
    "xauthkey",
};
enum { KEY_RAW = 6 * 2 * PII_KEY_MAX }; /* each byte may be written as \u00XX, with a separator between any two */
enum { NAMES = sizeof names / sizeof *names };

size_t pii_key_plain(struct str key, char plain[PII_KEY_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < key.n; i++) {
        unsigned c = (unsigned char)key.p[i];
        if (c == '_' || c == '-' || c == '.' || c == ' ')
            continue;
        if (n == PII_KEY_MAX)
            return 0;
        plain[n++] = (char)(c - 'A' < 26 ? c | 0x20 : c);
    }
    return n;
}

static bool listed(struct str plain, const char *list)
{
    for (; list != NULL && *list != '\0'; list += strlen(list) + 1)
        if (str_eq(plain, str_of(list)))
            return true;
    return false;
}

/* The names by their last four letters (0 before one of three, which then are all of it), so that most keys cost one look. */
enum { TAILS = 2048 };
static unsigned char heads[TAILS], next[NAMES + 1]; /* a name + 1; 0: none, none further */

static unsigned tail_of(uint32_t tail)
{
    return tail * UINT32_C(0x9E3779B1) >> 21;
}

static uint32_t four(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static unsigned tail_of_plain(struct str s)
{
    unsigned char tail[4] = { 0 };
    size_t n = s.n > 3 ? 4 : 3;
    memcpy(tail + 4 - n, s.p + s.n - n, n);
    return tail_of(four(tail));
}

__attribute__((constructor)) static void index_names(void)
{
    for (unsigned i = 0; i < NAMES; i++) {
        unsigned char *head = &heads[tail_of_plain(str_of(names[i]))];
        next[i + 1] = *head;
        *head = (unsigned char)(i + 1);
    }
}

bool pii_key_secret(struct str key, const struct pii_keys *keys)
{
    char room[PII_KEY_MAX];
    struct str plain = { room, pii_key_plain(key, room) };
    if (plain.n == 0 || (keys != NULL && listed(plain, keys->except)))
        return false;
    if (keys != NULL && listed(plain, keys->more))
        return true;
    if (plain.n < 3)
        return false;
    for (unsigned i = heads[tail_of_plain(plain)]; i != 0; i = next[i]) {
        const char *name = names[i - 1];
        if (*name == '*' ? str_ends(plain, str_of(name + 1)) : str_eq(plain, str_of(name)))
            return true;
    }
    return false;
}

/* Whether what ends before p[quote] may be the end of a name. */
static bool may_end(const unsigned char *p, size_t quote)
{
    /* Letters and digits alone; any other byte may be a separator, which doesn't count. */
    uint32_t v = quote >= 4 ? four(p + quote - 4) | 0x20202020 : 0;
    if ((((v - 0x30303030) | (v + 0x01010101)) & 0x80808080) == 0)
        return heads[tail_of(v)] != 0;
    unsigned left = 4;
    for (v = 0; left > 0 && quote > 0 && p[quote - 1] != '"'; quote--)
        if (pii_is_alnum(p[quote - 1]))
            v |= (uint32_t)(p[quote - 1] | 0x20) << 8 * --left;
    return heads[tail_of(v)] != 0;
}

bool pii_key_may_be_secret(struct str json, const struct pii_keys *keys)
{
    size_t quote = json.n;
    while (quote > 0 && json.p[quote - 1] != '"')
        quote--;
    if (quote-- == 0 || (keys == NULL && !may_end((const unsigned char *)json.p, quote)))
        return false;
    size_t start = quote;
    while (start > 0 && quote - start <= KEY_RAW && json.p[start - 1] != '"')
        start--;
    return pii_key_secret((struct str){ json.p + start, quote - start }, keys);
}

struct visit {
    struct str json;
    const struct pii_keys *keys;
    struct pii_spans *out;
    struct buf key;
    size_t depth, secret_depth; /* brackets open; and when the one opened whose values are all secret (0: none) */
    bool secret;                /* the next value is */
};

static void put_value(struct visit *v, size_t start, size_t end, bool bare)
{
    struct pii_text text = { .p = (const unsigned char *)v->json.p, .n = v->json.n };
    /* What has been redacted already stays what it is. */
    if (end == start || pii_token_at(&text, start) == end - start)
        return;
    pii_spans_put(v->out, (struct pii_found){ { start, end - start, PII_SECRET, 1 }, bare });
}

static void visit(void *arg, enum pii_json what, size_t start, size_t end)
{
    struct visit *v = arg;
    struct str content = { v->json.p + start, end - start };
    switch (what) {
    case JSON_KEY:
        if (memchr(content.p, '\\', content.n) != NULL && content.n <= KEY_RAW) {
            buf_clear(&v->key);
            pii_json_unescape(content, &v->key);
            content = buf_str(&v->key);
        }
        v->secret = pii_key_secret(content, v->keys);
        return;
    case JSON_OPEN:
        v->depth++;
        if (v->secret && v->secret_depth == 0)
            v->secret_depth = v->depth;
        break;
    case JSON_CLOSE:
        if (v->depth == v->secret_depth)
            v->secret_depth = 0;
        v->depth--;
        break;
    case JSON_STRING:
    case JSON_NUMBER:
        if (v->secret || v->secret_depth > 0)
            put_value(v, start, end, what == JSON_NUMBER);
        break;
    case JSON_LITERAL:
        break;
    }
    v->secret = false;
}

void pii_secret_values(struct str json, const struct pii_keys *keys, struct pii_spans *out)
{
    struct visit v = { .json = json, .keys = keys, .out = out };
    buf_init(&v.key, 0);
    pii_json_walk(json, visit, &v, &out->failed);
    out->failed |= v.key.failed;
    buf_fini(&v.key);
}
