/* lib/geo: addresses that are nowhere in particular.
 *
 * https://www.iana.org/assignments/iana-ipv4-special-registry and …ipv6-special-registry (RFC 6890): what isn't globally reachable;
 * multicast (RFC 5771, RFC 4291). */
#include "geo/geo.h"

struct prefix {
    unsigned char bits, address[8];
};

static const struct prefix four[] = {
    { 8, { 0 } },             /* this network */
    { 8, { 10 } },            /* private */
    { 10, { 100, 64 } },      /* shared with a carrier */
    { 8, { 127 } },           /* loopback */
    { 16, { 169, 254 } },     /* link-local */
    { 12, { 172, 16 } },      /* private */
    { 24, { 192, 0, 0 } },    /* protocol assignments */
    { 24, { 192, 0, 2 } },    /* documentation */
    { 16, { 192, 168 } },     /* private */
    { 15, { 198, 18 } },      /* benchmarks */
    { 24, { 198, 51, 100 } }, /* documentation */
    { 24, { 203, 0, 113 } },  /* documentation */
    { 4, { 224 } },           /* multicast */
    { 4, { 240 } },           /* reserved, broadcast */
};

/* ::/96 holds the unspecified and the loopback address, and nothing that is reachable. */
static const struct prefix six[] = {
    { 64, { 0 } },                         /* ::, ::1 */
    { 48, { 0, 0x64, 0xFF, 0x9B, 0, 1 } }, /* translation within a network */
    { 64, { 1, 0 } },                      /* discard */
    { 23, { 0x20, 0x01, 0 } },             /* protocol assignments, Teredo */
    { 32, { 0x20, 0x01, 0x0D, 0xB8 } },    /* documentation */
    { 20, { 0x3F, 0xFF, 0 } },             /* documentation */
    { 16, { 0x5F, 0 } },                   /* segment routing */
    { 7, { 0xFC } },                       /* unique local */
    { 10, { 0xFE, 0x80 } },                /* link-local */
    { 10, { 0xFE, 0xC0 } },                /* site-local, as it was */
    { 8, { 0xFF } },                       /* multicast */
};

static bool within(const unsigned char *address, const struct prefix *p)
{
    size_t whole = p->bits / 8, rest = p->bits % 8;
    return memcmp(address, p->address, whole) == 0 &&
           (rest == 0 || ((address[whole] ^ p->address[whole]) & (0xFF << (8 - rest) & 0xFF)) == 0);
}

bool geo_is_reserved(int version, const unsigned char *address)
{
    const struct prefix *list = version == 4 ? four : six;
    size_t n = version == 4 ? sizeof four / sizeof *four : sizeof six / sizeof *six;
    for (size_t i = 0; i < n; i++)
        if (within(address, &list[i]))
            return true;
    return false;
}
