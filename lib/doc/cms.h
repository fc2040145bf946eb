/* lib/doc/cms: what stands in a message of S/MIME (RFC 8551): the Cryptographic Message Syntax (RFC 5652) in BER (X.690). */
#ifndef ODW_DOC_CMS_H
#define ODW_DOC_CMS_H

#include "base/buf.h"
#include "base/str.h"

enum cms {
    CMS_SIGNED,    /* the content was appended: a MIME entity; its signature isn't checked */
    CMS_ENCRYPTED, /* enveloped, with or without authentication */
    CMS_OTHER,     /* neither, or damaged, or signed apart from its content */
};
enum cms cms_read(struct str bytes, struct buf *content);

#endif
