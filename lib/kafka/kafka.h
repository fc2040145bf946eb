/* lib/kafka: all of odw's Kafka: producing with delivery reports, reading offsets, topics. Nothing else includes rdkafka.h. */
#ifndef ODW_KAFKA_H
#define ODW_KAFKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

struct kafka_header {
    const char *name;
    struct str value;
};

/* ---- producing: idempotent, acks=all ---- */

/* Safe in any number of threads. Reports are served by whichever thread polls, checks or flushes: with many producing threads, let
 * one thread do nothing but poll. */
struct kafka_producer;

/* What became of one message; called from kafka_producer_poll/_flush. err NULL: it is on all in-sync replicas. */
typedef void kafka_delivered(void *context, const struct err *err, int32_t partition, int64_t offset);

/* Who is told of a message: the caller's, for one message or for many, and there until each of them had its report. */
struct kafka_report {
    kafka_delivered *delivered;
    void *context;
};

struct kafka_producer_options {
    int64_t linger_ms;         /* how long a batch may wait to fill */
    int64_t timeout_ms;        /* until a message that isn't acknowledged is reported as failed; 0: 5 min; -1: never */
    int64_t queue_bytes;       /* most bytes that wait at once; 0: 256 MiB */
    int64_t max_message_bytes; /* 0: 16 MiB */
};

/* settings: from settings_shared (brokers, SASL, TLS, pass-through). NULL and err: refused settings, or no such file. */
struct kafka_producer *kafka_producer_new(const struct opts *settings, const struct kafka_producer_options *options,
                                          struct err *err) __attribute__((warn_unused_result));
/* Waits for nothing: flush first. */
void kafka_producer_free(struct kafka_producer *p);

/* Copies key (p NULL: none), value (p NULL: a null message), headers; `report` (NULL: nobody is told) is called once.
 * -1 with ERR_RETRY: the queue is full: poll, then try again. ERR_DROP: this message can't be sent (too large, no such topic). */
int kafka_produce(struct kafka_producer *p, const char *topic, int32_t partition /* -1: by key */, struct str key, struct str value,
                  const struct kafka_header *headers, size_t n_headers, struct kafka_report *report, struct err *err)
    __attribute__((warn_unused_result));
/* Serves delivery reports for up to timeout_ms; returns how many. */
int kafka_producer_poll(struct kafka_producer *p, int timeout_ms);
/* Until all are reported or the time is over; 0, or -1 with some outstanding. */
int kafka_producer_flush(struct kafka_producer *p, int timeout_ms);
/* Messages produced and not reported yet. */
int kafka_producer_waiting(const struct kafka_producer *p);
/* 0 when a broker answers within timeout_ms; else -1 and why ("kafka: no broker answers at … (connection refused)"). Reports that
 * come meanwhile are served. */
int kafka_producer_check(struct kafka_producer *p, int timeout_ms, struct err *err) __attribute__((warn_unused_result));

/* ---- asking and administrating ---- */

/* One thread at a time. The first call on it waits up to 4 s for a broker, then fails with ERR_RETRY and the reason. */
struct kafka_admin;
struct kafka_admin *kafka_admin_new(const struct opts *settings, struct err *err) __attribute__((warn_unused_result));
void kafka_admin_free(struct kafka_admin *a);

struct kafka_topic {
    char id[48];          /* the topic's own id where the client library can tell it, else "" */
    int32_t partitions;   /* 0: there is no such topic */
    bool append_time;     /* message.timestamp.type=LogAppendTime */
    int64_t retention_ms; /* -1: for ever */
    int64_t max_message_bytes;
    bool compacted;
};
/* 0 also where the topic does not exist (partitions 0). */
int kafka_topic_describe(struct kafka_admin *a, const char *topic, struct kafka_topic *out, struct err *err)
    __attribute__((warn_unused_result));
/* Creates it with LogAppendTime. Replication: min(3, brokers), min.insync.replicas 2 where there are 3. */
int kafka_topic_create(struct kafka_admin *a, const char *topic, int32_t partitions, int64_t retention_ms,
                       int64_t max_message_bytes, struct err *err) __attribute__((warn_unused_result));
/* Changes only what differs, and puts LogAppendTime; the topic's other settings stay. Partitions can only be added. */
int kafka_topic_alter(struct kafka_admin *a, const char *topic, int32_t partitions /* 0: leave */, int64_t retention_ms,
                      int64_t max_message_bytes, struct err *err) __attribute__((warn_unused_result));

/* Earliest and latest offset that the partition holds now (latest: of the next message; where a transaction is
 * open, its first). */
int kafka_watermarks(struct kafka_admin *a, const char *topic, int32_t partition, int64_t *low, int64_t *high, struct err *err)
    __attribute__((warn_unused_result));
/* The first offset whose timestamp isn't before time_ms (milliseconds since 1970); the end where all are older. */
int kafka_offset_at(struct kafka_admin *a, const char *topic, int32_t partition, int64_t time_ms, int64_t *offset, struct err *err)
    __attribute__((warn_unused_result));
/* What a group has committed, per partition 0 … n-1; -1 where nothing. */
int kafka_committed(struct kafka_admin *a, const char *group, const char *topic, int64_t *offsets, int32_t n, struct err *err)
    __attribute__((warn_unused_result));
/* Sets a group's position, where an offset isn't -1; the group must have no member (detach the queue first): else ERR_RETRY. */
int kafka_commit(struct kafka_admin *a, const char *group, const char *topic, const int64_t *offsets, int32_t n, struct err *err)
    __attribute__((warn_unused_result));

/* ---- reading a range by offset, without a group ---- */

struct kafka_message {
    int32_t partition;
    int64_t offset, timestamp_ms;
    struct str key, value; /* p NULL: null */
    const struct kafka_header *headers;
    size_t n_headers;
};
/* 0: go on, anything else stops the reading. The message is borrowed for the call. */
typedef int kafka_each(void *context, const struct kafka_message *m);
/* Calls `each` for the messages with offsets in [from, to) that still exist, in order; read_committed, as ClickHouse reads:
 * transaction markers and what was aborted are no messages. 0 at the end; -1 and err when the brokers can't be asked within
 * timeout_ms. */
int kafka_read(struct kafka_admin *a, const char *topic, int32_t partition, int64_t from, int64_t to, int timeout_ms,
               kafka_each *each, void *context, struct err *err) __attribute__((warn_unused_result));

/* "librdkafka 2.0.2" */
const char *kafka_version(void);

#endif
