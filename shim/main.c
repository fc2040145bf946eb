/* shim: odw-shim, typed and paged HTTP endpoints over ClickHouse, and POST /ingest into Kafka. */
#include <errno.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/settings.h"
#include "clickhouse/clickhouse.h"
#include "shim/options.h"
#include "shim/shim.h"

static void free_clickhouse(void *c)
{
    clickhouse_free(c);
}

static int read_token(const struct opts *o, const char *option, char digest[32], bool *has, struct err *err)
{
    const char *path = opts_text(o, option);
    if (path == NULL)
        return 0;
    char *token = settings_secret(path, err);
    if (token == NULL)
        return -1;
    if (strlen(token) < 16) {
        OPENSSL_cleanse(token, strlen(token));
        free(token);
        return err_set(err, ERR_STOP, "%s: expected a token of at least 16 characters", path);
    }
    SHA256((const unsigned char *)token, strlen(token), (unsigned char *)digest);
    OPENSSL_cleanse(token, strlen(token));
    free(token);
    *has = true;
    return 0;
}

static int read_cursor_key(struct shim *shim, struct err *err)
{
    const char *path = opts_text(shim->settings, "shim-cursor-key-file"), *state = opts_text(shim->settings, "state-dir");
    char own[4096];
    if (path != NULL)
        return cursor_secret_load(path, 0, &shim->secret, err);
    if (mkdir(state, 0755) != 0 && errno != EEXIST)
        return err_errno(err, ERR_STOP, "%s: the folder for the key of the cursors can't be made (or give shim-cursor-key-file)",
                         state);
    if (snprintf(own, sizeof own, "%s/cursor.key", state) >= (int)sizeof own)
        return err_set(err, ERR_STOP, "%s: the path is too long", state);
    return cursor_secret_load(own, 1, &shim->secret, err);
}

static int reload(struct shim *shim, struct err *err)
{
    struct declared *fresh = declared_load(shim->root, err);
    if (fresh == NULL)
        return -1;
    if (ingest_can_take(shim, fresh->sources, err) < 0) {
        declared_free(fresh);
        return -1;
    }
    declared_put(&shim->declarations, fresh);
    return 0;
}

static int run(const struct opts *o, struct err *err)
{
    struct shim shim = { .settings = o,
                         .root = opts_text(o, "root"),
                         .body_max = (size_t)opts_number(o, "shim-max-body"),
                         .ingest_bytes_max = (size_t)opts_number(o, "shim-ingest-memory"),
                         .produce_ms = opts_number(o, "shim-produce-timeout"),
                         .idle_ms = opts_number(o, "shim-idle-timeout"),
                         .request_ms = opts_number(o, "shim-request-timeout"),
                         .access_log = opts_flag(o, "shim-access-log") };
    int64_t drain = opts_number(o, "shim-drain-timeout");
    sigset_t signals;
    int rc = -1, signal = 0;
    /* Before any thread begins, so that all of them leave signals to this one. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignore, NULL);
    pthread_mutex_init(&shim.declarations.lock, NULL);
    if (pool_init(&shim.clickhouses, (size_t)opts_number(o, "shim-clickhouse-connections")) < 0) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    if (read_token(o, "shim-token-file", shim.token_digest, &shim.has_token, err) < 0 ||
        read_token(o, "shim-dead-letters-token-file", shim.letters_digest, &shim.has_letters_token, err) < 0 ||
        read_cursor_key(&shim, err) < 0 || (shim.declarations.now = declared_load(shim.root, err)) == NULL ||
        ingest_start(&shim, shim.declarations.now->sources, err) < 0 || health_start(&shim, err) < 0 ||
        watch_start(&shim, err) < 0 || server_start(&shim, err) < 0)
        goto out;
    for (;;) {
        if (sigwait(&signals, &signal) != 0 || signal != SIGHUP)
            break;
        struct err why = ERR_INIT;
        if (reload(&shim, &why) < 0)
            log_error("endpoints and contracts stay as they were: %s", why.text);
        else
            log_info("endpoints and contracts were read again");
    }
    log_info("stopping signal=%s", sigabbrev_np(signal));
    rc = 0;
out:
    if (server_stop(&shim, drain) < 0)
        rc = err_set(err, ERR_STOP, "not every request could be finished");
    health_stop(&shim);
    watch_stop(&shim);
    ingest_stop(&shim, (int)drain);
    pool_fini(&shim.clickhouses, free_clickhouse);
    declared_free(shim.declarations.now);
    OPENSSL_cleanse(&shim.secret, sizeof shim.secret);
    return rc;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct opts *o = NULL;
    if (options_expand(argc, argv) < 0) {
        fprintf(stderr, "odw-shim: out of memory\n");
        return 1;
    }
    int code = settings_start(&shim_usage, "odw-shim", argc, argv, &o);
    if (code >= 0)
        return code;
    int rc = run(o, &err);
    if (rc < 0)
        log_error("%s", err.text);
    opts_free(o);
    return rc < 0 ? 1 : 0;
}
