/* lib/declaration/check: whether a head and its statement say what their folder asks for; used by declaration_load alone. */
#ifndef ODW_DECLARATION_CHECK_H
#define ODW_DECLARATION_CHECK_H

#include "declaration/declaration.h"

/* Fills in creates, verb and params. */
int declaration_check(struct arena *a, struct declaration *d, struct err *err) __attribute__((warn_unused_result));

#endif
