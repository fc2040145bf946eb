/* loaders/blobs: metadata of objects: what an S3 store or a folder lists, what has changed there since, or generated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "loaders/blobs/generate.h"
#include "loaders/blobs/heads.h"
#include "loaders/blobs/record.h"
#include "loaders/changes.h"
#include "loaders/generate.h"
#include "loaders/loader.h"
#include "loaders/place.h"
#include "loaders/types.h"

enum { HEADS_AT_ONCE = 256, HEADS_SAID = 10 };

/* A change that waits to be handed out. */
struct waiting {
    struct change change;
    struct str content_type;
};

struct blobs {
    struct changes *changes; /* NULL: generate */
    struct blobs_generator generator;
    struct place where;
    /* With --head changes are taken by the hundred, asked for, then handed out one by one; without it one by one. */
    struct heads *heads;
    struct heads_item items[HEADS_AT_ONCE];
    struct waiting waiting[HEADS_AT_ONCE];
    struct arena arena; /* their texts */
    size_t n_waiting, at;
    int64_t heads_failed;
    bool handed_out; /* `given` is the one that was */
    int64_t place;
    struct buf given;
};

static int open_generator(struct blobs *b, const struct opts *o, struct err *err)
{
    struct blobs_generator *g = &b->generator;
    int64_t until = wall_ms();
    if (opts_text(o, "until") != NULL && gen_read_moment("--until", opts_text(o, "until"), &until, err) < 0)
        return -1;
    g->seed = gen_mix((uint64_t)opts_number(o, "seed"));
    g->count = opts_number(o, "count");
    g->span_ms = opts_number(o, "days") * GEN_DAY_MS;
    g->first_ms = until - g->span_ms;
    g->fail_percentage = (unsigned)opts_number(o, "fail-percentage");
    return 0;
}

static int check_options(const struct opts *o, struct err *err)
{
    static const char *const generator[] = { "count", "seed", "days", "until", "fail-percentage" };
    static const char *const listing[] = { "bucket-name", "head", "head-at-once", "allow-empty" };
    bool given = opts_operands(o) > 0;
    const char *const *not = given ? generator : listing;
    for (size_t i = 0; i < (given ? sizeof generator / sizeof *generator : sizeof listing / sizeof *listing); i++)
        if (opts_given(o, not [i]))
            return given ? err_set(err, ERR_STOP, "--%s is for generated objects; '%s' is listed as it is", not [i],
                                   opts_operand(o, 0))
                         : err_set(err, ERR_STOP, "--%s is for a store or a folder; without one objects are generated", not [i]);
    return 0;
}

static void blobs_close(void *state)
{
    struct blobs *b = state;
    if (b == NULL)
        return;
    changes_free(b->changes);
    heads_free(b->heads);
    place_fini(&b->where);
    arena_fini(&b->arena);
    buf_fini(&b->given);
    free(b);
}

static int blobs_open(const struct opts *o, void **state, int64_t *total, struct err *err)
{
    struct blobs *b = calloc(1, sizeof *b);
    if (b == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    arena_init(&b->arena, 0);
    buf_init(&b->given, 0);
    if (check_options(o, err) < 0)
        goto fail;
    if (opts_operands(o) == 0) {
        if (open_generator(b, o, err) < 0)
            goto fail;
        *total = b->generator.count;
        *state = b;
        return 0;
    }
    const char *operand = opts_operand(o, 0);
    if (opts_flag(o, "head") && !s3_is_address(operand)) {
        err_set(err, ERR_STOP, "--head asks an S3 store; '%s' is a folder", operand);
        goto fail;
    }
    if (place_open(&b->where, o, operand, opts_text(o, "bucket-name"), err) < 0)
        goto fail;
    if (opts_flag(o, "head") &&
        (b->heads = heads_new(b->where.s3, b->where.store_bucket, (int)opts_number(o, "head-at-once"), err)) == NULL)
        goto fail;
    b->changes = changes_new(place_listing, &b->where, opts_flag(o, "allow-empty"), err);
    if (b->changes == NULL)
        goto fail;
    *total = -1;
    *state = b;
    return 0;
fail:
    blobs_close(b);
    return -1;
}

/* ---- record after record ---- */

static int keep_texts(struct blobs *b, struct waiting *w)
{
    struct blob *blob = &w->change.blob;
    char *path = arena_copy(&b->arena, blob->path), *etag = arena_copy(&b->arena, blob->etag);
    blob->path.p = path;
    blob->etag.p = etag;
    return path != NULL && etag != NULL ? 0 : -1;
}

static int ask_heads(struct blobs *b, struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n_waiting; i++)
        if (!b->waiting[i].change.gone)
            b->items[n++] = (struct heads_item){ .key = b->waiting[i].change.blob.path };
    if (heads_ask(b->heads, b->items, n, err) < 0)
        return -1;
    n = 0;
    for (size_t i = 0; i < b->n_waiting; i++) {
        if (b->waiting[i].change.gone)
            continue;
        const struct heads_item *item = &b->items[n++];
        if (item->there) {
            b->waiting[i].content_type = str_of(item->head.content_type);
            continue;
        }
        /* It was listed, so it is said; only its type stays unknown. */
        if (++b->heads_failed <= HEADS_SAID)
            log_warn("%s: its content type stays unknown", item->err.text);
        if (b->heads_failed == HEADS_SAID)
            log_warn("further objects whose type can't be had are not named");
    }
    return 0;
}

/* The changes that come next: one, or with --head as many as can be asked for together. 1, 0 at the end, -1. */
static int refill(struct blobs *b, struct err *err)
{
    size_t most = b->heads != NULL ? HEADS_AT_ONCE : 1;
    arena_reset(&b->arena);
    b->n_waiting = b->at = 0;
    while (b->n_waiting < most) {
        struct waiting *w = &b->waiting[b->n_waiting];
        struct err why = ERR_INIT;
        int rc = changes_next(b->changes, &w->change, &why);
        /* What came so far goes out first; what stopped it comes again. */
        if (rc == 0 || (rc < 0 && b->n_waiting > 0 && why.class == ERR_RETRY))
            break;
        if (rc < 0) {
            *err = why;
            return -1;
        }
        w->content_type = STR("");
        if (most > 1 && keep_texts(b, w) < 0)
            return err_set(err, ERR_STOP, "out of memory");
        b->n_waiting++;
    }
    if (b->n_waiting == 0)
        return 0;
    return b->heads != NULL && ask_heads(b, err) < 0 ? -1 : 1;
}

static int blobs_next(void *state, struct buf *record, struct buf *key, struct err *err)
{
    struct blobs *b = state;
    if (b->changes == NULL)
        return blobs_generate(&b->generator, record, key);
    if (b->at == b->n_waiting) {
        b->handed_out = false;
        int rc = refill(b, err);
        if (rc <= 0)
            return rc;
    }
    struct waiting *w = &b->waiting[b->at++];
    const struct blob *blob = &w->change.blob;
    const char *type = b->where.s3 == NULL ? type_of_name(blob->path) : NULL;
    struct blob_record r = {
        .bucket = str_of(b->where.bucket),
        .blob = blob,
        .content_type = type != NULL ? str_of(type) : w->content_type,
        .ingested_ms = wall_ms(),
        .gone = w->change.gone,
        .marker = "",
    };
    blob_record_put(record, &r);
    buf_put_str(key, (struct str){ blob->path.p, blob->path.n < key->max ? blob->path.n : key->max });
    b->handed_out = true;
    b->place = w->change.place;
    buf_clear(&b->given);
    buf_put_str(&b->given, blob->path);
    if (record->failed)
        return err_set(err, ERR_DROP, "%s/%.*s: its record is larger than the topic takes", b->where.bucket, STR_ARG(blob->path));
    return 1;
}

static int64_t blobs_skipped(const void *state)
{
    const struct blobs *b = state;
    return b->changes != NULL ? changes_unchanged(b->changes) : 0;
}

static int blobs_position(void *state, struct buf *out)
{
    struct blobs *b = state;
    struct err err = ERR_INIT;
    if (b->changes == NULL)
        return 0;
    if (changes_position(b->changes, b->handed_out ? b->place : -1, buf_str(&b->given), out, &err) == 0)
        return 1;
    log_error("%s: a later load begins where this one began", err.text);
    return 0;
}

static int blobs_resume(void *state, struct str position, struct err *err)
{
    struct blobs *b = state;
    return changes_resume(b->changes, position, err);
}

static int blobs_keep(void *state, const char *path, struct err *err)
{
    struct blobs *b = state;
    return changes_keep(b->changes, path, err);
}

static const struct opt options[] = {
    { .name = "bucket-name",
      .type = OPT_TEXT,
      .arg = "NAME",
      .help = "What records call the bucket; without it the bucket's name, or the folder's whole path" },
    { .name = "head",
      .type = OPT_FLAG,
      .help = "Ask the store for each new or changed object by itself: its content type is in no list" },
    { .name = "head-at-once",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "8",
      .min = 1,
      .max = 64,
      .help = "How many such requests run at a time" },
    { .name = "allow-empty",
      .type = OPT_FLAG,
      .help = "Take it that everything is gone where nothing is found and the last run found objects" },
    { .name = "count", .type = OPT_NUMBER, .arg = "N", .fallback = "10000", .help = "How many objects to generate" },
    { .name = "seed",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "1",
      .help = "The same seed gives the same objects, where --until is given too" },
    { .name = "days",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "365",
      .min = 1,
      .max = 36500,
      .help = "Over how many days the generated objects' times spread" },
    { .name = "until",
      .type = OPT_TEXT,
      .arg = "MOMENT",
      .help = "When the last one was written, as 2026-11-20T10:00:00Z; without it now" },
    { .name = "fail-percentage",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "0",
      .max = 100,
      .help = "Share of objects whose file name begins with [DLQ], which the contract turns into dead letters" },
    { .name = NULL },
};

static const char *const identity[] = { "bucket-name", "s3-url", NULL };

const struct loader loader_blobs = {
    .name = "blobs",
    .about =
        "Metadata of objects: a record for each that an S3 store or a folder lists. The next run of the same sends what is new, "
        "changed or gone since. SOURCE is s3://BUCKET/PATTERN, a folder, or a pattern of files; without one objects are generated. "
        "In a "
        "pattern * stands for characters within a step, ** for steps, ? for one character, {a,b} for one of several, [a-z] for one "
        "of a kind; a bucket, a prefix that ends in a slash, or a folder means everything below.",
    .operands = "[SOURCE]",
    .max_operands = 1,
    .options = options,
    .more = "Examples:\n"
            "  odw load blobs 's3://invoices/2026/**/*.{pdf,tiff}'\n"
            "  odw load blobs s3://invoices/ --head          content types too, a request an object\n"
            "  odw load blobs /srv/documents --bucket-name documents\n"
            "  odw load blobs --count 1000 --fail-percentage 20\n"
            "  odw load blobs s3://open-data/ --s3-anonymous --s3-region eu-west-1 --print\n\n"
            "What was seen is kept in the state folder beside the load's position, about 60 bytes an object. --from-start sends\n"
            "everything again; so does --no-checkpoint, which compares with nothing and keeps nothing.\n",
    .open = blobs_open,
    .next = blobs_next,
    .skipped = blobs_skipped,
    .close = blobs_close,
    .position = blobs_position,
    .resume = blobs_resume,
    .keep = blobs_keep,
    .identity = identity,
    .incremental = true,
};
