/* lib/doc/mime: the pieces of a message that mean something else: encoded words, base64, quoted-printable. */
#ifndef ODW_DOC_MIME_H
#define ODW_DOC_MIME_H

#include "base/buf.h"
#include "base/str.h"

/* Base64 as mail has it (RFC 2045, 6.8): what isn't of its alphabet is passed over. */
void mime_base64(struct str s, struct buf *out);
/* Quoted-printable (RFC 2045, 6.7); `word`: as in an encoded word, where _ is a space (RFC 2047, 4.2). */
void mime_quoted(struct str s, bool word, struct buf *out);
/* A header's text as UTF-8: encoded words (RFC 2047) are decoded, folded lines are one, bytes that are neither UTF-8 nor ASCII are
 * taken for windows-1252. */
void mime_words(struct str s, struct buf *out);
/* A field of a header ("\nName: value" with its folded lines); empty where there is none. The first one counts. */
struct str mime_field(struct str header, const char *name);
/* A parameter of a field's value: filename="…", filename*=UTF-8''… (RFC 2231, also in pieces: filename*0*=), as UTF-8. */
void mime_parameter(struct str value, const char *name, struct buf *out);

#endif
