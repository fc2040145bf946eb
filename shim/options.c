/* shim/options: the table of odw-shim's options. */
#include "shim/options.h"

#include <stdio.h>
#include <string.h>

#include "base/settings.h"

static const struct opt own[] = {
    { .name = "shim-listen",
      .type = OPT_TEXT,
      .arg = "HOST:PORT",
      .help = "Where to listen; without it what shim-url says. Beyond loopback a token is required" },
    { .name = "shim-token-file",
      .type = OPT_TEXT,
      .arg = "FILE",
      .help = "A file whose first line is the bearer token that every request but /health must carry" },
    { .name = "shim-dead-letters-token-file",
      .type = OPT_TEXT,
      .arg = "FILE",
      .help =
          "A file whose first line is the bearer token that opens dead letters too, which are raw; without it they are closed" },
    { .name = "shim-cursor-key-file",
      .type = OPT_TEXT,
      .arg = "FILE",
      .help = "The key that cursors are signed with, the same for all shims behind one address; without it cursor.key in the state "
              "folder, made when it isn't there" },
    { .name = "shim-max-connections",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "1000",
      .min = 1,
      .max = 20000,
      .help = "Most connections at once; each is a thread" },
    { .name = "shim-clickhouse-connections",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "16",
      .min = 1,
      .max = 1000,
      .help = "Most questions to ClickHouse at once" },
    { .name = "shim-max-body",
      .type = OPT_SIZE,
      .arg = "SIZE",
      .fallback = "32M",
      .min = 1024,
      .max = 1073741824,
      .help = "Largest body of a POST, also after it is unzipped" },
    { .name = "shim-ingest-memory",
      .type = OPT_SIZE,
      .arg = "SIZE",
      .fallback = "256M",
      .min = 1048576,
      .max = 1099511627776,
      .help = "Most bytes of bodies, and again of records on their way, that are held at once; above it the answer is 503" },
    { .name = "shim-linger",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "1ms",
      .min = 0,
      .max = 1000,
      .help = "How long a record waits for others to share a batch with" },
    { .name = "shim-produce-timeout",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "2s",
      .min = 100,
      .max = 300000,
      .help = "How long a request waits until its records are stored; then the answer is 503" },
    { .name = "shim-idle-timeout",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "30s",
      .min = 100,
      .max = 3600000,
      .help = "How long a connection may take to send the head of its next request" },
    { .name = "shim-request-timeout",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "60s",
      .min = 100,
      .max = 3600000,
      .help = "How long the body of a request may take to come, and its answer to go" },
    { .name = "shim-drain-timeout",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "8s",
      .min = 0,
      .max = 3600000,
      .help = "How long requests under way may take to finish after SIGTERM" },
    { .name = "shim-access-log", .type = OPT_FLAG, .help = "Log a line per request" },
    { .name = NULL },
};

const struct opt_usage shim_usage = {
    .program = "odw-shim",
    .about =
        "Serves the questions in shim/endpoints/ as typed, paged HTTP endpoints over ClickHouse, and takes records in at /ingest.",
    .own = own,
    .shared = settings_shared,
    .more = "SIGTERM finishes what is under way and exits; SIGHUP reads endpoints and contracts again.\n"
            "Here the prefix \"shim-\" may be left out: --listen is --shim-listen.\n"
            "Exit codes: 0 stopped as asked, 1 failed, 2 usage.\n",
};

int options_expand(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0)
            continue;
        const char *name = argv[i] + 2;
        size_t n = strcspn(name, "=");
        for (const struct opt *o = own; o->name != NULL; o++) {
            char *longer;
            if (strlen(o->name + 5) != n || strncmp(o->name + 5, name, n) != 0)
                continue;
            if (asprintf(&longer, "--shim-%s", name) < 0) /* lives as long as argv */
                return -1;
            argv[i] = longer;
            break;
        }
    }
    return 0;
}
