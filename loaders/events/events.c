/* loaders/events: what users did, generated as PostHog would report it, or read from JSON lines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "loaders/events/agents.h"
#include "loaders/events/mapping.h"
#include "loaders/events/personal.h"
#include "loaders/events/source.h"
#include "loaders/generate.h"
#include "loaders/loader.h"

enum { SESSION_MS = 1800000, USERS_LOG2 = 18, PERSONAL_PER_MILLE = 100, LINE_KEY_MAX = 200 };

struct events {
    struct source *source;   /* NULL: generate */
    struct mapping *mapping; /* NULL: lines go as they are */
    struct buf line;         /* before the mapping */
    uint64_t seed;
    int64_t at, count;
    int64_t first_ms, span_ms;
    bool live; /* the time of each event is now */
    unsigned fail_percentage;
};

/* How often in a thousand; they add up to 1000. */
static const struct {
    const char *name;
    unsigned share;
} names[] = {
    { "$pageview", 330 },  { "$autocapture", 230 },   { "$pageleave", 150 },      { "$feature_flag_called", 60 },
    { "$web_vitals", 45 }, { "$identify", 30 },       { "search_performed", 28 }, { "$screen", 25 },
    { "item_added", 20 },  { "$rageclick", 12 },      { "user_logged_in", 12 },   { "$exception", 10 },
    { "$set", 10 },        { "checkout_started", 9 }, { "$groupidentify", 7 },    { "purchase_completed", 6 },
    { "survey shown", 5 }, { "user_signed_up", 4 },   { "survey sent", 3 },       { "$create_alias", 2 },
    { "$opt_in", 2 },
};
static const char *const projects[] = { "web-shop", "web-shop",   "web-shop",   "docs",
                                        "docs",     "mobile-app", "mobile-app", "back-office" };
static const char *const paths[] = {
    "",        "pricing",        "products", "products/1042", "products/2210",     "products/981", "cart",     "checkout",
    "account", "account/orders", "search",   "blog",          "blog/how-we-build", "docs/start",   "docs/api", "help"
};
static const char *const elements[] = { "button", "a", "input", "select", "label", "div" };

/* Few do much, many do little: the logarithm of a user's rank is even (Zipf's law with exponent 1, in steps of powers of two). */
static uint64_t pick_user(uint64_t random)
{
    unsigned level = (unsigned)(random % USERS_LOG2);
    return ((uint64_t)1 << level) + (random >> 8) % ((uint64_t)1 << level);
}

static const char *pick_name(uint64_t random)
{
    unsigned share = (unsigned)(random % 1000);
    size_t i = 0;
    while (share >= names[i].share)
        share -= names[i++].share;
    return names[i].name;
}

static void put_address(struct buf *b, uint64_t user)
{
    if (user % 5 == 0) {
        buf_puts(b, "2a02:");
        gen_put_hex(b, 0x1000 | (user >> 8 & 0xfff), 4);
        buf_putc(b, ':');
        gen_put_hex(b, 0x1000 | (user >> 20 & 0xfff), 4);
        buf_puts(b, "::");
        gen_put_hex(b, 0x1000 | (user >> 32 & 0xfff), 4);
        return;
    }
    static const unsigned char nets[] = { 5, 24, 37, 46, 62, 77, 80, 84, 91, 109, 139, 151, 176, 188, 203, 212 };
    gen_put_number(b, nets[user >> 8 & 15]);
    for (int shift = 16; shift <= 32; shift += 8) {
        buf_putc(b, '.');
        gen_put_number(b, shift == 32 ? 1 + (user >> shift & 0xff) % 254 : user >> shift & 0xff);
    }
}

static void put_properties(struct buf *b, const char *name, const char *project, bool phone, uint64_t random)
{
    buf_puts(b, "{\"$current_url\":\"https://");
    buf_puts(b, project);
    buf_puts(b, ".example.com/");
    buf_puts(b, paths[random & 15]);
    buf_puts(b, phone ? "\",\"$screen_width\":390" : random & 16 ? "\",\"$screen_width\":1920" : "\",\"$screen_width\":1440");
    if (strcmp(name, "$autocapture") == 0 || strcmp(name, "$rageclick") == 0) {
        buf_puts(b, ",\"tag\":\"");
        buf_puts(b, elements[(random >> 5) % 6]);
        buf_putc(b, '"');
    } else if (strcmp(name, "$web_vitals") == 0) {
        buf_puts(b, ",\"lcp_ms\":");
        gen_put_number(b, 600 + (random >> 8) % 3000);
    } else if (strcmp(name, "$pageleave") == 0) {
        buf_puts(b, ",\"seconds\":");
        gen_put_number(b, 1 + (random >> 8) % 600);
    } else if (strcmp(name, "purchase_completed") == 0 || strcmp(name, "item_added") == 0) {
        buf_puts(b, ",\"currency\":\"EUR\",\"value\":");
        gen_put_number(b, 1 + (random >> 8) % 400);
        buf_puts(b, ".99");
    } else if (strcmp(name, "$feature_flag_called") == 0) {
        buf_puts(b, (random >> 8) & 1 ? ",\"flag\":\"new-checkout\",\"value\":true" : ",\"flag\":\"new-checkout\",\"value\":false");
    }
    uint64_t more = gen_mix(random);
    if (more % 1000 < PERSONAL_PER_MILLE) {
        buf_putc(b, ',');
        personal_put(b, more / 1000 ^ random << 20);
    }
    buf_putc(b, '}');
}

static void generate(struct events *e, int64_t i, struct buf *b, struct buf *key)
{
    uint64_t unique = gen_mix((uint64_t)i + e->seed), random = gen_mix(unique ^ e->seed << 32 ^ 0x6f6477), more = gen_mix(random);
    uint64_t user = gen_mix(pick_user(random) ^ e->seed << 20);
    int64_t ms;
    if (e->live) {
        ms = wall_ms();
    } else {
        /* Even over the span, in order, the last one at its end. */
        ms = e->first_ms + (int64_t)((double)e->span_ms * (double)(i + 1) / (double)e->count);
    }
    const char *name = pick_name(more), *project = projects[user % 8];
    buf_puts(b, "{\"id\":\"");
    gen_put_uuid(b, ms, unique, random);
    buf_puts(b, (more >> 32) % 100 < e->fail_percentage ? "\",\"event_name\":\"[DLQ]" : "\",\"event_name\":\"");
    buf_puts(b, name);
    buf_puts(b, "\",\"timestamp\":\"");
    gen_put_time(b, ms);
    buf_puts(b, "\",\"distinct_id\":\"");
    gen_put_hex(key, user, 16);
    gen_put_hex(key, gen_mix(user), 4);
    buf_put_str(b, buf_str(key));
    buf_puts(b, "\",\"session_id\":\"");
    int64_t session = ms / SESSION_MS;
    gen_put_uuid(b, session * SESSION_MS, gen_mix(user ^ (uint64_t)session), user);
    buf_puts(b, "\",\"project_id\":\"");
    buf_puts(b, project);
    buf_puts(b, "\",\"ip_address\":\"");
    put_address(b, gen_mix(user + 1));
    buf_puts(b, "\",\"user_agent\":\"");
    enum agent_kind kind = agent_put(b, gen_mix(user + 2));
    buf_puts(b, "\",\"properties\":");
    put_properties(b, name, project, kind == AGENT_PHONE, gen_mix(more));
    buf_putc(b, '}');
}

/* The producer's key for a line, so that one user's events stay in order: the text of the first "distinct_id" that is a plain
 * string. Cheap, not exact: a wrong one only means another partition. */
static void find_key(struct str line, struct buf *key)
{
    static const char word[] = "\"distinct_id\"";
    const char *at = memmem(line.p, line.n, word, sizeof word - 1), *end = line.p + line.n;
    if (at == NULL)
        return;
    at += sizeof word - 1;
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    if (at == end || *at != '"')
        return;
    const char *from = ++at;
    while (at < end && *at != '"' && *at != '\\' && at - from < LINE_KEY_MAX)
        at++;
    if (at < end && *at == '"')
        buf_put(key, from, (size_t)(at - from));
}

static void events_close(void *state)
{
    struct events *e = state;
    if (e == NULL)
        return;
    source_close(e->source);
    mapping_free(e->mapping);
    buf_fini(&e->line);
    free(e);
}

static int events_open(const struct opts *o, void **state, int64_t *total, struct err *err)
{
    struct events *e = calloc(1, sizeof *e);
    if (e == NULL)
        return err_set(err, ERR_RETRY, "out of memory");
    buf_init(&e->line, 0);
    if (opts_operands(o) > 0) {
        static const char *const generator[] = { "count", "seed", "days", "until", "fail-percentage" };
        for (size_t i = 0; i < sizeof generator / sizeof generator[0]; i++)
            if (opts_given(o, generator[i])) {
                err_set(err, ERR_STOP, "--%s is for generated events; '%s' is sent as it is", generator[i], opts_operand(o, 0));
                goto fail;
            }
        const char *mapping = opts_text(o, "mapping");
        if (mapping != NULL && (e->mapping = mapping_load(opts_text(o, "root"), mapping, err)) == NULL)
            goto fail;
        if ((e->source = source_open(o, opts_operand(o, 0), err)) == NULL)
            goto fail;
        *total = -1;
        *state = e;
        return 0;
    }
    if (opts_given(o, "mapping")) {
        err_set(err, ERR_STOP, "--mapping is for events out of a file; without one they are generated");
        goto fail;
    }
    int64_t until = wall_ms();
    if (opts_text(o, "until") != NULL && gen_read_moment("--until", opts_text(o, "until"), &until, err) < 0)
        goto fail;
    e->seed = gen_mix((uint64_t)opts_number(o, "seed"));
    e->count = opts_number(o, "count");
    e->span_ms = opts_number(o, "days") * GEN_DAY_MS;
    e->first_ms = until - e->span_ms;
    e->live = e->span_ms == 0 && opts_text(o, "until") == NULL;
    e->fail_percentage = (unsigned)opts_number(o, "fail-percentage");
    *total = e->count;
    *state = e;
    return 0;
fail:
    events_close(e);
    return -1;
}

static int next_line(struct events *e, struct buf *record, struct buf *key, struct err *err)
{
    size_t start = record->n;
    if (e->mapping == NULL) {
        int rc = source_next(e->source, record, err);
        if (rc == 1)
            find_key((struct str){ record->p + start, record->n - start }, key);
        return rc;
    }
    buf_clear(&e->line);
    e->line.max = record->max;
    int rc = source_next(e->source, &e->line, err);
    if (rc != 1)
        return rc;
    /* What can't be mapped goes as it is: it becomes a dead letter with its bytes. */
    int mapped = mapping_apply(e->mapping, buf_str(&e->line), record);
    if (mapped == 0)
        buf_put_str(record, buf_str(&e->line));
    if (record->failed)
        return err_set(err, ERR_DROP, "a line of %zu bytes is larger than the topic takes once it is mapped", e->line.n);
    find_key((struct str){ record->p + start, record->n - start }, key);
    return 1;
}

static int events_next(void *state, struct buf *record, struct buf *key, struct err *err)
{
    struct events *e = state;
    if (e->source != NULL)
        return next_line(e, record, key, err);
    if (e->at >= e->count)
        return 0;
    generate(e, e->at++, record, key);
    return record->failed ? err_set(err, ERR_DROP, "event %" PRId64 " is larger than the topic takes", e->at) : 1;
}

static int64_t events_skipped(const void *state)
{
    const struct events *e = state;
    return e->source != NULL ? source_blank(e->source) : 0;
}

static int events_position(void *state, struct buf *out)
{
    struct events *e = state;
    return e->source != NULL ? source_position(e->source, out) : 0;
}

static int events_resume(void *state, struct str position, struct err *err)
{
    struct events *e = state;
    return source_resume(e->source, position, err);
}

static const struct opt options[] = {
    { .name = "mapping",
      .type = OPT_TEXT,
      .arg = "NAME|FILE",
      .help = "How another tool's events become the contract's: posthog, segment, or a file as in loaders/events/mappings" },
    { .name = "count", .type = OPT_NUMBER, .arg = "N", .fallback = "10000", .help = "How many events to generate" },
    { .name = "seed",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "1",
      .help = "The same seed gives the same events, where --until is given too" },
    { .name = "days",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "1",
      .max = 36500,
      .help = "Over how many days the events' times spread; 0 without --until: each event happens when it is sent" },
    { .name = "until",
      .type = OPT_TEXT,
      .arg = "MOMENT",
      .help = "When the last event happened, as 2026-11-20T10:00:00Z; without it now" },
    { .name = "fail-percentage",
      .type = OPT_NUMBER,
      .arg = "N",
      .fallback = "0",
      .max = 100,
      .help = "Share of events whose name begins with [DLQ], which the contract turns into dead letters" },
    { .name = NULL },
};

static const char *const identity[] = { "mapping", "s3-url", NULL };

const struct loader loader_events = {
    .name = "events",
    .about = "What users did. Without FILE, events are generated as a web analytics library would send them. With FILE (JSON "
             "lines, also "
             "gzipped; '-' is standard input; s3://BUCKET/PATTERN are objects of a store, one after another) each line is sent as "
             "it is, keyed by "
             "its distinct_id; with --mapping it is first made an event of the contract's.",
    .operands = "[FILE|-|s3://BUCKET/PATTERN]",
    .max_operands = 1,
    .options = options,
    .more = "Examples:\n"
            "  odw load events --count 1000000              a million events of the last day\n"
            "  odw load events --days 0 --rate 1000 --count 60000   a minute of live traffic\n"
            "  odw load events --count 5 --print            look at five of them\n"
            "  odw load events events.ndjson\n"
            "  odw load events export.jsonl.gz --mapping posthog\n"
            "  odw load events 's3://exports/2026-11-*/*.json.gz' --mapping segment\n",
    .open = events_open,
    .next = events_next,
    .skipped = events_skipped,
    .close = events_close,
    .position = events_position,
    .resume = events_resume,
    .identity = identity,
};
