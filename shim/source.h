/* shim/source: what POST /ingest/NAME needs to know of a source: topic, key, contract. */
#ifndef ODW_SHIM_SOURCE_H
#define ODW_SHIM_SOURCE_H

#include "base/err.h"
#include "base/str.h"
#include "contract/contract.h"
#include "shim/pool.h"

struct source {
    char *name, *topic;
    char *key; /* the field whose value is the message's key, or NULL */
    char *about;
    size_t message_max; /* bytes */
    struct contract *contract;
    struct pool readers;
    struct source *next;
};

/* One for each queue in <root>/kafka-engine/ whose contract is there; NULL and no error where there is none. */
int sources_load(const char *root, struct source **first, struct err *err) __attribute__((warn_unused_result));
void sources_free(struct source *first);
struct source *sources_find(struct source *first, struct str name);

#endif
