/* lib/contract/format: the formats that are only checked: uuid, email, ipv4, ipv6, uri. */
#ifndef ODW_CONTRACT_FORMAT_H
#define ODW_CONTRACT_FORMAT_H

#include <stdbool.h>

#include "base/str.h"

/* 8-4-4-4-12 hexadecimal digits (RFC 9562), either case. */
bool format_uuid(struct str s);
/* local@domain as RFC 5321 has it: dotted atoms or a quoted local part; a host name or an [address]; ASCII. */
bool format_email(struct str s);
bool format_ipv4(struct str s);
bool format_ipv6(struct str s);
/* An absolute URI (RFC 3986): scheme, then its characters; nothing that had to be percent-encoded. */
bool format_uri(struct str s);

#endif
