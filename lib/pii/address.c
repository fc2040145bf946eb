/* lib/pii/address: IPv4 and IPv6 addresses (RFC 4291 text forms, zones, prefixes), and the network they are cut to. */
#include <stdio.h>

#include "pii/scan.h"

enum { ZONE_MAX = 32 };

/* Four decimal octets from i; leading zeros only where all four are three digits wide. The end, or 0. */
static size_t quad_end(const struct pii_text *t, size_t i, unsigned char octet[4])
{
    bool zeros = false, padded = true;
    for (int k = 0; k < 4; k++) {
        unsigned value = 0, n = 0;
        if (k > 0 && pii_byte(t, i++) != '.')
            return 0;
        size_t first = i;
        for (; n < 4 && pii_is_digit(pii_byte(t, i)); n++)
            value = value * 10 + (t->p[i++] - '0');
        if (n == 0 || n > 3 || value > 255)
            return 0;
        zeros |= n > 1 && t->p[first] == '0';
        padded &= n == 3;
        octet[k] = (unsigned char)value;
    }
    return zeros && !padded ? 0 : i;
}

/* "/24" after an address belongs to it where it is a prefix length. */
static size_t prefix_end(const struct pii_text *t, size_t end, unsigned most)
{
    if (pii_byte(t, end) != '/' || !pii_is_digit(pii_byte(t, end + 1)))
        return end;
    size_t i = end + 1;
    unsigned value = 0;
    for (; i - end < 5 && pii_is_digit(pii_byte(t, i)); i++)
        value = value * 10 + (t->p[i] - '0');
    return value <= most && !pii_glued_after(t, i) ? i : end;
}

static bool is_local(const unsigned char o[4])
{
    return o[0] == 10 || o[0] == 127 || (o[0] == 192 && o[1] == 168) || (o[0] == 172 && o[1] >= 16 && o[1] < 32);
}

/* Name/1.2.3.4 is a product's version unless it says host (a port follows, or the address is one of a private network). */
static bool is_product(const struct pii_text *t, size_t i, size_t end, const unsigned char octet[4])
{
    if (pii_before(t, i) != '/' || !pii_is_word(pii_before(t, i - 1)))
        return false;
    if (pii_byte(t, end) == ':' && pii_is_digit(pii_byte(t, end + 1)))
        return false;
    return !is_local(octet) || (octet[2] == 0 && octet[3] == 0);
}

/* ">= 1.2.3.4" is a version's bound. */
static bool is_bound(const struct pii_text *t, size_t i)
{
    if (pii_before(t, i) == ' ')
        i--;
    if (pii_before(t, i) != '=')
        return false;
    unsigned c = pii_before(t, i - 1);
    return c == '>' || c == '<' || c == '~';
}

/* "; Linux 2.6.8.1)": a product within the comment of a user agent. */
static bool is_comment(const struct pii_text *t, size_t i, size_t end)
{
    unsigned next = pii_byte(t, end);
    size_t k = i - 1;
    if (i < 4 || (next != ';' && next != ')') || t->p[k] != ' ')
        return false;
    while (k > 2 && i - k < 24 && pii_is_letter(t->p[k - 1]))
        k--;
    return i - k > 2 && (unsigned)(t->p[k] - 'A') < 26 && (t->p[k - 1] == '(' || (t->p[k - 1] == ' ' && t->p[k - 2] == ';'));
}

bool pii_ipv4_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s)
{
    unsigned char octet[4];
    size_t end = quad_end(t, i, octet);
    /* A '-' right after an address: the range's other end. */
    bool range = pii_before(t, i) == '-' && ((i - 1 == t->floor && t->last == PII_IPV4) || pii_token_before(t, i - 1) == 4);
    if (end == 0 || i < t->floor || (!range && pii_glued_before(t, i)))
        return false;
    unsigned next = pii_byte(t, end);
    if (next == '.' && pii_is_digit(pii_byte(t, end + 1))) {
        /* A fifth part: a version or an object id, but a port as tcpdump and netstat write it after a private address. */
        size_t k = end + 1;
        while (k - end < 7 && pii_is_digit(pii_byte(t, k)))
            k++;
        if (!is_local(octet) || k - end > 6 || pii_glued_after(t, k))
            return false;
    } else if (pii_is_word(next) || pii_token_at(t, end) > 0 ||
               (next == '.' && (pii_is_letter(pii_byte(t, end + 1)) || pii_token_at(t, end + 1) > 0)) ||
               (next == '-' && pii_is_letter(pii_byte(t, end + 1)))) {
        return false;
    }
    if (is_product(t, i, end, octet) || is_bound(t, i) || is_comment(t, i, end) ||
        (octet[0] == 0 && (octet[1] | octet[2] | octet[3]) != 0))
        return false;
    uint64_t says = pii_said(t, i, context);
    if ((says & (PII_SAYS(VERSION) | PII_SAYS(ADDRESS))) == PII_SAYS(VERSION))
        return false;
    end = prefix_end(t, end, 32);
    *s = (struct pii_span){ i, end - i, PII_IPV4, is_local(octet) ? 0.9f : 0.8f };
    return true;
}

/* Reads an IPv6 address from i. The end, or 0. groups: how many were written; *gap: whether "::" stands for others. */
static size_t six_end(const struct pii_text *t, size_t i, unsigned char address[16], unsigned *groups, bool *gap)
{
    unsigned char tail[16];
    unsigned n = 0, before = 0; /* bytes written; of those before the gap */
    *gap = false;
    *groups = 0;
    if (pii_byte(t, i) == ':' && pii_byte(t, i + 1) != ':')
        return 0;
    for (;;) {
        if (pii_byte(t, i) == ':' && pii_byte(t, i + 1) == ':') {
            if (*gap || pii_byte(t, i + 2) == ':')
                return 0;
            *gap = true;
            before = n;
            i += 2;
            if (pii_hex(pii_byte(t, i)) < 0)
                break;
        }
        unsigned value = 0, digits = 0;
        size_t first = i;
        for (; digits < 5 && pii_hex(pii_byte(t, i)) >= 0; digits++)
            value = value << 4 | (unsigned)pii_hex(t->p[i++]);
        if (digits == 0 || digits > 4)
            return 0;
        if (pii_byte(t, i) == '.' && pii_is_digit(pii_byte(t, i + 1))) {
            size_t end = n <= 12 ? quad_end(t, first, tail + n) : 0;
            if (end == 0)
                return 0;
            n += 4;
            *groups += 2;
            i = end;
            break;
        }
        if (n > 14)
            return 0;
        tail[n++] = (unsigned char)(value >> 8);
        tail[n++] = (unsigned char)value;
        *groups += 1;
        unsigned c = pii_byte(t, i), next = pii_byte(t, i + 1);
        if (c != ':' || (next != ':' && pii_hex(next) < 0) || (n == 16 && next != ':'))
            break;
        if (next != ':')
            i++;
    }
    if (*gap ? n > 14 : n != 16)
        return 0;
    memset(address, 0, 16);
    if (!*gap)
        before = n;
    memcpy(address, tail, before);
    memcpy(address + 16 - (n - before), tail + before, n - before);
    return i;
}

static bool zone_byte(unsigned c)
{
    return pii_is_word(c) || c == '-' || c == '.' || c == '~';
}

static size_t zone_end(const struct pii_text *t, size_t end)
{
    if (pii_byte(t, end) != '%' || !pii_is_alnum(pii_byte(t, end + 1)))
        return end;
    size_t i = end + 1;
    while (i - end <= ZONE_MAX && zone_byte(pii_byte(t, i)))
        i++;
    if (i - end > ZONE_MAX)
        return end;
    while (!pii_is_word(t->p[i - 1]))
        i--;
    return i;
}

/* What else looks like it: words around "::" in code, clocks, hardware addresses of eight pairs. */
static bool plausible(const struct pii_text *t, size_t start, size_t end, unsigned groups, bool gap)
{
    unsigned digits = 0, pairs = 0, run = 0;
    for (size_t i = start; i <= end; i++) {
        unsigned c = i < end ? t->p[i] : ':';
        digits += pii_is_digit(c);
        if (c == ':') {
            pairs += run == 2;
            run = 0;
        } else {
            run++;
        }
    }
    /* Global, local and multicast addresses start with three or four digits: F1::F2 is a name within a class. */
    if (gap)
        return groups >= 3 ||
               (digits > 0 && (t->p[start] == ':' || t->p[start + 1] == ':' ? t->p[start] == ':' : t->p[start + 2] != ':'));
    return pairs < 8;
}

/* colon: one of the address's colons, with a second beside it or three more close before it. */
bool pii_ipv6_at(const struct pii_text *t, size_t colon, struct pii_span *s)
{
    size_t start = colon;
    while (start > t->floor && colon - start < 40 && (pii_hex(t->p[start - 1]) >= 0 || t->p[start - 1] == ':'))
        start--;
    /* "src:2001:db8::1", "addr:::1": the letters before are no group, nor is what a key's colon leaves. */
    unsigned before = pii_before(t, start);
    if (colon - start >= 40 || (before == '.' && (pii_is_word(pii_before(t, start - 1)) || pii_token_before(t, start - 1) > 0)) ||
        pii_is_word(before) || pii_token_before(t, start) > 0)
        return false;
    if (t->p[start] == ':' && start + 1 < t->n && t->p[start + 1] != ':')
        start++;
    unsigned char address[16];
    unsigned groups;
    bool gap;
    size_t end = six_end(t, start, address, &groups, &gap);
    if (end == 0 || end <= colon)
        return false;
    unsigned next = pii_byte(t, end), beyond = pii_byte(t, end + 1);
    if (pii_is_word(next) || pii_token_at(t, end) > 0 || ((next == '.' || next == ':') && pii_token_at(t, end + 1) > 0) ||
        (next == '.' && pii_is_word(beyond)) || (next == ':' && (beyond == ':' || pii_hex(beyond) >= 0)))
        return false;
    if (groups == 0) {
        /* "::" alone is everywhere in code; an address only where the words say so. */
        struct pii_context context = { 0 };
        unsigned c = pii_before(t, start);
        bool prefixed = prefix_end(t, end, 128) != end;
        if ((c != 0 && c != ' ' && c != '=') || (next != 0 && next != ' ' && next != ',' && !prefixed))
            return false;
        if (!prefixed && !(pii_said(t, start, &context) & PII_SAYS(ADDRESS)))
            return false;
    } else if (!plausible(t, start, end, groups, gap)) {
        return false;
    }
    end = prefix_end(t, zone_end(t, end), 128);
    *s = (struct pii_span){ start, end - start, PII_IPV6, groups == 0 ? 0.5f : 0.9f };
    return true;
}

int pii_address_parse(struct str text, unsigned char address[16])
{
    struct pii_text t = { .p = (const unsigned char *)text.p, .n = text.n, .last = -1 };
    unsigned groups;
    bool gap;
    if (text.n >= 7 && quad_end(&t, 0, address) == text.n)
        return 4;
    size_t end = text.n >= 2 ? six_end(&t, 0, address, &groups, &gap) : 0;
    return end > 0 && zone_end(&t, end) == text.n ? 6 : 0;
}

/* By hand: printf costs a sixth of what a whole record takes. */
static int put_network4(const unsigned char four[3], struct buf *out)
{
    char text[16];
    size_t n = 0;
    for (int i = 0; i < 3; i++) {
        if (four[i] >= 100)
            text[n++] = (char)('0' + four[i] / 100);
        if (four[i] >= 10)
            text[n++] = (char)('0' + four[i] / 10 % 10);
        text[n++] = (char)('0' + four[i] % 10);
        text[n++] = '.';
    }
    text[n++] = '0';
    return buf_put(out, text, n);
}

/* RFC 5952: no zeros in front, lower case, and :: for what is cut off and the zeros before it. */
static int put_network6(const unsigned char six[6], struct buf *out)
{
    static const char digits[] = "0123456789abcdef";
    char text[16];
    size_t n = 0;
    int written = 3;
    while (written > 0 && six[2 * written - 2] == 0 && six[2 * written - 1] == 0)
        written--;
    for (int i = 0; i < written; i++) {
        unsigned group = (unsigned)six[2 * i] << 8 | six[2 * i + 1];
        int shift = group > 0xFFF ? 12 : group > 0xFF ? 8 : group > 0xF ? 4 : 0;
        for (; shift >= 0; shift -= 4)
            text[n++] = digits[group >> shift & 15];
        text[n++] = ':';
    }
    if (written == 0)
        text[n++] = ':';
    text[n++] = ':';
    return buf_put(out, text, n);
}

bool ip_anonymise(struct str ip, struct buf *out)
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    unsigned char a[16];
    const unsigned char *four = a;
    int version = pii_address_parse(ip, a);
    if (version == 0)
        return false;
    if (version == 6 && memcmp(a, mapped, sizeof mapped) == 0)
        version = 4, four = a + 12;
    return (version == 4 ? put_network4(four, out) : put_network6(a, out)) == 0;
}
