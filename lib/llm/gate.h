/* lib/llm/gate: what all processes on this machine share about a provider: how many requests are in flight, how many there were
 * this minute, whether it asked for patience, whether it is away. */
#ifndef ODW_LLM_GATE_H
#define ODW_LLM_GATE_H

#include "llm/config.h"

struct gate;

/* STATE/NAME.gate, made where it isn't there. NULL and err. */
struct gate *gate_open(const char *state, const struct llm_provider *p, struct err *err) __attribute__((warn_unused_result));
/* Gives back what it holds, as a process that dies does. */
void gate_close(struct gate *g);

enum { GATE_OPEN = 0, GATE_AWAY = -1 };
/* Asks to send a request that will take about `tokens`. GATE_OPEN: *slot is its place, until gate_leave. GATE_AWAY: the provider
 * has failed so often that nothing is sent to it for now. Else: how many milliseconds to wait before asking again. */
int64_t gate_enter(struct gate *g, uint64_t tokens, int64_t now_ms, int *slot);

enum gate_outcome {
    GATE_ANSWERED, /* any answer that says that it is there and well */
    GATE_FAILED,   /* none, or 5xx */
    GATE_TOO_MANY, /* 429 */
    GATE_UNUSED,   /* it wasn't sent after all */
};
/* retry_after_ms: how long the provider asks everyone to wait; 0: it didn't say. used: the tokens that it took, where that is
 * known. */
void gate_leave(struct gate *g, int slot, enum gate_outcome outcome, int64_t retry_after_ms, uint64_t asked, uint64_t used,
                int64_t now_ms);

/* Only one process asks the same thing at a time: true, and nobody else gets a claim to this key until it is given up. */
bool gate_claim(struct gate *g, const uint8_t key[32]);
void gate_unclaim(struct gate *g, const uint8_t key[32]);

/* Full jitter (Brooker, Exponential backoff and jitter): anything from 0 to base × 2^tries, at most cap. random: 64 random bits. */
int64_t gate_backoff(unsigned tries, int64_t base_ms, int64_t cap_ms, uint64_t random);

#endif
