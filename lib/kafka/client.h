/* lib/kafka/client: what producer, admin and reader share: the handle, its settings, its log lines, its errors. */
#ifndef ODW_KAFKA_CLIENT_H
#define ODW_KAFKA_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

#include "base/clock.h"
#include "kafka/kafka.h"

enum { REASON_MAX = 256, LOG_KINDS = 8 };

struct client {
    rd_kafka_t *rk;
    char *brokers;           /* as the user wrote them, for messages */
    pthread_mutex_t lock;    /* of all below */
    char reason[REASON_MAX]; /* why the last connection failed, "" when none did */
    bool refused;            /* it was the credentials or the certificate: trying again won't help */
    struct {                 /* one line per kind every ten seconds */
        char kind[16];
        time_t last;
        unsigned held;
    } lines[LOG_KINDS];
    bool quiet; /* connection failures are returned as errors, so their log lines are for debugging only */
};

/* A librdkafka setting; tables end with a row whose name is NULL. */
struct property {
    const char *name, *value;
};

/* ours: our defaults; the user's kafka-options go over them. fixed: what the user may not set, as odw's promises rest on it; value
 * NULL: not to be set at all. */
int client_init(struct client *c, rd_kafka_type_t type, const struct opts *settings, const struct property *ours,
                const struct property *fixed, void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *), struct err *err)
    __attribute__((warn_unused_result));
/* Also of a zeroed one. */
void client_fini(struct client *c);

/* Until a broker has answered, at most timeout_ms. -1: "kafka: no broker answers at … (connection refused)". */
int client_reach(struct client *c, int timeout_ms, struct err *err) __attribute__((warn_unused_result));

/* librdkafka's code as our error: what it means for the caller, in the field's words. doing: "producing to 'events'".
 * detail: the broker's own words, may be NULL. */
int client_error(struct client *c, rd_kafka_resp_err_t code, const char *doing, const char *detail, struct err *err);

/* Worth another try within the same call: the cluster is electing, loading or moving something. */
bool client_transient(rd_kafka_resp_err_t code);

#endif
