/* lib/ua: an agent's answer out of the rules that match it. */
#include "ua/ua.h"

#include <stdlib.h>

#include "base/buf.h"
#include "ua/cache.h"
#include "ua/match.h"

/* Templates of a rule, by list. */
enum { FAMILY, MAJOR, MINOR, PATCH, PATCH_MINOR };
enum { DEVICE, BRAND, MODEL };

struct ua {
    struct matcher *matcher;
    struct cache *cache;
    struct buf text; /* the answer's, while it is made */
};

/* A piece of ua->text: the buffer may move while it grows. */
struct span {
    size_t from, n;
};

struct ua *ua_new(struct err *err)
{
    struct ua *ua = calloc(1, sizeof *ua);
    if (ua != NULL)
        buf_init(&ua->text, 1 << 20);
    if (ua == NULL || (ua->cache = cache_new()) == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        ua_free(ua);
        return NULL;
    }
    if ((ua->matcher = matcher_new(err)) == NULL) {
        ua_free(ua);
        return NULL;
    }
    return ua;
}

void ua_free(struct ua *ua)
{
    if (ua == NULL)
        return;
    matcher_free(ua->matcher);
    cache_free(ua->cache);
    buf_fini(&ua->text);
    free(ua);
}

static struct span put(struct buf *text, struct str s)
{
    struct span span = { text->n, s.n };
    buf_put_str(text, s);
    return span;
}

/* The template with its groups filled in, or where the rule has none, the group `otherwise` (0: nothing); trimmed. */
static struct span fill(struct buf *text, const struct match *match, int template, int otherwise)
{
    const char *p = match->rule->templates[template];
    if (p == NULL)
        return put(text, otherwise > 0 ? str_trim(match->groups[otherwise]) : STR(""));
    size_t from = text->n;
    for (; *p != '\0'; p++) {
        if (p[0] == '$' && p[1] >= '1' && p[1] <= '9')
            buf_put_str(text, match->groups[*++p - '0']);
        else
            buf_putc(text, *p);
    }
    if (text->failed)
        return (struct span){ from, 0 };
    struct str trimmed = str_trim((struct str){ text->p + from, text->n - from });
    return (struct span){ (size_t)(trimmed.p - text->p), trimmed.n };
}

/* What is known of major.minor.patch.patch_minor, up to `last`. */
static struct span version(struct buf *text, const struct match *match, int last)
{
    size_t from = text->n;
    for (int i = MAJOR; i <= last; i++) {
        size_t dot = text->n;
        if (dot > from)
            buf_putc(text, '.');
        struct span part = fill(text, match, i, i + 1);
        /* Trimming may have left a gap. */
        size_t to = dot > from ? dot + 1 : dot;
        if (!text->failed && part.n > 0)
            memmove(text->p + to, text->p + part.from, part.n);
        text->n = part.n > 0 ? to + part.n : dot;
    }
    return (struct span){ from, text->n - from };
}

static bool alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

/* A bot is called what of it the crawler list matched, if that looks like a name; else what the rules call the browser. */
static struct str bot_name(struct str matched, bool spider, struct str browser)
{
    while (matched.n > 0 && !alphanumeric(matched.p[0]))
        matched.p++, matched.n--;
    while (matched.n > 0 && !alphanumeric(matched.p[matched.n - 1]))
        matched.n--;
    bool name = matched.n > 0 && memchr(matched.p, '/', matched.n) == NULL && memchr(matched.p, '.', matched.n) == NULL;
    if (!name && spider && !str_eq(browser, STR("Other")))
        return browser;
    return matched;
}

int ua_parse_anew(struct ua *ua, struct str agent, struct ua_answer *answer)
{
    static const struct ua_answer unknown;
    struct buf *text = &ua->text;
    struct match match;
    struct span browser, browser_version = { 0, 0 }, os, os_version = { 0, 0 }, device, brand = { 0, 0 }, model = { 0, 0 };
    struct str crawler = STR("");
    if (agent.n > UA_AGENT_MAX)
        agent.n = UA_AGENT_MAX;
    buf_clear(text);
    matcher_text(ua->matcher, agent);
    if (matcher_first(ua->matcher, UA_BROWSER, &match)) {
        browser = fill(text, &match, FAMILY, 1);
        browser_version = version(text, &match, PATCH_MINOR);
    } else {
        browser = put(text, STR("Other"));
    }
    if (matcher_first(ua->matcher, UA_OS, &match)) {
        os = fill(text, &match, FAMILY, 1);
        os_version = version(text, &match, PATCH_MINOR);
    } else {
        os = put(text, STR("Other"));
    }
    if (matcher_first(ua->matcher, UA_DEVICE, &match)) {
        device = fill(text, &match, DEVICE, 1);
        brand = fill(text, &match, BRAND, 0);
        model = fill(text, &match, MODEL, 1);
    } else {
        device = put(text, STR("Other"));
    }
    bool listed = matcher_first(ua->matcher, UA_CRAWLER, &match);
    if (listed)
        crawler = match.groups[0];
    *answer = unknown;
    if (text->failed || matcher_failed(ua->matcher))
        return -1;
#define TEXT(span) ((struct str){ text->p + (span).from, (span).n })
    answer->browser = TEXT(browser);
    answer->browser_version = TEXT(browser_version);
    answer->os = TEXT(os);
    answer->os_version = TEXT(os_version);
    answer->device = TEXT(device);
    answer->brand = TEXT(brand);
    answer->model = TEXT(model);
#undef TEXT
    bool spider = str_eq(answer->device, STR("Spider"));
    answer->is_bot = listed || spider;
    answer->bot_name = answer->is_bot ? bot_name(crawler, spider, answer->browser) : STR("");
    return 0;
}

int ua_parse(struct ua *ua, struct str agent, struct ua_answer *answer)
{
    if (agent.n > UA_AGENT_MAX)
        agent.n = UA_AGENT_MAX;
    if (cache_get(ua->cache, agent, answer))
        return 0;
    if (ua_parse_anew(ua, agent, answer) < 0)
        return -1;
    cache_put(ua->cache, agent, answer);
    return 0;
}

unsigned ua_rules_tried(const struct ua *ua)
{
    return matcher_tried(ua->matcher);
}

unsigned ua_rules_held(const struct ua *ua)
{
    return matcher_held(ua->matcher);
}
