/* lib/status: how the servers, the sources and what they stand on are doing. */
#include "status/status.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clickhouse/clickhouse.h"
#include "http/http.h"
#include "kafka/kafka.h"

enum { PROBLEM_MAX = 2000, EXCEPTION_MAX = 500, SILENT_S = 120, FULL_BYTES = 1 << 20 /* what an insert reserves at least */ };

static const char apply_again[] = "odw apply";
static const char free_space[] = "free disk space; the source goes on by itself";
static const char leave_part_out[] =
    "ALTER TABLE … DETACH PART '…' for the part that is named, then odw audit: it says what to send again";
static const char install_functions[] = "odw functions install (on each node), then odw apply";

struct status {
    const struct opts *opts;
    const struct plan *plan;
    bool ask_shim;
    struct clickhouse *ch; /* kept from one gathering to the next; NULL: not connected */
    struct kafka_admin *kafka;
};

struct gathering {
    const struct opts *opts;
    const struct plan *plan;
    json_t *status;
    struct clickhouse *ch;
    json_t *source; /* while rows about one source are read */
    const char *stem;
    bool found;
};

static void problem_since(json_t *status, const char *source, struct str since, const char *remedy, const char *format,
                          va_list args)
{
    char cause[PROBLEM_MAX];
    vsnprintf(cause, sizeof cause, format, args);
    /* A cause is one line, whatever the server wrote, and valid UTF-8, whatever was clipped. */
    for (char *p = cause; *p != '\0'; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    json_t *text = NULL;
    for (size_t n = strlen(cause); text == NULL && n > 0; n--)
        text = json_stringn(cause, n);
    json_t *list = json_object_get(status, "problems"), *seen;
    size_t i;
    json_array_foreach(list, i, seen) if (json_equal(json_object_get(seen, "cause"), text) &&
                                          strcmp(json_string_value(json_object_get(seen, "source")), source) == 0)
    {
        json_decref(text);
        return;
    }
    json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:o}", "source", source, "cause", text, "remedy", remedy, "since",
                                          since.n > 0 ? json_stringn(since.p, since.n) : json_null()));
    json_object_set_new(status, "ok", json_false());
}

void status_problem(json_t *status, const char *source, const char *remedy, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem_since(status, source, STR(""), remedy, format, args);
    va_end(args);
}

/* since: ISO 8601, UTC. */
static void problem_known_since(json_t *status, const char *source, struct str since, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void problem_known_since(json_t *status, const char *source, struct str since, const char *remedy, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem_since(status, source, since, remedy, format, args);
    va_end(args);
}

static double real(struct str s)
{
    char text[40];
    snprintf(text, sizeof text, "%.*s", STR_ARG(s));
    return strtod(text, NULL);
}

static json_t *text_of(struct str s)
{
    json_t *text = json_stringn(s.p, s.n);
    return text != NULL ? text : json_string("(not UTF-8)");
}

/* ---- parts of an embedded stack ---- */

static int is_pid_file(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), STR(".pid"));
}

static void parts(struct gathering *g)
{
    const char *folder = opts_text(g->opts, "state-dir");
    struct dirent **files = NULL;
    json_t *list = json_object_get(g->status, "parts");
    int n = scandir(folder, &files, is_pid_file, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX], name[NAME_MAX + 1];
        int pid = 0;
        snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
        snprintf(name, sizeof name, "%.*s", (int)(strlen(files[i]->d_name) - 4), files[i]->d_name);
        FILE *f = fopen(path, "re");
        if (f != NULL && fscanf(f, "%d", &pid) == 1) {
            bool up = pid > 0 && kill(pid, 0) == 0;
            json_array_append_new(list, json_pack("{s:s, s:i, s:b}", "name", name, "pid", pid, "up", up));
            if (!up)
                status_problem(g->status, "", "odw-stack up; its log is in the state folder's log/",
                               "%s is not running: %s names process %d, which is gone", name, path, pid);
        }
        if (f != NULL)
            fclose(f);
        free(files[i]);
    }
    free(files);
}

static bool has_part(const struct gathering *g, const char *name)
{
    json_t *part;
    size_t i;
    json_array_foreach(json_object_get(g->status, "parts"), i,
                       part) if (strcmp(json_string_value(json_object_get(part, "name")), name) == 0) return true;
    return false;
}

static void shim(struct gathering *g)
{
    struct err err = ERR_INIT;
    const char *at = opts_text(g->opts, "shim-url");
    char url[1024];
    /* A shim of one's own runs anywhere: it counts where it was named or the stack runs one. */
    if (!has_part(g, "shim") && (!opts_given(g->opts, "shim-url") || json_array_size(json_object_get(g->status, "parts")) > 0))
        return;
    struct http *http = http_new(NULL, &err);
    struct http_response response = { 0 };
    snprintf(url, sizeof url, "%s/health", at);
    struct http_request request = { .url = url, .connect_timeout_ms = 2000, .timeout_ms = 5000 };
    bool up = http != NULL && http_send(http, &request, &response, &err) == 0;
    json_object_set_new(g->status, "shim", json_pack("{s:s, s:b}", "url", at, "reachable", up));
    if (!up)
        status_problem(g->status, "", "start odw-shim (an embedded stack: odw-stack up)", "the shim doesn't answer: %s", err.text);
    buf_fini(&response.body);
    http_free(http);
}

/* ---- ClickHouse ---- */

static int ask(struct gathering *g, const char *sql, const struct clickhouse_param *params, size_t n, clickhouse_each *each)
{
    struct err err = ERR_INIT;
    if (clickhouse_rows(g->ch, sql, params, n, each, g, &err) == 0)
        return 0;
    /* What is missing has been said by then. */
    if (strstr(err.text, "(UNKNOWN_TABLE)") != NULL)
        return -1;
    status_problem(g->status, g->stem, apply_again, "%s", err.text);
    return -1;
}

static void clickhouse(struct status *s, struct gathering *g)
{
    struct err err = ERR_INIT;
    struct buf out = { 0 };
    struct clickhouse_query q = { .sql = "SELECT version() FORMAT TabSeparatedRaw", .no_database = true, .timeout_ms = 5000 };
    const char *url = opts_text(g->opts, "clickhouse-url");
    json_t *version = NULL;
    if (s->ch == NULL)
        s->ch = clickhouse_new(g->opts, &err);
    if (s->ch != NULL && clickhouse_run(s->ch, &q, &out, NULL, &err) == 0)
        version = text_of(str_trim(buf_str(&out)));
    buf_fini(&out);
    json_object_set_new(
        g->status, "clickhouse",
        json_pack("{s:s, s:b, s:o}", "url", url, "reachable", version != NULL, "version", version != NULL ? version : json_null()));
    if (version != NULL)
        return;
    status_problem(g->status, "", "start it (an embedded stack: odw-stack up), or say where it is: --clickhouse-url",
                   "ClickHouse doesn't answer: %s", err.text);
    clickhouse_free(s->ch);
    s->ch = NULL;
}

static int take_missing(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    char name[256];
    snprintf(name, sizeof name, "%.*s", STR_ARG(f[0]));
    const struct plan_object *o = plan_object(g->plan, name);
    if (o == NULL)
        return 0;
    const char *source = o->source != NULL ? o->source->stem : "";
    for (size_t i = 0; i < g->plan->n_sources; i++)
        if (g->plan->sources[i].rows == o->declaration)
            source = g->plan->sources[i].stem;
    if (o->kind == PLAN_QUEUE && str_eq(f[2], STR("2")))
        status_problem(g->status, source, "ATTACH TABLE, then odw apply", "the queue %s was detached permanently: nothing is read",
                       name);
    else if (o->kind == PLAN_QUEUE && str_eq(f[2], STR("1")))
        status_problem(g->status, source, "odw apply, or a restart of the server",
                       "the queue %s is detached: nothing is read (an odw apply is at work, or was cut off)", name);
    else
        status_problem(g->status, source, apply_again, "%s is missing (%s)", name, o->declaration->path);
    return 0;
}

/* What is declared and isn't there. */
static void objects(struct gathering *g)
{
    struct buf names;
    buf_init(&names, 0);
    for (size_t i = 0; i < g->plan->n_objects; i++)
        buf_printf(&names, "%s%s", i > 0 ? "," : "", g->plan->objects[i].name);
    const struct clickhouse_param p = { "names", buf_str(&names) };
    ask(g,
        "SELECT arrayJoin(splitByChar(',', {names:String})) AS name, (SELECT groupArray((table, 1 + is_permanently)) FROM"
        " system.detached_tables WHERE database = currentDatabase()) AS parked,"
        " arrayFirst(p -> p.1 = name, parked).2 AS how"
        " FROM system.one WHERE name NOT IN (SELECT name FROM system.tables WHERE database = currentDatabase())"
        " SETTINGS prefer_column_name_to_alias = 0",
        &p, 1, take_missing);
    buf_fini(&names);
}

static int take_function(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    g->found = true;
    if (!str_eq(f[0], STR("Success")))
        status_problem(g->status, g->stem, install_functions, "the function %.*s isn't loaded: %.*s", STR_ARG(f[1]), STR_ARG(f[2]));
    return 0;
}

/* Each release has a name of its own: odw-udf-VERSION-HASH. */
static bool has_program(const char *folder)
{
    DIR *d = opendir(folder);
    bool found = false;
    for (struct dirent *e; d != NULL && !found && (e = readdir(d)) != NULL;)
        found = strncmp(e->d_name, "odw-udf", 7) == 0 && faccessat(dirfd(d), e->d_name, X_OK, 0) == 0;
    if (d != NULL)
        closedir(d);
    return found;
}

/* Files go missing under a server's feet without its noticing until the next message. */
static void function_files(struct gathering *g, const struct plan_source *s)
{
    const char *folder = opts_text(g->opts, "user-scripts");
    char path[PATH_MAX];
    if (folder == NULL)
        return;
    if (!has_program(folder))
        status_problem(g->status, s->stem, install_functions, "the functions' program is missing: %s/odw-udf-*", folder);
    snprintf(path, sizeof path, "%s/odw/contracts/%s.%s.schema.json", folder, s->stem, contract_hash(s->contract));
    if (access(path, R_OK) < 0)
        status_problem(g->status, s->stem, install_functions, "the contract is missing: %s", path);
}

/* Clipped, and without the stack. */
static struct str clip(struct str text)
{
    const char *stack = memmem(text.p, text.n, ", Stack trace", 13);
    if (stack != NULL)
        text.n = (size_t)(stack - text.p);
    if (text.n > EXCEPTION_MAX)
        text.n = EXCEPTION_MAX;
    return text;
}

static const char *remedy_for(struct str text)
{
    static const struct {
        const char *sign, *remedy;
    } known[] = {
        { "(UNKNOWN_FUNCTION)", install_functions },
        { "odw-udf", install_functions },
        { "UDF_EXECUTION_FAILED", install_functions },
        { "(UNSUPPORTED_METHOD)", install_functions },
        { "(UNKNOWN_TABLE)", apply_again },
        { "(UNKNOWN_IDENTIFIER)", apply_again },
        { "(NO_SUCH_COLUMN_IN_TABLE)", apply_again },
        { "(NOT_ENOUGH_SPACE)", free_space },
        { "No space left", free_space },
        { "(CORRUPTED_DATA)", leave_part_out },
        { "(CANNOT_READ_ALL_DATA)", leave_part_out },
        { "(CHECKSUM_DOESNT_MATCH)", leave_part_out },
        { "(MEMORY_LIMIT_EXCEEDED)", "give ClickHouse more memory, or read smaller blocks: kafka_max_block_size" },
        { "(ACCESS_DENIED)", "grant the user of the server's background work what is named" },
        { "Broker transport failure", "start Kafka, or see to its connection; the source goes on by itself" },
        { "brokers are down", "start Kafka, or see to its connection; the source goes on by itself" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (memmem(text.p, text.n, known[i].sign, strlen(known[i].sign)) != NULL)
            return known[i].remedy;
    return "mend what is named; nothing is lost, and the source goes on by itself";
}

static int take_consumer(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    json_object_set_new(g->source, "consumers", json_integer(str_integer(f[0])));
    if (str_integer(f[0]) == 0)
        return 0;
    if (f[5].n > 0)
        json_object_set_new(g->source, "last_error", json_pack("{s:o, s:o}", "at", text_of(f[4]), "text", text_of(clip(f[5]))));
    const json_t *lag = json_object_get(g->source, "lag");
    if (f[2].n > 0 && !(json_is_integer(lag) && json_integer_value(lag) == 0))
        problem_known_since(g->status, g->stem, f[3], remedy_for(f[2]), "it can't go on: %.*s", STR_ARG(clip(f[2])));
    if (str_integer(f[1]) > SILENT_S)
        status_problem(g->status, g->stem, "look into the server's log", "its consumers have not asked Kafka for %lld s",
                       (long long)str_integer(f[1]));
    return 0;
}

static int take_rows(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    json_object_set_new(g->source, "rows", json_integer(str_integer(f[0])));
    json_object_set_new(g->source, "bytes", json_integer(str_integer(f[1])));
    json_object_set_new(g->source, "parts", json_integer(str_integer(f[2])));
    return 0;
}

static int take_ledger(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    json_object_set_new(g->source, "rows_per_second", json_real(real(f[0])));
    if (!str_eq(f[1], STR("\\N")) && f[1].p != NULL && f[1].n > 0)
        json_object_set_new(g->source, "newest_row_age_seconds", json_real(real(f[1])));
    return 0;
}

static int take_letters(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    char class[64];
    snprintf(class, sizeof class, "%.*s", STR_ARG(f[0]));
    json_object_set_new(json_object_get(g->source, "dead_letters_open"), class, json_integer(str_integer(f[1])));
    return 0;
}

static void source_tables(struct gathering *g, const struct plan_source *s)
{
    const char *function = contract_function(s->contract), *rows = s->rows != NULL ? s->rows->creates : "";
    const struct clickhouse_param params[] = { { "source", str_of(s->stem) },
                                               { "rows", str_of(rows) },
                                               { "queue", str_of(s->queue->creates) },
                                               { "function", str_of(function) } };
    g->found = false;
    if (ask(g, "SELECT load_status, name, loading_error_message FROM system.user_defined_functions WHERE name = {function:String}",
            params, 4, take_function) == 0 &&
        !g->found)
        status_problem(g->status, s->stem, install_functions, "the server doesn't have the function %s", function);
    function_files(g, s);
    /* Exceptions stay listed when they are over, also because another consumer took the partition: those of the last seconds count
     * that no commit followed, where there is something left to read. */
    ask(g,
        "SELECT count(), ifNull(dateDiff('second', max(last_poll_time), now()), 0), argMax(last.2, last.1),"
        " formatDateTime(minIf(first.1, first.2 != ''), '%Y-%m-%dT%H:%i:%SZ', 'UTC'),"
        " formatDateTime(max(ever.1), '%Y-%m-%dT%H:%i:%SZ', 'UTC'), argMax(ever.2, ever.1)"
        " FROM (SELECT last_poll_time, arraySort(arrayZip(exceptions.time, exceptions.text)) AS all, all[-1] AS ever,"
        " arrayFilter(e -> e.1 >= last_commit_time, all) AS since_commit, since_commit[1] AS first,"
        " arrayLast(e -> e.1 > now() - 30, since_commit) AS last"
        " FROM system.kafka_consumers WHERE database = currentDatabase() AND table = {queue:String})",
        params, 4, take_consumer);
    ask(g,
        "SELECT ifNull(total_rows, 0), ifNull(total_bytes, 0), active_parts FROM system.tables WHERE database = currentDatabase() "
        "AND"
        " name = {rows:String}",
        params, 4, take_rows);
    ask(g,
        "SELECT (SELECT count() FROM ledger WHERE source = {source:String} AND judged_at > now64(3) - 60) / 60,"
        " (SELECT if(count() = 0, NULL, dateDiff('millisecond', max(judged_at), now64(3)) / 1000) FROM ledger"
        "  WHERE source = {source:String} AND verdict = 'ok')",
        params, 4, take_ledger);
    ask(g,
        "SELECT class, count() FROM dead_letters WHERE source = {source:String} AND status = 'open' GROUP BY class ORDER BY class",
        params, 4, take_letters);
}

static int take_view(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    json_t *view =
        json_pack("{s:o, s:o, s:o, s:o}", "view", text_of(f[0]), "status", text_of(f[1]), "last_success_age_seconds",
                  f[2].n > 0 && f[2].p[0] != '\\' ? json_integer(str_integer(f[2])) : json_null(), "exception", text_of(f[3]));
    json_array_append_new(json_object_get(g->status, "views"), view);
    if (f[3].n > 0)
        status_problem(g->status, "", remedy_for(f[3]), "the view %.*s can't be refreshed: %.*s", STR_ARG(f[0]),
                       STR_ARG(clip(f[3])));
    else if (str_eq(f[1], STR("Disabled")))
        status_problem(g->status, "", "SYSTEM START VIEW", "the view %.*s is stopped", STR_ARG(f[0]));
    return 0;
}

/* Fields: documents that wait, those of them that were asked in vain, the age of the oldest, why the last was. */
static int take_extractions(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    long long waiting = str_integer(f[0]), tried = str_integer(f[1]);
    json_object_set_new(g->status, "extractions",
                        json_pack("{s:I, s:I, s:o, s:o}", "waiting", waiting, "tried", tried, "oldest_seconds",
                                  waiting > 0 ? json_integer(str_integer(f[2])) : json_null(), "reason",
                                  tried > 0 ? text_of(f[3]) : json_null()));
    if (tried > 0)
        status_problem(g->status, "", "docs/llm.md says what each of these means; they are tried again by themselves",
                       "%lld documents wait for a language model that could not answer: %.*s", tried, STR_ARG(clip(f[3])));
    return 0;
}

/* Fields: name, bytes that nobody has reserved, bytes in all, free bytes, when the newest part was written. Where a disk is full, a
 * write waits for room or is refused: nothing is written since. */
static int take_disk(void *context, const struct str *f, size_t n)
{
    struct gathering *g = context;
    (void)n;
    long long free_bytes = str_integer(f[1]), total = str_integer(f[2]);
    json_array_append_new(json_object_get(g->status, "disks"),
                          json_pack("{s:o, s:I, s:I}", "name", text_of(f[0]), "free_bytes", free_bytes, "total_bytes", total));
    if (free_bytes < total / 20 || free_bytes < 1LL << 30)
        status_problem(g->status, "", "free disk space, or shorten retentions",
                       "disk %.*s of ClickHouse: %.1f of %.1f GiB are free", STR_ARG(f[0]), (double)free_bytes / (1 << 30),
                       (double)total / (1 << 30));
    for (size_t i = 0; i < g->plan->n_sources && str_integer(f[3]) < FULL_BYTES; i++)
        problem_known_since(g->status, g->plan->sources[i].stem, f[4], free_space,
                            "it can't go on: no space is left on disk %.*s of ClickHouse", STR_ARG(f[0]));
    return 0;
}

/* ---- Kafka ---- */

static void source_topic(struct gathering *g, struct kafka_admin *kafka, const struct plan_source *s)
{
    struct err err = ERR_INIT;
    struct kafka_topic topic;
    int64_t *committed = NULL;
    json_t *list = json_object_get(g->source, "partitions");
    long long lag = 0;
    if (kafka_topic_describe(kafka, s->topic, &topic, &err) < 0)
        goto out;
    if (topic.partitions == 0) {
        status_problem(g->status, s->stem, apply_again, "there is no topic %s", s->topic);
        return;
    }
    committed = calloc((size_t)topic.partitions, sizeof *committed);
    if (committed == NULL) {
        err_set(&err, ERR_STOP, "out of memory");
        goto out;
    }
    if (kafka_committed(kafka, s->group, s->topic, committed, topic.partitions, &err) < 0)
        goto out;
    for (int32_t i = 0; i < topic.partitions; i++) {
        int64_t low = 0, high = 0;
        if (kafka_watermarks(kafka, s->topic, i, &low, &high, &err) < 0)
            goto out;
        int64_t at = committed[i] > low ? committed[i] : low;
        lag += high - at;
        json_array_append_new(list,
                              json_pack("{s:i, s:I, s:I, s:o, s:I}", "partition", (int)i, "low", (json_int_t)low, "high",
                                        (json_int_t)high, "committed", committed[i] >= 0 ? json_integer(committed[i]) : json_null(),
                                        "lag", (json_int_t)(high - at)));
        if (committed[i] >= 0 && committed[i] < low)
            status_problem(g->status, s->stem, "a longer retention in kafka-engine/, then odw apply",
                           "%s/%d: offsets %lld to %lld expired on the topic before they were read", s->topic, i,
                           (long long)committed[i], (long long)low);
    }
    json_object_set_new(g->source, "lag", json_integer(lag));
out:
    if (err.class != ERR_NONE)
        status_problem(g->status, s->stem, "see to Kafka", "%s", err.text);
    free(committed);
}

static void kafka(struct status *s, struct gathering *g)
{
    struct err err = ERR_INIT;
    struct kafka_topic topic;
    if (s->kafka == NULL)
        s->kafka = kafka_admin_new(g->opts, &err);
    const char *any = g->plan->n_sources > 0 ? g->plan->sources[0].topic : "events";
    bool up = s->kafka != NULL && kafka_topic_describe(s->kafka, any, &topic, &err) == 0;
    json_object_set_new(g->status, "kafka",
                        json_pack("{s:s, s:b}", "brokers", opts_text(g->opts, "kafka-brokers"), "reachable", up));
    if (up)
        return;
    status_problem(g->status, "", "start it (an embedded stack: odw-stack up), or say where it is: --kafka-brokers",
                   "Kafka doesn't answer: %s", err.text);
    kafka_admin_free(s->kafka);
    s->kafka = NULL;
}

static bool database_is_there(struct gathering *g)
{
    const struct clickhouse_param database = { "database", str_of(opts_text(g->opts, "database")) };
    struct err err = ERR_INIT;
    struct buf out;
    struct clickhouse_query q = { .sql = "SELECT count() FROM system.databases WHERE name = {database:String} FORMAT TabSeparated",
                                  .params = &database,
                                  .n_params = 1,
                                  .no_database = true };
    bool there = clickhouse_run(g->ch, &q, &out, NULL, &err) == 0 && !str_eq(str_trim(buf_str(&out)), STR("0"));
    buf_fini(&out);
    if (err.class != ERR_NONE)
        status_problem(g->status, "", apply_again, "%s", err.text);
    else if (!there)
        status_problem(g->status, "", apply_again, "there is no database %s", opts_text(g->opts, "database"));
    return there;
}

static void one_source(struct status *s, struct gathering *g, const struct plan_source *source)
{
    g->stem = source->stem;
    g->source = json_pack("{s:s, s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:[], s:{}, s:n, s:n}", "source", source->stem, "topic",
                          source->topic, "group", source->group, "rows", "bytes", "parts", "rows_per_second",
                          "newest_row_age_seconds", "lag", "partitions", "dead_letters_open", "consumers", "last_error");
    if (s->kafka != NULL)
        source_topic(g, s->kafka, source);
    if (g->ch != NULL)
        source_tables(g, source);
    json_array_append_new(json_object_get(g->status, "sources"), g->source);
    g->stem = "";
}

json_t *status_gather(struct status *s)
{
    struct gathering g = { .opts = s->opts, .plan = s->plan, .stem = "" };
    g.status = json_pack("{s:b, s:[], s:n, s:n, s:n, s:[], s:[], s:n, s:[], s:[]}", "ok", 1, "parts", "clickhouse", "kafka", "shim",
                         "sources", "views", "extractions", "disks", "problems");
    if (g.status == NULL)
        return NULL;
    parts(&g);
    clickhouse(s, &g);
    kafka(s, &g);
    if (s->ask_shim)
        shim(&g);
    g.ch = s->ch;
    if (g.ch != NULL && !database_is_there(&g))
        g.ch = NULL;
    if (g.ch != NULL)
        objects(&g);
    for (size_t i = 0; i < s->plan->n_sources; i++)
        one_source(s, &g, &s->plan->sources[i]);
    if (g.ch != NULL) {
        ask(&g,
            "SELECT view, status, dateDiff('second', last_success_time, now()), exception FROM system.view_refreshes"
            " WHERE database = currentDatabase() ORDER BY view",
            NULL, 0, take_view);
        if (plan_object(s->plan, "extractions_pending") != NULL)
            ask(&g,
                "SELECT count(), countIf(startsWith(last_status, 'pending')), dateDiff('second', min(processed_at), now64(3)),"
                " argMaxIf(last_error, due_at, startsWith(last_status, 'pending')) FROM extractions_pending",
                NULL, 0, take_extractions);
        ask(&g,
            "SELECT name, unreserved_space, total_space, free_space, (SELECT formatDateTime(max(modification_time),"
            " '%Y-%m-%dT%H:%i:%SZ', 'UTC') FROM system.parts) FROM system.disks WHERE total_space > 0 ORDER BY name",
            NULL, 0, take_disk);
    }
    return g.status;
}

struct status *status_new(const struct opts *o, const struct plan *p, bool ask_shim)
{
    struct status *s = calloc(1, sizeof *s);
    if (s != NULL)
        *s = (struct status){ .opts = o, .plan = p, .ask_shim = ask_shim };
    return s;
}

void status_free(struct status *s)
{
    if (s == NULL)
        return;
    kafka_admin_free(s->kafka);
    clickhouse_free(s->ch);
    free(s);
}
