/* lib/base/settings: the options that every odw program shares. */
#include "base/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

const struct opt settings_shared[] = {
    { .name = "config",
      .type = OPT_TEXT,
      .arg = "FILE",
      .help = "Read settings from this file; without it ./odw.conf, then /etc/odw/odw.conf, where there is one" },
    { .name = "root",
      .type = OPT_TEXT,
      .arg = "DIR",
      .help = "The folder that holds contracts/, kafka-engine/, mv/, sql/ and shim/endpoints/; without it the current folder "
              "where that has them, else the one the program was built in" },
    { .name = "state-dir",
      .type = OPT_TEXT,
      .arg = "DIR",
      .help = "Where the embedded stack keeps its state and stack.env; without it .odw below the root" },
    { .name = "database",
      .type = OPT_TEXT,
      .arg = "NAME",
      .fallback = "odw",
      .help = "The ClickHouse database that holds everything of odw's" },
    { .name = "log-level",
      .type = OPT_CHOICE,
      .fallback = "info",
      .choices = "error|warn|info|debug",
      .help = "How much to log on stderr" },
    { .name = "log-format",
      .type = OPT_CHOICE,
      .fallback = "plain",
      .choices = "plain|json",
      .help = "How a log line looks: plain text, or one JSON object" },
    { .name = "kafka-brokers",
      .type = OPT_TEXT,
      .arg = "HOST:PORT,…",
      .fallback = "127.0.0.1:9092",
      .help = "Kafka brokers to start from" },
    { .name = "kafka-security-protocol",
      .type = OPT_CHOICE,
      .arg = "NAME",
      .fallback = "plaintext",
      .choices = "plaintext|ssl|sasl_plaintext|sasl_ssl",
      .help = "How to speak to the brokers" },
    { .name = "kafka-sasl-mechanism",
      .type = OPT_TEXT,
      .arg = "NAME",
      .help = "How to log in: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, …" },
    { .name = "kafka-sasl-username", .type = OPT_TEXT, .arg = "NAME", .help = "Who logs in" },
    { .name = "kafka-sasl-password-file", .type = OPT_TEXT, .arg = "FILE", .help = "A file whose first line is the password" },
    { .name = "kafka-ssl-ca-location", .type = OPT_TEXT, .arg = "FILE", .help = "The authorities that brokers are trusted by" },
    { .name = "kafka-ssl-certificate-location", .type = OPT_TEXT, .arg = "FILE", .help = "Our certificate for the brokers" },
    { .name = "kafka-ssl-key-location", .type = OPT_TEXT, .arg = "FILE", .help = "The key of our certificate" },
    { .name = "kafka-options", .type = OPT_TEXT, .arg = "K=V;K=V", .help = "Further librdkafka settings, passed on as they are" },
    { .name = "clickhouse-url",
      .type = OPT_TEXT,
      .arg = "URL",
      .fallback = "http://127.0.0.1:8123",
      .help = "ClickHouse's HTTP interface" },
    { .name = "clickhouse-tcp",
      .type = OPT_TEXT,
      .arg = "HOST:PORT",
      .help = "ClickHouse's native interface, for what people are told to run" },
    { .name = "clickhouse-user", .type = OPT_TEXT, .arg = "NAME", .fallback = "default", .help = "Who logs in" },
    { .name = "clickhouse-password-file", .type = OPT_TEXT, .arg = "FILE", .help = "A file whose first line is the password" },
    { .name = "clickhouse-ca", .type = OPT_TEXT, .arg = "FILE", .help = "The only authorities that an https server is trusted by" },
    { .name = "s3-url",
      .type = OPT_TEXT,
      .arg = "URL",
      .help = "The object store, as https://HOST or http://HOST:PORT; without it AWS_ENDPOINT_URL_S3, else Amazon's" },
    { .name = "s3-region", .type = OPT_TEXT, .arg = "NAME", .help = "The store's region; without it AWS_REGION, else us-east-1" },
    { .name = "s3-access-key",
      .type = OPT_TEXT,
      .arg = "ID",
      .help = "Who asks the store; without it AWS_ACCESS_KEY_ID, with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN" },
    { .name = "s3-secret-key-file", .type = OPT_TEXT, .arg = "FILE", .help = "A file whose first line is the access key's secret" },
    { .name = "s3-session-token-file",
      .type = OPT_TEXT,
      .arg = "FILE",
      .help = "A file whose first line is the session token of temporary keys" },
    { .name = "s3-anonymous", .type = OPT_FLAG, .help = "Ask the store without a key, as public buckets allow" },
    { .name = "s3-addressing",
      .type = OPT_CHOICE,
      .fallback = "auto",
      .choices = "auto|path|virtual",
      .help = "Where the bucket stands: in the path, or before the host; auto: before Amazon's host, else in the path" },
    { .name = "s3-ca", .type = OPT_TEXT, .arg = "FILE", .help = "The only authorities that an https store is trusted by" },
    { .name = "user-scripts",
      .type = OPT_TEXT,
      .arg = "DIR",
      .help = "ClickHouse's user_scripts_path, where that is on this machine's disk; an embedded stack tells its own" },
    { .name = "functions-config",
      .type = OPT_TEXT,
      .arg = "DIR",
      .help = "The folder of ClickHouse's *_function.xml files, where that is on this machine's disk" },
    { .name = "shim-url",
      .type = OPT_TEXT,
      .arg = "URL",
      .fallback = "http://127.0.0.1:8080",
      .help = "Where the HTTP shim answers, for what people are told to open" },
    { .name = NULL },
};

void settings_log(const struct opts *o, const char *component)
{
    static const char *const levels[] = { "error", "warn", "info", "debug" };
    enum log_level level = LOG_LEVEL_INFO;
    for (int i = 0; i < 4; i++)
        if (strcmp(opts_text(o, "log-level"), levels[i]) == 0)
            level = (enum log_level)i;
    log_setup(component, level, strcmp(opts_text(o, "log-format"), "json") == 0);
}

int settings_start(const struct opt_usage *usage, const char *component, int argc, char **argv, struct opts **out)
{
    struct err err = ERR_INIT;
    switch (opts_parse(usage, argc, argv, out, &err)) {
    case OPT_DONE:
        return 0;
    case OPT_USAGE:
        fprintf(stderr, "%s: %s\n", usage->program, err.text);
        return 2;
    case OPT_OK:
        break;
    }
    settings_log(*out, component);
    return -1;
}

char *settings_secret(const char *path, struct err *err)
{
    enum { MAX = 4096 };
    char *secret = NULL;
    struct stat st;
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        err_errno(err, ERR_STOP, "%s: expected a file with a password", path);
        return NULL;
    }
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0)
        log_warn("%s holds a secret and everyone can read it: chmod 600", path);
    secret = calloc(1, MAX + 1);
    if (secret == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto fail;
    }
    size_t n = fread(secret, 1, MAX, f);
    if (ferror(f)) {
        err_errno(err, ERR_STOP, "%s", path);
        goto fail;
    }
    size_t line = strcspn(secret, "\r\n");
    if (line == n && n == MAX) {
        err_set(err, ERR_STOP, "%s: expected a first line shorter than %d bytes", path, (int)MAX);
        goto fail;
    }
    memset(secret + line, 0, MAX - line);
    if (line == 0) {
        err_set(err, ERR_STOP, "%s: expected a secret on the first line, found none", path);
        goto fail;
    }
    fclose(f);
    return secret;
fail:
    free(secret);
    fclose(f);
    return NULL;
}
