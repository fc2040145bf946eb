/* lib/llm/gate: a small file, mapped by all; byte locks on it are the places in flight, which the kernel gives back when a process
 * dies. */
#include "llm/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

enum {
    SIZE = 4096,
    SLOTS_AT = 4096, /* locks may lie beyond the end of a file */
    WAIT_MS = 5,     /* all places are taken by other processes: look again */
    BURST_S = 10,    /* how much of a minute's allowance may be used at once */
    AWAY_MS = 15000,
    SLOWER_MS = 1000, /* 429s that come together are one sign */
};
static const off_t CLAIMS_AT = (off_t)1 << 40;

struct shared {
    uint64_t version;
    int64_t filled_ms; /* of the monotonic clock */
    double requests, tokens;
    int64_t not_before_ms, away_until_ms, slower_ms;
    uint32_t failures; /* in a row */
    double allowed;    /* of in_flight: less after a 429, more again with each answer */
};

struct gate {
    const struct llm_provider *provider;
    struct shared *shared;
    int fd;
    unsigned n_slots, taken;
    bool *slots; /* those that this process holds */
};

static int lock_byte(const struct gate *g, off_t at, int type, bool wait)
{
    struct flock lock = { .l_type = (short)type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };
    int done;
    do
        done = fcntl(g->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    while (done < 0 && errno == EINTR);
    return done;
}

struct gate *gate_open(const char *state, const struct llm_provider *p, struct err *err)
{
    char path[4096];
    struct gate *g = calloc(1, sizeof *g);
    if (g == NULL || (g->slots = calloc(p->in_flight, sizeof *g->slots)) == NULL) {
        free(g);
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    g->provider = p;
    g->n_slots = p->in_flight;
    snprintf(path, sizeof path, "%s/%s.gate", state, p->name);
    g->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (g->fd < 0 || ftruncate(g->fd, SIZE) < 0) {
        err_errno(err, ERR_STOP, "%s: expected a file that this process may write", path);
        gate_close(g);
        return NULL;
    }
    void *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd, 0);
    if (map == MAP_FAILED) {
        err_errno(err, ERR_STOP, "%s", path);
        gate_close(g);
        return NULL;
    }
    g->shared = map;
    return g;
}

void gate_close(struct gate *g)
{
    if (g == NULL)
        return;
    if (g->shared != NULL)
        munmap(g->shared, SIZE);
    if (g->fd >= 0)
        close(g->fd);
    free(g->slots);
    free(g);
}

/* What has come in since the last look; also after a restart of the machine, whose clock begins anew. */
static void fill(struct gate *g, int64_t now_ms)
{
    struct shared *s = g->shared;
    const struct llm_provider *p = g->provider;
    double requests = (double)p->requests_per_minute / 60000, tokens = (double)p->tokens_per_minute / 60000;
    int64_t most = BURST_S * 1000, gone = now_ms - s->filled_ms;
    if (s->version != 1 || s->filled_ms > now_ms) {
        *s = (struct shared){ .version = 1, .allowed = p->in_flight };
        gone = most;
    }
    if (s->not_before_ms > now_ms + 3600000)
        s->not_before_ms = 0;
    gone = gone > most ? most : gone;
    s->requests += requests * (double)gone;
    s->tokens += tokens * (double)gone;
    double cap = requests * (double)most < 1 ? 1 : requests * (double)most;
    s->requests = s->requests > cap ? cap : s->requests;
    cap = tokens * (double)most;
    s->tokens = s->tokens > cap ? cap : s->tokens;
    s->filled_ms = now_ms;
    if (s->allowed < 1 || s->allowed > p->in_flight)
        s->allowed = s->allowed < 1 ? 1 : p->in_flight;
}

/* How long until the allowances suffice; 0: they do. A request larger than a whole burst goes once there is a full one. */
static int64_t until_allowed(const struct gate *g, uint64_t tokens)
{
    const struct shared *s = g->shared;
    const struct llm_provider *p = g->provider;
    double wait = 0;
    if (p->requests_per_minute > 0 && s->requests < 1)
        wait = (1 - s->requests) * 60000 / (double)p->requests_per_minute;
    if (p->tokens_per_minute > 0) {
        double burst = (double)p->tokens_per_minute * BURST_S / 60, need = (double)tokens < burst ? (double)tokens : burst;
        double more = (need - s->tokens) * 60000 / (double)p->tokens_per_minute;
        wait = more > wait ? more : wait;
    }
    return wait > 0 ? (int64_t)wait + 1 : 0;
}

static unsigned failures_until_away(const struct llm_provider *p)
{
    return 2 * p->in_flight < 10 ? 10 : 2 * p->in_flight;
}

int64_t gate_enter(struct gate *g, uint64_t tokens, int64_t now_ms, int *slot)
{
    struct shared *s = g->shared;
    int64_t wait = WAIT_MS;
    lock_byte(g, 0, F_WRLCK, true);
    fill(g, now_ms);
    if (s->failures >= failures_until_away(g->provider)) {
        if (now_ms < s->away_until_ms) {
            wait = GATE_AWAY;
            goto out;
        }
        s->away_until_ms = now_ms + AWAY_MS; /* this one finds out; the others wait for what comes of it */
    }
    if (s->not_before_ms > now_ms) {
        wait = s->not_before_ms - now_ms;
        goto out;
    }
    if ((wait = until_allowed(g, tokens)) > 0)
        goto out;
    wait = WAIT_MS;
    unsigned allowed = (unsigned)s->allowed;
    for (unsigned i = 0; i < g->n_slots && i < allowed; i++)
        if (!g->slots[i] && lock_byte(g, SLOTS_AT + (off_t)i, F_WRLCK, false) == 0) {
            g->slots[i] = true;
            g->taken++;
            *slot = (int)i;
            s->requests -= g->provider->requests_per_minute > 0 ? 1 : 0;
            s->tokens -= g->provider->tokens_per_minute > 0 ? (double)tokens : 0;
            wait = GATE_OPEN;
            break;
        }
out:
    lock_byte(g, 0, F_UNLCK, false);
    return wait;
}

void gate_leave(struct gate *g, int slot, enum gate_outcome outcome, int64_t retry_after_ms, uint64_t asked, uint64_t used,
                int64_t now_ms)
{
    struct shared *s = g->shared;
    lock_byte(g, 0, F_WRLCK, true);
    lock_byte(g, SLOTS_AT + (off_t)slot, F_UNLCK, false);
    g->slots[slot] = false;
    g->taken--;
    if (outcome == GATE_UNUSED) {
        s->requests += g->provider->requests_per_minute > 0 ? 1 : 0;
        s->tokens += g->provider->tokens_per_minute > 0 ? (double)asked : 0;
        lock_byte(g, 0, F_UNLCK, false);
        return;
    }
    if (g->provider->tokens_per_minute > 0 && used > 0)
        s->tokens += (double)asked - (double)used;
    if (retry_after_ms > 0 && now_ms + retry_after_ms > s->not_before_ms)
        s->not_before_ms = now_ms + retry_after_ms;
    if (outcome == GATE_FAILED) {
        if (++s->failures == failures_until_away(g->provider))
            s->away_until_ms = now_ms + AWAY_MS;
    } else {
        s->failures = 0;
    }
    if (outcome == GATE_ANSWERED) {
        s->allowed += 1 / s->allowed;
        s->allowed = s->allowed > g->provider->in_flight ? g->provider->in_flight : s->allowed;
    } else if (outcome == GATE_TOO_MANY && (now_ms - s->slower_ms > SLOWER_MS || s->slower_ms > now_ms)) {
        s->allowed = s->allowed * 0.7 < 1 ? 1 : s->allowed * 0.7;
        s->slower_ms = now_ms;
    }
    lock_byte(g, 0, F_UNLCK, false);
}

static off_t claim_at(const uint8_t key[32])
{
    off_t at = 0;
    for (int i = 0; i < 5; i++)
        at = at << 8 | key[i];
    return CLAIMS_AT + at;
}

bool gate_claim(struct gate *g, const uint8_t key[32])
{
    return lock_byte(g, claim_at(key), F_WRLCK, false) == 0 || (errno != EAGAIN && errno != EACCES);
}

void gate_unclaim(struct gate *g, const uint8_t key[32])
{
    lock_byte(g, claim_at(key), F_UNLCK, false);
}

int64_t gate_backoff(unsigned tries, int64_t base_ms, int64_t cap_ms, uint64_t random)
{
    int64_t most = tries < 20 ? base_ms << tries : cap_ms;
    most = most > cap_ms ? cap_ms : most;
    return most > 0 ? (int64_t)(random % (uint64_t)(most + 1)) : 0;
}
