/* loaders/documents: files with their bytes, out of an S3 store or a folder: what is new, or says something else than it did. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"
#include "doc/doc.h"
#include "loaders/changes.h"
#include "loaders/documents/record.h"
#include "loaders/documents/watch.h"
#include "loaders/loader.h"
#include "loaders/place.h"
#include "loaders/types.h"

enum { TURN_MS = 200, WAIT_MS = 100 };

struct documents {
    struct place where;
    char *source; /* before a path, for people */
    const char *contract, *instructions;
    int64_t max_bytes;
    struct doc_reader *types;
    struct changes *changes;
    struct watch *watch; /* NULL: one listing */
    char *keep;          /* changes_keep's path; NULL: nothing is kept */
    bool allow_empty;
    /* The file that was read last. */
    struct buf bytes;
    char sha256[65];
    bool is_whole;
    struct err unread; /* why it can't be read */
    int64_t turn_ms;   /* when the command last had its turn */
    /* Where we are, as in loaders/blobs. */
    bool handed_out;
    int64_t place, unchanged;
    struct buf given;
};

/* ---- a file's bytes ---- */

static int take_body(void *context, const char *p, size_t n)
{
    return buf_put(context, p, n);
}

static int read_object(struct documents *d, struct blob *blob, struct err *err)
{
    struct s3_head head = { 0 };
    return s3_get(d->where.s3, d->where.store_bucket, blob->path, 0, -1, take_body, &d->bytes, &head, err);
}

static int read_file(struct documents *d, struct blob *blob, struct err *err)
{
    enum { BYTES = 256 << 10 };
    struct buf path;
    buf_init(&path, 0);
    buf_puts(&path, d->where.root);
    buf_put_str(&path, blob->path);
    int fd = open(buf_text(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int done = fd >= 0 ? 0 : err_errno(err, ERR_DROP, "%s", buf_text(&path));
    for (ssize_t n = 1; done == 0 && n > 0;) {
        if (buf_reserve(&d->bytes, BYTES) < 0) {
            done = -1; /* it has grown over what a message takes */
            break;
        }
        n = read(fd, d->bytes.p + d->bytes.n, BYTES);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            done = err_errno(err, ERR_DROP, "%s", buf_text(&path));
        else
            d->bytes.n += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    buf_fini(&path);
    return done;
}

/* As struct changes asks: reads what is new or might differ, and keeps the SHA-256 as a file's mark. */
static int look(void *context, struct blob *now, const struct blob *was, struct err *err)
{
    struct documents *d = context;
    uint8_t digest[32];
    buf_clear(&d->bytes);
    d->unread = ERR_INIT;
    d->sha256[0] = '\0';
    d->is_whole = now->size <= d->max_bytes;
    if (d->where.s3 != NULL && was != NULL && now->etag.n > 0 && str_eq(now->etag, was->etag) && now->size == was->size)
        return 1; /* written again, the same bytes */
    if (!d->is_whole)
        return 0;
    struct err why = ERR_INIT;
    if ((d->where.s3 != NULL ? read_object : read_file)(d, now, &why) < 0) {
        if (why.class == ERR_RETRY || why.class == ERR_STOP) {
            *err = why;
            return -1;
        }
        d->is_whole = !d->bytes.failed;
        if (d->is_whole) {
            d->unread = why;
            now->modified_ms = 0; /* the next run tries again */
        }
        return 0;
    }
    if (d->bytes.n > (size_t)d->max_bytes) { /* it has grown since it was listed */
        d->is_whole = false;
        return 0;
    }
    sha256(buf_str(&d->bytes), digest);
    for (int i = 0; i < 32; i++)
        snprintf(d->sha256 + 2 * i, 3, "%02x", digest[i]);
    if (d->where.s3 != NULL)
        return 0;
    now->etag = (struct str){ d->sha256, 64 };
    return was != NULL && str_eq(was->etag, now->etag);
}

/* What the content is; where it's text of some kind, the name may say more. */
static const char *type_of(struct documents *d, struct str path, char type[128])
{
    doc_type(d->types, buf_str(&d->bytes), type);
    const char *named = type_of_name(path);
    bool text = strncmp(type, "text/", 5) == 0 || strcmp(type, "application/json") == 0;
    if (text && named != NULL &&
        (strncmp(named, "text/", 5) == 0 || strcmp(named, "message/rfc822") == 0 || strstr(named, "json") != NULL ||
         strstr(named, "xml") != NULL || strstr(named, "yaml") != NULL))
        return named;
    return type;
}

/* ---- opening ---- */

static void documents_close(void *state)
{
    struct documents *d = state;
    if (d == NULL)
        return;
    changes_free(d->changes);
    watch_free(d->watch);
    place_fini(&d->where);
    doc_reader_free(d->types);
    buf_fini(&d->bytes);
    buf_fini(&d->given);
    free(d->keep);
    free(d->source);
    free(d);
}

static int list(void *context, struct listing *l, struct str after, struct err *err)
{
    struct documents *d = context;
    return place_listing(&d->where, l, after, err);
}

static int begin_listing(struct documents *d, struct err *err)
{
    changes_free(d->changes);
    d->handed_out = false;
    if ((d->changes = changes_new(list, d, d->allow_empty, err)) == NULL)
        return -1;
    changes_by_content(d->changes, look);
    return d->keep != NULL ? changes_keep(d->changes, d->keep, err) : 0;
}

static int check_options(const struct opts *o, struct err *err)
{
    const char *contract = opts_text(o, "contract");
    if (opts_operands(o) == 0)
        return err_set(err, ERR_STOP, "expected where the documents are: s3://BUCKET/PATTERN, a folder, or a pattern of files");
    if (contract != NULL && (strlen(contract) > 100 || contract[0] < 'a' || contract[0] > 'z' ||
                             contract[strspn(contract, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0'))
        return err_set(err, ERR_STOP, "--contract: expected a contract's name, as dental_appointment, got '%.60s'", contract);
    if (opts_flag(o, "watch") && s3_is_address(opts_operand(o, 0)))
        return err_set(err, ERR_STOP, "--watch is for folders; a store is listed again by another odw load");
    if (opts_flag(o, "watch") && (opts_flag(o, "print") || opts_flag(o, "no-checkpoint")))
        return err_set(err, ERR_STOP, "--watch compares with what it saw, which --print and --no-checkpoint don't keep");
    return 0;
}

static int documents_open(const struct opts *o, void **state, int64_t *total, struct err *err)
{
    struct documents *d = calloc(1, sizeof *d);
    if (d == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    d->max_bytes = opts_number(o, "max-bytes");
    d->contract = opts_text(o, "contract");
    d->instructions = opts_text(o, "instructions");
    d->allow_empty = true; /* what is gone isn't sent, so nothing is lost by it */
    buf_init(&d->bytes, (size_t)d->max_bytes + (1 << 20));
    buf_init(&d->given, 0);
    if (check_options(o, err) < 0 || place_open(&d->where, o, opts_operand(o, 0), opts_text(o, "source-name"), err) < 0)
        goto fail;
    struct buf source;
    buf_init(&source, 0);
    const char *scheme = d->where.s3 != NULL && opts_text(o, "source-name") == NULL ? "s3://" : "";
    size_t n = strlen(d->where.bucket);
    buf_printf(&source, "%s%s%s", scheme, d->where.bucket, n > 0 && d->where.bucket[n - 1] == '/' ? "" : "/");
    d->source = strdup(buf_text(&source));
    buf_fini(&source);
    if ((d->types = doc_reader_new(&doc_limits_default, err)) == NULL)
        goto fail;
    if (opts_flag(o, "watch") && (d->watch = watch_new(d->where.root, err)) == NULL)
        goto fail;
    if (d->source == NULL || begin_listing(d, err) < 0)
        goto fail;
    d->turn_ms = monotonic_ms();
    *total = d->watch != NULL ? LOADER_ENDLESS : -1;
    *state = d;
    return 0;
fail:
    documents_close(d);
    return -1;
}

/* ---- record after record ---- */

/* The end of a listing: with --watch, when something has happened, the beginning of another. */
static int end_listing(struct documents *d, struct err *err)
{
    struct buf position;
    int done = -1;
    d->handed_out = false;
    if (d->watch == NULL)
        return 0;
    if (!watch_wait(d->watch, WAIT_MS))
        return err_set(err, ERR_RETRY, "nothing has happened");
    buf_init(&position, 0);
    if (changes_position(d->changes, -1, STR(""), &position, err) == 0) {
        d->unchanged += changes_unchanged(d->changes);
        if (begin_listing(d, err) == 0 && changes_resume(d->changes, buf_str(&position), err) == 0)
            done = err_set(err, ERR_RETRY, "looking again");
    }
    if (err->class != ERR_RETRY)
        err->class = ERR_STOP;
    buf_fini(&position);
    return done;
}

static int documents_next(void *state, struct buf *record, struct buf *key, struct err *err)
{
    struct documents *d = state;
    struct change change;
    char type[128];
    int rc;
    /* Documents take their time: the command has reports to take and a position to keep. */
    if (monotonic_ms() - d->turn_ms > TURN_MS) {
        d->turn_ms = monotonic_ms();
        return err_set(err, ERR_RETRY, "a turn for the others");
    }
    do {
        rc = changes_next(d->changes, &change, err);
        if (rc == 0)
            return end_listing(d, err);
        if (rc < 0)
            return -1;
        d->handed_out = true;
        d->place = change.place;
        buf_clear(&d->given);
        buf_put_str(&d->given, change.blob.path);
    } while (change.gone); /* what was read from it stays */
    if (d->unread.class != ERR_NONE) {
        *err = d->unread;
        err->class = ERR_DROP;
        return -1;
    }
    struct document_record r = {
        .source = str_of(d->source),
        .blob = &change.blob,
        .whole = d->is_whole,
        .bytes = buf_str(&d->bytes),
        .content_type = d->is_whole ? str_of(type_of(d, change.blob.path, type)) : STR(""),
        .sha256 = str_of(d->sha256),
        .contract = d->contract,
        .instructions = d->instructions,
        .ingested_ms = wall_ms(),
    };
    document_record_put(record, &r);
    buf_put_str(key, (struct str){ change.blob.path.p, change.blob.path.n < key->max ? change.blob.path.n : key->max });
    if (record->failed)
        return err_set(err, ERR_DROP, "%s%.*s: its record is larger than the topic takes (see --max-bytes)", d->source,
                       STR_ARG(change.blob.path));
    return 1;
}

static int64_t documents_skipped(const void *state)
{
    const struct documents *d = state;
    return d->unchanged + changes_unchanged(d->changes);
}

static int documents_position(void *state, struct buf *out)
{
    struct documents *d = state;
    struct err err = ERR_INIT;
    if (changes_position(d->changes, d->handed_out ? d->place : -1, buf_str(&d->given), out, &err) == 0)
        return 1;
    log_error("%s: a later load begins where this one began", err.text);
    return 0;
}

static int documents_resume(void *state, struct str position, struct err *err)
{
    struct documents *d = state;
    return changes_resume(d->changes, position, err);
}

static int documents_keep(void *state, const char *path, struct err *err)
{
    struct documents *d = state;
    if ((d->keep = strdup(path)) == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    return changes_keep(d->changes, path, err);
}

static const struct opt options[] = {
    { .name = "contract",
      .type = OPT_TEXT,
      .arg = "NAME",
      .help = "The record that is to be made of each: the contract's name, as dental_appointment; without it the text is all" },
    { .name = "instructions",
      .type = OPT_TEXT,
      .arg = "TEXT",
      .help = "What a reader of these documents is to know beside the contract" },
    { .name = "source-name",
      .type = OPT_TEXT,
      .arg = "NAME",
      .help = "What stands before a document's path; without it s3:// and the bucket, or the folder's whole path" },
    { .name = "max-bytes",
      .type = OPT_SIZE,
      .arg = "SIZE",
      .fallback = "11M",
      .min = 1,
      .max = 11534336,
      .help = "A larger file isn't sent, only what is known of it: it becomes a dead letter that says so" },
    { .name = "watch", .type = OPT_FLAG, .help = "Stay, and take what comes into the folder or changes there" },
    { .name = NULL },
};

static const char *const identity[] = { "source-name", "s3-url", "contract", "instructions", NULL };

const struct loader loader_documents = {
    .name = "documents",
    .about =
        "Files with their bytes, whose text is read in the stream: a record for each that an S3 store or a folder holds. The next "
        "run of the "
        "same sends what is new or says something else: a file that was only touched, or written again as it was, is passed over. "
        "SOURCE is s3://BUCKET/PATTERN, a folder, or a pattern of files. In a pattern * stands for characters within a step, ** "
        "for steps, ? for one character, {a,b} for one of several, [a-z] for one of a kind; a bucket, a prefix that ends in a "
        "slash, or a folder means everything below. What a file is, its bytes say.",
    .operands = "SOURCE",
    .max_operands = 1,
    .options = options,
    .more = "Examples:\n"
            "  odw load documents 's3://memos/2026/**/*.{pdf,png,txt}' --contract dental_appointment\n"
            "  odw load documents /srv/inbox --watch --contract invoice --instructions 'Amounts are in euros.'\n"
            "  odw load documents letter.pdf --print\n\n"
            "What was seen is kept in the state folder beside the load's position. --from-start sends everything again; so does\n"
            "--no-checkpoint, which compares with nothing and keeps nothing.\n",
    .open = documents_open,
    .next = documents_next,
    .skipped = documents_skipped,
    .close = documents_close,
    .position = documents_position,
    .resume = documents_resume,
    .keep = documents_keep,
    .identity = identity,
    .incremental = true,
};
