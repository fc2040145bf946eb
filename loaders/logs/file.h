/* loaders/logs/file: one log file: who it is, and how far it was read. */
#ifndef ODW_LOGS_FILE_H
#define ODW_LOGS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/clock.h"
#include "loaders/logs/tail.h"

enum { FINGERPRINT = 16, TAIL_BYTES = 1024, FIRST_LINE_MAX = 1024, CHUNK = 256 << 10 };

struct log_file {
    char *path, *stem;
    dev_t device;
    ino_t inode;
    char id[TAIL_ID + 1];         /* "": its first line isn't known yet */
    char first[FINGERPRINT + 1];  /* of its first line */
    char behind[FINGERPRINT + 1]; /* of the bytes before `behind_at` */
    int64_t behind_at;
    unsigned generation; /* how often another content with the same first line was here before */
    int fd;              /* -1: only remembered */
    gzFile gz;           /* not NULL: compressed */
    bool regular;

    struct buf bytes; /* from `base` on */
    int64_t base;
    size_t scan, searched;   /* where the next line begins; there is no newline before `searched` */
    size_t event, event_end; /* lines that belong together; event_lines = 0: none */
    unsigned event_lines;
    bool expects; /* the line that was taken last is half of a pair */
    bool whole;   /* it is a JSON object: nothing goes on it */
    unsigned part;
    int64_t done; /* all before it was handed out */

    int64_t last_time_ms, modified_ms;
    int64_t heard_ms; /* monotonic: when it grew last */
    bool at_end;      /* the last read gave nothing */
    bool listed;      /* a pattern names it */
    bool leaving;     /* no pattern names it any more: it is read to its end and closed */
    bool restored;    /* from a position, not looked at yet */
};

/* Remembered only; fd -1. NULL: no memory. path "-": standard input, opened. */
struct log_file *file_new(const char *path);
void file_free(struct log_file *f);

/* "/var/log/shop.log.2.gz" → "shop", in place of what is behind the last slash. The caller frees. */
char *file_stem(const char *path);

/* Opens f->path at f->done. -1 and err: it can't be; errno says why. */
int file_open(struct log_file *f, struct err *err) __attribute__((warn_unused_result));
/* Closes it; what is known of it stays. */
void file_close(struct log_file *f);
/* Another content begins at offset 0: what was there is remembered in the id, where it began alike. */
void file_restart(struct log_file *f);

/* Reads on. 1: something; 0: nothing (more); -1 and err. */
int file_read_on(struct log_file *f, struct err *err) __attribute__((warn_unused_result));

/* Names the file by its first line, once that is there: `line` begins at offset 0. */
void file_identify(struct log_file *f, struct str line);

/* Brings f->behind up to date. */
void file_mark(struct log_file *f);
/* Whether `other`'s bytes, read until other->behind_at, are those of f: its copy, or itself under another name. */
bool file_continues(struct log_file *f, const struct log_file *other);
/* f goes on where `other` stands, under the same id. */
void file_inherit(struct log_file *f, const struct log_file *other);

#endif
