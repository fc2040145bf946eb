/* cli/checkpoint: how far a load has come, kept in a file so that the next one goes on there.
 *
 * Records belong to the stretch that is open when they are sent. A stretch ends with a position of the loader; once every record of
 * it and of those before is acknowledged, its position is written. A record that failed for want of Kafka holds that back for ever:
 * the next load begins before it. */
#ifndef ODW_CHECKPOINT_H
#define ODW_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/opt.h"
#include "kafka/kafka.h"
#include "loaders/loader.h"

struct checkpoint;

/* What a record's delivery report names. */
struct stretch {
    struct kafka_report report; /* its context is the stretch */
    void *owner;                /* the caller's own */
    int64_t sent, waiting;
    bool lost;           /* one of them was not acknowledged: a later load must send it again */
    struct buf position; /* where it ends; only of one that has ended */
    struct stretch *next;
};

/* The file is STATE-DIR/load/NAME-<hash of topic, brokers, operands, identity>.position, and is locked until _free: a second load
 * of the same is an error. Reads the position that is there, unless from_start. delivered: what a stretch's reports call. `file`
 * says where in messages. */
struct checkpoint *checkpoint_new(const struct loader *loader, const struct opts *opts, const char *topic, bool from_start,
                                  kafka_delivered *delivered, void *owner, struct err *err) __attribute__((warn_unused_result));
void checkpoint_free(struct checkpoint *c);
const char *checkpoint_file(const struct checkpoint *c);
/* The file's path without its ending: what names of further files of this load begin with. */
const char *checkpoint_stem(const struct checkpoint *c);

/* The position to go on from, and how many records were acknowledged before it; n = 0: there is none. Borrowed. */
struct str checkpoint_found(const struct checkpoint *c, int64_t *records);

/* The stretch that a record sent now belongs to: count it in `sent` and `waiting`, and take it off `waiting` when its report comes.
 */
struct stretch *checkpoint_open(struct checkpoint *c);

/* Ends the open stretch with the loader's position where half a second has passed since the last one (or `now`), and writes what is
 * proven. -1 and err: the file can't be written. */
int checkpoint_move(struct checkpoint *c, void *state, bool now, struct err *err) __attribute__((warn_unused_result));
/* After the last report. ended: the source has nothing more: where it isn't incremental and nothing is to be sent again, there is
 * nothing to go on from either, and the file goes. */
int checkpoint_end(struct checkpoint *c, void *state, bool ended, struct err *err) __attribute__((warn_unused_result));

#endif
