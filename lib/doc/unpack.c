/* lib/doc/unpack: libarchive reads it; what it says of its sizes isn't believed, what comes out is counted. */
#include "doc/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

enum { MEMBERS = 20000, CHUNK = 64 << 10, FREE_BYTES = 1 << 20 };

static struct member *add(struct unpacked *u, const char *name, size_t max)
{
    if (u->n == u->cap) {
        size_t cap = u->cap > 0 ? 2 * u->cap : 16;
        struct member *grown = realloc(u->members, cap * sizeof *grown);
        if (grown == NULL)
            return NULL;
        u->members = grown;
        u->cap = cap;
    }
    struct member *m = &u->members[u->n];
    m->name = strdup(name);
    if (m->name == NULL)
        return NULL;
    buf_init(&m->bytes, max);
    u->n++;
    return m;
}

static int over(struct parts *parts)
{
    return parts_fail(parts, "the archive unpacks to more than %zu MiB", parts->limits->unpacked_bytes >> 20);
}

static int take(struct archive *a, size_t zip_bytes, struct member *m, size_t *sum, struct parts *parts)
{
    char chunk[CHUNK];
    la_ssize_t n;
    while ((n = archive_read_data(a, chunk, sizeof chunk)) > 0) {
        *sum += (size_t)n;
        if (*sum > parts->limits->unpacked_bytes)
            return over(parts);
        buf_put(&m->bytes, chunk, (size_t)n);
        if (m->bytes.n > FREE_BYTES && m->bytes.n / parts->limits->ratio > zip_bytes)
            return parts_fail(parts, "the archive is a bomb: one of its files unpacks to more than %zu times its size",
                              parts->limits->ratio);
    }
    if (n < 0)
        return archive_read_has_encrypted_entries(a) > 0
                   ? parts_fail(parts, "the document is protected with a password")
                   : parts_fail(parts, "the document is damaged: its archive can't be unpacked");
    return m->bytes.failed ? over(parts) : 0;
}

int unpack(struct str zip, bool (*wanted)(struct str name), struct unpacked *u, struct parts *parts)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    size_t sum = 0, seen = 0;
    int done = 0, got = ARCHIVE_EOF;
    *u = (struct unpacked){ 0 };
    if (a == NULL)
        return parts_fail(parts, "no memory for the archive");
    archive_read_support_format_zip(a);
    if (archive_read_open_memory(a, zip.p, zip.n) != ARCHIVE_OK)
        done = parts_fail(parts, "the document is damaged: its archive can't be opened");
    while (done == 0 && ((got = archive_read_next_header(a, &entry)) == ARCHIVE_OK || got == ARCHIVE_WARN)) {
        const char *name = archive_entry_pathname(entry);
        if (++seen > MEMBERS) {
            done = parts_fail(parts, "the archive holds more than %d files", MEMBERS);
        } else if (archive_entry_is_encrypted(entry)) {
            done = parts_fail(parts, "the document is protected with a password");
        } else if (name != NULL && wanted(str_of(name))) {
            struct member *m = unpacked_find(u, name) == NULL ? add(u, name, parts->limits->unpacked_bytes + CHUNK) : NULL;
            done = m == NULL ? parts_fail(parts, "the document is damaged: its archive holds %.60s twice", name)
                             : take(a, zip.n, m, &sum, parts);
        }
    }
    if (done == 0 && got != ARCHIVE_EOF)
        done = parts_fail(parts, "the document is damaged: its archive breaks off");
    archive_read_free(a);
    return done;
}

void unpacked_fini(struct unpacked *u)
{
    for (size_t i = 0; i < u->n; i++) {
        free(u->members[i].name);
        buf_fini(&u->members[i].bytes);
    }
    free(u->members);
    *u = (struct unpacked){ 0 };
}

const struct buf *unpacked_find(const struct unpacked *u, const char *name)
{
    for (size_t i = 0; i < u->n; i++)
        if (strcmp(u->members[i].name, name) == 0)
            return &u->members[i].bytes;
    return NULL;
}
