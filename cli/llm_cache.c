/* cli/llm_cache: odw llm cache stats|clear, odw llm usage: answers that are kept, and what language models have cost. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/settings.h"
#include "cli/functions.h"
#include "cli/llm.h"
#include "llm/cache.h"
#include "llm/config.h"

static const struct opt cache_options[] = {
    { .name = "model", .type = OPT_TEXT, .arg = "NAME", .help = "clear: only this model's, as llm.json names it" },
    { .name = "older-than",
      .type = OPT_DURATION,
      .arg = "TIME",
      .fallback = "0",
      .max = INT64_MAX,
      .help = "clear: only those made longer ago than this, such as 30d" },
    { .name = "failed",
      .type = OPT_FLAG,
      .help = "clear: only refusals, empty answers and those that were cut, so that they are asked for again" },
    { .name = "containing",
      .type = OPT_TEXT,
      .arg = "TEXT",
      .help = "clear: only those in which this text stands, such as the name of a person who is erased" },
    { .name = "json", .type = OPT_FLAG, .help = "stats: one JSON object" },
    { .name = NULL },
};

static const struct opt_usage cache_usage = {
    .program = "odw llm cache",
    .about = "The answers of language models that are kept, so that asking the same again costs nothing. stats says how many there "
             "are; clear removes them "
             "(what was used stays counted: odw llm usage).",
    .operands = "stats|clear",
    .min_operands = 1,
    .max_operands = 1,
    .own = cache_options,
    .shared = settings_shared,
    .more = "They lie in odw/llm/state below the server's user scripts (user-scripts), or where \"state\" in llm.json says.\n"
            "Exit codes: 0 done, 1 failed, 2 the command line is wrong.\n",
};

static const struct opt usage_options[] = {
    { .name = "days",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "30",
      .min = 0,
      .max = 100000,
      .help = "Of the last N days (UTC); 0: of all" },
    { .name = "json", .type = OPT_FLAG, .help = "A line of JSON for each day and model" },
    { .name = NULL },
};

static const struct opt_usage usage_usage = {
    .program = "odw llm usage",
    .about = "What language models were asked and what it cost, by day and model: requests, tokens, and rows that were answered "
             "from the cache.",
    .own = usage_options,
    .shared = settings_shared,
    .more = "Costs are in the currency of the prices in llm.json.\nExit codes: 0 done, 1 failed, 2 the command line is wrong.\n",
};

/* The cache of the server whose user scripts these are. NULL and err. */
static struct llm_cache *open_cache(const struct opts *o, struct err *err)
{
    char folder[PATH_MAX], state[PATH_MAX];
    const char *scripts = opts_text(o, "user-scripts");
    snprintf(folder, sizeof folder, "%s/odw/llm", scripts != NULL && scripts[0] != '\0' ? scripts : FUNCTIONS_USER_SCRIPTS);
    if (llm_config_state(folder, state, sizeof state, err) < 0)
        return NULL;
    return llm_cache_open(state, UINT64_MAX, wall_ms(), err); /* what is too large or too old is the function's to say */
}

static void put_day(int64_t ms, char text[16])
{
    int year, month, day;
    calendar_date(ms / 86400000, &year, &month, &day);
    snprintf(text, 16, "%04d-%02d-%02d", year, month, day);
}

static int put_stats(struct llm_cache *c, bool json, struct err *err)
{
    struct llm_cache_stats s;
    char oldest[16], newest[16], used[16];
    if (llm_cache_stats(c, &s, err) < 0)
        return -1;
    if (json) {
        printf("{\"answers\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"cost\":%.6f,\"oldest_ms\":%" PRId64
               ",\"newest_ms\":%" PRId64 "}\n",
               s.answers, s.failed, s.bytes, s.cost, s.oldest_ms, s.newest_ms);
        return 0;
    }
    put_day(s.oldest_ms, oldest);
    put_day(s.newest_ms, newest);
    put_day(s.used_ms, used);
    printf("answers  %" PRIu64 "\nfailed   %" PRIu64 "\nbytes    %" PRIu64 "\ncost     %.6f\n", s.answers, s.failed, s.bytes,
           s.cost);
    if (s.answers > 0)
        printf("made     %s to %s\nused     %s\n", oldest, newest, used);
    return 0;
}

static int run_cache(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int done = settings_start(&cache_usage, "llm", argc, argv, &o);
    if (done >= 0)
        return done;
    const char *verb = opts_operand(o, 0);
    bool stats = strcmp(verb, "stats") == 0;
    struct llm_cache *c = NULL;
    uint64_t removed = 0;
    done = EXIT_FAILURE;
    if (!stats && strcmp(verb, "clear") != 0) {
        fprintf(stderr, "odw llm cache: expected stats or clear, got '%s'\nTry 'odw llm cache --help'.\n", verb);
        done = 2;
    } else if ((c = open_cache(o, &err)) != NULL && stats) {
        done = put_stats(c, opts_flag(o, "json"), &err) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    } else if (c != NULL) {
        int64_t age = opts_number(o, "older-than");
        if (llm_cache_clear(c, opts_text(o, "model"), age > 0 ? wall_ms() - age : 0, opts_flag(o, "failed"),
                            opts_text(o, "containing"), &removed, &err) == 0) {
            fprintf(stderr, "removed %" PRIu64 " answers\n", removed);
            done = EXIT_SUCCESS;
        }
    }
    if (err.class != ERR_NONE)
        fprintf(stderr, "odw llm cache: %s\n", err.text);
    llm_cache_close(c);
    opts_free(o);
    return done;
}

static int put_usage(const struct llm_usage *u, void *json)
{
    if (*(const bool *)json)
        printf("{\"day\":\"%s\",\"model\":\"%s\",\"requests\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"from_cache\":%" PRIu64
               ",\"tokens_in\":%" PRIu64 ",\"tokens_out\":%" PRIu64 ",\"cost\":%.6f}\n",
               u->day, u->model, u->requests, u->failed, u->from_cache, u->tokens_in, u->tokens_out, u->cost);
    else
        printf("%-10s  %-24s %9" PRIu64 " %7" PRIu64 " %10" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12.6f\n", u->day, u->model,
               u->requests, u->failed, u->from_cache, u->tokens_in, u->tokens_out, u->cost);
    return 0;
}

static int run_usage(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int done = settings_start(&usage_usage, "llm", argc, argv, &o);
    if (done >= 0)
        return done;
    bool json = opts_flag(o, "json");
    struct llm_cache *c = open_cache(o, &err);
    if (c != NULL && !json)
        printf("%-10s  %-24s %9s %7s %10s %12s %12s %12s\n", "day", "model", "requests", "failed", "from_cache", "tokens_in",
               "tokens_out", "cost");
    if (c != NULL && llm_usage_each(c, wall_ms(), (unsigned)opts_number(o, "days"), put_usage, &json, &err) < 0)
        err_set(&err, ERR_STOP, "not all of it could be read");
    if (err.class != ERR_NONE)
        fprintf(stderr, "odw llm usage: %s\n", err.text);
    llm_cache_close(c);
    opts_free(o);
    return err.class != ERR_NONE ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct verb llm_cache = { .name = "cache", .about = "answers that are kept: how many, or remove them", .run = run_cache };
const struct verb llm_usage = { .name = "usage", .about = "what was asked and what it cost, by day and model", .run = run_usage };
