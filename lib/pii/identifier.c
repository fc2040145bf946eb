/* lib/pii/identifier: what machines are told apart by: hardware addresses (IEEE 802) and UUIDs (RFC 9562). */
#include "pii/scan.h"

/* Six pairs with one separator, or three fours with dots: from start. 0: none. */
static size_t mac_end(const struct pii_text *t, size_t start, unsigned digits, unsigned sep)
{
    bool zeros = true, ones = true;
    size_t i = start;
    for (unsigned n = 0; n < 12; n++) {
        if (n > 0 && n % digits == 0 && pii_byte(t, i++) != sep)
            return 0;
        int value = pii_hex(pii_byte(t, i++));
        if (value < 0)
            return 0;
        zeros &= value == 0;
        ones &= value == 15;
    }
    return zeros || ones ? 0 : i; /* nobody's, everybody's */
}

/* at: a separator of it, so many bytes behind its start. */
bool pii_mac_at(const struct pii_text *t, size_t at, size_t back, struct pii_span *s)
{
    unsigned sep = t->p[at], digits = sep == '.' ? 4 : 2;
    if (at < t->floor + back)
        return false;
    size_t start = at - back, end = mac_end(t, start, digits, sep);
    unsigned before = pii_before(t, start);
    if (end == 0 || pii_glued_before(t, start) || (before == sep && before != ':') ||
        (before == ':' && pii_hex(pii_before(t, start - 1)) >= 0) || pii_glued_after(t, end))
        return false;
    if (pii_byte(t, end) == sep && (pii_hex(pii_byte(t, end + 1)) >= 0 || pii_token_at(t, end + 1) > 0))
        return false;
    *s = (struct pii_span){ start, end - start, PII_MAC, sep == '.' ? 0.7f : 0.9f };
    return true;
}

bool pii_uuid_at(const struct pii_text *t, size_t start, struct pii_span *s)
{
    if (start < t->floor || t->n - start < 36 || t->p[start + 8] != '-')
        return false;
    for (unsigned i = 0; i < 36; i++) {
        unsigned c = t->p[start + i];
        if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' : pii_hex(c) < 0)
            return false;
    }
    if (pii_is_word(pii_before(t, start)) || pii_is_word(pii_byte(t, start + 36)) || pii_byte(t, start + 36) == '-')
        return false;
    *s = (struct pii_span){ start, 36, PII_UUID, 0.9f };
    return true;
}
