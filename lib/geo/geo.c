/* lib/geo: looks addresses up. libmaxminddb opens and checks a file and decodes its records; the tree is walked here, since the
 * first 16 steps of an address and the decoding of a record can be remembered. */
#include "geo/geo.h"

#include <stdlib.h>

#include <maxminddb.h>

#include "base/utf8.h"
#include "pii/scan.h"

enum {
    JUMPS = 1 << 16,
    RECORDS = 1 << 15,    /* remembered per database; a power of two */
    SEPARATOR = 16,       /* zero bytes between the tree and the data: the format's data_section_separator_size */
    ORGANISATION = 65535, /* bytes; nobody's name is longer */
};

/* What a record says, decoded. 32 of 40 bytes are pointers into the file, which is mapped. */
struct record {
    uint32_t value; /* in the tree; 0: none */
    uint32_t asn;
    const char *country_name, *organisation;
    uint16_t country_name_n, organisation_n;
    char country[2], continent[2]; /* '\0': unknown */
};

struct database {
    MMDB_s file;
    bool open;
    uint32_t *jumps4, *jumps6; /* where the first 16 bits of an address lead; the latter NULL where it has no IPv6 */
    struct record *records;    /* by the hash of their value */
};

struct geo {
    struct database databases[GEO_DATABASES];
    size_t n;
};

/* One step down from a node that is known to be one. */
static inline uint32_t step(const struct database *db, uint32_t node, unsigned bit)
{
    const unsigned char *p = db->file.file_content + (size_t)node * db->file.full_record_byte_size;
    switch (db->file.full_record_byte_size) {
    case 6:
        p += bit * 3;
        return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    case 7: /* the byte in the middle holds the highest bits of both */
        if (bit == 0)
            return (uint32_t)(p[3] >> 4) << 24 | (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        return (uint32_t)(p[3] & 15) << 24 | (uint32_t)p[4] << 16 | (uint32_t)p[5] << 8 | p[6];
    default:
        p += bit * 4;
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
}

/* The record's value for an address; 0: it has none. */
static uint32_t find(const struct database *db, int version, const unsigned char *a)
{
    const uint32_t *jumps = version == 4 ? db->jumps4 : db->jumps6;
    uint32_t nodes = db->file.metadata.node_count;
    unsigned bits = version == 4 ? 32 : 128;
    if (jumps == NULL)
        return 0;
    uint32_t at = jumps[a[0] << 8 | a[1]];
    for (unsigned bit = 16; at < nodes && bit < bits; bit++)
        at = step(db, at, a[bit / 8] >> (7 - bit % 8) & 1);
    return at > nodes ? at : 0;
}

/* --- records --- */

static bool is_utf8(const char *p, size_t n)
{
    for (size_t i = 0, k; i < n; i += k)
        if ((k = utf8_length(p + i, n - i)) == 0)
            return false;
    return true;
}

static bool get(MMDB_entry_s *entry, const char *const *path, MMDB_entry_data_s *value)
{
    return MMDB_aget_value(entry, value, path) == MMDB_SUCCESS && value->has_data;
}

static struct str get_text(MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s v;
    if (!get(entry, path, &v) || v.type != MMDB_DATA_TYPE_UTF8_STRING || v.data_size > ORGANISATION ||
        !is_utf8(v.utf8_string, v.data_size))
        return (struct str){ 0 };
    return (struct str){ v.utf8_string, v.data_size };
}

/* A number, or a text such as "AS15169". */
static uint32_t get_asn(MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s v;
    if (!get(entry, path, &v))
        return 0;
    if (v.type == MMDB_DATA_TYPE_UINT32)
        return v.uint32;
    if (v.type == MMDB_DATA_TYPE_UINT16)
        return v.uint16;
    if (v.type == MMDB_DATA_TYPE_UINT64 && v.uint64 <= UINT32_MAX)
        return (uint32_t)v.uint64;
    struct str text = get_text(entry, path);
    uint64_t n = 0;
    if (text.n > 2 && (text.p[0] | 0x20) == 'a' && (text.p[1] | 0x20) == 's')
        text = (struct str){ text.p + 2, text.n - 2 };
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return 0;
        n = n * 10 + (uint64_t)(text.p[i] - '0');
        if (n > UINT32_MAX)
            return 0;
    }
    return (uint32_t)n;
}

static bool is_code(struct str s)
{
    return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

/* Where databases keep what is looked for; the first that is there counts. */
typedef const char *const path[4];
static path country_codes[] = {
    { "country", "iso_code" },            /* GeoLite2, GeoIP2, DB-IP */
    { "country_code" },                   /* ip-location-db, IPinfo Lite */
    { "country" },                        /* IPinfo, older */
    { "registered_country", "iso_code" }, /* GeoLite2 where nothing better is known */
};
static path country_names[] = {
    { "country", "names", "en" }, { "country_name" }, { "registered_country", "names", "en" }, { "country" }
};
static path continents[] = { { "continent", "code" }, { "continent_code" }, { "continent" } };
static path asns[] = { { "autonomous_system_number" }, { "asn" }, { "as_number" }, { "traits", "autonomous_system_number" } };
static path organisations[] = {
    { "autonomous_system_organization" },           { "as_name" },      { "as_organization" },
    { "traits", "autonomous_system_organization" }, { "organization" },
};

#define COUNT(list) (sizeof list / sizeof *list)

static struct str first_code(MMDB_entry_s *entry, path *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str s = get_text(entry, paths[i]);
        if (is_code(s))
            return s;
    }
    return (struct str){ 0 };
}

static struct str first_text(MMDB_entry_s *entry, path *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str s = get_text(entry, paths[i]);
        if (s.n > 0)
            return s;
    }
    return (struct str){ 0 };
}

static void decode(const struct database *db, uint32_t value, struct record *r)
{
    uint32_t offset = value - db->file.metadata.node_count - SEPARATOR;
    *r = (struct record){ .value = value };
    /* Also where the sum has wrapped: a damaged record is as none. */
    if (value < db->file.metadata.node_count + SEPARATOR || offset >= db->file.data_section_size)
        return;
    MMDB_entry_s entry = { &db->file, offset };
    struct str code = first_code(&entry, country_codes, COUNT(country_codes));
    if (code.n > 0) {
        const struct geo_country *country = geo_country(code.p);
        struct str continent, name;
        if (country != NULL) {
            continent = str_of(country->continent);
            name = str_of(country->name);
        } else {
            continent = first_code(&entry, continents, COUNT(continents));
            name = first_text(&entry, country_names, COUNT(country_names));
        }
        memcpy(r->country, code.p, 2);
        if (continent.n == 2)
            memcpy(r->continent, continent.p, 2);
        r->country_name = name.p;
        r->country_name_n = (uint16_t)name.n;
    }
    for (size_t i = 0; i < COUNT(asns) && r->asn == 0; i++)
        r->asn = get_asn(&entry, asns[i]);
    struct str organisation = first_text(&entry, organisations, COUNT(organisations));
    r->organisation = organisation.p;
    r->organisation_n = (uint16_t)organisation.n;
}

static const struct record *record_of(const struct database *db, uint32_t value)
{
    struct record *r = &db->records[(value * 0x9E3779B1u) >> (32 - 15)];
    _Static_assert(RECORDS == 1 << 15, "the hash gives as many bits");
    if (r->value != value)
        decode(db, value, r);
    return r;
}

static bool is_empty(const struct record *r)
{
    return r->country[0] == '\0' && r->asn == 0 && r->organisation_n == 0;
}

/* --- opening --- */

/* Whether any of the records that some addresses lead to has a field that is looked for. */
static bool has_fields(const struct database *db)
{
    uint32_t last = 0;
    struct record r;
    for (size_t i = 0, seen = 0; i < JUMPS && seen < 1000; i++) {
        const unsigned char a[4] = { (unsigned char)(i >> 8), (unsigned char)i, 1, 1 };
        uint32_t value = find(db, 4, a);
        if (value == 0 || value == last)
            continue;
        last = value;
        seen++;
        decode(db, value, &r);
        if (!is_empty(&r))
            return true;
    }
    /* A database of IPv6 alone: every /16 of what is in use (2000::/3). */
    for (unsigned i = 0x2000; i < 0x4000; i++) {
        const unsigned char a[16] = { (unsigned char)(i >> 8), (unsigned char)i, 1, 1 };
        uint32_t value = find(db, 6, a);
        if (value == 0)
            continue;
        decode(db, value, &r);
        if (!is_empty(&r))
            return true;
    }
    return false;
}

/* Where the first 16 bits lead from the root of a version's tree. NULL: no memory. */
static uint32_t *jumps_from(const struct database *db, uint32_t root)
{
    uint32_t *jumps = malloc(JUMPS * sizeof *jumps);
    for (unsigned i = 0; jumps != NULL && i < JUMPS; i++) {
        uint32_t at = root;
        for (int bit = 15; at < db->file.metadata.node_count && bit >= 0; bit--)
            at = step(db, at, i >> bit & 1);
        jumps[i] = at;
    }
    return jumps;
}

static int open_database(struct database *db, const char *file, struct err *err)
{
    int status = MMDB_open(file, MMDB_MODE_MMAP, &db->file);
    if (status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR)
        return err_errno(err, ERR_STOP, "%s", file);
    if (status != MMDB_SUCCESS)
        return err_set(err, ERR_STOP, "%s: expected a MaxMind database (.mmdb), got one that is damaged or another file: %s", file,
                       MMDB_strerror(status));
    db->open = true;
    const MMDB_metadata_s *m = &db->file.metadata;
    size_t tree = (size_t)m->node_count * db->file.full_record_byte_size;
    if ((db->file.full_record_byte_size != 6 && db->file.full_record_byte_size != 7 && db->file.full_record_byte_size != 8) ||
        (m->ip_version != 4 && m->ip_version != 6) || tree + SEPARATOR > (size_t)db->file.file_size)
        return err_set(err, ERR_STOP, "%s: expected records of 24, 28 or 32 bits for IPv4 or IPv6, got %u bits, IPv%u", file,
                       m->record_size, m->ip_version);
    db->jumps4 = jumps_from(db, m->ip_version == 6 ? db->file.ipv4_start_node.node_value : 0);
    db->jumps6 = m->ip_version == 6 ? jumps_from(db, 0) : NULL;
    db->records = calloc(RECORDS, sizeof *db->records);
    if (db->jumps4 == NULL || (m->ip_version == 6 && db->jumps6 == NULL) || db->records == NULL)
        return err_set(err, ERR_RETRY, "%s: out of memory", file);
    if (!has_fields(db))
        return err_set(err, ERR_STOP, "%s: expected records with a country, an autonomous system or both, found none; it is a %s",
                       file, m->database_type);
    return 0;
}

struct geo *geo_open(const char *const *paths, size_t n, struct err *err)
{
    struct geo *geo = calloc(1, sizeof *geo);
    if (geo == NULL) {
        err_set(err, ERR_RETRY, "out of memory");
        return NULL;
    }
    if (n == 0 || n > GEO_DATABASES) {
        err_set(err, ERR_STOP, "expected 1 to %d databases of addresses (.mmdb), got %zu", GEO_DATABASES, n);
        geo_close(geo);
        return NULL;
    }
    for (; geo->n < n; geo->n++)
        if (open_database(&geo->databases[geo->n], paths[geo->n], err) < 0) {
            geo_close(geo);
            return NULL;
        }
    return geo;
}

void geo_close(struct geo *geo)
{
    if (geo == NULL)
        return;
    for (size_t i = 0; i < GEO_DATABASES; i++) {
        struct database *db = &geo->databases[i];
        if (db->open)
            MMDB_close(&db->file);
        free(db->jumps4);
        free(db->jumps6);
        free(db->records);
    }
    free(geo);
}

/* --- looking up --- */

/* The IPv4 address that an IPv6 address stands for: mapped (RFC 4291), translated (RFC 6052), 6to4 (RFC 3056). NULL: none. */
static const unsigned char *four_within(const unsigned char a[16])
{
    static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF }, translated[12] = { 0, 0x64, 0xFF, 0x9B };
    if (memcmp(a, mapped, sizeof mapped) == 0 || memcmp(a, translated, sizeof translated) == 0)
        return a + 12;
    return a[0] == 0x20 && a[1] == 0x02 ? a + 2 : NULL;
}

bool geo_find(struct geo *geo, struct str address, struct geo_answer *answer)
{
    unsigned char bytes[16];
    const unsigned char *a = bytes, *four;
    int version = pii_address_parse(address, bytes);
    *answer = (struct geo_answer){ 0 };
    if (version == 6 && (four = four_within(bytes)) != NULL) {
        version = 4;
        a = four;
    }
    if (version == 0 || geo_is_reserved(version, a))
        return false;
    bool found = false;
    for (size_t i = 0; i < geo->n; i++) {
        const struct database *db = &geo->databases[i];
        uint32_t value = find(db, version, a);
        if (value == 0)
            continue;
        const struct record *r = record_of(db, value);
        found = found || !is_empty(r);
        if (answer->country.n == 0 && r->country[0] != '\0') {
            answer->country = (struct str){ r->country, 2 };
            answer->country_name = (struct str){ r->country_name, r->country_name_n };
            answer->continent = (struct str){ r->continent, r->continent[0] != '\0' ? 2 : 0 };
        }
        if (answer->asn == 0)
            answer->asn = r->asn;
        if (answer->organisation.n == 0)
            answer->organisation = (struct str){ r->organisation, r->organisation_n };
    }
    return found;
}
