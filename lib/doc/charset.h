/* lib/doc/charset: text of any charset, as UTF-8. */
#ifndef ODW_DOC_CHARSET_H
#define ODW_DOC_CHARSET_H

#include "base/buf.h"
#include "base/str.h"

/* Appends the text as UTF-8. What counts, in this order: a byte order mark; `declared` (a charset's name, "" where none is known);
 * that the bytes are UTF-8, or UTF-16 and -32 by their zeros; what uchardet takes them for; windows-1252. What the charset has no
 * character for becomes U+FFFD. */
void charset_decode(struct str bytes, struct str declared, struct buf *out);

/* As above, for bytes that are surely of this charset. false: no such charset is known, and nothing was appended. */
bool charset_convert(struct str bytes, const char *charset, struct buf *out);

/* The value of a parameter of a media type, charset of `text/html; charset="utf-8"`; empty where there is none. */
struct str charset_parameter(struct str content_type, const char *name);

/* The declared charset of HTML's <meta> or of XML's declaration, in the first 1024 bytes; empty where there is none. */
struct str charset_in_markup(struct str bytes);

#endif
