/* lib/llm/cache: SQLite in WAL mode: readers and one writer at a time, and what was committed survives a process that is killed. */
#include "llm/cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

enum { BUSY_MS = 20000, TRIM_EVERY = 256, USED_MS = 3600000 /* how exact `used` is */ };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS answers (key BLOB NOT NULL UNIQUE, model TEXT NOT NULL, made INTEGER NOT NULL, used INTEGER NOT "
    "NULL, "
    "finish INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, cost REAL NOT NULL, latency INTEGER NOT "
    "NULL, "
    "content BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS answers_used ON answers (used);"
    "CREATE TABLE IF NOT EXISTS usage (day TEXT NOT NULL, model TEXT NOT NULL, requests INTEGER NOT NULL, failed INTEGER NOT NULL, "
    "from_cache INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, cost REAL NOT NULL, "
    "PRIMARY KEY (day, model)) WITHOUT ROWID;";

enum statement { GET, PUT, USED, USAGE, DAY, BEGIN, COMMIT, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [GET] = "SELECT finish, tokens_in, tokens_out, cost, latency, content, used, rowid FROM answers WHERE key = ?1",
    [PUT] = "INSERT INTO answers (key, model, made, used, finish, tokens_in, tokens_out, cost, latency, content) "
            "VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (key) DO NOTHING",
    [USED] = "UPDATE answers SET used = ?1 WHERE rowid = ?2",
    [USAGE] = "INSERT INTO usage VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (day, model) DO UPDATE SET requests = "
              "requests + ?3, "
              "failed = failed + ?4, from_cache = from_cache + ?5, tokens_in = tokens_in + ?6, tokens_out = tokens_out + ?7, cost "
              "= cost + ?8",
    [DAY] = "SELECT coalesce(sum(tokens_in + tokens_out), 0), coalesce(sum(cost), 0) FROM usage WHERE day = ?1",
    [BEGIN] = "BEGIN",
    [COMMIT] = "COMMIT",
};

struct llm_cache {
    sqlite3 *db;
    sqlite3_stmt *at[STATEMENTS];
    char path[4096];
    uint64_t max_bytes;
    int64_t max_ms;
    unsigned puts;
    struct touched {
        sqlite3_int64 row;
    } * touched; /* read in this begin … end, their `used` out of date */
    size_t n_touched, cap_touched;
};

static int failed(struct llm_cache *c, struct err *err)
{
    int code = sqlite3_extended_errcode(c->db);
    return err_set(err, ERR_STOP, "%s: %s%s", c->path, sqlite3_errmsg(c->db),
                   code == SQLITE_READONLY || (code & 255) == SQLITE_CANTOPEN
                       ? ": expected a file, in a folder, that this process may write"
                       : "");
}

static int64_t wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int execute(struct llm_cache *c, const char *sql, struct err *err)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(c, err);
}

/* Too old, then too many: a tenth more than must go, so that it isn't needed again at once. */
static int trim(struct llm_cache *c, struct err *err)
{
    char sql[256];
    sqlite3_stmt *s = NULL;
    uint64_t bytes = 0;
    snprintf(sql, sizeof sql, "DELETE FROM answers WHERE made < %lld", (long long)(wall_now() - c->max_ms));
    if (execute(c, sql, err) < 0)
        return -1;
    if (sqlite3_prepare_v2(c->db,
                           "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) - "
                           "(SELECT freelist_count FROM pragma_freelist_count) * (SELECT page_size FROM pragma_page_size)",
                           -1, &s, NULL) != SQLITE_OK)
        return failed(c, err);
    if (sqlite3_step(s) == SQLITE_ROW)
        bytes = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    if (bytes <= c->max_bytes)
        return 0;
    snprintf(sql, sizeof sql,
             "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers ORDER BY used LIMIT (SELECT max(1, CAST(count(*) * "
             "%.6f AS INTEGER)) FROM answers))",
             1 - 0.9 * (double)c->max_bytes / (double)bytes);
    return execute(c, sql, err) < 0 || execute(c, "PRAGMA incremental_vacuum", err) < 0 ? -1 : 0;
}

struct llm_cache *llm_cache_open(const char *state, uint64_t max_bytes, int64_t max_ms, struct err *err)
{
    struct llm_cache *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    c->max_bytes = max_bytes;
    c->max_ms = max_ms;
    snprintf(c->path, sizeof c->path, "%s/answers.sqlite", state);
    /* Whatever the folder and the umask: answers are documents' values. What SQLite puts beside the file has its mode. */
    int fd = open(c->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd >= 0)
        close(fd);
    if (sqlite3_open_v2(c->path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        failed(c, err);
        goto fail;
    }
    sqlite3_busy_timeout(c->db, BUSY_MS);
    /* Without a sync at each commit: a machine that loses power may forget the last answers, a process that dies forgets none. */
    if (execute(
            c,
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;",
            err) < 0 ||
        execute(c, schema, err) < 0)
        goto fail;
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(c->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &c->at[i], NULL) != SQLITE_OK) {
            failed(c, err);
            goto fail;
        }
    if (trim(c, err) < 0)
        goto fail;
    return c;
fail:
    llm_cache_close(c);
    return NULL;
}

void llm_cache_close(struct llm_cache *c)
{
    if (c == NULL)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(c->at[i]);
    sqlite3_close(c->db);
    free(c->touched);
    free(c);
}

/* Runs a statement that gives no rows. */
static int run(struct llm_cache *c, enum statement s, struct err *err)
{
    int code = sqlite3_step(c->at[s]);
    int done = code == SQLITE_DONE ? 0 : failed(c, err);
    sqlite3_reset(c->at[s]);
    sqlite3_clear_bindings(c->at[s]);
    return done;
}

void llm_cache_begin(struct llm_cache *c)
{
    struct err ignored = ERR_INIT;
    int done = run(c, BEGIN, &ignored); /* without it each look is one of its own */
    (void)done;
}

void llm_cache_end(struct llm_cache *c)
{
    struct err ignored = ERR_INIT;
    int done = run(c, COMMIT, &ignored);
    (void)done;
    if (c->n_touched == 0)
        return;
    int64_t now = wall_now();
    llm_cache_begin(c);
    for (size_t i = 0; i < c->n_touched; i++) {
        sqlite3_bind_int64(c->at[USED], 1, now);
        sqlite3_bind_int64(c->at[USED], 2, c->touched[i].row);
        if (run(c, USED, &ignored) < 0)
            break;
    }
    c->n_touched = 0;
    done = run(c, COMMIT, &ignored);
}

static void touch(struct llm_cache *c, sqlite3_int64 row, int64_t used)
{
    if (wall_now() - used < USED_MS)
        return;
    if (c->n_touched == c->cap_touched) {
        size_t cap = c->cap_touched > 0 ? 2 * c->cap_touched : 256;
        struct touched *more = realloc(c->touched, cap * sizeof *more);
        if (more == NULL)
            return;
        c->touched = more;
        c->cap_touched = cap;
    }
    c->touched[c->n_touched++].row = row;
}

int llm_cache_get(struct llm_cache *c, const uint8_t key[32], struct llm_answer *out, struct err *err)
{
    sqlite3_stmt *s = c->at[GET];
    sqlite3_bind_blob(s, 1, key, 32, SQLITE_STATIC);
    int code = sqlite3_step(s), found = code == SQLITE_DONE ? 0 : code == SQLITE_ROW ? 1 : failed(c, err);
    if (found == 1) {
        out->finish = (enum llm_finish)sqlite3_column_int(s, 0);
        out->tokens_in = (uint64_t)sqlite3_column_int64(s, 1);
        out->tokens_out = (uint64_t)sqlite3_column_int64(s, 2);
        out->cost = sqlite3_column_double(s, 3);
        out->latency_ms = sqlite3_column_int64(s, 4);
        buf_put(&out->content, sqlite3_column_blob(s, 5), (size_t)sqlite3_column_bytes(s, 5));
        touch(c, sqlite3_column_int64(s, 7), sqlite3_column_int64(s, 6));
    }
    sqlite3_reset(s);
    return found;
}

static void day_of(int64_t ms, char day[11])
{
    time_t t = (time_t)(ms / 1000);
    struct tm utc;
    gmtime_r(&t, &utc);
    strftime(day, 11, "%Y-%m-%d", &utc);
}

static int add(struct llm_cache *c, const char *model, const struct llm_usage *u, int64_t now_ms, struct err *err)
{
    sqlite3_stmt *s = c->at[USAGE];
    char day[11];
    day_of(now_ms, day);
    sqlite3_bind_text(s, 1, day, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(s, 2, model, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)u->requests);
    sqlite3_bind_int64(s, 4, (sqlite3_int64)u->failed);
    sqlite3_bind_int64(s, 5, (sqlite3_int64)u->from_cache);
    sqlite3_bind_int64(s, 6, (sqlite3_int64)u->tokens_in);
    sqlite3_bind_int64(s, 7, (sqlite3_int64)u->tokens_out);
    sqlite3_bind_double(s, 8, u->cost);
    return run(c, USAGE, err);
}

int llm_cache_put(struct llm_cache *c, const uint8_t key[32], const char *model, const struct llm_answer *answer, int64_t now_ms,
                  struct err *err)
{
    const struct llm_usage u = {
        .requests = 1, .tokens_in = answer->tokens_in, .tokens_out = answer->tokens_out, .cost = answer->cost
    };
    sqlite3_stmt *s = c->at[PUT];
    if (++c->puts % TRIM_EVERY == 0 && trim(c, err) < 0)
        return -1;
    if (sqlite3_exec(c->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return failed(c, err);
    sqlite3_bind_blob(s, 1, key, 32, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, model, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, now_ms);
    sqlite3_bind_int(s, 4, (int)answer->finish);
    sqlite3_bind_int64(s, 5, (sqlite3_int64)answer->tokens_in);
    sqlite3_bind_int64(s, 6, (sqlite3_int64)answer->tokens_out);
    sqlite3_bind_double(s, 7, answer->cost);
    sqlite3_bind_int64(s, 8, answer->latency_ms);
    sqlite3_bind_blob64(s, 9, answer->content.p != NULL ? answer->content.p : "", answer->content.n, SQLITE_STATIC);
    if (run(c, PUT, err) < 0 || add(c, model, &u, now_ms, err) < 0 || run(c, COMMIT, err) < 0) {
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
        return -1;
    }
    return 0;
}

int llm_usage_add(struct llm_cache *c, const char *model, uint64_t requests_failed, uint64_t from_cache, int64_t now_ms,
                  struct err *err)
{
    const struct llm_usage u = { .requests = requests_failed, .failed = requests_failed, .from_cache = from_cache };
    return add(c, model, &u, now_ms, err);
}

int llm_usage_day(struct llm_cache *c, int64_t now_ms, uint64_t *tokens, double *cost, struct err *err)
{
    sqlite3_stmt *s = c->at[DAY];
    char day[11];
    day_of(now_ms, day);
    sqlite3_bind_text(s, 1, day, -1, SQLITE_TRANSIENT);
    int done = sqlite3_step(s) == SQLITE_ROW ? 0 : failed(c, err);
    if (done == 0) {
        *tokens = (uint64_t)sqlite3_column_int64(s, 0);
        *cost = sqlite3_column_double(s, 1);
    }
    sqlite3_reset(s);
    return done;
}

int llm_usage_each(struct llm_cache *c, int64_t now_ms, unsigned days, int (*each)(const struct llm_usage *usage, void *context),
                   void *context, struct err *err)
{
    sqlite3_stmt *s = NULL;
    char since[11] = "";
    int code, done = 0;
    if (days > 0)
        day_of(now_ms - (int64_t)(days - 1) * 86400000, since);
    if (sqlite3_prepare_v2(
            c->db,
            "SELECT day, model, requests, failed, from_cache, tokens_in, tokens_out, cost FROM usage WHERE day >= ?1 "
            "ORDER BY day DESC, model",
            -1, &s, NULL) != SQLITE_OK)
        return failed(c, err);
    sqlite3_bind_text(s, 1, since, -1, SQLITE_STATIC);
    while (done == 0 && (code = sqlite3_step(s)) != SQLITE_DONE) {
        if (code != SQLITE_ROW) {
            done = failed(c, err);
            break;
        }
        struct llm_usage u = { .model = (const char *)sqlite3_column_text(s, 1),
                               .requests = (uint64_t)sqlite3_column_int64(s, 2),
                               .failed = (uint64_t)sqlite3_column_int64(s, 3),
                               .from_cache = (uint64_t)sqlite3_column_int64(s, 4),
                               .tokens_in = (uint64_t)sqlite3_column_int64(s, 5),
                               .tokens_out = (uint64_t)sqlite3_column_int64(s, 6),
                               .cost = sqlite3_column_double(s, 7) };
        snprintf(u.day, sizeof u.day, "%s", (const char *)sqlite3_column_text(s, 0));
        done = each(&u, context);
    }
    sqlite3_finalize(s);
    return done;
}

int llm_cache_stats(struct llm_cache *c, struct llm_cache_stats *stats, struct err *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(c->db,
                           "SELECT count(*), coalesce(sum(finish != 0), 0), coalesce(min(made), 0), coalesce(max(made), 0), "
                           "coalesce(max(used), 0), "
                           "coalesce(sum(cost), 0), (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM "
                           "pragma_page_size) FROM answers",
                           -1, &s, NULL) != SQLITE_OK ||
        sqlite3_step(s) != SQLITE_ROW) {
        sqlite3_finalize(s);
        return failed(c, err);
    }
    *stats = (struct llm_cache_stats){ .answers = (uint64_t)sqlite3_column_int64(s, 0),
                                       .failed = (uint64_t)sqlite3_column_int64(s, 1),
                                       .oldest_ms = sqlite3_column_int64(s, 2),
                                       .newest_ms = sqlite3_column_int64(s, 3),
                                       .used_ms = sqlite3_column_int64(s, 4),
                                       .cost = sqlite3_column_double(s, 5),
                                       .bytes = (uint64_t)sqlite3_column_int64(s, 6) };
    sqlite3_finalize(s);
    return 0;
}

int llm_cache_clear(struct llm_cache *c, const char *model, int64_t before_ms, bool failed_only, const char *containing,
                    uint64_t *removed, struct err *err)
{
    sqlite3_stmt *s = NULL;
    if (execute(c, "PRAGMA secure_delete = ON", err) < 0)
        return -1;
    if (sqlite3_prepare_v2(
            c->db,
            "DELETE FROM answers WHERE (?1 IS NULL OR model = ?1) AND (?2 = 0 OR made < ?2) AND (?3 = 0 OR finish != "
            "0) AND (?4 IS NULL OR instr(content, ?4) > 0)",
            -1, &s, NULL) != SQLITE_OK)
        return failed(c, err);
    if (model != NULL)
        sqlite3_bind_text(s, 1, model, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, before_ms);
    sqlite3_bind_int(s, 3, failed_only);
    if (containing != NULL)
        sqlite3_bind_blob(s, 4, containing, (int)strlen(containing), SQLITE_STATIC);
    int done = sqlite3_step(s) == SQLITE_DONE ? 0 : failed(c, err);
    sqlite3_finalize(s);
    *removed = done == 0 ? (uint64_t)sqlite3_changes64(c->db) : 0;
    return done < 0 || execute(c, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)", err) < 0 ? -1 : 0;
}

const char *llm_cache_version(void)
{
    return "SQLite " SQLITE_VERSION;
}
