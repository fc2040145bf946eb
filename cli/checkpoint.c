/* cli/checkpoint: how far a load has come, kept in a file so that the next one goes on there. */
#include "cli/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sha256.h"

enum { POSITION_MAX = 16 << 20, HEAD_MAX = 65536, EVERY_MS = 500, STRETCHES_MAX = 64 };
#define FIRST_LINE "odw load position 1\n"

struct checkpoint {
    const struct loader *loader;
    kafka_delivered *delivered;
    void *owner;
    char path[PATH_MAX], stem[PATH_MAX];
    int lock;
    struct buf head; /* the file's lines that say what it is of */
    struct buf found;
    int64_t found_records;
    int64_t records;        /* acknowledged below the position that was written last */
    struct stretch *oldest; /* in order; the last one is open */
    struct stretch *open;
    struct stretch *spare;
    size_t n;
    int64_t ended_ms;
    struct buf written; /* the position that stands in the file */
};

/* A line of the head; control characters and backslashes are escaped, so that any operand is one line. */
static void put_line(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s: ", name);
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value < 0x20 || *value == '\\')
            buf_printf(b, "\\x%02x", (unsigned char)*value);
        else
            buf_putc(b, *value);
    }
    buf_putc(b, '\n');
}

/* What makes it this load and no other; its hash is the file's name. */
static void describe(struct checkpoint *c, const struct opts *opts, const char *topic)
{
    buf_puts(&c->head, FIRST_LINE);
    put_line(&c->head, "source", c->loader->name);
    put_line(&c->head, "topic", topic);
    put_line(&c->head, "brokers", opts_text(opts, "kafka-brokers"));
    /* The same words in another folder mean other files. */
    char here[PATH_MAX] = "", absolute[2 * PATH_MAX];
    if (getcwd(here, sizeof here) == NULL)
        here[0] = '\0';
    for (int i = 0; i < opts_operands(opts); i++) {
        const char *operand = opts_operand(opts, i);
        bool alone = operand[0] == '/' || strcmp(operand, "-") == 0 || strstr(operand, "://") != NULL;
        snprintf(absolute, sizeof absolute, "%s%s%s", alone ? "" : here, alone ? "" : "/", operand);
        put_line(&c->head, "operand", absolute);
    }
    for (const char *const *name = c->loader->identity; name != NULL && *name != NULL; name++) {
        char number[24];
        const char *text = opts_text(opts, *name);
        snprintf(number, sizeof number, "%" PRId64, opts_number(opts, *name));
        if (opts_given(opts, *name))
            put_line(&c->head, *name, text != NULL ? text : number);
    }
}

static int take_lock(struct checkpoint *c, struct err *err)
{
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s.lock", c->path);
    c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (c->lock < 0)
        return err_errno(err, ERR_RETRY, "%s: can't be opened", path);
    if (flock(c->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return err_set(err, ERR_RETRY, "the same load is running already (it holds %s); --no-checkpoint runs beside it", path);
        return err_errno(err, ERR_RETRY, "%s: can't be locked", path);
    }
    return 0;
}

static int read_found(struct checkpoint *c, struct err *err)
{
    struct buf text;
    int rc = -1;
    if (access(c->path, F_OK) < 0 && errno == ENOENT)
        return 0;
    buf_init(&text, POSITION_MAX + HEAD_MAX);
    if (file_read(c->path, &text, err) < 0)
        goto out;
    struct str rest = buf_str(&text), records = STR("records: ");
    if (!str_starts(rest, buf_str(&c->head))) {
        err_set(err, ERR_RETRY, "%s: expected the position of this load, got something else; --from-start writes it anew", c->path);
        goto out;
    }
    rest = (struct str){ rest.p + c->head.n, rest.n - c->head.n };
    struct str line = str_cut(&rest, '\n'), empty = str_cut(&rest, '\n');
    char number[24] = "", *end = number;
    if (str_starts(line, records) && line.n - records.n < sizeof number) {
        memcpy(number, line.p + records.n, line.n - records.n);
        c->found_records = strtoll(number, &end, 10);
    }
    if (end == number || *end != '\0' || empty.n != 0) {
        err_set(err, ERR_RETRY, "%s: expected \"records: N\", an empty line and the position; --from-start writes it anew",
                c->path);
        goto out;
    }
    buf_put_str(&c->found, rest);
    rc = c->found.failed ? err_set(err, ERR_RETRY, "%s: out of memory", c->path) : 0;
out:
    buf_fini(&text);
    return rc;
}

static struct stretch *stretch_open(struct checkpoint *c)
{
    struct stretch *s = c->spare;
    if (s != NULL)
        c->spare = s->next;
    else if ((s = malloc(sizeof *s)) != NULL)
        buf_init(&s->position, POSITION_MAX);
    else
        return NULL;
    buf_clear(&s->position);
    s->report = (struct kafka_report){ c->delivered, s };
    s->owner = c->owner;
    s->next = NULL;
    s->sent = s->waiting = 0;
    s->lost = false;
    if (c->open != NULL)
        c->open->next = s;
    else
        c->oldest = s;
    c->open = s;
    c->n++;
    return s;
}

struct checkpoint *checkpoint_new(const struct loader *loader, const struct opts *opts, const char *topic, bool from_start,
                                  kafka_delivered *delivered, void *owner, struct err *err)
{
    uint8_t digest[32];
    char folder[PATH_MAX];
    struct checkpoint *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ERR_RETRY, "out of memory");
        return NULL;
    }
    c->loader = loader;
    c->delivered = delivered;
    c->owner = owner;
    c->lock = -1;
    buf_init(&c->head, HEAD_MAX);
    buf_init(&c->found, POSITION_MAX);
    buf_init(&c->written, POSITION_MAX);
    describe(c, opts, topic);
    if (c->head.failed || stretch_open(c) == NULL) {
        err_set(err, ERR_RETRY, "expected operands and options of %d bytes at most, and memory for them", HEAD_MAX);
        goto fail;
    }
    sha256(buf_str(&c->head), digest);
    snprintf(folder, sizeof folder, "%s/load", opts_text(opts, "state-dir"));
    int n = snprintf(c->path, sizeof c->path, "%s/%s-", folder, loader->name);
    for (int i = 0; i < 8 && n + 16 < (int)sizeof c->path; i++)
        n += snprintf(c->path + n, sizeof c->path - (size_t)n, "%02x", digest[i]);
    snprintf(c->stem, sizeof c->stem, "%s", c->path);
    snprintf(c->path + n, sizeof c->path - (size_t)n, ".position");
    if (file_make_folders(folder, 0755, err) < 0) {
        err->class = ERR_RETRY;
        err_at(err, "no place for the load's position (--state-dir names another, --no-checkpoint does without)");
        goto fail;
    }
    if (take_lock(c, err) < 0 || (!from_start && read_found(c, err) < 0))
        goto fail;
    c->records = c->found_records;
    c->ended_ms = monotonic_ms();
    return c;
fail:
    checkpoint_free(c);
    return NULL;
}

static void stretches_free(struct stretch *s)
{
    while (s != NULL) {
        struct stretch *next = s->next;
        buf_fini(&s->position);
        free(s);
        s = next;
    }
}

void checkpoint_free(struct checkpoint *c)
{
    if (c == NULL)
        return;
    stretches_free(c->oldest);
    stretches_free(c->spare);
    buf_fini(&c->head);
    buf_fini(&c->found);
    buf_fini(&c->written);
    if (c->lock >= 0)
        close(c->lock);
    free(c);
}

const char *checkpoint_file(const struct checkpoint *c)
{
    return c->path;
}

const char *checkpoint_stem(const struct checkpoint *c)
{
    return c->stem;
}

struct str checkpoint_found(const struct checkpoint *c, int64_t *records)
{
    *records = c->found_records;
    return buf_str(&c->found);
}

struct stretch *checkpoint_open(struct checkpoint *c)
{
    return c->open;
}

static int write_position(struct checkpoint *c, struct str position, struct err *err)
{
    struct buf text;
    buf_init(&text, POSITION_MAX + 2 * HEAD_MAX);
    buf_put_str(&text, buf_str(&c->head));
    buf_printf(&text, "records: %" PRId64 "\n\n", c->records);
    buf_put_str(&text, position);
    int rc = text.failed ? err_set(err, ERR_RETRY, "%s: out of memory", c->path) : file_write(c->path, buf_str(&text), 0644, err);
    buf_fini(&text);
    return rc;
}

int checkpoint_move(struct checkpoint *c, void *state, bool now, struct err *err)
{
    int64_t ms = monotonic_ms();
    if (now || (ms - c->ended_ms >= EVERY_MS && c->n < STRETCHES_MAX)) {
        struct stretch *ends = c->open;
        c->ended_ms = ms;
        buf_clear(&ends->position);
        if (c->loader->position(state, &ends->position) == 0)
            return 0;
        if (ends->position.failed || stretch_open(c) == NULL)
            return err_set(err, ERR_RETRY, "%s: the position is over %d bytes, or memory is out", c->path, POSITION_MAX);
    }
    /* The newest end below which everything is there. */
    struct stretch *proven = NULL;
    while (c->oldest != c->open && c->oldest->waiting == 0 && !c->oldest->lost) {
        struct stretch *s = c->oldest;
        c->oldest = s->next;
        c->n--;
        c->records += s->sent;
        if (proven != NULL) {
            proven->next = c->spare;
            c->spare = proven;
        }
        proven = s;
    }
    if (proven == NULL)
        return 0;
    int rc = 0;
    struct str position = buf_str(&proven->position);
    if (!str_eq(position, buf_str(&c->written)) || c->written.n == 0) {
        rc = write_position(c, position, err);
        buf_clear(&c->written);
        if (rc == 0)
            buf_put_str(&c->written, position);
    }
    proven->next = c->spare;
    c->spare = proven;
    return rc;
}

int checkpoint_end(struct checkpoint *c, void *state, bool ended, struct err *err)
{
    bool whole = ended && !c->loader->incremental;
    for (const struct stretch *s = c->oldest; s != NULL; s = s->next)
        whole = whole && !s->lost && s->waiting == 0;
    if (!whole)
        return checkpoint_move(c, state, true, err);
    if (unlink(c->path) < 0 && errno != ENOENT)
        return err_errno(err, ERR_RETRY, "%s: can't be removed", c->path);
    return 0;
}
