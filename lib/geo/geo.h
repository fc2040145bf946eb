/* lib/geo: where an address is, and whose network it belongs to, by databases in MaxMind's format. */
#ifndef ODW_GEO_H
#define ODW_GEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { GEO_DATABASES = 8 };

/* Texts are UTF-8 and stay until the next call of geo_find. "" and 0: unknown. */
struct geo_answer {
    struct str country;      /* ISO 3166-1 alpha-2: "DE" */
    struct str country_name; /* in English: "Germany" */
    struct str continent;    /* AF, AN (Antarctica), AS, EU, NA, OC, SA */
    struct str organisation; /* whose network it is: "Deutsche Telekom AG" */
    uint32_t asn;            /* its number in routing (RFC 4893) */
};

struct geo;

/* Opens *.mmdb files. Each field of an answer comes from the first of them that has it. Which keys hold them: see fields in geo.c
 * (GeoLite2 and GeoIP2 Country, City, ASN and ISP; DB-IP; IPinfo; ip-location-db). NULL and err, which names the file: not there,
 * not such a file, damaged, or with none of those keys in any record of the first that were looked at. */
struct geo *geo_open(const char *const *paths, size_t n, struct err *err);
void geo_close(struct geo *geo);

/* address: in text; an IPv4 address in IPv6 clothes (::ffff:a.b.c.d, 6to4, NAT64) counts as that. False, and an empty answer: not
 * an address, reserved (private, loopback, documentation, multicast, …: IANA's special-purpose registries), or in no database. */
bool geo_find(struct geo *geo, struct str address, struct geo_answer *answer);

/* Whether an address, in network order, is in IANA's special-purpose registries as one that isn't globally reachable. */
bool geo_is_reserved(int version, const unsigned char *address);

struct geo_country {
    char code[3];
    const char *name;
    char continent[3];
};
/* NULL: no country has that code. */
const struct geo_country *geo_country(const char code[2]);

#endif
