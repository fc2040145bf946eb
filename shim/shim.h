/* shim: what one running odw-shim holds, and a request on its way through it. */
#ifndef ODW_SHIM_H
#define ODW_SHIM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"
#include "shim/cursor.h"
#include "shim/declared.h"
#include "shim/metrics.h"
#include "shim/pool.h"
#include "shim/reply.h"

struct MHD_Daemon;
struct kafka_producer;
struct source;

enum part { PART_CLICKHOUSE, PART_KAFKA, PARTS };

/* What the background probe saw last. */
struct part_state {
    bool ok;
    int64_t since_ms; /* of this state, by the wall clock */
    int64_t seen_ms;  /* by the monotonic clock; 0: not looked yet */
};

/* What was gathered last about the sources; watch.c. */
struct watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked, told;
    bool runs, stop, wanted, blind; /* blind: there are no declarations to go by */
    struct json_t *last;
    int64_t last_ms;
};

struct shim {
    const struct opts *settings;
    const char *root;
    struct declarations declarations;
    /* reading */
    struct pool clickhouses;
    struct cursor_secret secret;
    /* writing */
    struct kafka_producer *producer;
    size_t message_max; /* bytes that it takes */
    pthread_t reporter;
    atomic_bool reporting;
    atomic_size_t ingest_bytes; /* of bodies that are held now */
    size_t ingest_bytes_max, body_max;
    int64_t produce_ms; /* until an answer must be given */
    /* serving */
    struct MHD_Daemon *daemon;
    struct connections *connections;
    char token_digest[32];   /* SHA-256 of the bearer token */
    char letters_digest[32]; /* … of the one that opens dead letters as well */
    bool has_token, has_letters_token, access_log;
    atomic_int busy; /* requests under way */
    atomic_bool draining;
    int64_t idle_ms, request_ms;
    /* looking after the parts */
    pthread_t prober;
    bool has_prober;
    pthread_mutex_t health_lock;
    pthread_cond_t health_wake;
    bool health_stop;
    struct part_state parts[PARTS];
    struct watch watch;
    struct metrics metrics;
};

struct request_arg {
    struct str name, value;
};

enum { REQUEST_ARGS = 64 };

struct request {
    struct str method, path;  /* as sent; the path without the query */
    enum metrics_route route; /* which the path leads to */
    bool trusted;             /* it has the token, or there is none */
    struct request_arg args[REQUEST_ARGS];
    size_t n_args;
    struct str content_type, content_encoding, if_none_match, origin, host;
    struct buf body;
    const struct declared *declared; /* while it is answered */
    struct arena arena;
    struct reply reply;
};

/* Refuses parameters that are doubled or not among `known`, naming the nearest. 0, or -1 with the answer made. */
int request_args_check(struct request *r, const char *const *known, size_t n) __attribute__((warn_unused_result));
/* The value of a parameter; p NULL where it isn't there. */
struct str request_arg(const struct request *r, const char *name);

/* shim/page.c: GET /api/NAME. */
void page_answer(struct shim *shim, struct request *r, struct endpoint *e);

/* shim/ingest.c: POST /ingest/NAME, and what it needs while the shim runs: a producer where there are sources. */
int ingest_start(struct shim *shim, const struct source *sources, struct err *err) __attribute__((warn_unused_result));
/* Does the producer do for these sources? -1 and err: only a new start makes one that does. */
int ingest_can_take(const struct shim *shim, const struct source *sources, struct err *err) __attribute__((warn_unused_result));
/* Waits for what is on its way, at most wait_ms. */
void ingest_stop(struct shim *shim, int wait_ms);
void ingest_answer(struct shim *shim, struct request *r, struct source *source);

/* shim/letter.c: GET /dead_letters/ID; POST /dead_letters/ID/replay and …/discard. name: what follows /dead_letters/. */
void letter_answer(struct shim *shim, struct request *r, struct str name);
void letter_action_answer(struct shim *shim, struct request *r, struct str name);

/* shim/health.c: a probe once a second, and GET /health. */
int health_start(struct shim *shim, struct err *err) __attribute__((warn_unused_result));
void health_stop(struct shim *shim);
void health_answer(struct shim *shim, struct request *r);

/* shim/watch.c: how sources are doing; what lib/status gathers, at most two seconds old, and its `age_ms`. Waits for it at most
 * wait_ms, then gives what was known last; NULL: nothing. The caller decrefs. */
int watch_start(struct shim *shim, struct err *err) __attribute__((warn_unused_result));
void watch_stop(struct shim *shim);
struct json_t *watch_look(struct shim *shim, int wait_ms);

/* shim/metrics.c: GET /metrics. */
void metrics_answer(struct shim *shim, struct request *r);

/* shim/index.c: GET / and GET /openapi.json. */
void index_answer(struct request *r);
void openapi_answer(struct shim *shim, struct request *r);

/* shim/server.c: listening, from the first byte of a request to the last of its answer. */
int server_start(struct shim *shim, struct err *err) __attribute__((warn_unused_result));
/* Takes no more, finishes what is under way within drain_ms, closes. -1 where something was cut off. */
int server_stop(struct shim *shim, int64_t drain_ms);

/* shim/route.c: from a path to its answer. */
/* What can be said before the body has come: unknown path, wrong method, no token, wrong type. True with the answer made. */
bool route_early(struct shim *shim, struct request *r, struct str authorization);
void route_answer(struct shim *shim, struct request *r);

/* Connections to ClickHouse; NULL with the answer made where none is free or can be made. */
struct clickhouse;
struct clickhouse *shim_clickhouse(struct shim *shim, struct request *r);
void shim_clickhouse_back(struct shim *shim, struct clickhouse *c);

#endif
