/* lib/doc/cms: what stands in a message of S/MIME (RFC 8551): the Cryptographic Message Syntax (RFC 5652) in BER (X.690). */
#ifndef ODW_DOC_CMS_H
#define ODW_DOC_CMS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum cms {
    CMS_SIGNED,     /* the content was appended: a MIME entity, or any file (CAdES); its signature isn't checked */
    CMS_ENCRYPTED,  /* enveloped, with or without authentication */
    CMS_COMPRESSED, /* RFC 3274: nobody writes it */
    CMS_OTHER,      /* none of them, or damaged, or signed apart from its content */
};
/* Whether bytes begin as PKCS #7's kinds of content do. */
bool cms_begins(struct str bytes);
enum cms cms_read(struct str bytes, struct buf *content);

#endif
