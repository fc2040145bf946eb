/* loaders/logs/file: one log file: who it is, and how far it was read. */
#include "loaders/logs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sha256.h"

static void hash16(struct str s, char out[FINGERPRINT + 1])
{
    uint8_t digest[32];
    sha256(s, digest);
    for (int i = 0; i < 8; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static bool cut_suffix(struct str *s, const char *suffix)
{
    struct str end = str_of(suffix);
    if (s->n <= end.n || !str_ends(*s, end))
        return false;
    s->n -= end.n;
    return true;
}

/* .3, -20261125, .2026-11-25, .2026-11-25.1: what rotation appends. */
static bool cut_rotation(struct str *s)
{
    size_t n = s->n;
    bool digit = false;
    while (n > 0 && ((s->p[n - 1] >= '0' && s->p[n - 1] <= '9') || (s->p[n - 1] == '-' && digit)))
        digit = digit || (s->p[n - 1] >= '0' && s->p[n - 1] <= '9'), n--;
    /* "app-20261125": the dash was taken with the digits. */
    if (!digit || n == 0 || (s->p[n - 1] != '.' && (n >= s->n || s->p[n] != '-')))
        return false;
    s->n = s->p[n - 1] == '.' ? n - 1 : n;
    return s->n > 0;
}

char *file_stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str s = str_of(slash != NULL ? slash + 1 : path);
    cut_suffix(&s, ".gz");
    while (cut_rotation(&s))
        ;
    if (!cut_suffix(&s, ".log"))
        cut_suffix(&s, ".txt");
    while (cut_rotation(&s))
        ;
    return strndup(s.p, s.n);
}

struct log_file *file_new(const char *path)
{
    struct log_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->fd = -1;
    buf_init(&f->bytes, 4 * (TAIL_LINE_MAX + CHUNK));
    bool in = strcmp(path, "-") == 0;
    f->path = strdup(path);
    f->stem = in ? strdup("") : file_stem(path);
    if (f->path == NULL || f->stem == NULL) {
        file_free(f);
        return NULL;
    }
    f->last_time_ms = f->modified_ms = wall_ms();
    return f;
}

void file_free(struct log_file *f)
{
    if (f == NULL)
        return;
    file_close(f);
    free(f->path);
    free(f->stem);
    free(f);
}

void file_close(struct log_file *f)
{
    if (f->gz != NULL)
        gzclose(f->gz); /* closes the descriptor too */
    else if (f->fd > STDIN_FILENO)
        close(f->fd);
    f->gz = NULL;
    f->fd = -1;
    buf_fini(&f->bytes);
    f->scan = f->searched = f->event = f->event_end = 0;
    f->event_lines = 0;
}

static int64_t birth_ms(int fd, const struct stat *st)
{
    struct statx x;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &x) == 0 && (x.stx_mask & STATX_BTIME))
        return (int64_t)x.stx_btime.tv_sec * 1000 + x.stx_btime.tv_nsec / 1000000;
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

int file_open(struct log_file *f, struct err *err)
{
    struct stat st;
    unsigned char magic[2];
    bool in = strcmp(f->path, "-") == 0;
    f->fd = in ? STDIN_FILENO : open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return err_errno(err, ERR_RETRY, "%s", f->path);
    if (S_ISDIR(st.st_mode)) {
        file_close(f);
        return err_set(err, ERR_RETRY, "%s: expected a file, got a folder (name its files: %s/*.log)", f->path, f->path);
    }
    f->regular = S_ISREG(st.st_mode);
    if (f->regular) {
        f->device = st.st_dev;
        f->inode = st.st_ino;
        f->modified_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
        if (f->done == 0)
            f->last_time_ms = birth_ms(f->fd, &st);
        if (pread(f->fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
            f->gz = gzdopen(f->fd, "rb");
            if (f->gz == NULL || (f->done > 0 && gzseek(f->gz, f->done, SEEK_SET) < 0)) {
                file_close(f);
                return err_set(err, ERR_RETRY, "%s: the compressed file can't be read", f->path);
            }
        }
    }
    f->base = f->done;
    f->scan = f->searched = 0;
    f->event_lines = 0;
    f->part = 0;
    f->at_end = false;
    f->heard_ms = monotonic_ms();
    return 0;
}

void file_restart(struct log_file *f)
{
    f->done = f->base = 0;
    buf_clear(&f->bytes);
    f->scan = f->searched = 0;
    f->event_lines = 0;
    f->part = 0;
    f->id[0] = '\0';
    f->behind[0] = '\0';
    f->behind_at = 0;
    f->at_end = false;
}

int file_read_on(struct log_file *f, struct err *err)
{
    /* What was handed out makes room. */
    size_t keep = f->event_lines > 0 ? f->event : f->scan;
    if (keep > 0) {
        memmove(f->bytes.p, f->bytes.p + keep, f->bytes.n - keep);
        f->bytes.n -= keep;
        f->base += (int64_t)keep;
        f->scan -= keep;
        f->searched -= f->searched < keep ? f->searched : keep;
        if (f->event_lines > 0) {
            f->event -= keep;
            f->event_end -= keep;
        }
    }
    if (buf_reserve(&f->bytes, CHUNK) < 0)
        return err_set(err, ERR_RETRY, "%s: out of memory", f->path);
    char *to = f->bytes.p + f->bytes.n;
    ssize_t n;
    if (f->gz != NULL) {
        n = gzread(f->gz, to, CHUNK);
        int code;
        const char *why = gzerror(f->gz, &code);
        if (n < 0 || (n == 0 && code != Z_OK && code != Z_STREAM_END))
            return err_set(err, ERR_DROP, "%s: after %" PRId64 " bytes: %s", f->path, f->base + (int64_t)f->bytes.n, why);
    } else if (f->regular) {
        n = pread(f->fd, to, CHUNK, f->base + (int64_t)f->bytes.n);
    } else {
        struct pollfd ready = { .fd = f->fd, .events = POLLIN };
        n = poll(&ready, 1, 100) > 0 ? read(f->fd, to, CHUNK) : -1;
        if (n < 0 && (ready.revents == 0 || errno == EAGAIN || errno == EINTR))
            return err_set(err, ERR_RETRY, "%s: nothing yet", f->path);
    }
    if (n < 0)
        return errno == EINTR ? err_set(err, ERR_RETRY, "%s: interrupted", f->path) : err_errno(err, ERR_DROP, "%s", f->path);
    f->at_end = n == 0;
    if (n == 0)
        return 0;
    f->bytes.n += (size_t)n;
    f->heard_ms = monotonic_ms();
    struct stat st;
    if (f->regular && fstat(f->fd, &st) == 0)
        f->modified_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    else
        f->modified_ms = wall_ms();
    return 1;
}

static void machine(char *out, size_t size)
{
    FILE *f = fopen("/etc/machine-id", "re");
    if (f == NULL || fgets(out, (int)size, f) == NULL || out[0] == '\n')
        gethostname(out, size);
    if (f != NULL)
        fclose(f);
    out[size - 1] = '\0';
}

void file_identify(struct log_file *f, struct str line)
{
    char host[256] = "", before[FINGERPRINT + 1];
    struct buf who;
    if (f->id[0] != '\0')
        return;
    memcpy(before, f->first, sizeof before);
    if (line.n > FIRST_LINE_MAX)
        line.n = FIRST_LINE_MAX;
    hash16(line, f->first);
    /* Another content that begins alike (a header) is another file. */
    f->generation = strcmp(before, f->first) == 0 ? f->generation + 1 : 0;
    machine(host, sizeof host);
    buf_init(&who, 0);
    buf_printf(&who, "%s %ju %ju %u %s", host, (uintmax_t)f->device, (uintmax_t)f->inode, f->generation, f->first);
    hash16(buf_str(&who), f->id);
    buf_fini(&who);
}

/* The fingerprint of up to TAIL_BYTES before `at`; false: they aren't there. A compressed file's are read from its beginning. */
static bool fingerprint(struct log_file *f, int64_t at, char out[FINGERPRINT + 1])
{
    char bytes[TAIL_BYTES];
    int64_t n = at < TAIL_BYTES ? at : TAIL_BYTES;
    if (at <= 0)
        return false;
    if (f->gz != NULL) {
        z_off_t here = gztell(f->gz);
        bool there = gzseek(f->gz, at - n, SEEK_SET) >= 0 && gzread(f->gz, bytes, (unsigned)n) == n;
        if (gzseek(f->gz, here, SEEK_SET) < 0 || !there)
            return false;
    } else if (!f->regular || pread(f->fd, bytes, (size_t)n, at - n) != n) {
        return false;
    }
    hash16((struct str){ bytes, (size_t)n }, out);
    return true;
}

void file_mark(struct log_file *f)
{
    char print[FINGERPRINT + 1];
    if (f->fd < 0 || f->behind_at == f->done || f->gz != NULL || !fingerprint(f, f->done, print))
        return;
    memcpy(f->behind, print, sizeof print);
    f->behind_at = f->done;
}

bool file_continues(struct log_file *f, const struct log_file *other)
{
    char print[FINGERPRINT + 1];
    return other->behind_at > 0 && strcmp(f->stem, other->stem) == 0 && fingerprint(f, other->behind_at, print) &&
           strcmp(print, other->behind) == 0;
}

void file_inherit(struct log_file *f, const struct log_file *other)
{
    memcpy(f->id, other->id, sizeof f->id);
    memcpy(f->first, other->first, sizeof f->first);
    memcpy(f->behind, other->behind, sizeof f->behind);
    f->generation = other->generation;
    f->behind_at = f->done = f->base = other->behind_at;
    f->last_time_ms = other->last_time_ms;
    if (f->gz != NULL)
        gzseek(f->gz, f->done, SEEK_SET);
}
