/* lib/kafka/client: settings, log lines and errors of every librdkafka handle. */
#include "kafka/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/settings.h"

enum {
    LOG_EVERY_S = 10,
    SCRAM_MENDED =
        0x02060100, /* before 2.6.1 librdkafka repeats a nonce, which Kafka has refused since CVE-2024-56128 was closed */
};

const char *kafka_version(void)
{
    static char text[64];
    snprintf(text, sizeof text, "librdkafka %s", rd_kafka_version_str());
    return text;
}

/* From "127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)"
 * keeps what a reader needs: "connection refused". */
static void clip_reason(char *out, size_t max, const char *reason)
{
    const char *at = strstr(reason, "failed: ");
    if (at != NULL)
        at += strlen("failed: ");
    else if ((at = strstr(reason, ": ")) != NULL)
        at += 2;
    else
        at = reason;
    const char *end = strstr(at, " (after ");
    snprintf(out, max, "%.*s", end != NULL ? (int)(end - at) : (int)strlen(at), at);
    if (out[0] >= 'A' && out[0] <= 'Z' && out[1] >= 'a' && out[1] <= 'z')
        out[0] = (char)(out[0] - 'A' + 'a');
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    struct client *c = opaque;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        return; /* says no more than the reason before it */
    pthread_mutex_lock(&c->lock);
    clip_reason(c->reason, sizeof c->reason, reason);
    c->refused = code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
                 code == RD_KAFKA_RESP_ERR__SSL || code == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM;
    pthread_mutex_unlock(&c->lock);
}

/* A dead broker makes librdkafka write a line per attempt and broker: one per kind in ten seconds says as much. */
static bool may_write(struct client *c, const char *kind, unsigned *held)
{
    time_t now = time(NULL);
    bool yes = true;
    *held = 0;
    pthread_mutex_lock(&c->lock);
    size_t at = 0, oldest = 0;
    for (; at < LOG_KINDS; at++) {
        if (strncmp(c->lines[at].kind, kind, sizeof c->lines[at].kind - 1) == 0)
            break;
        if (c->lines[at].last < c->lines[oldest].last)
            oldest = at;
    }
    if (at == LOG_KINDS) {
        at = oldest;
        snprintf(c->lines[at].kind, sizeof c->lines[at].kind, "%s", kind);
        c->lines[at].last = 0;
        c->lines[at].held = 0;
    }
    if (now - c->lines[at].last < LOG_EVERY_S) {
        c->lines[at].held++;
        yes = false;
    } else {
        *held = c->lines[at].held;
        c->lines[at].held = 0;
        c->lines[at].last = now;
    }
    pthread_mutex_unlock(&c->lock);
    return yes;
}

static void on_log(const rd_kafka_t *rk, int level, const char *kind, const char *text)
{
    struct client *c = rk != NULL ? rd_kafka_opaque(rk) : NULL;
    /* One settings table serves producer and consumer; what only the other kind knows isn't worth a line. */
    if (strcmp(kind, "CONFWARN") == 0)
        return;
    enum log_level to = level <= 2 ? LOG_LEVEL_ERROR : level <= 4 ? LOG_LEVEL_WARN : level <= 6 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
    /* Told at info though it's news to nobody, and a wait for the transaction coordinator that ends by itself. */
    if (to == LOG_LEVEL_INFO || strcmp(kind, "GETPID") == 0)
        to = LOG_LEVEL_DEBUG;
    if (c != NULL && c->quiet && to < LOG_LEVEL_DEBUG && (strcmp(kind, "FAIL") == 0 || strcmp(kind, "ERROR") == 0))
        to = LOG_LEVEL_DEBUG;
    if (c == NULL || to == LOG_LEVEL_DEBUG) {
        log_write(to, "kafka: %s kind=%s", text, kind);
        return;
    }
    unsigned held;
    if (!may_write(c, kind, &held))
        return;
    if (held > 0)
        log_write(to, "kafka: %s kind=%s held_back=%u", text, kind, held);
    else
        log_write(to, "kafka: %s kind=%s", text, kind);
}

static bool is_secret(const char *name)
{
    static const char *const words[] = { "password", "secret", "key.pem", "oauthbearer.config", "ssl.key" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(name, words[i]) != NULL)
            return true;
    return false;
}

/* from: what the user wrote that led here, for the message. */
static int set(rd_kafka_conf_t *conf, const char *from, const char *name, const char *value, struct err *err)
{
    char why[256];
    switch (rd_kafka_conf_set(conf, name, value, why, sizeof why)) {
    case RD_KAFKA_CONF_OK:
        return 0;
    case RD_KAFKA_CONF_UNKNOWN:
        return err_set(err, ERR_STOP, "%s: librdkafka %s has no property \"%s\"", from, rd_kafka_version_str(), name);
    default:
        /* librdkafka's sentence quotes the value. */
        if (is_secret(name))
            return err_set(err, ERR_STOP, "%s: librdkafka refuses the value of \"%s\"", from, name);
        return err_set(err, ERR_STOP, "%s: librdkafka refuses \"%s\": %s", from, name, why);
    }
}

static int set_options(rd_kafka_conf_t *conf, const char *text, const struct property *fixed, struct err *err)
{
    struct str rest = str_of(text != NULL ? text : "");
    while (rest.n > 0) {
        struct str value = str_trim(str_cut(&rest, ';'));
        if (value.n == 0)
            continue;
        if (memchr(value.p, '=', value.n) == NULL)
            return err_set(err, ERR_STOP, "kafka-options: expected name=value;name=value, got \"%.*s\"", STR_ARG(value));
        struct str name = str_trim(str_cut(&value, '='));
        char key[128], word[2048];
        if (name.n >= sizeof key || value.n >= sizeof word)
            return err_set(err, ERR_STOP, "kafka-options: the property \"%.64s…\" is too long", name.p);
        snprintf(key, sizeof key, "%.*s", STR_ARG(name));
        value = str_trim(value);
        snprintf(word, sizeof word, "%.*s", STR_ARG(value));
        for (size_t i = 0; fixed[i].name != NULL; i++)
            if (strcmp(fixed[i].name, key) == 0)
                return err_set(err, ERR_STOP, "kafka-options: \"%s\" can't be set: %s%s", key,
                               fixed[i].value != NULL ? "odw relies on " : "odw has no use for it",
                               fixed[i].value != NULL ? fixed[i].value : "");
        if (strcmp(key, "bootstrap.servers") == 0 || strcmp(key, "metadata.broker.list") == 0)
            return err_set(err, ERR_STOP, "kafka-options: \"%s\" is the setting kafka-brokers", key);
        if (set(conf, "kafka-options", key, word, err) < 0)
            return -1;
    }
    return 0;
}

static int set_access(rd_kafka_conf_t *conf, const struct opts *settings, struct err *err)
{
    static const struct {
        const char *ours, *theirs;
    } names[] = {
        { "kafka-brokers", "bootstrap.servers" },         { "kafka-security-protocol", "security.protocol" },
        { "kafka-sasl-mechanism", "sasl.mechanism" },     { "kafka-sasl-username", "sasl.username" },
        { "kafka-ssl-ca-location", "ssl.ca.location" },   { "kafka-ssl-certificate-location", "ssl.certificate.location" },
        { "kafka-ssl-key-location", "ssl.key.location" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = opts_text(settings, names[i].ours);
        if (value != NULL && value[0] != '\0' && set(conf, names[i].ours, names[i].theirs, value, err) < 0)
            return -1;
    }
    const char *file = opts_text(settings, "kafka-sasl-password-file");
    if (file == NULL || file[0] == '\0')
        return 0;
    char *password = settings_secret(file, err);
    if (password == NULL)
        return err_at(err, "kafka-sasl-password-file");
    int rc = set(conf, "kafka-sasl-password-file", "sasl.password", password, err);
    explicit_bzero(password, strlen(password));
    free(password);
    return rc;
}

static int set_all(rd_kafka_conf_t *conf, const struct property *list, struct err *err)
{
    for (; list->name != NULL; list++)
        if (list->value != NULL && set(conf, "kafka", list->name, list->value, err) < 0)
            return -1;
    return 0;
}

int client_init(struct client *c, rd_kafka_type_t type, const struct opts *settings, const struct property *ours,
                const struct property *fixed, void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *), struct err *err)
{
    int rc = -1;
    *c = (struct client){ .quiet = type == RD_KAFKA_CONSUMER };
    pthread_mutex_init(&c->lock, NULL);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *brokers = opts_text(settings, "kafka-brokers");
    c->brokers = strdup(brokers != NULL ? brokers : "");
    if (c->brokers == NULL) {
        err_set(err, ERR_STOP, "kafka: out of memory");
        goto out;
    }
    rd_kafka_conf_set_opaque(conf, c);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (delivered != NULL)
        rd_kafka_conf_set_dr_msg_cb(conf, delivered);

    /* Back within two seconds of the broker, not ten; a topic that doesn't exist must not come into being with the broker's
     * defaults. */
    static const struct property common[] = {
        { "client.id", "odw" },
        { "reconnect.backoff.max.ms", "2000" },
        { "socket.keepalive.enable", "true" },
        { "socket.nagle.disable", "true" },
        { "allow.auto.create.topics", "false" },
        { NULL, NULL },
    };
    if (set_all(conf, common, err) < 0 || set_all(conf, ours, err) < 0 || set_access(conf, settings, err) < 0 ||
        set_options(conf, opts_text(settings, "kafka-options"), fixed, err) < 0 || set_all(conf, fixed, err) < 0)
        goto out;

    char why[512];
    c->rk = rd_kafka_new(type, conf, why, sizeof why);
    if (c->rk == NULL) {
        err_set(err, ERR_STOP, "kafka: %s", why);
        goto out;
    }
    conf = NULL; /* handed over */
    rc = 0;
out:
    if (conf != NULL)
        rd_kafka_conf_destroy(conf);
    if (rc < 0)
        client_fini(c);
    return rc;
}

void client_fini(struct client *c)
{
    if (c->rk != NULL)
        rd_kafka_destroy(c->rk);
    if (c->brokers != NULL)
        pthread_mutex_destroy(&c->lock);
    free(c->brokers);
    c->rk = NULL;
    c->brokers = NULL;
}

int client_reach(struct client *c, int timeout_ms, struct err *err)
{
    int64_t end = monotonic_ms() + timeout_ms;
    for (;;) {
        int64_t left = end - monotonic_ms();
        const struct rd_kafka_metadata *md = NULL;
        rd_kafka_resp_err_t code = rd_kafka_metadata(c->rk, 0, NULL, &md, left < 1 ? 1 : left > 500 ? 500 : (int)left);
        rd_kafka_poll(c->rk, 0); /* the reasons come through here */
        pthread_mutex_lock(&c->lock);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            c->reason[0] = '\0';
        bool refused = c->refused && code != RD_KAFKA_RESP_ERR_NO_ERROR;
        pthread_mutex_unlock(&c->lock);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(md);
            return 0;
        }
        if (refused || monotonic_ms() >= end)
            return client_error(c, RD_KAFKA_RESP_ERR__TRANSPORT, "asking for metadata", NULL, err);
    }
}

bool client_transient(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
        return true;
    default:
        return false;
    }
}

static enum err_class class_of(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
        return ERR_DROP;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
        return ERR_STOP;
    default:
        return ERR_RETRY;
    }
}

int client_error(struct client *c, rd_kafka_resp_err_t code, const char *doing, const char *detail, struct err *err)
{
    char reason[REASON_MAX];
    pthread_mutex_lock(&c->lock);
    memcpy(reason, c->reason, sizeof reason);
    bool refused = c->refused && reason[0] != '\0';
    pthread_mutex_unlock(&c->lock);

    switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        if (refused)
            return err_set(err, ERR_STOP, "kafka: %s lets us not in (%s)%s", c->brokers, reason,
                           strstr(reason, "SCRAM") != NULL && rd_kafka_version() < SCRAM_MENDED
                               ? "; where the password is right: this librdkafka is older than 2.6.1, whose SCRAM Kafka 4 refuses: "
                                 "let it take PLAIN over TLS"
                               : "");
        if (reason[0] != '\0')
            return err_set(err, ERR_RETRY, "kafka: no broker answers at %s (%s)", c->brokers, reason);
        if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
            code == RD_KAFKA_RESP_ERR__RESOLVE)
            return err_set(err, ERR_RETRY, "kafka: no broker answers at %s (no answer in time)", c->brokers);
        return err_set(err, ERR_RETRY, "kafka: %s: no answer in time from %s", doing, c->brokers);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        return err_set(err, ERR_DROP, "kafka: %s: there is no such topic", doing);
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return err_set(err, ERR_DROP, "kafka: %s: there is no such partition", doing);
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return err_set(err, ERR_DROP, "kafka: %s: the message is larger than the limit", doing);
    case RD_KAFKA_RESP_ERR__FATAL: {
        char why[512] = "";
        rd_kafka_resp_err_t first = rd_kafka_fatal_error(c->rk, why, sizeof why);
        return err_set(err, ERR_STOP, "kafka: %s: the producer can't go on: %s (%s)", doing, why, rd_kafka_err2name(first));
    }
    default:
        if (detail != NULL && detail[0] != '\0')
            return err_set(err, class_of(code), "kafka: %s: %s (%s)", doing, detail, rd_kafka_err2name(code));
        return err_set(err, class_of(code), "kafka: %s: %s (%s)", doing, rd_kafka_err2str(code), rd_kafka_err2name(code));
    }
}
