/* lib/lint: plays ClickHouse to a program: a process behind three pipes. */
#ifndef ODW_LINT_PROGRAM_H
#define ODW_LINT_PROGRAM_H

#include <pthread.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* How what is sent is cut into writes. */
enum cut { CUT_NONE, CUT_BYTES, CUT_RANDOM };

struct program {
    pid_t pid;
    int to, from, said; /* its stdin, stdout, stderr; -1: closed */
    struct buf sent;    /* what will be sent */
    struct buf got;     /* what came back */
    size_t at;          /* of that, what was taken */
    struct buf words;   /* its stderr, the first 64 KiB */
    enum cut cut;
    bool slow;           /* it is read in small pieces, with pauses */
    bool close_after;    /* its input ends after what is sent */
    unsigned silence_ms; /* how long nothing may come while something is awaited; 0: for ever */
    bool writing, ended; /* ended: its output has */
    pthread_t writer;
    size_t written; /* of what was sent, how much was taken */
};

enum program_end {
    PROGRAM_EXITED, /* `status`: its exit code */
    PROGRAM_KILLED, /* `status`: the signal */
    PROGRAM_STAYED, /* had to be killed */
};

/* Runs `child` in a process of its own, where 0, 1 and 2 are the pipes; its result is the exit code. -1 and err. */
int program_start(struct program *p, int (*child)(void *), void *arg, struct err *err) __attribute__((warn_unused_result));

/* Begins to write p->sent, from a thread, while answers are read. */
int program_send(struct program *p, struct err *err) __attribute__((warn_unused_result));
/* Waits until it is written, or refused (the program has gone); empties it. */
void program_sent(struct program *p);

enum got {
    GOT_ALL,
    GOT_SILENCE, /* nothing came for silence_ms */
    GOT_END,     /* its output ended */
    GOT_DAMAGED, /* not what the format wants */
};
/* Waits until n bytes have come that weren't taken yet. */
enum got program_need(struct program *p, size_t n) __attribute__((warn_unused_result));
/* The next n bytes, which have come; valid until the next program_need. */
const char *program_take(struct program *p, size_t n);
/* Bytes that have come and weren't taken. */
static inline size_t program_left(const struct program *p)
{
    return p->got.n - p->at;
}

/* Ends its input, takes what it still says, waits for its end for at most grace_ms (0: for ever), kills it and its children then.
 * What it said beyond what was taken stays in p->got. */
enum program_end program_end(struct program *p, unsigned grace_ms, int *status);
/* As program_end, but it isn't told and nothing is read: it only may end. */
enum program_end program_wait(struct program *p, unsigned grace_ms, int *status);
/* Frees what is left; a process that still runs is killed. */
void program_fini(struct program *p);

#endif
