/* lib/declaration/plan: everything that is declared under a root folder, stamped, in the order in which it can be created. */
#include "declaration/plan.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "declaration/plan_contracts.h"
#include "declaration/plan_order.h"

enum { MESSAGE_BYTES = 1 << 20 };

const char *plan_kind_name(enum plan_kind kind)
{
    static const char *const names[] = { "table",      "view",    "intake",   "transform", "dead-letters", "ledger", "aggregate",
                                         "extraction", "records", "recovery", "schedule",  "queue",        "judge" };
    return names[kind];
}

char *plan_path(struct arena *a, const char *root, const char *below)
{
    if (strcmp(root, ".") == 0)
        return arena_copy(a, str_of(below));
    size_t n = strlen(root);
    return arena_printf(a, "%s%s%s", root, n > 0 && root[n - 1] == '/' ? "" : "/", below);
}

struct plan_source *plan_source(const struct plan *p, const char *stem)
{
    for (size_t i = 0; i < p->n_sources; i++)
        if (strcmp(p->sources[i].stem, stem) == 0)
            return &p->sources[i];
    return NULL;
}

const struct plan_object *plan_object(const struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_objects; i++)
        if (strcmp(p->objects[i].name, name) == 0)
            return &p->objects[i];
    return NULL;
}

/* ---- loading ---- */

struct rooms {
    struct declaration *queues, *tables, *views, *each_source;
};

static int load_room(struct plan *p, enum room room, const char *folder, struct declaration **first, struct err *err)
{
    char *path = plan_path(&p->arena, p->root, folder);
    if (path == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    return declaration_load_folder(&p->arena, room, path, first, err);
}

static size_t count(const struct declaration *d)
{
    size_t n = 0;
    for (; d != NULL; d = d->next)
        n++;
    return n;
}

/* ---- sources ---- */

/* The table that says `-- source: STEM`, else sql/STEM_rows.sql. */
static const struct declaration *rows_of(const struct declaration *tables, const char *stem)
{
    const struct declaration *named = NULL;
    size_t n = strlen(stem);
    for (const struct declaration *d = tables; d != NULL; d = d->next) {
        const char *source = declaration_value(d, "source");
        if (source != NULL && strcmp(source, stem) == 0 && declaration_value(d, "identity") != NULL)
            return d;
        if (source == NULL && strncmp(d->stem, stem, n) == 0 && strcmp(d->stem + n, "_rows") == 0)
            named = d;
    }
    return named;
}

static const struct contract_field *field_named(const struct contract *c, const char *name)
{
    const struct contract_field *f;
    for (size_t i = 0; (f = contract_field(c, i)) != NULL; i++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static int read_identity(struct plan *p, struct plan_source *s, struct err *err)
{
    const char *value = s->rows != NULL ? declaration_value(s->rows, "identity") : NULL;
    if (value == NULL)
        return err_set(err, ERR_STOP, "%s:1: expected sql/%s_rows.sql with '-- identity: …': what makes a record the same record",
                       s->queue->path, s->stem);
    int line = declaration_line(s->rows, "identity");
    size_t n = 1;
    for (const char *c = value; *c != '\0'; c++)
        n += *c == ',';
    const char **names = arena_alloc(&p->arena, n * sizeof *names);
    struct str rest = str_of(value);
    if (names == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (size_t i = 0; i < n; i++) {
        names[i] = arena_copy(&p->arena, str_trim(str_cut(&rest, ',')));
        const struct contract_field *f = names[i] != NULL ? field_named(s->contract, names[i]) : NULL;
        if (f == NULL && names[i] != NULL && contract_drops(s->contract, str_of(names[i])))
            return err_set(err, ERR_STOP, "%s:%d: identity: %s drops the field '%s'; expected one that is kept", s->rows->path,
                           line, s->contract_path, names[i]);
        if (f == NULL)
            return err_set(err, ERR_STOP, "%s:%d: identity: %s has no field '%.60s'", s->rows->path, line, s->contract_path,
                           names[i] != NULL ? names[i] : "");
        if (strstr(f->type, "Nullable(") != NULL)
            return err_set(err, ERR_STOP, "%s:%d: identity: the field '%s' may be absent by %s; expected a required one",
                           s->rows->path, line, f->name, s->contract_path);
    }
    s->identity = names;
    s->n_identity = n;
    s->version = declaration_value(s->rows, "version");
    return 0;
}

static int put_field(struct buf *b, const char *name)
{
    bool plain = !isdigit((unsigned char)name[0]);
    for (const char *c = name; *c != '\0'; c++)
        plain = plain && (isalnum((unsigned char)*c) || *c == '_');
    if (plain)
        return buf_puts(b, name);
    buf_putc(b, '`');
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '`' || *c == '\\')
            buf_putc(b, '\\');
        buf_putc(b, *c);
    }
    return buf_putc(b, '`');
}

static char *taken(struct plan *p, struct buf *b)
{
    char *text = b->failed ? NULL : arena_copy(&p->arena, buf_str(b));
    buf_clear(b);
    return text;
}

static int load_source(struct plan *p, struct plan_source *s, const struct declaration *queue, const struct rooms *rooms,
                       const char *database, struct err *err)
{
    const char *retention = declaration_value(queue, "retention"), *size = declaration_value(queue, "max-message-bytes");
    const char *contract = declaration_value(queue, "contract");
    *s = (struct plan_source){
        .stem = queue->stem,
        .queue = queue,
        .topic = declaration_value(queue, "topic"),
        .partitions = atoi(declaration_value(queue, "partitions")),
        .retention_ms = declaration_duration(retention),
        .max_message_bytes = size != NULL ? declaration_size(size) : MESSAGE_BYTES,
        .key = declaration_value(queue, "key"),
        .group = arena_printf(&p->arena, "%s_%s", database, queue->stem),
        .rows = rows_of(rooms->tables, queue->stem),
    };
    char below[512];
    snprintf(below, sizeof below, "contracts/%s.schema.json", contract != NULL ? contract : queue->stem);
    s->contract_path = plan_path(&p->arena, p->root, below);
    if (s->group == NULL || s->contract_path == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    s->contract = contract_load(s->contract_path, err);
    if (s->contract == NULL)
        return err_at(err, "%s:%d", queue->path, declaration_line(queue, "contract"));
    if (s->key != NULL && field_named(s->contract, s->key) == NULL)
        return err_set(err, ERR_STOP, "%s:%d: key: %s has no field '%.60s'", queue->path, declaration_line(queue, "key"),
                       s->contract_path, s->key);
    if (read_identity(p, s, err) < 0)
        return -1;
    struct buf b;
    buf_init(&b, 0);
    buf_puts(&b, "cityHash64(");
    for (size_t i = 0; i < s->n_identity; i++) {
        buf_puts(&b, i > 0 ? ", " : "");
        put_field(&b, s->identity[i]);
    }
    buf_putc(&b, ')');
    s->identity_hash = taken(p, &b);
    buf_fini(&b);
    return s->identity_hash != NULL ? 0 : err_set(err, ERR_STOP, "out of memory");
}

/* ---- words ---- */

enum { WORDS_MAX = 32 };

/* `-- document: content, content_type`: the fields of the contract that hold a file's bytes in base64 and its type, as they stand
 * in the intake; both are empty where the head doesn't say it. */
static int read_document(struct plan *p, const struct plan_source *s, const char **content, const char **type, struct err *err)
{
    const char **out[] = { content, type };
    struct str rest = { NULL, 0 };
    const char *value = declaration_value(s->queue, "document");
    *content = *type = "";
    if (value == NULL)
        return 0;
    rest = str_of(value);
    for (size_t i = 0; i < 2; i++) {
        char *name = arena_copy(&p->arena, str_trim(str_cut(&rest, ',')));
        const struct contract_field *f = name != NULL ? field_named(s->contract, name) : NULL;
        bool nullable = f != NULL && i == 1 && strcmp(f->type, "Nullable(String)") == 0;
        if (f == NULL || (!nullable && strcmp(f->type, "String") != 0) || (i == 1 && rest.n > 0))
            return err_set(
                err, ERR_STOP,
                "%s:%d: document: expected two fields of %s, a required string and a string: the one that holds a file's "
                "bytes in base64, and the one that holds its type",
                s->queue->path, declaration_line(s->queue, "document"), s->contract_path);
        struct buf b;
        buf_init(&b, 0);
        buf_puts(&b, nullable ? "ifNull(record." : "record.");
        put_field(&b, f->name);
        buf_puts(&b, nullable ? ", '')" : "");
        *out[i] = taken(p, &b);
        buf_fini(&b);
        if (*out[i] == NULL)
            return err_set(err, ERR_STOP, "out of memory");
    }
    return 0;
}

/* The identity in the intake: "record.timestamp, record.id". */
static void put_identity(struct buf *b, const struct plan_source *s)
{
    for (size_t i = 0; i < s->n_identity; i++) {
        buf_puts(b, i > 0 ? ", " : "");
        struct buf field;
        buf_init(&field, 0);
        buf_puts(&field, "record.");
        put_field(&field, s->identity[i]);
        if (field_named(s->contract, s->identity[i])->from_origin)
            buf_printf(
                b, "multiIf(%s != '', %s, origin != '', origin, concat(topic, '/', toString(partition), '/', toString(offset)))",
                buf_text(&field), buf_text(&field));
        else
            buf_put_str(b, buf_str(&field));
        buf_fini(&field);
    }
}

static bool is_identity(const struct plan_source *s, const char *name)
{
    for (size_t i = 0; i < s->n_identity; i++)
        if (strcmp(s->identity[i], name) == 0)
            return true;
    return false;
}

/* A tuple: of an argument that is NULL the hash would be NULL. */
static void put_hashed(struct buf *b, const char *name)
{
    buf_puts(b, b->n > 0 ? ", record." : "cityHash64(tuple(record.");
    put_field(b, name);
}

/* A hash over what a record says beside its identity, or over the fields of `-- content:`; never 0, which says that it isn't known.
 */
static char *content_hash(struct plan *p, const struct plan_source *s, struct err *err)
{
    struct buf b;
    char *hash = NULL;
    const char *value = declaration_value(s->rows, "content");
    struct str rest = str_of(value != NULL ? value : "");
    const struct contract_field *f;
    buf_init(&b, 0);
    for (size_t i = 0; value == NULL && (f = contract_field(s->contract, i)) != NULL; i++)
        if (!f->implied && !is_identity(s, f->name))
            put_hashed(&b, f->name);
    while (rest.n > 0) {
        const char *name = arena_copy(&p->arena, str_trim(str_cut(&rest, ',')));
        if (name == NULL || field_named(s->contract, name) == NULL) {
            err_set(err, ERR_STOP, "%s:%d: content: %s has no field '%.60s'", s->rows->path, declaration_line(s->rows, "content"),
                    s->contract_path, name != NULL ? name : "");
            goto out;
        }
        put_hashed(&b, name);
    }
    hash = b.n == 0 ? arena_copy(&p->arena, STR("1"))
                    : arena_printf(&p->arena, "toUInt32(greatest(%s)) %% 4294967296, 1))", buf_text(&b));
    if (hash == NULL || b.failed)
        err_set(err, ERR_STOP, "out of memory");
out:
    buf_fini(&b);
    return hash;
}

static int words_of(struct plan *p, const struct plan_source *s, const char *database, const char *words[WORDS_MAX],
                    struct err *err)
{
    struct buf b;
    buf_init(&b, 0);
    const char *time = NULL;
    const struct contract_field *f;
    for (size_t i = 0; (f = contract_field(s->contract, i)) != NULL && time == NULL; i++)
        if (f->is_time) {
            buf_puts(&b, "record.");
            put_field(&b, f->name);
            time = taken(p, &b);
        }
    put_identity(&b, s);
    const char *identity = taken(p, &b);
    const char *hash = identity != NULL ? arena_printf(&p->arena, "cityHash64(%s)", identity) : NULL;
    buf_fini(&b);
    const char *content, *type;
    if (identity == NULL || hash == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    if (read_document(p, s, &content, &type, err) < 0)
        return -1;
    const char *says = content_hash(p, s, err);
    if (says == NULL)
        return -1;
    const char *const pairs[WORDS_MAX] = {
        "source",
        s->stem,
        "topic",
        s->topic,
        "group",
        s->group,
        "database",
        database,
        "record_function",
        contract_function(s->contract),
        "record_type",
        contract_type(s->contract),
        "record_time",
        time != NULL ? time : "appended_at",
        "contract_hash",
        contract_hash(s->contract),
        "identity",
        identity,
        "identity_hash",
        hash,
        "content_hash",
        says,
        "document_content",
        content,
        "document_type",
        type,
        NULL,
    };
    memcpy(words, pairs, sizeof pairs);
    return 0;
}

/* ---- objects ---- */

static enum plan_kind kind_of(const struct declaration *d)
{
    const char *kind = declaration_value(d, "kind");
    if (d->room == ROOM_QUEUE)
        return PLAN_QUEUE;
    if (d->room == ROOM_TABLE)
        return strcmp(d->verb, "VIEW") == 0 ? PLAN_VIEW : PLAN_TABLE;
    for (enum plan_kind k = PLAN_INTAKE; k <= PLAN_JUDGE; k++)
        if (kind != NULL && strcmp(kind, plan_kind_name(k)) == 0)
            return k;
    return PLAN_TRANSFORM;
}

/* pairs NULL: nothing is stamped in this folder. */
static int add_object(struct plan *p, const struct declaration *d, struct plan_source *s, const char *const *pairs, struct err *err)
{
    static const char hex[] = "0123456789abcdef";
    struct plan_object *o = &p->objects[p->n_objects];
    struct declaration name = *d;
    name.sql = d->creates;
    *o = (struct plan_object){ .kind = kind_of(d), .declaration = d, .source = s };
    o->statement = declaration_stamp(&p->arena, d, pairs, err);
    o->name = o->statement != NULL ? declaration_stamp(&p->arena, &name, pairs, err) : NULL;
    if (o->name == NULL)
        return -1;
    const struct plan_object *other = plan_object(p, o->name);
    if (other != NULL)
        return err_set(err, ERR_STOP, "%s:%d: '%s' is created by %s already", d->path, d->sql_line, o->name,
                       other->declaration->path);
    uint8_t digest[32];
    sha256(str_of(o->statement), digest);
    for (size_t i = 0; i < 8; i++) {
        o->digest[2 * i] = hex[digest[i] >> 4];
        o->digest[2 * i + 1] = hex[digest[i] & 15];
    }
    p->n_objects++;
    return 0;
}

static int add_source_objects(struct plan *p, struct plan_source *s, const struct rooms *rooms, const char *database,
                              struct err *err)
{
    const char *words[WORDS_MAX], *queue_words[9];
    if (words_of(p, s, database, words, err) < 0)
        return -1;
    /* A queue knows nothing of records. */
    memcpy(queue_words, words, 8 * sizeof *words);
    queue_words[8] = NULL;
    if (add_object(p, s->queue, s, queue_words, err) < 0)
        return -1;
    for (const struct declaration *d = rooms->each_source; d != NULL; d = d->next)
        if (add_object(p, d, s, words, err) < 0)
            return -1;
    return 0;
}

static int add_objects(struct plan *p, const struct rooms *rooms, const char *database, struct err *err)
{
    size_t most = count(rooms->tables) + count(rooms->views) + p->n_sources * (1 + count(rooms->each_source));
    p->objects = arena_alloc(&p->arena, most * sizeof *p->objects);
    if (p->objects == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (const struct declaration *d = rooms->tables; d != NULL; d = d->next) {
        const char *from = declaration_value(d, "derived-from");
        if (from != NULL && plan_source(p, from) == NULL)
            return err_set(err, ERR_STOP, "%s:%d: derived-from: expected a source, there is no kafka-engine/%.100s.sql", d->path,
                           declaration_line(d, "derived-from"), from);
        if (add_object(p, d, NULL, NULL, err) < 0)
            return -1;
    }
    for (const struct declaration *d = rooms->views; d != NULL; d = d->next) {
        const char *words[VIEW_WORDS_MAX];
        if (plan_contracts_words(p, d, rooms->views, words, err) < 0 || add_object(p, d, NULL, words, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < p->n_sources; i++)
        if (add_source_objects(p, &p->sources[i], rooms, database, err) < 0)
            return -1;
    return plan_order(p, err);
}

static int load(struct plan *p, const char *database, struct err *err)
{
    struct rooms rooms = { 0 };
    if (load_room(p, ROOM_QUEUE, "kafka-engine", &rooms.queues, err) < 0 ||
        load_room(p, ROOM_TABLE, "sql", &rooms.tables, err) < 0 || load_room(p, ROOM_VIEW, "mv", &rooms.views, err) < 0 ||
        load_room(p, ROOM_EACH_SOURCE, "mv/each-source", &rooms.each_source, err) < 0 ||
        load_room(p, ROOM_ENDPOINT, "shim/endpoints", &p->endpoints, err) < 0)
        return -1;
    if (rooms.queues == NULL && rooms.tables == NULL)
        return err_set(err, ERR_STOP, "%s: expected declarations in kafka-engine/ and sql/, found none", p->root);
    p->sources = arena_alloc(&p->arena, count(rooms.queues) * sizeof *p->sources);
    if (p->sources == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (const struct declaration *d = rooms.queues; d != NULL; d = d->next) {
        p->n_sources++; /* first, so that plan_free sees its contract */
        if (load_source(p, &p->sources[p->n_sources - 1], d, &rooms, database, err) < 0)
            return -1;
    }
    if (plan_contracts_load(p, err) < 0)
        return -1;
    return add_objects(p, &rooms, database, err);
}

struct plan *plan_load(const char *root, const char *database, struct err *err)
{
    struct plan *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    arena_init(&p->arena, 0);
    p->root = arena_copy(&p->arena, str_of(root));
    char *name = arena_copy(&p->arena, str_of(database));
    if (p->root == NULL || name == NULL)
        err_set(err, ERR_STOP, "out of memory");
    if (p->root == NULL || name == NULL || load(p, name, err) < 0) {
        plan_free(p);
        return NULL;
    }
    return p;
}

void plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->n_sources; i++)
        contract_free(p->sources[i].contract);
    for (size_t i = 0; i < p->n_contracts; i++)
        contract_free(p->contracts[i]);
    arena_fini(&p->arena);
    free(p);
}
