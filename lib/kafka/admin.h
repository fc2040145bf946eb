/* lib/kafka/admin: the handle behind kafka_admin, for the files of this folder. */
#ifndef ODW_KAFKA_ADMIN_H
#define ODW_KAFKA_ADMIN_H

#include "kafka/client.h"

enum {
    REACH_MS = 4000,   /* a broker that doesn't answer at first is said to be down after this */
    ANSWER_MS = 10000, /* one question, once a broker has answered */
};

struct kafka_admin {
    struct client client;
    bool reached;
    rd_kafka_t *group_rk; /* speaks for `group`; see offsets.c */
    char *group;
};

/* The first call of a handle waits for a broker, so that a dead one is an error in seconds. */
int admin_ready(struct kafka_admin *a, struct err *err) __attribute__((warn_unused_result));

rd_kafka_AdminOptions_t *admin_options(struct kafka_admin *a, rd_kafka_admin_op_t op);

/* The answer to what was just asked; the caller destroys it. NULL: *code and err say why. */
rd_kafka_event_t *admin_answer(struct kafka_admin *a, rd_kafka_queue_t *queue, const char *doing, rd_kafka_resp_err_t *code,
                               struct err *err);

#endif
