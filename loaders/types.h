/* loaders/types: what a file's name says of its content. */
#ifndef ODW_LOADERS_TYPES_H
#define ODW_LOADERS_TYPES_H

#include "base/str.h"

/* The media type that goes with the name's extension; NULL: none is known. */
const char *type_of_name(struct str name);

#endif
