/* lib/udf: the process that computes rows, as its parent sees it. */
#ifndef ODW_UDF_WORKER_H
#define ODW_UDF_WORKER_H

#include <sys/types.h>

#include "udf/part.h"

enum { PARTS = 2 }; /* one is computed while the other's answer is written and refilled */

enum run_mode {
    RUN_ROWS,    /* .row */
    RUN_ERROR,   /* .on_error for one row */
    RUN_DEFAULT, /* the type's default for one row: .on_error failed too */
};

struct run {
    struct part part;
    size_t from, to; /* rows of the part */
    enum run_mode mode;
    int slot;      /* which of the out regions takes the answer */
    char why[160]; /* RUN_ERROR: what .on_error is told */
};

enum run_end {
    RUN_DONE,
    RUN_DIED,      /* the row that was current, or `to` where it died while it wrote the answer */
    RUN_TOO_LARGE, /* the answer's block is over the limit */
    RUN_STOPPED,   /* the function can't go on */
};

struct run_result {
    enum run_end end;
    size_t row;         /* RUN_DIED */
    char why[160];      /* RUN_DIED: "killed by signal 11" */
    const char *answer; /* RUN_DONE: the block */
    size_t bytes;
    size_t failed, first_failed; /* RUN_DONE: rows for which .row gave -1, and the first of them */
    char failed_why[160];
    const char *stopped; /* RUN_STOPPED: why */
};

struct region {
    void *p;
    size_t n;
};

struct worker {
    const struct signature *sig;
    const struct udf_limits *limits;
    void *state;             /* what .open made */
    struct shared *shared;   /* see worker.c */
    struct run run;          /* the last that was handed over; what is shared might be overwritten */
    struct region inputs[3]; /* where parts lie: the worker may only read there */
    int n_inputs;
    char *out[PARTS];
    size_t out_touched[PARTS];
    pid_t pid;       /* 0: none */
    int go, done;    /* pipes: a byte starts a run, a byte says that it has ended */
    int answers;     /* the pipe to the server: where nobody reads it any more a .block is told to end; -1: not watched */
    bool told;       /* the worker was told to end */
    bool fresh;      /* has computed no row yet */
    bool ran_fresh;  /* hadn't, when the last run began */
    int idle_deaths; /* in a row, outside any run's rows */
    int oom;         /* /proc/self/oom_score_adj, -1: can't be had */
    char oom_was[16];
};

/* Maps what is shared; no process yet. */
int worker_init(struct worker *w, const struct signature *sig, const struct udf_limits *limits, void *state, struct err *err)
    __attribute__((warn_unused_result));
void worker_fini(struct worker *w);
/* Ends the process, if there is one; the next run starts another. */
void worker_end(struct worker *w);

/* Hands a run to the worker (a new one where there is none, or where `fresh` asks for one that has computed nothing). */
int worker_start(struct worker *w, const struct run *run, bool fresh, struct err *err) __attribute__((warn_unused_result));
/* SIGTERM ends the process at once, or (softly) sets a flag that udf_ending tells and a running worker is told of. */
void worker_signals(bool softly);
bool worker_ending(void);
/* Waits for its end. -1 and err: no worker can be had at all. */
int worker_wait(struct worker *w, struct run_result *result, struct err *err) __attribute__((warn_unused_result));
/* Memory that large answers took is given back. */
void worker_shrink(struct worker *w);

#endif
