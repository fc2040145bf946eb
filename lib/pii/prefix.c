/* lib/pii/prefix: IP addresses cut to their networks, or replaced so that two with a common prefix still share one as long.
 *
 * Prefix-preserving as Crypto-PAn has it (Xu, Fan, Ammar, Moon, 2002): each bit is flipped or not by a secret function of the bits
 * before it. The function is HMAC-SHA-256 here, and one digest serves eight bits: the 255 inner nodes of their tree take a bit of
 * it each. Message: the version ("4", "6"), then the whole bytes before; node: numbered from 1 by level, its bit counted from the
 * first byte's highest. */
#include <arpa/inet.h>

#include "pii/policy_rules.h"
#include "pii/scan.h"

static void replace(const struct hmac_key *key, char version, unsigned char *address, unsigned bytes)
{
    unsigned char message[17] = { (unsigned char)version };
    memcpy(message + 1, address, bytes);
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t digest[32];
        unsigned node = 1, out = 0;
        hmac_sha256(key, (struct str){ (const char *)message, 1 + i }, digest);
        for (unsigned bit = 0; bit < 8; bit++) {
            unsigned in = message[1 + i] >> (7 - bit) & 1, flip = digest[node / 8] >> (7 - node % 8) & 1;
            out = out << 1 | (in ^ flip);
            node = node << 1 | in;
        }
        address[i] = (unsigned char)out;
    }
}

static void cut(unsigned char *address, unsigned bytes, unsigned bits)
{
    for (unsigned i = 0; i < bytes; i++) {
        unsigned left = bits > 8 * i ? bits - 8 * i : 0;
        if (left < 8)
            address[i] &= (unsigned char)(0xFF00 >> left);
    }
}

bool pii_address_rule_put(const struct address_rule *rule, struct str ip, struct buf *out)
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    unsigned char a[16];
    char text[INET6_ADDRSTRLEN];
    struct str suffix = { NULL, 0 }; /* "/24" */
    for (size_t i = ip.n; i > 0 && ip.n - i < 4; i--) {
        if (ip.p[i - 1] == '/') {
            suffix = (struct str){ ip.p + i - 1, ip.n - i + 1 };
            ip.n = i - 1;
            break;
        }
        if (!pii_is_digit((unsigned char)ip.p[i - 1]))
            break;
    }
    int version = pii_address_parse(ip, a);
    if (version == 0)
        return false;
    if (version == 6 && memcmp(a, mapped, sizeof mapped) == 0) {
        version = 4;
        memmove(a, a + 12, 4);
    }
    unsigned bytes = version == 4 ? 4 : 16;
    if (rule->key != NULL)
        replace(rule->key, version == 4 ? '4' : '6', a, bytes);
    cut(a, bytes, version == 4 ? rule->bits4 : rule->bits6);
    if (inet_ntop(version == 4 ? AF_INET : AF_INET6, a, text, sizeof text) == NULL)
        return false;
    buf_puts(out, text);
    buf_put_str(out, suffix);
    return true;
}
