/* cli/cmd_status: odw status: what runs, what waits, what stopped and why. */
#include <stdio.h>
#include <string.h>

#include "base/opt.h"
#include "base/settings.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "status/status.h"

static const struct opt own[] = {
    { .name = "json", .type = OPT_FLAG, .help = "Print one JSON object instead of a table" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw status",
    .about = "Shows what runs, how far each source has read, what it stored and refused, and what stopped it: a problem comes with "
             "its cause and its remedy.",
    .own = own,
    .shared = settings_shared,
    .more = "Exit codes: 0 all is well, 1 there are problems, 2 the command line or the configuration is wrong.\n",
};

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

static const char *count(const json_t *o, const char *key, char out[32])
{
    const json_t *n = json_object_get(o, key);
    return json_is_integer(n) ? progress_count(out, json_integer_value(n)) : "?";
}

static const char *age(double seconds, char out[32])
{
    if (seconds < 0)
        seconds = 0;
    if (seconds < 120)
        snprintf(out, 32, "%.1f s", seconds);
    else if (seconds < 7200)
        snprintf(out, 32, "%.0f min", seconds / 60);
    else if (seconds < 172800)
        snprintf(out, 32, "%.0f h", seconds / 3600);
    else
        snprintf(out, 32, "%.0f days", seconds / 86400);
    return out;
}

static void print_server(const json_t *status, const char *key, const char *name, const char *where)
{
    const json_t *server = json_object_get(status, key), *part;
    size_t i;
    if (!json_is_object(server))
        return;
    printf("%-11s %-5s %s", name, json_is_true(json_object_get(server, "reachable")) ? "up" : "AWAY", text(server, where));
    if (text(server, "version")[0] != '\0')
        printf("  %s", text(server, "version"));
    json_array_foreach(json_object_get(status, "parts"), i, part) if (strcmp(text(part, "name"), key) == 0)
        printf("  pid %d", (int)json_integer_value(json_object_get(part, "pid")));
    putchar('\n');
}

static void print_source(const json_t *s)
{
    char a[32], b[32], c[32];
    const json_t *newest = json_object_get(s, "newest_row_age_seconds"), *letters = json_object_get(s, "dead_letters_open"), *p, *n;
    const json_t *rate = json_object_get(s, "rows_per_second");
    const char *class;
    size_t i;
    printf("\n%s: %s rows", text(s, "source"), count(s, "rows", a));
    if (json_is_number(newest))
        printf(", the newest %s old", age(json_number_value(newest), b));
    if (json_is_number(rate))
        printf(", %.0f/s in the last minute", json_number_value(rate));
    printf("; lag %s; %s consumers; %s parts\n", count(s, "lag", a), count(s, "consumers", b), count(s, "parts", c));
    if (json_array_size(json_object_get(s, "partitions")) > 0)
        printf("  %-20s %15s %15s %12s\n", "partition", "committed", "end", "lag");
    json_array_foreach(json_object_get(s, "partitions"), i, p)
    {
        char name[300];
        snprintf(name, sizeof name, "%s/%s", text(s, "topic"), count(p, "partition", c));
        bool none = json_is_null(json_object_get(p, "committed"));
        printf("  %-20s %15s %15s %12s\n", name, none ? "-" : count(p, "committed", a), count(p, "high", b), count(p, "lag", c));
    }
    if (json_object_size(letters) > 0) {
        const char *before = "  open dead letters: ";
        json_object_foreach((json_t *)letters, class, n)
        {
            printf("%s%s %s", before, progress_count(a, json_integer_value(n)), class);
            before = ", ";
        }
        puts(" (odw dlq list)");
    }
}

static void print(const json_t *status)
{
    const json_t *item;
    char a[32];
    size_t i;
    print_server(status, "clickhouse", "clickhouse", "url");
    print_server(status, "kafka", "kafka", "brokers");
    print_server(status, "shim", "shim", "url");
    json_array_foreach(json_object_get(status, "parts"), i, item)
    {
        const char *name = text(item, "name");
        if (strcmp(name, "clickhouse") != 0 && strcmp(name, "kafka") != 0 && strcmp(name, "shim") != 0)
            printf("%-11s %-5s pid %d\n", name, json_is_true(json_object_get(item, "up")) ? "up" : "AWAY",
                   (int)json_integer_value(json_object_get(item, "pid")));
    }
    json_array_foreach(json_object_get(status, "sources"), i, item) print_source(item);
    if (json_array_size(json_object_get(status, "views")) > 0)
        putchar('\n');
    json_array_foreach(json_object_get(status, "views"), i, item)
    {
        const json_t *success = json_object_get(item, "last_success_age_seconds");
        printf("%s: %s", text(item, "view"), text(item, "status"));
        if (json_is_number(success))
            printf(", last refreshed %s ago", age(json_number_value(success), a));
        putchar('\n');
    }
    if ((item = json_object_get(status, "extractions")) != NULL && json_is_integer(json_object_get(item, "waiting"))) {
        printf("documents that wait for a language model: %s", count(item, "waiting", a));
        if (json_is_number(json_object_get(item, "oldest_seconds")))
            printf(", the oldest for %s", age(json_number_value(json_object_get(item, "oldest_seconds")), a));
        putchar('\n');
    }
    json_array_foreach(json_object_get(status, "disks"), i, item) printf(
        "disk %s: %.1f of %.1f GiB free\n", text(item, "name"), json_number_value(json_object_get(item, "free_bytes")) / (1 << 30),
        json_number_value(json_object_get(item, "total_bytes")) / (1 << 30));
    putchar('\n');
    if (json_array_size(json_object_get(status, "problems")) == 0)
        puts("all is well");
    json_array_foreach(json_object_get(status, "problems"), i, item)
    {
        const char *source = text(item, "source"), *since = text(item, "since");
        printf("problem: %s%s%s\n  remedy: %s\n", source, source[0] != '\0' ? ": " : "", text(item, "cause"), text(item, "remedy"));
        if (since[0] != '\0')
            printf("  since: %s\n", since);
    }
}

static int run(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct opts *o = NULL;
    int code = settings_start(&usage, "status", argc, argv, &o);
    if (code >= 0)
        return code;
    code = 1;
    json_t *status = NULL;
    struct plan *plan = plan_load(opts_text(o, "root"), opts_text(o, "database"), &err);
    struct status *asking = plan != NULL ? status_new(o, plan, true) : NULL;
    if (asking == NULL || (status = status_gather(asking)) == NULL) {
        fprintf(stderr, "odw status: %s\n", plan == NULL ? err.text : "out of memory");
        goto out;
    }
    code = json_is_true(json_object_get(status, "ok")) ? 0 : 1;
    if (opts_flag(o, "json")) {
        json_dumpf(status, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else {
        print(status);
    }
out:
    json_decref(status);
    status_free(asking);
    plan_free(plan);
    opts_free(o);
    return code;
}

const struct command command_status = {
    .name = "status",
    .about = "show what runs, how far sources have read, what stopped and why",
    .order = 55,
    .run = run,
};
