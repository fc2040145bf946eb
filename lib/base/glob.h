/* lib/base/glob: patterns over paths whose steps are divided by slashes: file names, object keys.
 *
 *   *         any characters within one step
 *   ?         one character (a UTF-8 code point, or a byte that is none) but a slash
 *   **        any characters, across steps too; as a step of its own it may also stand for no step at all
 *   {a,b/c}   one of these; may be nested, may hold patterns, an alternative may be empty
 *   [a-z_]    one of these characters, [!a-z_] one that isn't; never a slash
 *   \x        the character x itself
 *
 * A leading dot is no exception, and letters' case counts. */
#ifndef ODW_GLOB_H
#define ODW_GLOB_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct glob; /* one thread at a time */

/* NULL and err (ERR_STOP; it says where in the pattern): a bracket or brace that isn't closed, a backslash at the end, a pattern
 * that isn't UTF-8 or over 4096 bytes, braces nested over 32 deep. */
struct glob *glob_new(struct str pattern, struct err *err) __attribute__((warn_unused_result));
void glob_free(struct glob *g);

/* Whether all of the path fits. Time grows with the path's length times the pattern's, whatever both hold. */
bool glob_match(struct glob *g, struct str path);
/* Whether some path that begins with these bytes may fit: a folder (with the slash at its end) for which it can't needn't be read.
 */
bool glob_reaches(struct glob *g, struct str prefix);
/* What every path that fits begins with; borrowed. All of it where the pattern holds no more than one path. */
struct str glob_prefix(const struct glob *g);
/* Whether just one path can fit: its prefix. */
bool glob_is_literal(const struct glob *g);

#endif
