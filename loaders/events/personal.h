/* loaders/events/personal: made-up personal data in its real forms. */
#ifndef ODW_EVENTS_PERSONAL_H
#define ODW_EVENTS_PERSONAL_H

#include <stdint.h>

#include "base/buf.h"

/* Appends one JSON member with something personal in it: `"email":"…"`, a phone, a card (Luhn holds), an IBAN (mod 97 holds), … */
void personal_put(struct buf *out, uint64_t random);

#endif
