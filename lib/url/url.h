/* lib/url: the parts of a URL, as the URL standard (https://url.spec.whatwg.org/) parses it, without a base. */
#ifndef ODW_URL_H
#define ODW_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* All texts live in the reader, or in what was read. */
struct url {
    bool valid;        /* the standard takes it; else host is empty, and the rest what could be told */
    bool special;      /* http, https, ws, wss, ftp, file; also a URL without a scheme */
    struct str scheme; /* lower case, without the colon; "" where there is none */
    struct str host; /* without the port: "www.example.com" (lower case, IDNA's ASCII form), "192.0.2.1", "[2001:db8::1]", or "" */
    struct str registrable_domain; /* the public suffix and one label more; "" for addresses and for suffixes themselves */
    struct str path;               /* percent-encoded, "." and ".." resolved: "/a/b%20c" */
    struct str query;              /* what stands between ? and #, as received (without tabs and line ends) */
};

/* Memory that is used for one URL after the other. */
struct url_reader {
    struct buf clean, host, idna, lower, path;
};
void url_reader_init(struct url_reader *r);
void url_reader_fini(struct url_reader *r);

/* text: any bytes; what isn't UTF-8 counts as U+FFFD, as browsers do it. *out is valid until the next call. -1: out of memory. */
int url_read(struct url_reader *r, struct str text, struct url *out) __attribute__((warn_unused_result));

/* --- the host by itself --- */

/* Appends the host as the standard serialises it. special: it is a domain name or an address; else anything that isn't a
 * delimiter is a host. idna: scratch. False, and nothing appended: the standard refuses it. */
bool url_host_read(struct str text, bool special, struct buf *idna, struct buf *out);

/* The part of a name (lower case, ASCII) that somebody registered: "example.co.uk" of "www.example.co.uk", by the public suffix
 * list, both its sections. "" where there is none: an address, a suffix itself, an empty label. A dot at the end isn't part of it.
 * listed (or NULL): whether a rule of the list was met; else the last label counts as suffix. */
struct str url_registrable_domain(struct str host, bool *listed);

/* --- parameters --- */

enum { URL_UTM_MAX = 32 };

struct url_pair {
    struct str name, value;
};

struct url_parameters {
    struct url_pair utm[URL_UTM_MAX]; /* utm_…, names in lower case, values decoded; the first of each name */
    size_t n_utm;
    struct str click_id;       /* decoded; the first that isn't empty */
    const char *click_id_name; /* "gclid", as its owner writes it; "" where there is none */
};

/* query: without the question mark. Texts are decoded into memory (cleared first): percent-encoding, + as a space, what isn't
 * UTF-8 as U+FFFD; utm values without personal data, as piiRedact does it. -1: out of memory. */
int url_parameters_read(struct str query, struct buf *memory, struct url_parameters *out) __attribute__((warn_unused_result));

/* Appends the query with the values of parameters that are secret or personal by their name (token, password, email, …) as
 * [REDACTED], and what piiRedact finds in the others as its tokens; everything else as received. scratch: two. */
int url_query_redact(struct str query, struct buf scratch[2], struct buf *out) __attribute__((warn_unused_result));

#endif
