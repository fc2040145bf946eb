/* lib/base/settings: the options that every odw program shares: where the servers are, and how to get in. */
#ifndef ODW_SETTINGS_H
#define ODW_SETTINGS_H

#include "base/opt.h"

/* config, state-dir (.odw), root (the folder that holds contracts/, kafka-engine/, mv/, sql/, shim/endpoints/; default: the
 * current folder, or the one the program was built in), database (odw), log-level, log-format;
 * kafka-brokers, kafka-security-protocol, kafka-sasl-mechanism, kafka-sasl-username, kafka-sasl-password-file,
 * kafka-ssl-ca-location, kafka-ssl-certificate-location, kafka-ssl-key-location, kafka-options ("k=v;k=v" for librdkafka);
 * clickhouse-url (http://127.0.0.1:8123), clickhouse-tcp (HOST:PORT, for people and printing only), clickhouse-user,
 * clickhouse-password-file, clickhouse-ca, s3-url, s3-region, s3-access-key, s3-secret-key-file, s3-session-token-file,
 * s3-anonymous, s3-addressing, s3-ca, user-scripts, functions-config (ClickHouse's folders, where they are on this disk);
 * shim-url. */
extern const struct opt settings_shared[];

/* What a program does first: reads its options (opts_parse) and sets the log up. -1: go on, *out is the caller's to free; else the
 * exit code: 0, help or version was printed; 2, it said on stderr what is wrong. component: a literal, or what outlives the
 * program. */
int settings_start(const struct opt_usage *usage, const char *component, int argc, char **argv, struct opts **out)
    __attribute__((warn_unused_result));

/* log_setup from log-level and log-format. component: a literal. */
void settings_log(const struct opts *o, const char *component);

/* The first line of a file that holds a secret, without its newline. The caller frees. NULL and err where it can't be read. */
char *settings_secret(const char *path, struct err *err) __attribute__((warn_unused_result));

#endif
