/* loaders/logs/tail: events out of files that grow, are rotated, are compressed. */
#include "loaders/logs/tail.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/glob.h"
#include "base/log.h"
#include "base/utf8.h"
#include "loaders/logs/file.h"
#include "log/logline.h"

enum {
    RESCAN_MS = 1000, /* also where inotify says nothing: a network's file systems */
    JOIN_MS = 500,    /* an event is over when nothing went on it for so long */
    LEAVE_MS = 30000, /* a file that was renamed away may still be written to */
    WAIT_MS = 100,
    DEPTH_MAX = 64,    /* folders within folders */
    FILES_MAX = 20000, /* of those that are only remembered, the oldest go */
};

struct tail {
    char *const *patterns;
    size_t n_patterns;
    bool follow, join;
    int inotify;
    struct log_file **files;
    size_t n, cap, at; /* at: whose turn it is */
    size_t blank;
    int64_t scanned_ms;
    bool resumed, changed; /* changed: names came or went */
    bool read_some;        /* since the last wait */
};

static bool is_pattern(const char *s)
{
    return strpbrk(s, "*?[{") != NULL;
}

static struct log_file *find(const struct tail *t, dev_t device, ino_t inode)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->files[i]->inode == inode && t->files[i]->device == device)
            return t->files[i];
    return NULL;
}

static int add(struct tail *t, struct log_file *f)
{
    if (t->n == t->cap) {
        size_t cap = t->cap == 0 ? 16 : 2 * t->cap;
        struct log_file **files = realloc(t->files, cap * sizeof(struct log_file *));
        if (files == NULL)
            return -1;
        t->files = files;
        t->cap = cap;
    }
    t->files[t->n++] = f;
    return 0;
}

static size_t folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) : 0;
}

static bool same_folder(const char *a, const char *b)
{
    size_t n = folder_of(a);
    return n == folder_of(b) && strncmp(a, b, n) == 0;
}

/* A file that wasn't known: the copy or the compressed form of one that was goes on where that one stands. */
static void look_for_original(struct tail *t, struct log_file *f)
{
    for (size_t i = 0; i < t->n; i++) {
        struct log_file *other = t->files[i];
        if (other == f || !same_folder(f->path, other->path))
            continue;
        file_mark(other);
        if (file_continues(f, other)) {
            file_inherit(f, other);
            return;
        }
    }
}

static struct log_file *open_new(struct tail *t, const char *path, const struct log_file *original, struct err *err)
{
    struct log_file *f = file_new(path);
    if (f == NULL || file_open(f, err) < 0)
        goto fail;
    if (original == NULL) {
        look_for_original(t, f);
    } else if (file_continues(f, original)) {
        file_inherit(f, original);
        f->leaving = true;
    } else {
        goto fail;
    }
    if (add(t, f) < 0)
        goto fail;
    return f;
fail:
    file_free(f);
    return NULL;
}

static void reopen(struct tail *t, struct log_file *f, struct err *err);

static bool take_path(struct log_file *f, const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return false;
    free(f->path);
    f->path = copy;
    return true;
}

/* Under another name than it is remembered by, up to its end. */
static bool read_on_as(struct tail *t, struct log_file *f, const char *path, struct err *err)
{
    if (!take_path(f, path))
        return false;
    reopen(t, f, err);
    f->leaving = true;
    return f->fd >= 0;
}

/* The rest of `lost`, whose name now stands for another content or for none: it lies beside, under another name (renamed, copied,
 * compressed), perhaps outside of the patterns. Whether it was found. */
static bool find_rest(struct tail *t, const struct log_file *lost)
{
    bool there = false;
    char path[4096];
    size_t n = folder_of(lost->path);
    snprintf(path, sizeof path, "%.*s", n > 0 ? (int)n : 1, n > 0 ? lost->path : lost->path[0] == '/' ? "/" : ".");
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    for (struct dirent *d; (d = readdir(folder)) != NULL;) {
        struct stat st;
        struct err ignored = ERR_INIT;
        snprintf(path, sizeof path, "%.*s%s%s", (int)n, lost->path, memchr(lost->path, '/', strlen(lost->path)) != NULL ? "/" : "",
                 d->d_name);
        char *stem = d->d_name[0] != '.' ? file_stem(d->d_name) : NULL;
        bool related = stem != NULL && (strcmp(stem, lost->stem) == 0 || d->d_ino == lost->inode);
        free(stem);
        if (related && stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            struct log_file *known = find(t, st.st_dev, st.st_ino);
            if (known == NULL)
                there = open_new(t, path, lost, &ignored) != NULL || there;
            else if (known->fd < 0 && known->inode == lost->inode && known->device == lost->device && st.st_size > known->done)
                there = read_on_as(t, known, path, &ignored) || there; /* it was renamed while nobody looked */
        }
    }
    closedir(folder);
    return there;
}

/* Where a name that was known stands for the same file still. */
static void reopen(struct tail *t, struct log_file *f, struct err *err)
{
    f->restored = false;
    if (file_open(f, err) < 0)
        return;
    struct stat st;
    bool shorter = f->regular && f->gz == NULL && fstat(f->fd, &st) == 0 && st.st_size < f->done;
    if (f->done > 0 && (shorter || (f->behind_at == f->done && f->gz == NULL && !file_continues(f, f)))) {
        /* Another content came to be in it while nobody looked. */
        struct log_file before = *f;
        file_restart(f);
        find_rest(t, &before);
    }
}

static void watch(struct tail *t, const char *path)
{
    char folder[4096];
    size_t n = folder_of(path);
    snprintf(folder, sizeof folder, "%.*s", n > 0 ? (int)n : 1, n > 0 ? path : path[0] == '/' ? "/" : ".");
    if (t->inotify >= 0 && !is_pattern(folder))
        inotify_add_watch(t->inotify, folder, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

static void see(struct tail *t, const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) < 0 || S_ISDIR(st.st_mode))
        return;
    if (t->follow)
        watch(t, path);
    struct log_file *f = find(t, st.st_dev, st.st_ino);
    if (f == NULL) {
        struct err why = ERR_INIT;
        f = open_new(t, path, NULL, &why);
        if (f == NULL) {
            if (why.class != ERR_NONE && err != NULL)
                *err = why;
            return;
        }
    } else if (strcmp(f->path, path) != 0) {
        (void)take_path(f, path);
    }
    f->listed = true;
    f->leaving = false;
    if (f->fd < 0 && (f->restored || st.st_size > f->done || (st.st_size < f->done && f->regular)))
        reopen(t, f, err);
}

/* Folders below which a pattern with ** may have files; links to folders are not gone into. */
static void walk(struct tail *t, struct glob *g, const char *folder, int depth, struct err *err)
{
    char path[4096];
    DIR *d = depth < DEPTH_MAX ? opendir(folder[0] != '\0' ? folder : ".") : NULL;
    if (d == NULL)
        return;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        struct stat st;
        int n = snprintf(path, sizeof path, "%s%s", folder, e->d_name);
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || n >= (int)sizeof path - 1 || lstat(path, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            path[n] = '/';
            path[n + 1] = '\0';
            if (glob_reaches(g, str_of(path)))
                walk(t, g, path, depth + 1, err);
        } else if (glob_match(g, str_of(path))) {
            see(t, path, err);
        }
    }
    closedir(d);
    if (t->follow) {
        snprintf(path, sizeof path, "%s*", folder); /* new files in it */
        watch(t, path);
    }
}

/* As a shell has it, with a leading dot and case as there; with ** in it, across folders. */
static void scan_deep(struct tail *t, const char *pattern, struct err *err)
{
    struct glob *g = glob_new(str_of(pattern), err);
    char folder[4096];
    if (g == NULL)
        return;
    struct str prefix = glob_prefix(g);
    while (prefix.n > 0 && prefix.p[prefix.n - 1] != '/')
        prefix.n--;
    snprintf(folder, sizeof folder, "%.*s", STR_ARG(prefix));
    walk(t, g, folder, 0, err);
    glob_free(g);
}

static void scan(struct tail *t, struct err *err)
{
    glob_t found = { 0 };
    t->scanned_ms = monotonic_ms();
    t->changed = false;
    for (size_t i = 0; i < t->n; i++)
        t->files[i]->listed = strcmp(t->files[i]->path, "-") == 0;
    for (size_t i = 0; i < t->n_patterns; i++) {
        const char *pattern = t->patterns[i];
        if (strcmp(pattern, "-") == 0)
            continue;
        if (t->follow)
            watch(t, pattern);
        if (!is_pattern(pattern)) {
            see(t, pattern, err);
        } else if (strstr(pattern, "**") != NULL) {
            scan_deep(t, pattern, err);
        } else if (glob(pattern, GLOB_BRACE, NULL, &found) == 0) {
            for (size_t k = 0; k < found.gl_pathc; k++)
                see(t, found.gl_pathv[k], err);
        }
        globfree(&found);
        memset(&found, 0, sizeof found);
    }
    if (t->resumed) {
        /* What the last load knew, and no pattern names now: its rest is read, wherever it lies. */
        t->resumed = false;
        for (size_t i = 0, n = t->n; i < n; i++)
            if (t->files[i]->restored) {
                t->files[i]->restored = false;
                find_rest(t, t->files[i]);
                struct log_file *f = t->files[i];
                struct stat st;
                if (f->fd < 0 && stat(f->path, &st) == 0 && st.st_ino == f->inode && st.st_dev == f->device && st.st_size > f->done)
                    reopen(t, f, err);
                f->leaving = true;
            }
    }
    for (size_t i = 0; i < t->n; i++)
        t->files[i]->leaving = t->files[i]->leaving || !t->files[i]->listed;
}

struct tail *tail_new(char *const *patterns, size_t n, bool follow, bool join, struct err *err)
{
    struct tail *t = calloc(1, sizeof *t);
    struct rlimit limit;
    if (t == NULL) {
        err_set(err, ERR_RETRY, "out of memory");
        return NULL;
    }
    *t = (struct tail){ .patterns = patterns, .n_patterns = n, .follow = follow, .join = join, .inotify = -1, .changed = true };
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (size_t i = 0; i < n; i++) {
        struct glob *g = strstr(patterns[i], "**") != NULL ? glob_new(str_of(patterns[i]), err) : NULL;
        if (strstr(patterns[i], "**") != NULL && g == NULL)
            goto fail;
        glob_free(g);
        if (strcmp(patterns[i], "-") == 0) {
            struct log_file *f = file_new("-");
            if (f == NULL || file_open(f, err) < 0 || add(t, f) < 0) {
                file_free(f);
                goto fail;
            }
            f->listed = true;
        } else if (!follow && !is_pattern(patterns[i]) && access(patterns[i], R_OK) < 0) {
            err_errno(err, ERR_RETRY, "%s", patterns[i]);
            goto fail;
        }
    }
    if (follow)
        t->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return t;
fail:
    tail_free(t);
    return NULL;
}

void tail_free(struct tail *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n; i++)
        file_free(t->files[i]);
    free(t->files);
    if (t->inotify >= 0)
        close(t->inotify);
    free(t);
}

int64_t tail_blank(const struct tail *t)
{
    return (int64_t)t->blank;
}

static struct str trim_end(struct str s)
{
    while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

static bool is_blank(struct str s)
{
    return str_trim(s).n == 0;
}

/* Hands out bytes [from, to) of the buffer. */
static int give(struct log_file *f, size_t from, size_t to, unsigned part, struct tail_event *e)
{
    struct str text = { f->bytes.p + from, to - from };
    if (f->base + (int64_t)from == 0) {
        struct str rest = text;
        file_identify(f, str_cut(&rest, '\n'));
    }
    *e = (struct tail_event){
        .text = part == 0 ? trim_end(text) : text,
        .file_id = f->id,
        .offset = f->base + (int64_t)from,
        .part = part,
        .stem = f->stem,
        .modified_ms = f->modified_ms,
        .last_time_ms = &f->last_time_ms,
    };
    f->done = f->base + (int64_t)to;
    return 1;
}

static int give_event(struct log_file *f, struct tail_event *e)
{
    f->event_lines = 0;
    f->expects = false;
    return give(f, f->event, f->event_end, 0, e);
}

/* Where a line that is too long is cut: not within a character. */
static size_t cut_at(struct str s, size_t n)
{
    for (size_t back = 0; back < 4 && back < n; back++)
        if (((unsigned char)s.p[n - back] & 0xC0) != 0x80)
            return n - back;
    return n;
}

/* The next event that lies in the buffer whole; 0: more must be read. whole: nothing more comes. */
static int take(struct tail *t, struct log_file *f, bool whole, struct tail_event *e)
{
    for (;;) {
        struct str rest = f->bytes.p != NULL ? (struct str){ f->bytes.p + f->scan, f->bytes.n - f->scan } : STR("");
        size_t known = f->searched > f->scan ? f->searched - f->scan : 0;
        const char *newline = rest.n > known ? memchr(rest.p + known, '\n', rest.n - known) : NULL;
        size_t n = newline != NULL ? (size_t)(newline + 1 - rest.p) : rest.n;
        if (newline == NULL)
            f->searched = f->bytes.n;
        if (n > TAIL_LINE_MAX + 1) {
            if (f->event_lines > 0)
                return give_event(f, e);
            size_t cut = cut_at(rest, TAIL_LINE_MAX);
            f->scan += cut;
            return give(f, f->scan - cut, f->scan, ++f->part, e);
        }
        if (newline == NULL && (!whole || n == 0)) {
            if (whole && f->event_lines > 0)
                return give_event(f, e);
            return 0;
        }
        struct str line = trim_end((struct str){ rest.p, n });
        if (f->part > 0) { /* the last piece of a line that was too long */
            unsigned part = ++f->part;
            f->part = 0;
            f->scan += n;
            if (line.n > 0)
                return give(f, f->scan - n, f->scan - n + line.n, part, e);
            continue;
        }
        if (is_blank(line)) {
            f->scan += n;
            t->blank++;
            if (f->event_lines == 0)
                f->done = f->base + (int64_t)f->scan;
            continue;
        }
        bool goes_on = f->event_lines > 0 && t->join && !f->whole && (f->expects || logline_continues(line)) &&
                       f->event_lines < TAIL_LINES_MAX && f->scan + n - f->event <= TAIL_LINE_MAX;
        if (f->event_lines > 0 && !goes_on)
            return give_event(f, e);
        if (f->event_lines == 0)
            f->event = f->scan;
        f->expects = f->event_lines == 0 && t->join && logline_expects_more(line);
        if (f->event_lines == 0)
            f->whole = line.p[0] == '{' && line.p[line.n - 1] == '}';
        f->event_lines++;
        f->scan += n;
        f->event_end = f->scan;
        if (!t->join)
            return give_event(f, e);
    }
}

/* A file that gave nothing more: another content, gone, or just quiet. 1: an event after all. */
static int at_end(struct tail *t, struct log_file *f, struct tail_event *e)
{
    struct stat st;
    int64_t quiet = monotonic_ms() - f->heard_ms;
    if (!f->regular || f->gz != NULL) {
        if (take(t, f, true, e) == 1)
            return 1;
        file_close(f);
        return 0;
    }
    if (fstat(f->fd, &st) == 0 && st.st_size < f->base + (int64_t)f->bytes.n) {
        /* Truncated: what was written between the last look and the truncation is in the copy, where there is one; also the rest of
         * a line that was half there. Without a copy half of it is better than nothing. */
        if (!find_rest(t, f) && take(t, f, true, e) == 1)
            return 1;
        file_restart(f);
        f->heard_ms = monotonic_ms();
        return 0;
    }
    if (!t->follow || (f->leaving && quiet > (st.st_nlink == 0 ? LEAVE_MS / 10 : LEAVE_MS))) {
        if (take(t, f, true, e) == 1)
            return 1;
        file_mark(f);
        file_close(f);
        return 0;
    }
    if (f->event_lines > 0 && quiet > JOIN_MS)
        return give_event(f, e);
    return 0;
}

/* Until something may have changed. */
static int wait(struct tail *t, struct err *err)
{
    char events[16384] __attribute__((aligned(8)));
    struct pollfd ready = { .fd = t->inotify, .events = POLLIN };
    int n = poll(&ready, t->inotify >= 0 ? 1 : 0, WAIT_MS);
    ssize_t got = n > 0 ? read(t->inotify, events, sizeof events) : 0;
    for (ssize_t at = 0; at < got;) {
        const struct inotify_event *event = (const struct inotify_event *)(const void *)(events + at);
        t->changed = t->changed || (event->mask & ~(uint32_t)IN_MODIFY) != 0;
        at += (ssize_t)(sizeof *event + event->len);
    }
    return err_set(err, ERR_RETRY, "nothing yet");
}

/* Of files that are only remembered, the oldest go when there are too many. */
static void forget(struct tail *t)
{
    for (size_t i = 0; t->n > FILES_MAX && i < t->n;) {
        if (t->files[i]->fd >= 0 || t->files[i]->listed) {
            i++;
            continue;
        }
        file_free(t->files[i]);
        memmove(t->files + i, t->files + i + 1, (--t->n - i) * sizeof(struct log_file *));
    }
}

int tail_next(struct tail *t, struct tail_event *e, struct err *err)
{
    if (t->changed || (t->follow && monotonic_ms() - t->scanned_ms > RESCAN_MS)) {
        struct err why = ERR_INIT;
        scan(t, &why);
        forget(t);
        if (why.class != ERR_NONE)
            log_warn("%s", why.text);
    }
    size_t closed = 0;
    for (size_t tries = 0; tries < t->n; tries++) {
        struct log_file *f = t->files[t->at % t->n];
        if (f->fd < 0) {
            closed++;
            t->at++;
            continue;
        }
        if (take(t, f, false, e) == 1)
            return 1;
        struct err why = ERR_INIT;
        int got = file_read_on(f, &why);
        if (got < 0 && why.class == ERR_DROP) {
            /* A compressed file that is broken: what could be read was handed out. */
            if (take(t, f, true, e) == 1)
                return 1;
            log_error("%s", why.text);
            file_close(f);
        } else if (got == 0 && at_end(t, f, e) == 1) {
            return 1;
        }
        if (got == 1) {
            tries = (size_t)-1; /* all of them again, this one first */
            t->read_some = true;
            if (take(t, f, false, e) == 1)
                return 1;
            continue;
        }
        closed += f->fd < 0;
        t->at++;
    }
    bool open = false;
    for (size_t i = 0; i < t->n && !open; i++)
        open = t->files[i]->fd >= 0;
    if (!open && !t->follow)
        return 0;
    if (!t->follow)
        return err_set(err, ERR_RETRY, "nothing yet");
    return wait(t, err);
}

/* One line per file, text throughout; the path last, with % for what can't stand in a line. */
int tail_position(struct tail *t, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < t->n_patterns; i++)
        any = any || strcmp(t->patterns[i], "-") != 0;
    if (!any)
        return 0;
    buf_puts(out, "files 1\n");
    for (size_t i = 0; i < t->n; i++) {
        struct log_file *f = t->files[i];
        if (strcmp(f->path, "-") == 0 || (f->inode == 0 && f->device == 0))
            continue;
        file_mark(f);
        buf_printf(out, "%ju %ju %" PRId64 " %u %s %s %" PRId64 " %s %" PRId64 " ", (uintmax_t)f->device, (uintmax_t)f->inode,
                   f->done, f->generation, f->id[0] != '\0' ? f->id : "-", f->first[0] != '\0' ? f->first : "-", f->behind_at,
                   f->behind[0] != '\0' ? f->behind : "-", f->last_time_ms);
        for (const char *p = f->path; *p != '\0'; p++) {
            if ((unsigned char)*p <= ' ' || *p == '%')
                buf_printf(out, "%%%02x", (unsigned char)*p);
            else
                buf_putc(out, *p);
        }
        buf_putc(out, '\n');
    }
    return 1;
}

static int resume_file(struct tail *t, struct str line, struct err *err)
{
    char text[8192], path[4096];
    uintmax_t device, inode;
    struct log_file head = { 0 };
    int at = 0;
    snprintf(text, sizeof text, "%.*s", STR_ARG(line));
    if (sscanf(text, "%ju %ju %" SCNd64 " %u %16s %16s %" SCNd64 " %16s %" SCNd64 " %n", &device, &inode, &head.done,
               &head.generation, head.id, head.first, &head.behind_at, head.behind, &head.last_time_ms, &at) != 9 ||
        at == 0)
        return err_set(err, ERR_RETRY, "expected a position of log files, got \"%.100s\"", text);
    size_t n = 0;
    for (const char *p = text + at; *p != '\0' && n < sizeof path - 1; p++) {
        unsigned byte;
        if (*p == '%' && sscanf(p + 1, "%2x", &byte) == 1) {
            path[n++] = (char)byte;
            p += 2;
        } else {
            path[n++] = *p;
        }
    }
    path[n] = '\0';
    struct log_file *f = file_new(path);
    if (f == NULL || add(t, f) < 0) {
        file_free(f);
        return err_set(err, ERR_RETRY, "out of memory");
    }
    f->device = (dev_t)device;
    f->inode = (ino_t)inode;
    f->done = head.done;
    f->generation = head.generation;
    f->behind_at = head.behind_at;
    f->last_time_ms = head.last_time_ms;
    f->regular = f->restored = true;
    if (head.id[0] != '-')
        memcpy(f->id, head.id, sizeof f->id);
    if (head.first[0] != '-')
        memcpy(f->first, head.first, sizeof f->first);
    if (head.behind[0] != '-')
        memcpy(f->behind, head.behind, sizeof f->behind);
    return 0;
}

int tail_resume(struct tail *t, struct str position, struct err *err)
{
    if (!str_eq(str_cut(&position, '\n'), STR("files 1")))
        return err_set(err, ERR_RETRY, "expected a position of log files");
    while (position.n > 0)
        if (resume_file(t, str_cut(&position, '\n'), err) < 0)
            return -1;
    t->resumed = t->changed = true;
    return 0;
}
