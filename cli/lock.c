/* cli/lock: one odw at a time. */
#include "cli/lock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "clickhouse/clickhouse.h"
#include "http/http.h"

enum { STEPS = 10 /* a second */, SAME_QUERY_ID = 216 };

struct lock {
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
    struct lock *lock = context;
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
    struct lock *lock = context;
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

static void lock_free(struct lock *lock)
{
    clickhouse_free(lock->ch);
    pthread_mutex_destroy(&lock->mutex);
    pthread_cond_destroy(&lock->changed);
    free(lock);
}

static int lock_error(const struct opts *settings, const char *what, int wait_s, const struct lock *lock, struct err *err)
{
    if (lock->code != SAME_QUERY_ID)
        return err_set(err, ERR_DROP, "the lock on database %s: %s", opts_text(settings, "database"), lock->err.text);
    return err_set(err, ERR_RETRY, "another odw %s is at work on database %s and was so for %d s: expected it to end", what,
                   opts_text(settings, "database"), wait_s);
}

struct lock *lock_take(const struct opts *settings, const char *what, int wait_s, struct err *err)
{
    for (int waited = 0;; waited++) {
        struct lock *lock = calloc(1, sizeof *lock);
        if (lock == NULL) {
            err_set(err, ERR_STOP, "out of memory");
            return NULL;
        }
        pthread_mutex_init(&lock->mutex, NULL);
        pthread_cond_init(&lock->changed, NULL);
        struct buf id;
        buf_init(&id, 0);
        buf_printf(&id, "query_id=odw_%s_", what);
        http_encode(&id, str_of(opts_text(settings, "database")));
        buf_puts(&id, "&http_response_buffer_size=0&buffer_size=1");
        snprintf(lock->settings, sizeof lock->settings, "%s", buf_text(&id));
        buf_fini(&id);
        lock->ch = clickhouse_new(settings, err);
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
        bool give_up = lock->code != SAME_QUERY_ID || waited == wait_s * STEPS;
        if (give_up)
            lock_error(settings, what, wait_s, lock, err);
        lock_free(lock);
        if (give_up)
            return NULL;
        /* The one before may be just gone: its query ends at the next tick. */
        if (waited == STEPS)
            log_info("another odw %s is at work on database %s: waiting for it for up to %d s", what,
                     opts_text(settings, "database"), wait_s);
        nanosleep(&(struct timespec){ .tv_nsec = 1000000000L / STEPS }, NULL);
    }
}

void lock_release(struct lock *lock)
{
    if (lock == NULL)
        return;
    pthread_mutex_lock(&lock->mutex);
    lock->release = true;
    pthread_mutex_unlock(&lock->mutex);
    pthread_join(lock->thread, NULL);
    lock_free(lock);
}
