/* lib/doc/cms: walks BER as far as the content. Lengths may be indefinite, as programs write them that don't hold the whole
 * message. */
#include "doc/cms.h"

enum {
    END = 0x00,
    INTEGER = 0x02,
    OCTETS = 0x04,
    OID = 0x06,
    OCTETS_IN_PIECES = 0x24,
    SEQUENCE = 0x30,
    SET = 0x31,
    EXPLICIT_0 = 0xA0,
};

struct element {
    unsigned char tag;
    bool open; /* of indefinite length: holds is all that follows, up to an END and beyond */
    struct str holds;
};

/* The next element; *rest is behind it, or, where it is open, at the first element within. false: there is none that is whole. */
static bool next(struct str *rest, struct element *e)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    size_t n = rest->n, at = 2, length;
    if (n < 2 || (p[0] & 31) == 31)
        return false;
    *e = (struct element){ .tag = p[0], .open = p[1] == 0x80 };
    length = p[1];
    if (e->open) {
        length = n - at;
    } else if (length > 0x80) {
        size_t bytes = length & 0x7F;
        if (bytes > sizeof length || n - at < bytes)
            return false;
        for (length = 0; bytes > 0; bytes--)
            length = length << 8 | p[at++];
    }
    if (length > n - at || (e->open && (e->tag & 0x20) == 0))
        return false;
    e->holds = (struct str){ rest->p + at, length };
    at += e->open ? 0 : length;
    *rest = (struct str){ rest->p + at, n - at };
    return true;
}

/* Goes into the next element, which must have this tag. */
static bool enter(struct str *rest, unsigned char tag)
{
    struct element e;
    if (!next(rest, &e) || e.tag != tag)
        return false;
    *rest = e.holds;
    return true;
}

/* Goes past the next element, which must have this tag. */
static bool skip(struct str *rest, unsigned char tag)
{
    struct element e;
    if (!next(rest, &e) || e.tag != tag)
        return false;
    for (size_t open = e.open; open > 0;) {
        if (!next(rest, &e))
            return false;
        open += e.open;
        open -= e.tag == END;
    }
    return true;
}

static bool next_oid(struct str *rest, struct str *oid)
{
    struct element e;
    if (!next(rest, &e) || e.tag != OID)
        return false;
    *oid = e.holds;
    return true;
}

/* An OCTET STRING, also one in pieces, which may be in pieces themselves. Pieces lie one behind the other however they are nested,
 * so that only those of indefinite length need an end of their own. */
static bool octets(struct str *rest, struct buf *out)
{
    struct element e;
    if (!next(rest, &e))
        return false;
    if (e.tag == OCTETS)
        return buf_put_str(out, e.holds) == 0;
    if (e.tag != OCTETS_IN_PIECES)
        return false;
    size_t open = e.open;
    struct str pieces = e.holds;
    while (pieces.n > 0) {
        struct str before = pieces;
        if (!next(&pieces, &e))
            return false;
        if (e.tag == OCTETS_IN_PIECES) {
            /* Into it: what it holds is followed by what is behind it. */
            if (!e.open)
                pieces = (struct str){ e.holds.p, (size_t)(before.p + before.n - e.holds.p) };
            open += e.open;
        } else if (e.tag == END && open > 0) {
            if (--open == 0)
                return true;
        } else if (e.tag != OCTETS || buf_put_str(out, e.holds) < 0) {
            return false;
        }
    }
    return open == 0;
}

bool cms_begins(struct str bytes)
{
    struct str at = bytes, type;
    return enter(&at, SEQUENCE) && next_oid(&at, &type) && str_starts(type, STR("\x2A\x86\x48\x86\xF7\x0D\x01\x07"));
}

enum cms cms_read(struct str bytes, struct buf *content)
{
    /* 1.2.840.113549.1.7.1, .2, .3 (RFC 5652); 1.2.840.113549.1.9.16.1.23 (RFC 5083), .9 (RFC 3274) */
    const struct str data = STR("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"), is_signed = STR("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"),
                     enveloped = STR("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03"),
                     authenticated = STR("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x17"),
                     compressed = STR("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x09");
    struct str at = bytes, type;
    if (!enter(&at, SEQUENCE) || !next_oid(&at, &type))
        return CMS_OTHER;
    if (str_eq(type, enveloped) || str_eq(type, authenticated))
        return CMS_ENCRYPTED;
    if (str_eq(type, compressed))
        return CMS_COMPRESSED;
    if (!str_eq(type, is_signed) || !enter(&at, EXPLICIT_0) || !enter(&at, SEQUENCE) || !skip(&at, INTEGER) || !skip(&at, SET) ||
        !enter(&at, SEQUENCE) || !next_oid(&at, &type) || !str_eq(type, data) || !enter(&at, EXPLICIT_0) || !octets(&at, content))
        return CMS_OTHER;
    return CMS_SIGNED;
}
