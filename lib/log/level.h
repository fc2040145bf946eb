/* lib/log/level: the many spellings of a log level, as one of six. */
#ifndef ODW_LOG_LEVEL_H
#define ODW_LOG_LEVEL_H

#include "base/str.h"

/* TRACE, DEBUG, INFO, WARN, ERROR or FATAL; NULL where s isn't a level that is known. s may be a word in any case ("warning",
 * "crit", "Information"), also in brackets, a syslog severity 0 to 7, or a number of the 10-to-60 kind (pino, bunyan). */
const char *level_normalise(struct str s);

/* The same for a word that stands free in a line, written as programs write levels there: WARN or Warn, three letters at least. */
const char *level_word(struct str s);

#endif
