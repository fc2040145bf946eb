/* cli/apply_server: is the server one that odw can live in; its database; one odw apply at a time. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/apply.h"
#include "http/http.h"

enum { VERSION_MAJOR = 26, VERSION_MINOR = 3, LOCK_WAIT_S = 30, LOCK_STEPS = 10 /* a second */, SAME_QUERY_ID = 216 };

int apply_check_server(struct apply *a, struct err *err)
{
    struct buf out;
    struct clickhouse_query q = { .sql = "SELECT version(), (SELECT count() FROM system.named_collections WHERE name = 'odw_kafka')"
                                         " FORMAT TabSeparated",
                                  .no_database = true,
                                  .timeout_ms = 5000 };
    int major = 0, minor = 0, collections = 0, code = 0;
    int done = clickhouse_run(a->ch, &q, &out, &code, err);
    if (done == 0) {
        char version[64] = "";
        const char *text = buf_text(&out);
        if (sscanf(text, "%63[^\t]\t%d", version, &collections) < 1 || sscanf(version, "%d.%d", &major, &minor) != 2)
            done = err_set(err, ERR_STOP, "%s: expected ClickHouse, got an answer that isn't its version",
                           opts_text(a->opts, "clickhouse-url"));
        else if (major < VERSION_MAJOR || (major == VERSION_MAJOR && minor < VERSION_MINOR))
            done =
                err_set(err, ERR_STOP,
                        "%s: expected ClickHouse %d.%d or newer, found %s (before that, messages flow ahead of chained views and "
                        "are lost)",
                        opts_text(a->opts, "clickhouse-url"), VERSION_MAJOR, VERSION_MINOR, version);
        else if (collections == 0)
            done = err_set(err, ERR_STOP,
                           "%s: expected the named collection odw_kafka, found none that this user may see: put "
                           "clickhouse-config/conf.d/odw.xml into the server's config.d/, users.d/odw.xml into its users.d/, and "
                           "grant NAMED COLLECTION ON odw_kafka and SHOW NAMED COLLECTIONS (docs/operations.md)",
                           opts_text(a->opts, "clickhouse-url"));
    } else {
        err_at(err, "ClickHouse at %s", opts_text(a->opts, "clickhouse-url"));
    }
    buf_fini(&out);
    return done;
}

int apply_database(struct apply *a, struct err *err)
{
    const struct clickhouse_param name = { "name", str_of(a->database) };
    struct clickhouse_query look = { .sql = "SELECT engine FROM system.databases WHERE name = {name:String} FORMAT TabSeparated",
                                     .params = &name,
                                     .n_params = 1,
                                     .no_database = true };
    struct buf out, sql;
    int done = clickhouse_run(a->ch, &look, &out, NULL, err);
    bool there = done == 0 && out.n > 0;
    buf_fini(&out);
    if (done < 0 || there)
        return done;
    change(&a->changes, "create database %s", a->database);
    a->no_database = a->dry_run;
    if (a->dry_run)
        return 0;
    buf_init(&sql, 0);
    buf_puts(&sql, "CREATE DATABASE IF NOT EXISTS ");
    clickhouse_put_name(&sql, str_of(a->database));
    struct clickhouse_query create = { .sql = buf_text(&sql), .no_database = true };
    done = clickhouse_run(a->ch, &create, NULL, NULL, err);
    buf_fini(&sql);
    return done;
}

struct apply_lock {
    struct clickhouse *ch;
    pthread_t thread;
    char settings[200];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool held, ended, release;
    int code;
    struct err err;
};

static int on_tick(void *context, const char *p, size_t n)
{
    struct apply_lock *lock = context;
    (void)p, (void)n;
    pthread_mutex_lock(&lock->mutex);
    lock->held = true;
    int go_on = lock->release ? -1 : 0;
    pthread_cond_broadcast(&lock->changed);
    pthread_mutex_unlock(&lock->mutex);
    return go_on;
}

static void *hold(void *context)
{
    struct apply_lock *lock = context;
    struct clickhouse_query q = {
        /* Ten rows a second for a day, each sent at once: the server notices within a tick that nobody reads any more. */
        .sql = "SELECT 1 FROM numbers(864000) WHERE sleepEachRow(0.1) = 0 FORMAT TabSeparated"
               " SETTINGS max_block_size = 1, max_threads = 1, max_execution_time = 0",
        .settings = lock->settings,
        .no_database = true,
        .timeout_ms = 86400000,
        .on_body = on_tick,
        .context = lock,
    };
    struct err err = ERR_INIT;
    int code = 0;
    int done = clickhouse_run(lock->ch, &q, NULL, &code, &err);
    pthread_mutex_lock(&lock->mutex);
    lock->ended = true;
    lock->code = done < 0 ? code : 0;
    lock->err = err;
    pthread_cond_broadcast(&lock->changed);
    pthread_mutex_unlock(&lock->mutex);
    return NULL;
}

static void lock_free(struct apply_lock *lock)
{
    clickhouse_free(lock->ch);
    pthread_mutex_destroy(&lock->mutex);
    pthread_cond_destroy(&lock->changed);
    free(lock);
}

static void lock_error(const struct apply *a, int code, const struct err *why, struct err *err)
{
    if (code == SAME_QUERY_ID)
        err_set(err, ERR_STOP, "another odw apply is at work on database %s and was so for %d s: expected it to end", a->database,
                LOCK_WAIT_S);
    else
        err_set(err, ERR_STOP, "the lock on database %s: %s", a->database, why->text);
}

struct apply_lock *apply_lock(struct apply *a, struct err *err)
{
    for (int waited = 0;; waited++) {
        struct apply_lock *lock = calloc(1, sizeof *lock);
        if (lock == NULL) {
            err_set(err, ERR_STOP, "out of memory");
            return NULL;
        }
        pthread_mutex_init(&lock->mutex, NULL);
        pthread_cond_init(&lock->changed, NULL);
        struct buf id;
        buf_init(&id, 0);
        buf_puts(&id, "query_id=odw_apply_");
        http_encode(&id, str_of(a->database));
        buf_puts(&id, "&http_response_buffer_size=0&buffer_size=1");
        snprintf(lock->settings, sizeof lock->settings, "%s", buf_text(&id));
        buf_fini(&id);
        lock->ch = clickhouse_new(a->opts, err);
        if (lock->ch == NULL || pthread_create(&lock->thread, NULL, hold, lock) != 0) {
            err_set(err, ERR_STOP, "no thread for the lock");
            lock_free(lock);
            return NULL;
        }
        pthread_mutex_lock(&lock->mutex);
        while (!lock->held && !lock->ended)
            pthread_cond_wait(&lock->changed, &lock->mutex);
        bool held = lock->held && !lock->ended;
        pthread_mutex_unlock(&lock->mutex);
        if (held)
            return lock;
        pthread_join(lock->thread, NULL);
        int code = lock->code;
        if (code != SAME_QUERY_ID || waited == LOCK_WAIT_S * LOCK_STEPS)
            lock_error(a, code, &lock->err, err);
        lock_free(lock);
        if (code != SAME_QUERY_ID || waited == LOCK_WAIT_S * LOCK_STEPS)
            return NULL;
        /* The one before may be just gone: its query ends at the next tick. */
        if (waited == LOCK_STEPS)
            log_info("another odw apply is at work on database %s: waiting for it for up to %d s", a->database, LOCK_WAIT_S);
        nanosleep(&(struct timespec){ .tv_nsec = 1000000000L / LOCK_STEPS }, NULL);
    }
}

void apply_unlock(struct apply_lock *lock)
{
    if (lock == NULL)
        return;
    pthread_mutex_lock(&lock->mutex);
    lock->release = true;
    pthread_mutex_unlock(&lock->mutex);
    pthread_join(lock->thread, NULL);
    lock_free(lock);
}
