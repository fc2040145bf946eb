/* lib/pii/crypto: addresses of cryptocurrencies, each held to its checksum: base58check, bech32 and bech32m, EIP-55. */
#include "base/sha256.h"
#include "pii/keccak.h"
#include "pii/scan.h"

enum { BASE58_MAX = 112, BECH32_MAX = 108, ADDRESS_BYTES = 25 };

/* Decodes base58; the number of bytes, or 0: not base58, or more than fit. */
static size_t base58(const unsigned char *p, size_t n, unsigned char *out, size_t max)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    size_t length = 0, zeros = 0;
    while (zeros < n && p[zeros] == '1')
        zeros++;
    unsigned char reversed[BASE58_MAX];
    for (size_t i = zeros; i < n; i++) {
        const char *at = p[i] != 0 ? strchr(alphabet, p[i]) : NULL;
        if (at == NULL)
            return 0;
        unsigned carry = (unsigned)(at - alphabet);
        for (size_t k = 0; k < length; k++) {
            carry += reversed[k] * 58u;
            reversed[k] = (unsigned char)carry;
            carry >>= 8;
        }
        while (carry > 0) {
            if (length == sizeof reversed)
                return 0;
            reversed[length++] = (unsigned char)carry;
            carry >>= 8;
        }
    }
    if (zeros + length > max)
        return 0;
    memset(out, 0, zeros);
    for (size_t k = 0; k < length; k++)
        out[zeros + k] = reversed[length - 1 - k];
    return zeros + length;
}

/* The last four bytes are the first of the rest's double SHA-256. */
static bool base58_checked(const unsigned char *bytes, size_t n)
{
    unsigned char once[32], twice[32];
    sha256((struct str){ (const char *)bytes, n - 4 }, once);
    sha256((struct str){ (const char *)once, sizeof once }, twice);
    return memcmp(twice, bytes + n - 4, 4) == 0;
}

/* BIP 173 and 350: a prefix, '1', data and six check characters. */
static bool bech32(const unsigned char *p, size_t n)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
    uint32_t sum = 1;
    size_t one = n;
    unsigned char value[2 * BECH32_MAX + 1];
    size_t values = 0;
    bool small = false, large = false;
    for (size_t i = 0; i < n; i++) {
        small |= p[i] >= 'a' && p[i] <= 'z';
        large |= p[i] >= 'A' && p[i] <= 'Z';
        if (p[i] == '1' && one == n && i > 0)
            one = i;
    }
    if ((small && large) || one == n || n - one - 1 < 6 || n > BECH32_MAX)
        return false;
    for (size_t i = 0; i < one; i++)
        value[values++] = (p[i] | 0x20) >> 5;
    value[values++] = 0;
    for (size_t i = 0; i < one; i++)
        value[values++] = (p[i] | 0x20) & 31;
    for (size_t i = one + 1; i < n; i++) {
        unsigned c = p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20u : p[i];
        const char *at = c != 0 ? strchr(alphabet, (int)c) : NULL;
        if (at == NULL)
            return false;
        value[values++] = (unsigned char)(at - alphabet);
    }
    for (size_t i = 0; i < values; i++) {
        uint32_t top = sum >> 25;
        sum = (sum & 0x1ffffff) << 5 ^ value[i];
        for (unsigned k = 0; k < 5; k++)
            sum ^= top >> k & 1 ? generator[k] : 0;
    }
    /* Segregated witness: a version up to 16 and a program of 2 to 40 bytes; 20 or 32 and the older checksum with version 0. */
    if (one == 2 && (strncasecmp((const char *)p, "bc", 2) == 0 || strncasecmp((const char *)p, "tb", 2) == 0)) {
        unsigned version = value[2 * one + 1];
        size_t program = (n - one - 1 - 7) * 5 / 8;
        if (version == 0)
            return sum == 1 && (program == 20 || program == 32);
        return version <= 16 && sum == 0x2bc830a3 && program >= 2 && program <= 40;
    }
    return sum == 1 || sum == 0x2bc830a3;
}

/* 0x and 40 hexadecimal digits; where both cases occur they must be those of the digits' own hash. */
static bool ethereum(const unsigned char *p, float *score)
{
    unsigned char low[40], hash[32];
    bool small = false, large = false;
    for (unsigned i = 0; i < 40; i++) {
        if (pii_hex(p[i]) < 0)
            return false;
        small |= p[i] >= 'a';
        large |= pii_is_letter(p[i]) && p[i] < 'a';
        low[i] = pii_is_letter(p[i]) ? p[i] | 0x20 : p[i];
    }
    *score = 0.5f;
    if (!small || !large)
        return small || large;
    keccak256(low, 40, hash);
    for (unsigned i = 0; i < 40; i++) {
        unsigned nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;
        if (pii_is_letter(p[i]) && (nibble >= 8) != (p[i] < 'a'))
            return false;
    }
    *score = 0.95f;
    return true;
}

/* start: of a word of 16 bytes and more. */
bool pii_crypto_at(const struct pii_text *t, size_t start, struct pii_span *s)
{
    static const char first[] = "13LMDXTmn29A5KxytU"; /* of the versions below */
    const unsigned char *p = t->p + start;
    size_t n = 0;
    if (!pii_is_alnum(pii_byte(t, start + 24)) || !pii_is_alnum(pii_byte(t, start + 8)))
        return false; /* shorter than any, as a UUID's parts are */
    while (n <= BECH32_MAX + 8 && pii_is_alnum(pii_byte(t, start + n)))
        n++;
    if (n < 25 || n > BECH32_MAX + 8 || start < t->floor || pii_glued_before(t, start) || pii_glued_after(t, start + n))
        return false;
    float score = 0.95f;
    if (n == 42 && p[0] == '0' && (p[1] | 0x20) == 'x') {
        if (!ethereum(p + 2, &score))
            return false;
        *s = (struct pii_span){ start, n, PII_CRYPTO, score };
        return true;
    }
    bool one_near = memchr(p + 1, '1', 5) != NULL && pii_is_letter(p[0]);
    if (one_near && n >= 39 && n <= BECH32_MAX && bech32(p, n)) {
        *s = (struct pii_span){ start, n, PII_CRYPTO, 0.95f };
        return true;
    }
    if (strchr(first, p[0]) == NULL || n > BASE58_MAX)
        return false;
    unsigned char bytes[96];
    size_t length = 0;
    if (n <= 36 || n == 51 || n == 52 || n == 111)
        length = base58(p, n, bytes, sizeof bytes);
    if (length < ADDRESS_BYTES || !base58_checked(bytes, length))
        return false;
    /* An address is a version and a hash of 20 bytes. Keys in the same notation (WIF, BIP 32) open what they belong to. */
    if (length == ADDRESS_BYTES)
        *s = (struct pii_span){ start, n, PII_CRYPTO, 0.95f };
    else if ((length == 37 || length == 38) && (bytes[0] == 0x80 || bytes[0] == 0xEF))
        *s = (struct pii_span){ start, n, PII_SECRET, 0.95f };
    else if (length == 82)
        *s = (struct pii_span){ start, n, n == 111 && memcmp(p + 1, "prv", 3) == 0 ? PII_SECRET : PII_CRYPTO, 0.95f };
    else
        return false;
    return true;
}
