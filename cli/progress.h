/* cli/progress: a line on the terminal for what takes over two seconds; nothing in a pipe or a file. */
#ifndef ODW_PROGRESS_H
#define ODW_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what, *unit; /* "events", "records" */
    int64_t total;
    int64_t started_ms, drawn_ms;
    bool terminal, shown;
    char note[128];
};

/* what and unit are borrowed. total: how many there will be, or -1. Draws on stderr, and only if that is a terminal. */
void progress_init(struct progress *p, const char *what, const char *unit, int64_t total);
/* Cheap: draws at most ten times a second, and not before two seconds have passed. */
void progress_set(struct progress *p, int64_t done);
/* Words shown in place of the time that is left ("waiting for Kafka"); NULL: none. */
void progress_note(struct progress *p, const char *note);
/* Takes the line away: before other output on stderr, and at the end. */
void progress_clear(struct progress *p);

/* "1,234,567" into out (at least 32 bytes); returns out. */
char *progress_count(char *out, int64_t n);

#endif
