/* dev/stack: the embedded stack: its folder, its parts, and who watches over them. */
#ifndef ODW_STACK_H
#define ODW_STACK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"

#define STACK_PORTS     20 /* a stack owns port_base … port_base + 19 */
#define STACK_MAX_PARTS 32
/* Every process of a stack carries these in its environment, which is how it's known as ours whatever its pid is. */
#define STACK_MARK_DIR  "ODW_SUPERVISED_DIR"
#define STACK_MARK_PART "ODW_SUPERVISED_PART"
#define SUPERVISOR      "supervisor"

struct stack {
    char dir[PATH_MAX - 256];  /* the state folder, resolved */
    char bin[PATH_MAX - 256];  /* where the programs are */
    char deps[PATH_MAX - 256]; /* what dev/install fetched */
    const char *root;          /* the repository */
    int port_base;
    int brokers;    /* of Kafka: 1 or 3 */
    char only[256]; /* the names that were asked for, separated by commas; "" is all */
};

struct port {
    const char *what; /* for messages; NULL ends the list */
    int offset;       /* from port_base */
};

/* One part of the stack. part_NAME.c defines `const struct part part_NAME`; the build finds it. */
struct part {
    const char *name, *about;
    const char *with; /* wanted where that part is; NULL: by its own name */
    int layer;        /* parts stop from the highest layer to the lowest, each layer together */
    struct port ports[4];
    int grace_seconds; /* from SIGTERM to SIGKILL */
    /* false: the part's program isn't built (yet); it's left out. NULL: always there. */
    bool (*present)(const struct stack *s);
    /* Is what it needs there? Before a start; the message says what to do. NULL: nothing to check. */
    int (*check)(const struct stack *s, struct err *err);
    /* In the new process: becomes the part's program; comes back only on failure. */
    void (*run)(const struct stack *s);
    /* Does it answer? false and why in `err`. NULL: it's enough that it runs. */
    bool (*answers)(const struct stack *s, struct err *err);
    /* Its lines of stack.env. NULL: none. */
    void (*variables)(const struct stack *s, FILE *to);
};

extern const struct part *const parts[]; /* generated; ends in NULL */

bool part_wanted(const struct stack *s, const struct part *p); /* present, and in --only */
int stack_port(const struct stack *s, int offset);

/* stack.c: DIR/name. Static buffers in turn: good for eight calls. */
const char *stack_path(const struct stack *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* stack.env with every part's variables, written whole or not at all. */
int stack_write_variables(const struct stack *s, struct err *err);
/* A text file's content replaced whole or not at all. */
int stack_write(const char *path, const char *text, struct err *err);
/* The first line of a small file; false where there is none. */
bool stack_read(const char *path, char *line, size_t size);
/* A secret of the stack's own: made once, in a file that its owner alone can read. */
int stack_secret(const char *path, char secret[64], struct err *err);
int stack_mkdir(const char *path, struct err *err);
/* stack.env into this process's environment: what another stack has left there must not win. */
void stack_read_variables(const struct stack *s);
int64_t stack_memory(void); /* bytes this machine or container may use */

/* process.c */
/* The process behind the part's pid file if it lives and is ours; 0 if not. Reads only. */
pid_t process_of(const struct stack *s, const char *part);
/* Ends every process of this stack (of one part, or all: NULL) but `spare`: SIGTERM, up to `grace_ms`, SIGKILL.
 * How many there were. */
int process_sweep(const struct stack *s, const char *part, pid_t spare, int grace_ms);
int process_list(const struct stack *s, const char *part, pid_t *pids, int max);
int64_t process_started(pid_t pid);                             /* Unix time; 0 if gone */
int64_t process_memory(pid_t pid);                              /* resident bytes */
bool process_end(pid_t pid, const struct stack *s, int signal); /* by pidfd, only if it's ours */
/* Who listens on a local port, as "pid 12 (name arguments…)"; "" if unknown. */
void process_listening(int port, char *who, size_t size);

/* probe.c: all give up after a second. */
bool probe_port_free(int port);
bool probe_http(int port, const char *path, struct err *err); /* 200? */
bool probe_kafka(int port, struct err *err);                  /* a broker that has itself in its metadata */

/* commands.c: 0, or -1 and why in `err`; stack_status and stack_run give an exit code. */
int stack_up(struct stack *s, bool ports_given, struct err *err);
int stack_down(const struct stack *s, struct err *err);
int stack_status(const struct stack *s); /* 1: something that should run doesn't answer */
int stack_logs(const struct stack *s, int n, const char *const *names, struct err *err);
int stack_run(struct stack *s, struct err *err);

/* supervise.c: runs the parts until SIGTERM or SIGINT; the exit code. */
int supervise(const struct stack *s);

#endif
