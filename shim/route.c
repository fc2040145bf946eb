/* shim/route: from a path to its answer. */
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "clickhouse/clickhouse.h"
#include "shim/param.h"
#include "shim/shim.h"

/* ---- parameters ---- */

struct str request_arg(const struct request *r, const char *name)
{
    for (size_t i = 0; i < r->n_args; i++)
        if (str_eq(r->args[i].name, str_of(name)))
            return r->args[i].value;
    return (struct str){ NULL, 0 };
}

int request_args_check(struct request *r, const char *const *known, size_t n)
{
    for (size_t i = 0; i < r->n_args; i++) {
        struct str name = r->args[i].name;
        char text[64];
        bool found = false;
        for (size_t k = 0; k < n && !found; k++)
            found = str_eq(name, str_of(known[k]));
        snprintf(text, sizeof text, "%.*s", STR_ARG(name));
        if (!found) {
            const char *near = param_nearest(name, known, n);
            struct buf list;
            buf_init(&list, 4096);
            for (size_t k = 0; k < n; k++)
                buf_printf(&list, "%s%s", k > 0 ? ", " : "", known[k]);
            reply_problem(&r->reply, PROBLEM_PARAMETER, r->path, text, 0, "there is no parameter '%s' here%s%s%s; there %s %s",
                          text, near != NULL ? " (did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?)" : "",
                          n > 0 ? n > 1 ? "are" : "is" : "is none", buf_text(&list));
            buf_fini(&list);
            return -1;
        }
        for (size_t k = 0; k < i; k++) {
            if (!str_eq(name, r->args[k].name))
                continue;
            reply_problem(&r->reply, PROBLEM_PARAMETER, r->path, text, 0, "%s: expected it once, got it twice", text);
            return -1;
        }
    }
    return 0;
}

struct clickhouse *shim_clickhouse(struct shim *shim, struct request *r)
{
    enum { WAIT_MS = 2000 };
    void *c = NULL;
    struct err err = ERR_INIT;
    if (pool_get(&shim->clickhouses, WAIT_MS, &c) < 0) {
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "all connections to the database are in use");
        return NULL;
    }
    if (c == NULL && (c = clickhouse_new(shim->settings, &err)) == NULL) {
        pool_put(&shim->clickhouses, NULL);
        log_error("%s", err.text);
        reply_problem(&r->reply, PROBLEM_CLICKHOUSE, r->path, NULL, 0, "no connection to the database can be made");
    }
    return c;
}

void shim_clickhouse_back(struct shim *shim, struct clickhouse *c)
{
    pool_put(&shim->clickhouses, c);
}

/* ---- routes ---- */

enum room_of { AT_NOWHERE, AT_INDEX, AT_HEALTH, AT_METRICS, AT_OPENAPI, AT_API, AT_INGEST, AT_LETTER, AT_LETTER_ACTION };

static enum room_of place(struct str path, struct str *name)
{
    *name = (struct str){ NULL, 0 };
    if (str_eq(path, STR("/")))
        return AT_INDEX;
    if (str_eq(path, STR("/health")))
        return AT_HEALTH;
    if (str_eq(path, STR("/metrics")))
        return AT_METRICS;
    if (str_eq(path, STR("/openapi.json")))
        return AT_OPENAPI;
    if (str_starts(path, STR("/api/"))) {
        *name = (struct str){ path.p + 5, path.n - 5 };
        return AT_API;
    }
    if (str_starts(path, STR("/ingest/"))) {
        *name = (struct str){ path.p + 8, path.n - 8 };
        return AT_INGEST;
    }
    if (str_starts(path, STR("/dead_letters/"))) {
        *name = (struct str){ path.p + 14, path.n - 14 };
        return str_ends(path, STR("/replay")) || str_ends(path, STR("/discard")) ? AT_LETTER_ACTION : AT_LETTER;
    }
    return AT_NOWHERE;
}

/* Compares digests, so that neither the length nor the content of the token shows in the time it takes. */
static bool carries(struct str header, const char expected[SHA256_DIGEST_LENGTH])
{
    static const char scheme[] = "Bearer ";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    if (header.n < sizeof scheme - 1 || strncasecmp(header.p, scheme, sizeof scheme - 1) != 0)
        return false;
    struct str token = str_trim((struct str){ header.p + sizeof scheme - 1, header.n - (sizeof scheme - 1) });
    SHA256((const unsigned char *)token.p, token.n, digest);
    return CRYPTO_memcmp(digest, expected, sizeof digest) == 0;
}

static bool readable_type(struct str type)
{
    /* The last is what curl says when its user said nothing. */
    static const char *const known[] = { "application/json", "application/x-ndjson", "application/ndjson", "application/jsonl",
                                         "application/x-www-form-urlencoded" };
    type = str_trim(str_cut(&type, ';'));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (type.n == strlen(known[i]) && strncasecmp(type.p, known[i], type.n) == 0)
            return true;
    return type.n == 0; /* nothing said: look */
}

/* A page of another site, in the browser of someone who can reach this address, may send a POST without asking. With a token it
 * would have to know that; without one it is refused by what browsers say of a request's origin. */
static bool is_foreign(const struct shim *shim, const struct request *r)
{
    struct str origin = r->origin;
    if (shim->has_token || origin.n == 0)
        return false;
    const char *host = memmem(origin.p, origin.n, "://", 3);
    return host == NULL || !str_eq((struct str){ host + 3, origin.n - (size_t)(host + 3 - origin.p) }, r->host);
}

/* Dead letters are raw: who may read rows may not read those, and nobody may without a token, on loopback neither. True with the
 * answer made. */
static bool letters_closed(const struct shim *shim, struct request *r, struct str authorization, bool opened)
{
    if (opened)
        return false;
    if (!shim->has_letters_token)
        reply_problem(
            &r->reply, PROBLEM_SCOPE, r->path, NULL, 0,
            "dead letters hold messages as they were received, personal data and all: they are closed until a token of their "
            "own is set, a file of one line with at least 16 characters (dead-letters-token-file under [shim] in odw.conf, "
            "--dead-letters-token-file, ODW_SHIM_DEAD_LETTERS_TOKEN_FILE)");
    else if (shim->has_token && r->trusted)
        reply_problem(&r->reply, PROBLEM_SCOPE, r->path, NULL, 0,
                      "this token doesn't open dead letters: they have one of their own");
    else
        reply_problem(&r->reply, PROBLEM_UNAUTHORISED, r->path, NULL, 0,
                      authorization.p == NULL
                          ? "expected `Authorization: Bearer TOKEN` with the token of dead letters, got no such header"
                          : "the token isn't the one that opens dead letters");
    return true;
}

bool route_early(struct shim *shim, struct request *r, struct str authorization)
{
    struct str name;
    enum room_of at = place(r->path, &name);
    bool get = str_eq(r->method, STR("GET")) || str_eq(r->method, STR("HEAD"));
    bool post = str_eq(r->method, STR("POST"));
    r->route = at == AT_API       ? ROUTE_API
               : at == AT_INGEST  ? ROUTE_INGEST
               : at == AT_HEALTH  ? ROUTE_HEALTH
               : at == AT_METRICS ? ROUTE_METRICS
                                  : ROUTE_OTHER;
    bool letters = shim->has_letters_token && carries(authorization, shim->letters_digest);
    r->trusted = !shim->has_token || letters || carries(authorization, shim->token_digest);
    if (!r->trusted && at != AT_HEALTH) {
        reply_problem(&r->reply, PROBLEM_UNAUTHORISED, r->path, NULL, 0,
                      authorization.p == NULL ? "expected `Authorization: Bearer TOKEN`, got no such header"
                                              : "the token isn't the one that is expected here");
        return true;
    }
    bool exists = at != AT_NOWHERE, raw = at == AT_LETTER || at == AT_LETTER_ACTION;
    struct declared *declared = declared_borrow(&shim->declarations);
    if (at == AT_API) {
        const struct endpoint *e = endpoints_find(declared->endpoints, name);
        exists = e != NULL;
        raw = exists && e->scope != NULL && strcmp(e->scope, "dead_letters") == 0;
    } else if (at == AT_INGEST) {
        exists = sources_find(declared->sources, name) != NULL;
    }
    declared_back(&shim->declarations, declared);
    if (!exists) {
        reply_problem(&r->reply, PROBLEM_NOT_FOUND, r->path, NULL, 0, "GET / lists what there is");
        return true;
    }
    if (raw && letters_closed(shim, r, authorization, letters))
        return true;
    post = post && (at == AT_INGEST || at == AT_LETTER_ACTION);
    const char *allow = at == AT_INGEST || at == AT_LETTER_ACTION ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
    if (str_eq(r->method, STR("OPTIONS"))) {
        r->reply.status = 204;
        r->reply.allow = allow;
        return true;
    }
    if (at == AT_INGEST || at == AT_LETTER_ACTION ? !post : !get) {
        reply_problem(&r->reply, PROBLEM_METHOD, r->path, NULL, 0, "expected %s, got %.*s", allow,
                      (int)(r->method.n < 32 ? r->method.n : 32), r->method.p);
        r->reply.allow = allow;
        return true;
    }
    if (at == AT_INGEST && is_foreign(shim, r)) {
        reply_problem(&r->reply, PROBLEM_ORIGIN, r->path, NULL, 0, "a page of %.*s may not send records here without a token",
                      (int)(r->origin.n < 64 ? r->origin.n : 64), r->origin.p);
        return true;
    }
    if (at == AT_INGEST && !readable_type(r->content_type)) {
        reply_problem(&r->reply, PROBLEM_CONTENT_TYPE, r->path, NULL, 0,
                      "expected Content-Type: application/json or application/x-ndjson, got %.*s",
                      (int)(r->content_type.n < 64 ? r->content_type.n : 64), r->content_type.p);
        return true;
    }
    struct str encoding = r->content_encoding;
    if (at == AT_INGEST && encoding.n > 0 && !(encoding.n == 4 && strncasecmp(encoding.p, "gzip", 4) == 0) &&
        !(encoding.n == 8 && strncasecmp(encoding.p, "identity", 8) == 0)) {
        reply_problem(&r->reply, PROBLEM_CONTENT_TYPE, r->path, NULL, 0, "expected Content-Encoding: gzip or none, got %.*s",
                      (int)(encoding.n < 64 ? encoding.n : 64), encoding.p);
        return true;
    }
    return false;
}

static void answer(struct shim *shim, struct request *r, enum room_of at, struct str name)
{
    struct endpoint *e;
    struct source *s;
    switch (at) {
    case AT_HEALTH:
        health_answer(shim, r);
        return;
    case AT_METRICS:
        metrics_answer(shim, r);
        return;
    case AT_INDEX:
        index_answer(r);
        return;
    case AT_OPENAPI:
        openapi_answer(shim, r);
        return;
    case AT_LETTER:
        letter_answer(shim, r, name);
        return;
    case AT_LETTER_ACTION:
        letter_action_answer(shim, r, name);
        return;
    case AT_API:
        e = endpoints_find(r->declared->endpoints, name);
        if (e != NULL) {
            page_answer(shim, r, e);
            return;
        }
        break;
    case AT_INGEST:
        s = sources_find(r->declared->sources, name);
        if (s != NULL) {
            ingest_answer(shim, r, s);
            return;
        }
        break;
    case AT_NOWHERE:
        break;
    }
    /* It went away between the request's head and now. */
    reply_problem(&r->reply, PROBLEM_NOT_FOUND, r->path, NULL, 0, "GET / lists what there is");
}

void route_answer(struct shim *shim, struct request *r)
{
    struct str name;
    enum room_of at = place(r->path, &name);
    if (at != AT_API && at != AT_INGEST && at != AT_LETTER_ACTION && request_args_check(r, NULL, 0) < 0)
        return;
    struct declared *declared = declared_borrow(&shim->declarations);
    r->declared = declared;
    answer(shim, r, at, name);
    r->declared = NULL;
    declared_back(&shim->declarations, declared);
}
