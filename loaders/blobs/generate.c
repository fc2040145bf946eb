/* loaders/blobs/generate: objects of made-up buckets, a function of seed and index. */
#include "loaders/blobs/generate.h"

#include <stdio.h>

#include "loaders/blobs/record.h"
#include "loaders/generate.h"
#include "loaders/types.h"

static const char *const buckets[] = { "invoices", "invoices", "media", "media", "media", "data-lake", "data-lake", "backups" };
static const char *const folders[][4] = {
    { "inbox", "archive", "scans", "Rechnungen" },
    { "uploads", "thumbnails", "raw footage", "avatars" },
    { "events", "orders", "customers", "inventory" },
    { "db", "home", "mail", "config" },
};
static const char *const names[][4] = {
    { "invoice", "receipt", "credit note", "Angebot M\xc3\xbcller" },
    { "photo", "clip", "banner", "screen shot" },
    { "part", "export", "snapshot", "delta" },
    { "full", "incremental", "dump", "keys" },
};
static const char *const extensions[][4] = {
    { "pdf", "pdf", "tiff", "docx" },
    { "jpg", "jpg", "mp4", "png" },
    { "parquet", "csv", "json", "parquet" },
    { "tar", "gz", "zip", "gz" },
};

int blobs_generate(struct blobs_generator *g, struct buf *record, struct buf *key)
{
    if (g->at >= g->count)
        return 0;
    /* Seed and index together: each object has a number of its own in its name, so that no two share a path. */
    uint64_t unique = gen_mix((uint64_t)g->at + g->seed), random = gen_mix(unique ^ 0x626c6f62), more = gen_mix(random);
    unsigned kind = (unsigned)(random % 8 < 2 ? 0 : random % 8 < 5 ? 1 : random % 8 < 7 ? 2 : 3);
    char etag[33], path[160];
    int64_t modified = g->first_ms + (int64_t)((double)g->span_ms * (double)(g->at + 1) / (double)g->count);
    snprintf(etag, sizeof etag, "%016llx%016llx", (unsigned long long)more, (unsigned long long)gen_mix(more));
    snprintf(path, sizeof path, "%s/%04u/%s-%016llx.%s", folders[kind][random >> 8 & 3], 2020 + (unsigned)(random >> 10) % 7,
             names[kind][random >> 16 & 3], (unsigned long long)unique, extensions[kind][random >> 18 & 3]);
    /* Few are large, many are small: the size's logarithm is even. */
    struct blob blob = {
        .path = str_of(path),
        .etag = str_of(etag),
        .size = (int64_t)((more & ((UINT64_C(1) << (4 + (random >> 24) % 29)) - 1)) + 1),
        .modified_ms = modified,
        .has_mode = true,
        .mode = (random >> 32) % 10 == 0 ? 0644 : 0640,
    };
    const char *type = type_of_name(blob.path);
    struct blob_record r = {
        .bucket = str_of(buckets[random % 8]),
        .blob = &blob,
        .content_type = type != NULL ? str_of(type) : STR(""),
        .ingested_ms = g->first_ms + g->span_ms,
        .marker = (more >> 32) % 100 < g->fail_percentage ? "[DLQ]" : "",
    };
    blob_record_put(record, &r);
    buf_put_str(key, blob.path);
    g->at++;
    return 1;
}
