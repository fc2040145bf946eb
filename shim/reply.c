/* shim/reply: what goes back to a client. */
#include "shim/reply.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    int status;
    const char *word, *title;
    int retry_after;
} problems[] = {
    [PROBLEM_PARAMETER] = { 400, "parameter", "A parameter isn't as it should be", 0 },
    [PROBLEM_BODY] = { 400, "body", "The body can't be taken apart", 0 },
    [PROBLEM_UNAUTHORISED] = { 401, "unauthorised", "A valid bearer token is needed", 0 },
    [PROBLEM_ORIGIN] = { 403, "origin", "Another site's page asked for this", 0 },
    [PROBLEM_SCOPE] = { 403, "scope", "This needs a token of its own", 0 },
    [PROBLEM_NOT_FOUND] = { 404, "not-found", "There is nothing here", 0 },
    [PROBLEM_METHOD] = { 405, "method", "This can't be done here", 0 },
    [PROBLEM_CONFLICT] = { 409, "conflict", "It is done with already", 0 },
    [PROBLEM_TOO_LARGE] = { 413, "too-large", "The body is too large", 0 },
    [PROBLEM_CONTENT_TYPE] = { 415, "content-type", "The body is of a type that isn't read here", 0 },
    [PROBLEM_REFUSED] = { 422, "refused", "No record keeps its contract", 0 },
    [PROBLEM_INTERNAL] = { 500, "internal", "The server failed", 0 },
    [PROBLEM_QUERY] = { 502, "query", "The database couldn't answer", 0 },
    [PROBLEM_CLICKHOUSE] = { 503, "database-away", "The database is away", 2 },
    [PROBLEM_KAFKA] = { 503, "kafka-away", "Not every record could be stored", 2 },
    [PROBLEM_BUSY] = { 503, "busy", "Too much is under way", 1 },
    [PROBLEM_TIMEOUT] = { 504, "too-slow", "The answer took too long", 0 },
};

void reply_init(struct reply *a)
{
    *a = (struct reply){ .status = 200, .type = "application/json" };
    buf_init(&a->body, REPLY_MAX);
}

void reply_fini(struct reply *a)
{
    buf_fini(&a->body);
}

void reply_problem(struct reply *a, enum problem problem, struct str instance, const char *parameter, int more, const char *format,
                   ...)
{
    char detail[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    buf_clear(&a->body);
    a->status = problems[problem].status;
    a->type = "application/problem+json";
    a->retry_after = problems[problem].retry_after;
    a->cache[0] = a->etag[0] = '\0';
    buf_printf(&a->body, "{\"type\":\"urn:odw:problem:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":", problems[problem].word,
               problems[problem].title, a->status);
    buf_put_json(&a->body, str_of(detail));
    buf_puts(&a->body, ",\"instance\":");
    buf_put_json(&a->body, instance);
    if (parameter != NULL) {
        buf_puts(&a->body, ",\"parameter\":");
        buf_put_json(&a->body, str_of(parameter));
    }
    if (!more)
        buf_puts(&a->body, "}\n");
}
