/* shim/source: what POST /ingest/NAME needs to know of a source. */
#include "shim/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "declaration/declaration.h"

enum { READERS = 256 };

static void free_reader(void *reader)
{
    reader_free(reader);
}

static void free_one(struct source *s)
{
    if (s == NULL)
        return;
    pool_fini(&s->readers, free_reader);
    contract_free(s->contract);
    free(s->name);
    free(s->topic);
    free(s->key);
    free(s->about);
    free(s);
}

static struct source *load_one(const char *root, const struct declaration *d, struct err *err)
{
    const char *stem = declaration_value(d, "contract"), *key = declaration_value(d, "key"), *about;
    const char *largest = declaration_value(d, "max-message-bytes");
    struct source *s = calloc(1, sizeof *s);
    char path[4096];
    if (s == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    snprintf(path, sizeof path, "%s/contracts/%s.schema.json", root, stem != NULL ? stem : d->stem);
    s->contract = contract_load(path, err);
    if (s->contract == NULL) {
        err_at(err, "%s", d->path);
        goto fail;
    }
    about = contract_description(s->contract);
    long long bytes = largest != NULL ? declaration_size(largest) : 1048576; /* Kafka's own limit for a topic that sets none */
    if (bytes < 1) {
        err_set(err, ERR_STOP, "%s:%d: expected a size such as 1048576 or 16M, got `%s`", d->path,
                declaration_line(d, "max-message-bytes"), largest);
        goto fail;
    }
    s->message_max = (size_t)bytes;
    s->name = strdup(d->stem);
    s->topic = strdup(declaration_value(d, "topic"));
    s->key = key != NULL ? strdup(key) : NULL;
    s->about = strdup(about != NULL ? about : "");
    if (s->name == NULL || s->topic == NULL || s->about == NULL || (key != NULL && s->key == NULL) ||
        pool_init(&s->readers, READERS) < 0) {
        err_set(err, ERR_STOP, "out of memory");
        goto fail;
    }
    return s;
fail:
    free_one(s);
    return NULL;
}

int sources_load(const char *root, struct source **first, struct err *err)
{
    struct arena arena;
    struct declaration *d = NULL;
    struct source **end = first;
    char folder[4096];
    int rc = -1;
    *first = NULL;
    arena_init(&arena, (size_t)16 << 20);
    snprintf(folder, sizeof folder, "%s/kafka-engine", root);
    if (declaration_load_folder(&arena, ROOM_QUEUE, folder, &d, err) < 0)
        goto out;
    for (; d != NULL; d = d->next) {
        *end = load_one(root, d, err);
        if (*end == NULL)
            goto out;
        end = &(*end)->next;
    }
    rc = 0;
out:
    arena_fini(&arena);
    if (rc < 0) {
        sources_free(*first);
        *first = NULL;
    }
    return rc;
}

void sources_free(struct source *first)
{
    while (first != NULL) {
        struct source *next = first->next;
        free_one(first);
        first = next;
    }
}

struct source *sources_find(struct source *first, struct str name)
{
    for (; first != NULL; first = first->next)
        if (str_eq(name, str_of(first->name)))
            return first;
    return NULL;
}
