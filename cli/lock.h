/* cli/lock: one odw at a time: a query on the ClickHouse node that runs as long as its holder lives, under a name that the server
 * gives once. It ends by itself within a second when its holder is killed. */
#ifndef ODW_LOCK_H
#define ODW_LOCK_H

#include "base/err.h"
#include "base/opt.h"

struct lock;

/* what: "apply"; the lock is odw_WHAT_DATABASE. Waits up to wait_s seconds for another holder. NULL: err, with ERR_RETRY where
 * another holds it. */
struct lock *lock_take(const struct opts *settings, const char *what, int wait_s, struct err *err)
    __attribute__((warn_unused_result));
/* Also of NULL. */
void lock_release(struct lock *lock);

#endif
