/* lib/url/idna: names of hosts in ASCII, as UTS 46 makes them and the URL standard asks for it. */
#ifndef ODW_URL_IDNA_H
#define ODW_URL_IDNA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum {
    IDNA_BYTES = 2048
}; /* a name of 253 characters, each in at most four bytes, percent-encoding undone; longer ones are none */

/* Appends the ASCII form of a name in UTF-8: not transitional, joiners and writing direction checked, hyphens and lengths not.
 * False: it has none, and nothing was appended; out->failed: no memory. */
bool idna_to_ascii(struct str name, struct buf *out);

/* Whether c is a valid code point that libunistring doesn't know yet. */
bool idna_is_newer(uint32_t c);

#endif
