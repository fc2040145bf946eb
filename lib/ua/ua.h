/* lib/ua: what a User-Agent header says of browser, operating system, device, and whether a program sent it.
 *
 * The rules are uap-core's, read as its specification says (docs/specification.md, "ua-parser Specification"): of each list the
 * first one that matches counts, $1 to $9 in what it gives are its groups, a family that no rule knows is "Other". */
#ifndef ODW_UA_H
#define ODW_UA_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Bytes of an agent that are looked at; the rest is as if it weren't there. uap-core's longest test has 1 KiB. */
enum { UA_AGENT_MAX = 2048 };

/* Text is UTF-8 whatever the agent was; "" where nothing is known. */
struct ua_answer {
    struct str browser;                     /* "Chrome Mobile"; "Other" */
    struct str browser_version, os_version; /* major.minor.patch.patch_minor, as many as are known */
    struct str os;                          /* "Android"; "Other" */
    struct str device;                      /* "Samsung SM-G960F"; "Spider" for crawlers; "Other" */
    struct str brand, model;
    struct str bot_name;
    bool is_bot; /* the crawler list knows it, or the rules call its device a Spider: crawlers, and programs such as curl */
};

struct ua;

/* Holds rules as they are first needed (2 KiB each, 12 MiB once all were needed for agents in ASCII and for others) and the last
 * answers (UA_CACHE_BYTES). NULL and err: no memory. */
struct ua *ua_new(struct err *err) __attribute__((warn_unused_result));
void ua_free(struct ua *ua);

enum { UA_CACHE_BYTES = 9 << 20 };

/* What an agent says; any bytes. *answer is valid until the next call. -1: no memory. One thread at a time. */
int ua_parse(struct ua *ua, struct str agent, struct ua_answer *answer) __attribute__((warn_unused_result));

/* As ua_parse, without the cache. For tests and benchmarks. */
int ua_parse_anew(struct ua *ua, struct str agent, struct ua_answer *answer) __attribute__((warn_unused_result));
/* How many rules the last agent was tried against, and how many are held. */
unsigned ua_rules_tried(const struct ua *ua), ua_rules_held(const struct ua *ua);

#endif
