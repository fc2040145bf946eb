/* lib/doc/process: a process that may do nothing but compute, and what it says. */
#ifndef ODW_DOC_PROCESS_H
#define ODW_DOC_PROCESS_H

#include "doc/doc.h"

/* How a process ended, and why where it didn't end well. */
struct outcome {
    bool well;
    int exit_code;  /* -1: it didn't exit, `why` says what happened */
    char why[160];  /* "took more than 60 s of computing" */
    char said[400]; /* the beginning of what a program wrote to standard error */
};

/* False in a build with the address sanitizer, which takes more than a confined process may. */
bool process_is_confined(void);

/* Runs `work` in a child of this process that can open no file to write, no connection, no other program, and reads only what
 * libraries need (/usr, /lib); what it writes to `out` is appended to `to`. `to`'s maximum is the most that it may say. */
void process_work(const struct doc_limits *limits, int64_t deadline, void (*work)(void *context, int out), void *context,
                  struct buf *to, struct outcome *outcome);

/* Is there such a program, where process_program looks for it: /usr/local/bin, /usr/bin, /bin? */
bool process_can_run(const char *program);

/* The same for a program (argv[0]: its name, found in those). `input` is its standard input, and file descriptor 3 as well, so that
 * a program that wants a path takes PROCESS_INPUT. */
#define PROCESS_INPUT "/proc/self/fd/3"
void process_program(const struct doc_limits *limits, int64_t deadline, const char *const *argv, struct str input, struct buf *to,
                     struct outcome *outcome);

#endif
