/* loaders/events/agents: user agents as browsers, apps and crawlers send them. */
#ifndef ODW_EVENTS_AGENTS_H
#define ODW_EVENTS_AGENTS_H

#include <stdint.h>

#include "base/buf.h"

enum agent_kind { AGENT_DESKTOP, AGENT_PHONE, AGENT_CRAWLER, AGENT_SERVER };

/* Appends the agent that `random` (64 even bits) picks; always the same for the same number. Well over 5,000 different ones: real
 * forms, real version numbers, real devices. */
enum agent_kind agent_put(struct buf *out, uint64_t random);

#endif
