/* dev/stack: ClickHouse, by way of libchdb.so. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "stack.h"

enum { HTTP = 0, TCP = 1 };

static const char *library(const struct stack *s)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/clickhouse/libchdb.so", s->deps);
    return path;
}

static int check(const struct stack *s, struct err *err)
{
    if (access(library(s), R_OK) < 0)
        return err_errno(err, ERR_STOP, "clickhouse: its library is not there: %s: run dev/install", library(s));
    return 0;
}

/* What clickhouse-config/ takes from the environment: where this stack is, and how much memory this machine has. */
static void set(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void set(const char *name, const char *format, ...)
{
    char value[PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    setenv(name, value, 1);
}

static int64_t within(int64_t v, int64_t least, int64_t most)
{
    return v < least ? least : v > most ? most : v;
}

static void run(const struct stack *s)
{
    struct err err = ERR_INIT;
    const char *folders[] = { "clickhouse", "clickhouse/user_scripts", "clickhouse/functions", "clickhouse/tmp",
                              "clickhouse/user_files" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (stack_mkdir(stack_path(s, "%s", folders[i]), &err) < 0) {
            log_error("%s", err.text);
            return;
        }
    int64_t memory = stack_memory();
    set("ODW_CHDB_LIBRARY", "%s", library(s));
    set("ODW_CLICKHOUSE_DATA", "%s/", stack_path(s, "clickhouse"));
    set("ODW_CLICKHOUSE_TMP", "%s/", stack_path(s, "clickhouse/tmp"));
    set("ODW_CLICKHOUSE_USER_FILES", "%s/", stack_path(s, "clickhouse/user_files"));
    set("ODW_CLICKHOUSE_USER_SCRIPTS", "%s/", stack_path(s, "clickhouse/user_scripts"));
    set("ODW_CLICKHOUSE_FUNCTIONS", "%s/*_function.xml", stack_path(s, "clickhouse/functions"));
    set("ODW_CLICKHOUSE_KAFKA_BROKERS", "127.0.0.1:%d", stack_port(s, 2));
    /* Kafka, the page cache and everything else on the machine share it. */
    set("ODW_CLICKHOUSE_MEMORY", "%lld", (long long)(memory / 10 * 6));
    set("ODW_CLICKHOUSE_QUERY_MEMORY", "%lld", (long long)(memory / 10 * 4));
    set("ODW_CLICKHOUSE_CACHE", "%lld", (long long)within(memory / 48, 64 << 20, 1 << 30));

    char program[PATH_MAX], config[PATH_MAX], data[PATH_MAX], http[16], tcp[16];
    snprintf(program, sizeof program, "%s/odw-clickhouse", s->bin);
    snprintf(config, sizeof config, "%s/clickhouse-config/embedded.xml", s->root);
    snprintf(data, sizeof data, "%s", stack_path(s, "clickhouse"));
    snprintf(http, sizeof http, "%d", stack_port(s, HTTP));
    snprintf(tcp, sizeof tcp, "%d", stack_port(s, TCP));
    execl(program, "odw-clickhouse", "--config-file", config, "--path", data, "--log-level", "warning", "--listen_host",
          "127.0.0.1", "--http_port", http, "--tcp_port", tcp, (char *)NULL);
}

static bool answers(const struct stack *s, struct err *err)
{
    return probe_http(stack_port(s, HTTP), "/ping", err);
}

static void variables(const struct stack *s, FILE *to)
{
    fprintf(to, "ODW_CLICKHOUSE_URL=http://127.0.0.1:%d\n", stack_port(s, HTTP));
    fprintf(to, "ODW_CLICKHOUSE_TCP=127.0.0.1:%d\n", stack_port(s, TCP));
    fprintf(to, "ODW_DATABASE=odw\n");
    fprintf(to, "ODW_USER_SCRIPTS=%s\n", stack_path(s, "clickhouse/user_scripts"));
    fprintf(to, "ODW_FUNCTIONS_CONFIG=%s\n", stack_path(s, "clickhouse/functions"));
}

const struct part part_clickhouse = {
    .name = "clickhouse",
    .about = "ClickHouse",
    .layer = 20,
    .ports = { { "ClickHouse HTTP", HTTP }, { "ClickHouse native TCP", TCP } },
    .grace_seconds = 15,
    .check = check,
    .run = run,
    .answers = answers,
    .variables = variables,
};
