/* lib/pii/token: joinable tokens: HMAC-SHA-256 over the form that all ways of writing a value share. */
#include "pii/policy_rules.h"
#include "pii/scan.h"

enum { TOKEN_BYTES = 16 }; /* 128 bits: no two of a trillion values are likely to share one */

static unsigned lower(unsigned c)
{
    return c - 'A' < 26 ? c | 0x20 : c;
}

static void put_alnum(struct str s, bool upper, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned c = (unsigned char)s.p[i];
        if (c >= 0x80 || pii_is_alnum(c))
            buf_putc(out, (char)(upper && c - 'a' < 26 ? c & ~0x20u : upper ? c : lower(c)));
    }
}

static void put_lower(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        buf_putc(out, (char)lower((unsigned char)s.p[i]));
}

/* The local part's case may matter to its host; the domain's doesn't. */
static void put_email(struct str s, struct buf *out)
{
    size_t at = s.n, width = 1;
    for (size_t i = s.n; i > 0 && at == s.n; i--) {
        if (s.p[i - 1] == '@')
            at = i - 1;
        else if (i + 2 <= s.n && memcmp(s.p + i - 1, "%40", 3) == 0)
            at = i - 1, width = 3;
    }
    buf_put(out, s.p, at);
    if (at == s.n)
        return;
    buf_putc(out, '@');
    put_lower((struct str){ s.p + at + width, s.n - at - width }, out);
}

/* "+1 (415) 555-0132 ext. 77" is +14155550132;77. A national number stays national: its country isn't known. */
static void put_phone(struct str s, struct buf *out)
{
    size_t i = 0;
    bool plus = false, digits = false, extension = false;
    while (i < s.n && (s.p[i] == '(' || s.p[i] == ' '))
        i++;
    if (i < s.n && s.p[i] == '+')
        plus = true;
    else if (s.n - i >= 3 && s.p[i] == '%' && s.p[i + 1] == '2' && (s.p[i + 2] | 0x20) == 'b')
        plus = true, i += 3;
    else if (s.n - i >= 3 && s.p[i] == '0' && s.p[i + 1] == '0' && s.p[i + 2] != '0')
        plus = true, i += 2;
    if (plus)
        buf_putc(out, '+');
    for (; i < s.n; i++) {
        unsigned c = (unsigned char)s.p[i];
        if (plus && s.n - i >= 3 && memcmp(s.p + i, "(0)", 3) == 0) { /* only dialled within the country */
            i += 2;
        } else if (pii_is_digit(c)) {
            buf_putc(out, (char)c);
            digits = true;
        } else if (digits && !extension && (pii_is_letter(c) || c == '#' || c == ';')) {
            buf_putc(out, ';');
            extension = true;
        }
    }
}

/* Without its zone; a prefix length stays. */
static void put_address(struct str s, struct buf *out)
{
    static const struct address_rule whole = { 32, 128, NULL };
    if (!pii_address_rule_put(&whole, s, out))
        buf_put_str(out, s);
}

/* Case means something in base58; nothing in bech32, and in EIP-55 it is only a checksum. */
static void put_crypto(struct str s, struct buf *out)
{
    bool any_lower = false;
    for (size_t i = 0; i < s.n; i++)
        any_lower |= (unsigned)(unsigned char)s.p[i] - 'a' < 26;
    if (!any_lower || (s.n > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x'))
        put_lower(s, out);
    else
        buf_put_str(out, s);
}

void pii_canonical(enum pii_type type, struct str value, struct buf *out)
{
    switch (type) {
    case PII_EMAIL:
        put_email(value, out);
        break;
    case PII_PHONE:
        put_phone(value, out);
        break;
    case PII_IPV4:
    case PII_IPV6:
        put_address(value, out);
        break;
    case PII_MAC:
    case PII_UUID:
        put_alnum(value, false, out);
        break;
    case PII_CRYPTO:
        put_crypto(value, out);
        break;
    case PII_SECRET:
    case PII_URL:
    case PII_URL_CREDENTIALS:
    case PII_DATE:
    case PII_DATE_OF_BIRTH:
        buf_put_str(out, value);
        break;
    default:
        if ((unsigned)type < PII_TYPES)
            put_alnum(value, true, out);
        else
            buf_put_str(out, value);
    }
}

static void put_hex(const uint8_t *p, size_t n, struct buf *out)
{
    static const char hex[] = "0123456789abcdef";
    if (buf_reserve(out, 2 * n) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        out->p[out->n++] = hex[p[i] >> 4];
        out->p[out->n++] = hex[p[i] & 15];
    }
}

void pii_hash_put(struct str canonical, struct buf *out)
{
    uint8_t digest[32];
    sha256(canonical, digest);
    put_hex(digest, sizeof digest, out);
}

/* The message is the type's word, a NUL, and the canonical form: the same digits as a card and as a phone number are no match. */
void pii_token_put(const struct hmac_key *key, const char *token, struct str canonical, struct buf *out)
{
    struct buf message;
    uint8_t digest[32];
    size_t word = strlen(token) - 2;
    buf_init(&message, 0);
    buf_put(&message, token + 1, word);
    buf_putc(&message, '\0');
    buf_put_str(&message, canonical);
    hmac_sha256(key, buf_str(&message), digest);
    out->failed |= message.failed;
    buf_fini(&message);
    buf_put(out, token, word + 1);
    buf_putc(out, ':');
    put_hex(digest, TOKEN_BYTES, out);
    buf_putc(out, ']');
}

static void put_span(const struct hmac_key *key, enum pii_type type, struct str value, struct buf *canonical, struct buf *out)
{
    buf_clear(canonical);
    pii_canonical(type, value, canonical);
    out->failed |= canonical->failed;
    pii_token_put(key, pii_token(type), buf_str(canonical), out);
}

size_t pii_tokenise(const struct hmac_key *key, struct str text, struct buf *out)
{
    struct pii_spans spans;
    struct buf canonical;
    size_t done = 0, found;
    pii_spans_init(&spans);
    buf_init(&canonical, 0);
    pii_find(text, pii_set_default(), &spans);
    for (size_t i = 0; i < spans.n; i++) {
        const struct pii_span *s = &spans.p[i].span;
        buf_put(out, text.p + done, s->start - done);
        put_span(key, s->type, (struct str){ text.p + s->start, s->length }, &canonical, out);
        done = s->start + s->length;
    }
    if (text.n > 0)
        buf_put(out, text.p + done, text.n - done);
    out->failed |= spans.failed;
    found = spans.n;
    buf_fini(&canonical);
    pii_spans_fini(&spans);
    return found;
}

void pii_tokenise_value(const struct hmac_key *key, struct str value, struct buf *out)
{
    struct pii_spans spans;
    struct buf canonical;
    struct str whole = str_trim(value);
    if (value.n == 0)
        return;
    pii_spans_init(&spans);
    buf_init(&canonical, 0);
    pii_find(whole, pii_set_default(), &spans);
    if (spans.n == 1 && spans.p[0].span.length == whole.n)
        put_span(key, spans.p[0].span.type, whole, &canonical, out);
    else
        pii_token_put(key, "[VALUE]", value, out);
    out->failed |= spans.failed;
    buf_fini(&canonical);
    pii_spans_fini(&spans);
}
