/* cli/erase: takes records and dead letters away for good. */
#include "cli/erase.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "declaration/sql_scan.h"

enum { QUERY_TIMEOUT_MS = 30 * 60000, TRIES = 10, UNKNOWN_IDENTIFIER = 47 };

/* The conditions themselves may be personal: they are not to stay in the server's log of queries. */
#define SETTINGS "log_queries=0&max_execution_time=1800&transform_null_in=0"

#define MOMENT "fromUnixTimestamp64Milli(%" PRId64 ", 'UTC')"
/* Where a letter lies, of a line or a letter, and of what was erased. */
#define LETTER_PLACE "(concat(topic, '/', toString(partition), '/', toString(offset)), sent_at)"
#define ERASED_PLACE "splitByChar('@', letter)[1], sent_at"

int erase_check_expression(const char *text, struct err *err)
{
    struct sql_scan scan = sql_scan_of(str_of(text), 1);
    int depth = 0;
    bool any = false;
    for (struct token t = sql_scan_next(&scan); t.kind != TOKEN_END; t = sql_scan_next(&scan)) {
        depth += token_is_sign(t, '(') - token_is_sign(t, ')');
        if (t.kind == TOKEN_OPEN_END || depth < 0)
            return err_set(err, ERR_STOP, "--where: expected one expression, got a quote or bracket that doesn't pair: %.200s",
                           text);
        if (t.kind == TOKEN_COMMENT || t.kind == TOKEN_PLACEHOLDER || token_is_sign(t, ';') || token_is(t, "select"))
            return err_set(err, ERR_STOP, "--where: expected one expression over the view's columns, got '%.*s' in it",
                           (int)(t.raw.n < 60 ? t.raw.n : 60), t.raw.p);
        any = true;
    }
    if (depth != 0 || !any)
        return err_set(err, ERR_STOP, "--where: expected one expression such as distinct_id = 'ada', got '%.200s'", text);
    return 0;
}

/* ---- statements ---- */

static int ask(struct erasure *e, struct buf *sql, struct buf *out, int *code, struct err *err)
{
    struct clickhouse_param params[ERASE_PARAMS + 2];
    memcpy(params, e->params, e->n_params * sizeof *params);
    params[e->n_params] = (struct clickhouse_param){ "source", str_of(e->source->stem) };
    params[e->n_params + 1] =
        (struct clickhouse_param){ "erasure", str_of(e->id[0] != '\0' ? e->id : "00000000-0000-0000-0000-000000000000") };
    const struct clickhouse_query q = {
        .sql = buf_text(sql), .params = params, .n_params = e->n_params + 2, .timeout_ms = QUERY_TIMEOUT_MS, .settings = SETTINGS
    };
    if (sql->failed)
        return err_set(err, ERR_STOP, "out of memory for a statement");
    return clickhouse_run(e->ch, &q, out, code, err);
}

/* One row of numbers into `to`. */
static int ask_numbers(struct erasure *e, struct buf *sql, int64_t *const *to, size_t n, struct err *err)
{
    struct buf out = { 0 };
    int rc = ask(e, sql, &out, NULL, err);
    struct str rest = buf_str(&out), line = str_cut(&rest, '\n');
    for (size_t i = 0; i < n && rc == 0; i++)
        *to[i] = str_integer(str_cut(&line, '\t'));
    buf_fini(&out);
    return rc;
}

/* ---- what it is about ---- */

/* Identities with their day: of the newest versions, and of older ones that still lie in the table. */
static void put_matches(struct buf *sql, const struct erasure *e, bool versions)
{
    const struct plan_source *s = e->source;
    for (int i = 0; i < (versions ? 2 : 1); i++)
        buf_printf(sql, "%sSELECT %s AS identity, toDate32(%s) AS record_day FROM %s WHERE (%.*s)", i > 0 ? " UNION DISTINCT " : "",
                   s->identity_hash, s->identity[0], i > 0 ? s->rows->creates : e->view, STR_ARG(buf_str(&e->condition)));
}

/* The other names of a field (x-aliases), from the contract's own text. */
static json_t *aliases_of(const json_t *contract, const char *field)
{
    return json_object_get(json_object_get(json_object_get(contract, "properties"), field), "x-aliases");
}

static void put_member(struct buf *sql, const char *name)
{
    buf_puts(sql, "nullIf(if(JSONType(payload, ");
    clickhouse_put_text(sql, str_of(name));
    buf_puts(sql, ") = 'String', JSONExtractString(payload, ");
    clickhouse_put_text(sql, str_of(name));
    buf_puts(sql, "), JSONExtractRaw(payload, ");
    clickhouse_put_text(sql, str_of(name));
    buf_puts(sql, ")), '')");
}

/* A column of the view, as far as a letter's payload or lineage has it: what the text says, in the column's type. */
static void put_column(struct buf *sql, const json_t *contract, struct str name, struct str type)
{
    static const struct {
        const char *name, *as;
    } lineage[] = { { "appended_at", "appended_at" },
                    { "processed_at", "failed_at" },
                    { "_topic", "topic" },
                    { "_partition", "partition" },
                    { "_offset", "offset" } };
    char field[256];
    snprintf(field, sizeof field, "%.*s", STR_ARG(name));
    bool known = false;
    for (size_t i = 0; i < sizeof lineage / sizeof *lineage && !known; i++)
        if (strcmp(field, lineage[i].name) == 0) {
            buf_printf(sql, ", letter.%s AS ", lineage[i].as);
            known = true;
        }
    if (!known && json_object_get(json_object_get(contract, "properties"), field) != NULL) {
        json_t *aliases = aliases_of(contract, field), *one;
        size_t i;
        bool time = memmem(type.p, type.n, "DateTime", 8) != NULL, text = memmem(type.p, type.n, "String", 6) != NULL;
        if (str_starts(type, STR("LowCardinality(")))
            type = (struct str){ type.p + 15, type.n - 16 };
        if (str_starts(type, STR("Nullable(")))
            type = (struct str){ type.p + 9, type.n - 10 };
        buf_puts(sql, time   ? ", parseDateTime64BestEffortOrNull(coalesce("
                      : text ? ", (coalesce("
                             : ", accurateCastOrNull(coalesce(");
        put_member(sql, field);
        json_array_foreach(aliases, i, one)
        {
            buf_puts(sql, ", ");
            put_member(sql, json_string_value(one) != NULL ? json_string_value(one) : "");
        }
        buf_puts(sql, ")");
        if (time)
            buf_puts(sql, ", 3, 'UTC')");
        else if (text)
            buf_puts(sql, ")");
        else {
            buf_puts(sql, ", ");
            clickhouse_put_text(sql, type);
            buf_puts(sql, ")");
        }
        buf_puts(sql, " AS ");
        known = true;
    }
    if (!known)
        buf_puts(sql, ", NULL AS ");
    clickhouse_put_name(sql, name);
}

struct columns {
    struct erasure *e;
    struct buf *sql;
    const json_t *contract;
};

static bool names(const char *condition, struct str column)
{
    struct sql_scan scan = sql_scan_of(str_of(condition), 1);
    for (struct token t = sql_scan_code(&scan); t.kind != TOKEN_END; t = sql_scan_code(&scan))
        if ((t.kind == TOKEN_WORD || t.kind == TOKEN_NAME) && str_eq(t.text, column))
            return true;
    return false;
}

static int take_column(void *context, const struct str *f, size_t n)
{
    struct columns *c = context;
    if (n == 2 && names(buf_text(&c->e->condition), f[0]))
        put_column(c->sql, c->contract, f[0], f[1]);
    return n == 2 ? 0 : -1;
}

/* "SELECT letter_id FROM …": letters whose payload says what the condition asks for; that became a record which is erased; that
 * have the text in them. What isn't JSON has no fields: there the values themselves are looked for. */
static int put_letters(struct buf *sql, struct erasure *e, struct err *err)
{
    const struct clickhouse_param view[] = { { "view", str_of(e->view) } };
    json_t *contract = json_loads(contract_json(e->source->contract), 0, NULL);
    struct columns c = { e, sql, contract };
    const char *either = "";
    int rc = 0;
    buf_puts(sql, "SELECT letter_id, letter_sent_at FROM (SELECT letter_id, letter.sent_at AS letter_sent_at, letter.class AS "
                  "letter_class, letter.payload AS letter_payload, letter.key AS"
                  " letter_key, letter.header_values AS letter_headers");
    if (e->records)
        rc = clickhouse_rows(e->ch,
                             "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {view:String}",
                             view, 1, take_column, &c, err);
    buf_puts(sql, " FROM (SELECT id AS letter_id, * FROM dead_letters WHERE source = {source:String}) AS letter) WHERE ");
    if (e->records) {
        buf_printf(sql,
                   "ifNull((%.*s), 0) OR letter_id IN (SELECT origin FROM ledger WHERE source = {source:String} AND origin != ''"
                   " AND identity IN (SELECT identity FROM erased WHERE source = {source:String} AND letter = ''))",
                   STR_ARG(buf_str(&e->condition)));
        either = " OR ";
    }
    if (e->n_values > 0) {
        buf_printf(sql, "%s(letter_class = 'parse'", either);
        for (size_t i = 0; i < e->n_values; i++)
            buf_printf(sql, " AND position(letter_payload, {v%zu:String}) > 0", i);
        buf_puts(sql, ")");
    }
    if (e->containing != NULL)
        buf_printf(sql,
                   "%sposition(letter_payload, {containing:String}) > 0 OR position(letter_key, {containing:String}) > 0"
                   " OR arrayExists(h -> position(h, {containing:String}) > 0, letter_headers)",
                   either);
    json_decref(contract);
    return rc;
}

int erase_count(struct erasure *e, struct err *err)
{
    struct buf sql;
    int code = 0, rc = 0;
    bool versions = true;
    buf_init(&sql, 0);
    if (e->records) {
        /* What the view doesn't know is the caller's mistake; what only the view knows is no column of older versions. */
        struct buf out = { 0 };
        struct err ignore = ERR_INIT;
        buf_printf(&sql, "SELECT count() FROM %s WHERE (%.*s) FORMAT TabSeparated", e->view, STR_ARG(buf_str(&e->condition)));
        rc = ask(e, &sql, &out, &code, err);
        if (rc < 0 && err->class == ERR_DROP)
            err->class = ERR_STOP;
        if (rc < 0)
            err_at(err, "the condition");
        buf_fini(&out);
        buf_clear(&sql);
        buf_printf(&sql, "SELECT count() FROM %s WHERE (%.*s) FORMAT TabSeparated", e->source->rows->creates,
                   STR_ARG(buf_str(&e->condition)));
        if (rc == 0 && ask(e, &sql, &out, &code, &ignore) < 0) {
            versions = false;
            if (code != UNKNOWN_IDENTIFIER)
                rc = err_set(err, ignore.class, "%s", ignore.text);
        }
        buf_fini(&out);
        buf_clear(&sql);
        buf_puts(&sql, "WITH matches AS (");
        put_matches(&sql, e, versions);
        buf_printf(
            &sql,
            ") SELECT (SELECT count() FROM matches), (SELECT count() FROM %s WHERE toDate32(%s) IN (SELECT record_day FROM matches)"
            " AND %s IN (SELECT identity FROM matches)) FORMAT TabSeparated",
            e->source->rows->creates, e->source->identity[0], e->source->identity_hash);
        if (rc == 0)
            rc = ask_numbers(e, &sql, (int64_t *const[]){ &e->identities, &e->rows }, 2, err);
    }
    buf_clear(&sql);
    buf_puts(&sql, "SELECT count(DISTINCT letter_id) FROM (");
    if (rc == 0)
        rc = put_letters(&sql, e, err);
    buf_puts(&sql, ") FORMAT TabSeparated");
    if (rc == 0)
        rc = ask_numbers(e, &sql, (int64_t *const[]){ &e->letters }, 1, err);
    buf_fini(&sql);
    return rc;
}

/* ---- the steps ---- */

int erase_find_unfinished(struct erasure *e, struct err *err)
{
    const struct clickhouse_param params[] = { { "source", str_of(e->source->stem) }, { "hash", str_of(e->condition_hash) } };
    char *id = clickhouse_value(e->ch,
                                "SELECT toString(erasure) FROM erasures WHERE source = {source:String} GROUP BY erasure"
                                " HAVING max(status) != 'done' AND any(condition) = {hash:String} ORDER BY min(changed_at) LIMIT 1",
                                params, 2, err);
    if (id == NULL)
        return -1;
    snprintf(e->id, sizeof e->id, "%s", id);
    free(id);
    return 0;
}

static int begin(struct erasure *e, const char *who, struct err *err)
{
    char *id = clickhouse_value(e->ch, "SELECT toString(generateUUIDv4())", NULL, 0, err);
    if (id == NULL)
        return -1;
    snprintf(e->id, sizeof e->id, "%s", id);
    free(id);
    const struct clickhouse_param params[] = { { "erasure", str_of(e->id) },
                                               { "source", str_of(e->source->stem) },
                                               { "who", str_of(who) },
                                               { "hash", str_of(e->condition_hash) } };
    const struct clickhouse_query q = {
        .sql = "INSERT INTO erasures (erasure, source, status, changed_at, changed_by, condition)"
               " SELECT {erasure:UUID}, {source:String}, 'begun', now64(3, 'UTC'), {who:String}, {hash:String}",
        .params = params,
        .n_params = 4
    };
    return clickhouse_run(e->ch, &q, NULL, NULL, err);
}

/* What it is about, by hash and place: from here on the stream takes none of it in, and the audit misses none of it. What was noted
 * before stays as it was noted: a proof may have moved on since. */
static int note(struct erasure *e, bool versions, struct err *err)
{
    struct buf sql;
    int rc = 0;
    buf_init(&sql, 0);
    if (e->records) {
        buf_puts(&sql, "INSERT INTO erased (source, letter, identity, record_day, sealed, erasure, erased_at)"
                       " SELECT {source:String}, '', identity, record_day, identity IN (SELECT identity FROM ledger WHERE source ="
                       " {source:String} AND verdict = 'ok' AND (");
        buf_printf(&sql, "sent_at < " MOMENT, e->at.since_ms);
        for (int32_t i = 0; i < e->at.n; i++)
            buf_printf(&sql, " OR (partition = %d AND offset < %" PRId64 ")", e->at.at[i].partition, e->at.at[i].proven);
        /* Only what was proven expires: an identity without a line is in a seal. */
        buf_puts(&sql, ")) OR identity NOT IN (SELECT identity FROM ledger WHERE source = {source:String} AND verdict = 'ok'),"
                       " {erasure:UUID}, now64(3, 'UTC') FROM (");
        put_matches(&sql, e, versions);
        buf_puts(&sql, ") WHERE identity NOT IN (SELECT identity FROM erased WHERE source = {source:String} AND letter = '')");
        rc = ask(e, &sql, NULL, NULL, err);
        buf_clear(&sql);
    }
    buf_puts(&sql, "INSERT INTO erased (source, letter, identity, record_day, sealed, erasure, erased_at, sent_at)"
                   " SELECT DISTINCT {source:String}, letter_id, 0, toDate32('1970-01-01'), false, {erasure:UUID}, now64(3, 'UTC'),"
                   " letter_sent_at FROM (");
    if (rc == 0)
        rc = put_letters(&sql, e, err);
    buf_puts(&sql, ") WHERE letter_id NOT IN (SELECT letter FROM erased WHERE source = {source:String} AND letter != '')");
    if (rc == 0)
        rc = ask(e, &sql, NULL, NULL, err);
    buf_fini(&sql);
    return rc;
}

/* Adds a line to the erasure's own story, with what it comes to by now. */
static int tell(struct erasure *e, const char *status, const char *who, struct err *err)
{
    struct buf sql;
    buf_init(&sql, 0);
    buf_puts(&sql,
             "INSERT INTO erasures (erasure, source, status, changed_at, changed_by, condition, identities, identity_sum, letters,"
             " days) SELECT {erasure:UUID}, {source:String}, ");
    clickhouse_put_text(&sql, str_of(status));
    buf_puts(&sql, ", now64(3, 'UTC'), ");
    clickhouse_put_text(&sql, str_of(who));
    buf_puts(&sql, ", ");
    clickhouse_put_text(&sql, str_of(e->condition_hash));
    buf_puts(
        &sql,
        ", countIf(letter = ''), sumIf(identity, letter = ''), countIf(letter != ''),"
        " groupUniqArrayIf(record_day, letter = '') FROM erased FINAL WHERE source = {source:String} AND erasure = {erasure:UUID}");
    int rc = ask(e, &sql, NULL, NULL, err);
    buf_fini(&sql);
    return rc;
}

static void put_erased(struct buf *sql, const struct erasure *e, const char *column, const char *letters)
{
    buf_printf(sql, "(SELECT %s FROM erased WHERE letter %s AND source = ", column, letters);
    clickhouse_put_text(sql, str_of(e->source->stem));
    buf_puts(sql, ")");
}

/* By what was noted, this time or before: a statement without a personal value, for the server keeps its text. */
static void put_rows(struct buf *sql, const struct erasure *e)
{
    buf_printf(sql, "toDate32(%s) IN ", e->source->identity[0]);
    put_erased(sql, e, "record_day", "= ''");
    buf_printf(sql, " AND %s IN ", e->source->identity_hash);
    put_erased(sql, e, "identity", "= ''");
}

static void put_letter_condition(struct buf *sql, const struct erasure *e)
{
    buf_puts(sql, "source = ");
    clickhouse_put_text(sql, str_of(e->source->stem));
    buf_puts(sql, " AND " LETTER_PLACE " IN ");
    put_erased(sql, e, ERASED_PLACE, "!= ''");
}

/* Deletes until nothing is left: a block that was on its way when the erasure was noted may write once more. */
static int delete_from(struct erasure *e, const char *table, void (*put)(struct buf *, const struct erasure *), struct err *err)
{
    struct buf sql;
    int rc = 0;
    int64_t left = 1;
    buf_init(&sql, 0);
    for (int try = 0; try < TRIES && rc == 0 && left > 0; try++) {
        buf_clear(&sql);
        buf_printf(&sql, "SELECT count() FROM %s WHERE ", table);
        put(&sql, e);
        buf_puts(&sql, " FORMAT TabSeparated");
        rc = ask_numbers(e, &sql, (int64_t *const[]){ &left }, 1, err);
        if (rc < 0 || left == 0)
            break;
        if (try > 1)
            nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
        buf_clear(&sql);
        buf_printf(&sql, "ALTER TABLE %s DELETE WHERE ", table);
        put(&sql, e);
        buf_puts(&sql, " SETTINGS mutations_sync = 2");
        rc = ask(e, &sql, NULL, NULL, err);
    }
    if (rc == 0 && left > 0)
        rc = err_set(err, ERR_RETRY, "%s: rows that were erased are written again and again; run it once more", table);
    buf_fini(&sql);
    return rc;
}

static void put_state_condition(struct buf *sql, const struct erasure *e)
{
    buf_puts(sql, "payload != '' AND letter IN ");
    put_erased(sql, e, "letter", "!= ''");
}

/* ---- what was made of the rows later ---- */

static void put_derived(struct buf *sql, const struct erasure *e)
{
    buf_puts(sql, "identity IN ");
    put_erased(sql, e, "identity", "= ''");
}

/* Letters about documents of which no record could be made: they are found by the facts that they were made of. */
static void put_extraction_letters(struct buf *sql, const struct erasure *e)
{
    buf_puts(sql, "class = 'extraction' AND source = ");
    clickhouse_put_text(sql, str_of(e->source->stem));
    buf_puts(sql, " AND (topic, partition, offset) IN (SELECT _topic, _partition, _offset FROM extraction_records WHERE ");
    put_derived(sql, e);
    buf_putc(sql, ')');
}

/* What was being made of the rows when they were noted as erased is written soon, or never: views that begin now pass them over. */
static int wait_for_views(struct erasure *e, enum plan_kind kind, struct err *err)
{
    struct buf sql;
    int rc = 0;
    buf_init(&sql, 0);
    for (size_t i = 0; i < e->plan->n_objects && rc == 0; i++) {
        const struct plan_object *o = &e->plan->objects[i];
        struct err why = ERR_INIT;
        int code = 0;
        if (o->kind != kind)
            continue;
        buf_clear(&sql);
        buf_printf(&sql, "SYSTEM WAIT VIEW %s", o->name);
        /* One whose last round failed has written nothing. */
        if (ask(e, &sql, NULL, &code, &why) < 0 && code == 0)
            rc = err_set(err, why.class, "%s", why.text);
    }
    buf_fini(&sql);
    return rc;
}

/* Tables that say `-- derived-from: SOURCE`: first those that others are made of. */
static int delete_derived(struct erasure *e, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; i < e->plan->n_objects && rc == 0; i++) {
        const struct plan_object *o = &e->plan->objects[i];
        const char *from = o->kind == PLAN_TABLE ? declaration_value(o->declaration, "derived-from") : NULL;
        if (from == NULL || strcmp(from, e->source->stem) != 0)
            continue;
        bool facts = strcmp(o->name, "extraction_records") == 0;
        e->asked_models = e->asked_models || facts;
        rc = wait_for_views(e, facts ? PLAN_EXTRACTION : PLAN_RECORDS, err);
        if (rc == 0 && facts)
            rc = delete_from(e, "dead_letter_records", put_extraction_letters, err);
        if (rc == 0)
            rc = delete_from(e, o->name, put_derived, err);
    }
    return rc;
}

/* Messages about it that the topic still holds. */
static int look_at_topic(struct erasure *e, struct err *err)
{
    struct buf sql, out = { 0 };
    buf_init(&sql, 0);
    buf_puts(
        &sql,
        "SELECT count(DISTINCT partition, offset), toString(max(appended_at)) FROM ledger WHERE source = {source:String} AND"
        " (identity IN (SELECT identity FROM erased WHERE source = {source:String} AND letter = '' AND erasure = {erasure:UUID})"
        " AND verdict IN ('ok', 'erased') OR " LETTER_PLACE " IN (SELECT " ERASED_PLACE
        " FROM erased WHERE source = {source:String} AND letter != '' AND erasure = {erasure:UUID}))");
    buf_printf(&sql, " AND sent_at >= " MOMENT " AND (0", e->at.since_ms);
    for (int32_t i = 0; i < e->at.n; i++)
        buf_printf(&sql, " OR (partition = %d AND offset >= %" PRId64 ")", e->at.at[i].partition, e->at.at[i].low);
    buf_puts(&sql, ") FORMAT TabSeparated");
    int rc = ask(e, &sql, &out, NULL, err);
    struct str rest = buf_str(&out), line = str_cut(&rest, '\n');
    e->on_topic = rc == 0 ? str_integer(str_cut(&line, '\t')) : 0;
    snprintf(e->last_moment, sizeof e->last_moment, "%.*s", STR_ARG(line));
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}

int erase_run(struct erasure *e, const char *who, struct err *err)
{
    struct buf sql, out = { 0 };
    struct err ignore = ERR_INIT;
    bool versions = true;
    int rc = e->id[0] != '\0' ? 0 : begin(e, who, err);
    buf_init(&sql, 0);
    if (rc == 0 && e->records) {
        int code = 0;
        buf_printf(&sql, "SELECT count() FROM %s WHERE (%.*s) FORMAT TabSeparated", e->source->rows->creates,
                   STR_ARG(buf_str(&e->condition)));
        versions = ask(e, &sql, &out, &code, &ignore) == 0;
    }
    if (rc < 0 || note(e, versions, err) < 0 || tell(e, "recorded", who, err) < 0 ||
        delete_from(e, e->source->rows->creates, put_rows, err) < 0 || delete_derived(e, err) < 0 ||
        delete_from(e, "dead_letter_records", put_letter_condition, err) < 0 ||
        delete_from(e, "dead_letter_states", put_state_condition, err) < 0 ||
        delete_from(e, e->source->rows->creates, put_rows, err) < 0 || tell(e, "done", who, err) < 0) {
        rc = -1;
        goto out;
    }
    buf_clear(&sql);
    buf_puts(&sql, "SELECT countIf(letter = ''), countIf(letter != '') FROM erased FINAL WHERE source = {source:String}"
                   " AND erasure = {erasure:UUID} FORMAT TabSeparated");
    rc = ask_numbers(e, &sql, (int64_t *const[]){ &e->identities, &e->letters }, 2, err);
    if (rc == 0)
        rc = look_at_topic(e, err);
out:
    buf_fini(&sql);
    buf_fini(&out);
    return rc;
}
