/* loaders/documents/watch: waits until something happens below a folder (inotify(7)). */
#ifndef ODW_DOCUMENTS_WATCH_H
#define ODW_DOCUMENTS_WATCH_H

#include <stdbool.h>

#include "base/err.h"

struct watch;

/* Before the folder is listed for the first time: what happens from here on is seen. folder: "" is here. NULL and err: it can't be
 * watched. */
struct watch *watch_new(const char *folder, struct err *err) __attribute__((warn_unused_result));
void watch_free(struct watch *w);
/* Waits up to `ms`. true: something has happened since the last true, and then nothing for half a second (or much for ten). */
bool watch_wait(struct watch *w, int ms);

#endif
