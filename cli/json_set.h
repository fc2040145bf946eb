/* cli/json_set: one field of a JSON text, by a pointer. */
#ifndef ODW_JSON_SET_H
#define ODW_JSON_SET_H

#include <jansson.h>

#include "base/err.h"

/* "/a/0/b=VALUE": an RFC 6901 pointer below root, which exists but for its last step. VALUE is JSON where it can be read as such,
 * else a text; without '=' the field is taken away. -1 and ERR_DROP where there is no such place. */
int json_set(json_t *root, const char *set, struct err *err) __attribute__((warn_unused_result));

#endif
