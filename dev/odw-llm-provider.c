/* dev/odw-llm-provider: a provider of language models that does what it is told: for tests and benchmarks.
 *
 * It speaks OpenAI's chat completions and Anthropic's messages. As a model it knows one trick: for each property of the schema that
 * it is given it looks for a line "property name: value" in the document. What goes wrong is said by the document or by the model's
 * name. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <microhttpd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/sha256.h"

enum { REQUEST_MAX = 64 << 20, SEEN = 65536, BEHAVIOURS = 8 };

static const char help[] =
    "Usage: odw-llm-provider [--port PORT] [--latency MS] [--at-once K] [--log FILE] [--key KEY] [--only FORM]\n"
    "A scripted provider of language models on 127.0.0.1: POST /v1/chat/completions (OpenAI), POST /v1/messages (Anthropic).\n\n"
    "  --port PORT    default 0: a free one; the first line of output is the port\n"
    "  --latency MS   how long an answer takes (default 0)\n"
    "  --at-once K    more requests than this at a time get 429 (default: no limit)\n"
    "  --log FILE     a line of JSON for each request: what was asked, what was answered, when it came and went (ms), its tokens\n"
    "  --key KEY      another key, or none, gets 401\n"
    "  --only FORM    takes no response_format but this: json_object, or none\n\n"
    "The document says what happens to it, [[WORD]] or [[WORD:N]] (the first N times it is seen), as does a model named "
    "scripted+WORD…:\n"
    "  ratelimit (429), retry-after (429 with Retry-After: 1), retry-date (the same as a date), error (503), echo (a 400 that "
    "repeats key "
    "and document), cut (the connection), half (of the bytes), slow (5 s), "
    "garbage (no HTTP\n"
    "  JSON), prose (no JSON), fenced, almost (single quotes, trailing commas), wrong (types and words that break a schema), "
    "refusal,\n"
    "  truncated, empty, invented (a value that isn't in the document), translated, obey (does what the document asks), swapped "
    "(records of a batch\n"
    "  under each other's ids), reversed (a batch from last to first), missing (a batch without its last), toolong (400)\n"
    "GET /stats: how many requests, at most how many at once.\n";

static struct {
    int latency_ms, at_once;
    const char *key, *only;
    FILE *log;
} options;

static atomic_int in_flight;
static atomic_ulong requests, answered, most_at_once, too_many;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen {
    uint8_t hash[8];
    unsigned times;
} seen[SEEN];

/* How often this document was here before, in any request. */
static unsigned count_seen(const char *document)
{
    uint8_t digest[32];
    sha256(str_of(document), digest);
    pthread_mutex_lock(&lock);
    size_t at = (size_t)(digest[0] << 8 | digest[1]) % SEEN;
    unsigned times = 0;
    for (size_t i = 0; i < SEEN; i++, at = (at + 1) % SEEN) {
        if (seen[at].times > 0 && memcmp(seen[at].hash, digest, 8) != 0)
            continue;
        memcpy(seen[at].hash, digest, 8);
        times = seen[at].times++;
        break;
    }
    pthread_mutex_unlock(&lock);
    return times;
}

/* Is the word among what the document or the model's name asks for now? */
static bool asked(const char *document, const char *model, const char *word, unsigned times)
{
    char marker[64];
    snprintf(marker, sizeof marker, "[[%s", word);
    size_t n = strlen(marker);
    for (const char *p = document; (p = strstr(p, marker)) != NULL; p += n) {
        if (strncmp(p + n, "]]", 2) == 0)
            return true;
        if (p[n] == ':' && times < (unsigned)atoi(p + n + 1))
            return true;
    }
    snprintf(marker, sizeof marker, "+%s", word);
    const char *p = strstr(model, marker);
    return p != NULL && (p[strlen(marker)] == '\0' || p[strlen(marker)] == '+');
}

static const json_t *deref(const json_t *root, const json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    if (ref != NULL && strncmp(ref, "#/$defs/", 8) == 0)
        return json_object_get(json_object_get(root, "$defs"), ref + 8);
    const json_t *first = json_array_get(json_object_get(schema, "anyOf"), 0);
    return first != NULL ? deref(root, first) : schema;
}

static bool has_type(const json_t *schema, const char *name)
{
    const json_t *type = json_object_get(schema, "type"), *v;
    size_t i;
    if (json_is_string(type))
        return strcmp(json_string_value(type), name) == 0;
    json_array_foreach(type, i, v) if (strcmp(json_string_value(v), name) == 0) return true;
    return false;
}

/* The rest of the line that begins with the property's name (spaces for underscores, whatever the case) and a colon. */
static bool find_line(const char *document, const char *name, char *value, size_t size)
{
    size_t n = strlen(name);
    for (const char *line = document; line != NULL; line = strchr(line, '\n')) {
        while (*line == '\n' || *line == ' ')
            line++;
        size_t i = 0;
        while (i < n && (tolower((unsigned char)line[i]) == name[i] || (name[i] == '_' && line[i] == ' ')))
            i++;
        if (i < n || line[n] != ':')
            continue;
        const char *p = line + n + 1;
        while (*p == ' ')
            p++;
        snprintf(value, size, "%.*s", (int)strcspn(p, "\n"), p);
        return value[0] != '\0';
    }
    return false;
}

static json_t *read_value(const json_t *root, const json_t *schema, const char *document, const char *name);

static json_t *read_object(const json_t *root, const json_t *schema, const char *document)
{
    const char *name;
    json_t *property, *out = json_object();
    json_object_foreach(json_object_get(schema, "properties"), name, property)
        json_object_set_new(out, name, read_value(root, property, document, name));
    return out;
}

/* A list's items: lines "- a | b | c" after "name:", their columns the properties in order. */
static json_t *read_list(const json_t *root, const json_t *schema, const char *document, const char *name)
{
    const json_t *items = deref(root, json_object_get(schema, "items"));
    json_t *out = json_array();
    char cell[1024];
    (void)name;
    for (const char *line = document; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "- ", 2) != 0)
            continue;
        const char *p = line + 2, *end = line + strcspn(line, "\n"), *key;
        json_t *item = json_object(), *property;
        json_object_foreach(json_object_get(items, "properties"), key, property)
        {
            while (p < end && *p == ' ')
                p++;
            size_t n = strcspn(p, "|\n");
            size_t trimmed = n;
            while (trimmed > 0 && p[trimmed - 1] == ' ')
                trimmed--;
            snprintf(cell, sizeof cell, "%.*s", (int)trimmed, p);
            bool number = has_type(deref(root, property), "number") || has_type(deref(root, property), "integer");
            json_object_set_new(item, key, cell[0] == '\0' ? json_null() : number ? json_real(atof(cell)) : json_string(cell));
            p = p + n < end ? p + n + 1 : end;
        }
        if (json_object_size(item) > 0) {
            json_array_append_new(out, item);
        } else { /* a list of plain values */
            json_decref(item);
            snprintf(cell, sizeof cell, "%.*s", (int)(end - line - 2), line + 2);
            json_array_append_new(out, json_string(cell));
        }
    }
    return out;
}

static json_t *read_value(const json_t *root, const json_t *schema, const char *document, const char *name)
{
    char value[4096];
    schema = deref(root, schema);
    if (json_object_get(schema, "properties") != NULL)
        return read_object(root, schema, document);
    if (has_type(schema, "array"))
        return read_list(root, schema, document, name);
    if (!find_line(document, name, value, sizeof value))
        return json_null();
    char *end;
    double number = strtod(value, &end);
    if (*end == '\0' && has_type(schema, "integer"))
        return json_integer((json_int_t)number);
    if (*end == '\0' && has_type(schema, "number"))
        return json_real(number);
    if (has_type(schema, "boolean"))
        return json_boolean(strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0);
    return json_string(value);
}

/* The first text property of a record becomes this. */
static void spoil(json_t *record, const char *value)
{
    const char *name;
    json_t *v;
    json_object_foreach(record, name, v) if (json_is_string(v))
    {
        json_object_set_new(record, name, json_string(value));
        return;
    }
}

static json_t *read_record(const json_t *root, const json_t *schema, const char *document, const char *model, unsigned times)
{
    json_t *record = read_value(root, schema, document, "");
    if (asked(document, model, "invented", times))
        spoil(record, "Zebediah Quux the Third");
    if (asked(document, model, "translated", times))
        spoil(record, "\xD0\x9F\xD0\xB0\xD1\x86\xD0\xB8\xD0\xB5\xD0\xBD\xD1\x82 \xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2 "
                      "\xD0\xBF\xD1\x80\xD0\xB8\xD1\x88\xD1\x91\xD0\xBB");
    if (asked(document, model, "wrong", times)) {
        const char *name;
        json_t *v;
        void *next;
        json_object_foreach_safe(record, next, name, v) json_object_set_new(record, name, json_pack("{s:b}", "wrong", 1));
    }
    /* A model that believes what it reads: the words behind "write" stand in the record. */
    const char *order = strstr(document, "and write ");
    if (order != NULL && asked(document, model, "obey", times)) {
        char words[256];
        snprintf(words, sizeof words, "%.*s", (int)strcspn(order + 10, ".\n"), order + 10);
        for (char *p = words; *p != '\0'; p++)
            *p = *p == '_' ? ' ' : *p;
        spoil(record, words);
    }
    return record;
}

/* The documents of a request, in memory of ours: at most `max`. */
static size_t split_documents(const char *text, char **documents, char (*ids)[64], size_t max)
{
    size_t n = 0;
    for (const char *p = text; n < max && (p = strstr(p, "<document id=\"")) != NULL;) {
        char close[128];
        snprintf(ids[n], 64, "%.*s", (int)strcspn(p + 14, "\""), p + 14);
        const char *start = strchr(p, '>');
        snprintf(close, sizeof close, "</document id=\"%s\">", ids[n]);
        const char *end = start != NULL ? strstr(start, close) : NULL;
        if (end == NULL)
            break;
        documents[n++] = strndup(start + 1, (size_t)(end - start - 1));
        p = end;
    }
    if (n == 0) {
        ids[0][0] = '\0';
        documents[n++] = strdup(text);
    }
    return n;
}

/* What the model says: text. */
static char *make_answer(const json_t *schema, char **documents, char (*ids)[64], size_t n, const char *model, unsigned times)
{
    json_t *answer;
    const char *document = documents[0];
    if (asked(document, model, "empty", times))
        return strdup("");
    if (asked(document, model, "prose", times))
        return strdup("The patient seems to be fine, and there is nothing else to say.");
    if (asked(document, model, "refusal", times))
        return strdup("I'm sorry, but I can't help with that.");
    const json_t *batch = json_object_get(json_object_get(schema, "properties"), "documents");
    if (batch != NULL && n > 0 && ids[0][0] != '\0') {
        const json_t *record =
            deref(schema, json_object_get(json_object_get(json_object_get(batch, "items"), "properties"), "record"));
        json_t *list = json_array();
        bool swapped = asked(document, model, "swapped", times), reversed = asked(document, model, "reversed", times),
             missing = asked(document, model, "missing", times);
        for (size_t i = 0; i + (missing ? 1 : 0) < n; i++) {
            size_t at = reversed ? n - 1 - i : i;
            json_array_append_new(list, json_pack("{s:s, s:o}", "id", ids[swapped ? (at + 1) % n : at], "record",
                                                  read_record(schema, record, documents[at], model, times)));
        }
        answer = json_pack("{s:o}", "documents", list);
    } else {
        answer = read_record(schema, schema, document, model, times);
    }
    char *text = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    if (asked(document, model, "truncated", times) && text != NULL)
        text[strlen(text) / 2] = '\0';
    if (asked(document, model, "fenced", times) && text != NULL) {
        char *fenced = NULL;
        if (asprintf(&fenced, "Here is the record:\n```json\n%s\n```\nI hope this helps!", text) > 0) {
            free(text);
            text = fenced;
        }
    }
    if (asked(document, model, "almost", times) && text != NULL) {
        for (char *p = text; *p != '\0'; p++)
            *p = *p == '"' ? '\'' : *p;
        char *almost = NULL;
        if (asprintf(&almost, "%.*s, // done\n}", (int)strlen(text) - 1, text) > 0) {
            free(text);
            text = almost;
        }
    }
    return text;
}

struct call {
    struct buf body;
    bool counted;
};

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned status, const char *text, const char *header, const char *value)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(r, "Content-Type", "application/json");
    if (header != NULL)
        MHD_add_response_header(r, header, value);
    enum MHD_Result done = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return done;
}

struct broken {
    char *text;
    size_t n;
};

static ssize_t break_off(void *context, uint64_t at, char *to, size_t max)
{
    struct broken *b = context;
    if (at >= b->n)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = b->n - at < max ? b->n - (size_t)at : max;
    memcpy(to, b->text + at, n);
    return (ssize_t)n;
}

static void free_broken(void *context)
{
    struct broken *b = context;
    free(b->text);
    free(b);
}

/* Says how long it is and sends less: none of it, or half. */
static enum MHD_Result send_broken(struct MHD_Connection *c, const char *text, bool half)
{
    struct broken *b = calloc(1, sizeof *b);
    b->text = strdup(text);
    b->n = half ? strlen(text) / 2 : 0;
    struct MHD_Response *r = MHD_create_response_from_callback(strlen(text), 4096, break_off, b, free_broken);
    enum MHD_Result done = MHD_queue_response(c, 200, r);
    MHD_destroy_response(r);
    return done;
}

static void log_call(const char *path, const char *model, const char *form, size_t n, const char *document, unsigned status,
                     int at_once, int64_t came_ms, size_t tokens, const json_t *body)
{
    if (options.log == NULL)
        return;
    json_t *line = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:s, s:O}", "path", path, "model", model, "form", form,
                             "documents", (int)n, "status", (int)status, "at_once", at_once, "came", (json_int_t)came_ms, "went",
                             (json_int_t)monotonic_ms(), "tokens", (json_int_t)tokens, "document", document, "body", body);
    pthread_mutex_lock(&lock);
    json_dumpf(line, options.log, JSON_COMPACT);
    fputc('\n', options.log);
    fflush(options.log);
    pthread_mutex_unlock(&lock);
    json_decref(line);
}

static char *wrap(bool anthropic, const char *form, const char *text, const char *model, size_t in, bool cut, bool refused)
{
    size_t out = strlen(text) / 4 + 1;
    json_t *body;
    if (anthropic) {
        json_t *input = strcmp(form, "tool") == 0 ? json_loads(text, 0, NULL) : NULL;
        json_t *content = input != NULL
                              ? json_pack("{s:s, s:s, s:s, s:o}", "type", "tool_use", "id", "t1", "name", "record", "input", input)
                              : json_pack("{s:s, s:s}", "type", "text", "text", text);
        body = json_pack("{s:s, s:s, s:s, s:[o], s:s, s:{s:i, s:i}}", "type", "message", "role", "assistant", "model", model,
                         "content", content, "stop_reason",
                         cut       ? "max_tokens"
                         : refused ? "refusal"
                                   : "end_turn",
                         "usage", "input_tokens", (int)in, "output_tokens", (int)out);
    } else {
        body = json_pack("{s:s, s:s, s:[{s:i, s:{s:s, s:s?, s:s?}, s:s}], s:{s:i, s:i, s:i}}", "object", "chat.completion", "model",
                         model, "choices", "index", 0, "message", "role", "assistant", "content", refused ? NULL : text, "refusal",
                         refused ? text : NULL, "finish_reason", cut ? "length" : "stop", "usage", "prompt_tokens", (int)in,
                         "completion_tokens", (int)out, "total_tokens", (int)(in + out));
    }
    char *dumped = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return dumped;
}

static bool key_is_right(struct MHD_Connection *c)
{
    char bearer[512];
    const char *authorization = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization"),
               *api = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "x-api-key");
    if (options.key == NULL)
        return true;
    snprintf(bearer, sizeof bearer, "Bearer %s", options.key);
    return (authorization != NULL && strcmp(authorization, bearer) == 0) || (api != NULL && strcmp(api, options.key) == 0);
}

/* So many seconds from now on, as RFC 9110 (5.6.7) has it. */
static const char *http_date(int seconds, char *text, size_t size)
{
    time_t then = time(NULL) + seconds;
    struct tm utc;
    gmtime_r(&then, &utc);
    strftime(text, size, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    return text;
}

/* What a careless provider says: everything. */
static char *echo_of(struct MHD_Connection *c, const char *document)
{
    const char *key = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    char said[4096];
    snprintf(said, sizeof said, "can't do %s for %s", document, key != NULL ? key : "nobody");
    json_t *body = json_pack("{s:{s:s}}", "error", "message", said);
    char *dumped = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return dumped;
}

static void wait_ms(int ms)
{
    struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

static enum MHD_Result answer_chat(struct MHD_Connection *c, const char *path, struct call *call, int at_once)
{
    char *documents[128], ids[128][64];
    bool anthropic = strcmp(path, "/v1/messages") == 0;
    int64_t came_ms = monotonic_ms();
    json_t *body = json_loadb(call->body.p != NULL ? call->body.p : "", call->body.n, 0, NULL),
           *messages = json_object_get(body, "messages"), *message;
    const char *model = json_string_value(json_object_get(body, "model")), *user = "", *form = "plain";
    const json_t *format = json_object_get(body, "response_format"), *schema = NULL;
    size_t i;
    if (model == NULL || !json_is_array(messages)) {
        json_decref(body);
        return send_text(c, 400, "{\"error\":{\"message\":\"expected model and messages\"}}", NULL, NULL);
    }
    json_array_foreach(messages, i, message) if (strcmp(json_string_value(json_object_get(message, "role")), "user") == 0)
    {
        user = json_string_value(json_object_get(message, "content"));
        break;
    }
    if (format != NULL) {
        form = json_string_value(json_object_get(format, "type"));
        schema = json_object_get(json_object_get(format, "json_schema"), "schema");
    }
    if (json_object_get(body, "output_config") != NULL) {
        form = "json_schema";
        schema = json_object_get(json_object_get(json_object_get(body, "output_config"), "format"), "schema");
    }
    if (json_object_get(body, "tools") != NULL) {
        form = "tool";
        schema = json_object_get(json_array_get(json_object_get(body, "tools"), 0), "input_schema");
    }
    /* Told in words. */
    json_t *told = NULL;
    const char *system = anthropic ? json_string_value(json_object_get(body, "system"))
                                   : json_string_value(json_object_get(json_array_get(messages, 0), "content"));
    const char *mark = system != NULL ? strstr(system, "JSON Schema: ") : NULL;
    if (schema == NULL && mark != NULL)
        schema = told = json_loads(mark + 13, JSON_DISABLE_EOF_CHECK, NULL);
    size_t n = split_documents(user != NULL ? user : "", documents, ids, 128);
    const char *document = documents[0];
    unsigned times = count_seen(document), status = 200;
    const char *text = NULL, *header = NULL, *value = NULL;
    bool broken = false, half = false;
    char *made = NULL, *wrapped = NULL, *echo = NULL, date[40];
    wait_ms(options.latency_ms + (asked(document, model, "slow", times) ? 5000 : 0));
    if (!key_is_right(c)) {
        status = 401;
        text = "{\"error\":{\"message\":\"Incorrect API key provided\"}}";
    } else if (options.at_once > 0 && at_once > options.at_once) {
        status = 429;
        atomic_fetch_add(&too_many, 1);
        text = "{\"error\":{\"message\":\"too many requests at once\"}}";
    } else if (asked(document, model, "ratelimit", times) || asked(document, model, "retry-after", times) ||
               asked(document, model, "retry-date", times)) {
        status = 429;
        text = "{\"error\":{\"message\":\"Rate limit reached\"}}";
        header = asked(document, model, "ratelimit", times) ? NULL : "Retry-After";
        value = asked(document, model, "retry-date", times) ? http_date(2, date, sizeof date) : "1";
    } else if (asked(document, model, "echo", times)) {
        status = 400;
        text = echo = echo_of(c, document);
    } else if (asked(document, model, "error", times)) {
        status = 503;
        text = "{\"error\":{\"message\":\"The server is overloaded\"}}";
    } else if (asked(document, model, "toolong", times)) {
        status = 400;
        text = "{\"error\":{\"message\":\"This model's maximum context length is 10 tokens\"}}";
    } else if (options.only != NULL && strcmp(form, options.only) != 0 && strcmp(form, "plain") != 0) {
        status = 400;
        text = "{\"error\":{\"message\":\"response_format (or output_config, tools) of this type is not supported\"}}";
    } else if (asked(document, model, "garbage", times)) {
        text = "<html>it works</html>";
    } else {
        made = make_answer(schema, documents, ids, n, model, times);
        wrapped = wrap(anthropic, form, made != NULL ? made : "", model, call->body.n / 4,
                       asked(document, model, "truncated", times), asked(document, model, "refusal", times));
        text = wrapped != NULL ? wrapped : "{}";
        broken = asked(document, model, "cut", times);
        half = asked(document, model, "half", times);
    }
    log_call(path, model, form, n, document, broken || half ? 0 : status, at_once, came_ms,
             call->body.n / 4 + (made != NULL ? strlen(made) / 4 + 1 : 0), body);
    atomic_fetch_add(&answered, status == 200 && !broken && !half);
    /* Before the bytes go out: who reads them may ask again at once. */
    atomic_fetch_sub(&in_flight, 1);
    call->counted = false;
    enum MHD_Result done = broken || half ? send_broken(c, text, half) : send_text(c, status, text, header, value);
    for (i = 0; i < n; i++)
        free(documents[i]);
    free(made);
    free(wrapped);
    free(echo);
    json_decref(told);
    json_decref(body);
    return done;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *c, const char *path, const char *method, const char *version,
                              const char *data, size_t *size, void **state)
{
    struct call *call = *state;
    (void)context, (void)version;
    if (call == NULL) {
        if ((*state = call = calloc(1, sizeof *call)) == NULL)
            return MHD_NO;
        buf_init(&call->body, REQUEST_MAX);
        return MHD_YES;
    }
    if (*size > 0) {
        buf_put(&call->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(path, "/stats") == 0) {
        char text[256];
        snprintf(text, sizeof text, "{\"requests\":%lu,\"answered\":%lu,\"most_at_once\":%lu,\"too_many\":%lu}\n",
                 atomic_load(&requests), atomic_load(&answered), atomic_load(&most_at_once), atomic_load(&too_many));
        return send_text(c, 200, text, NULL, NULL);
    }
    if (strcmp(method, "POST") != 0 || (strcmp(path, "/v1/chat/completions") != 0 && strcmp(path, "/v1/messages") != 0))
        return send_text(c, 404, "{\"error\":{\"message\":\"no such path\"}}", NULL, NULL);
    int now = atomic_fetch_add(&in_flight, 1) + 1;
    call->counted = true;
    atomic_fetch_add(&requests, 1);
    unsigned long most = atomic_load(&most_at_once);
    while ((unsigned long)now > most && !atomic_compare_exchange_weak(&most_at_once, &most, (unsigned long)now))
        ;
    return answer_chat(c, path, call, now);
}

static void forget(void *context, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
    struct call *call = *state;
    (void)context, (void)c, (void)why;
    if (call == NULL)
        return;
    if (call->counted)
        atomic_fetch_sub(&in_flight, 1);
    buf_fini(&call->body);
    free(call);
}

int main(int argc, char **argv)
{
    enum { PORT = 1, LATENCY, AT_ONCE, LOG, KEY, ONLY, HELP };
    static const struct option known[] = { { "port", required_argument, NULL, PORT },
                                           { "latency", required_argument, NULL, LATENCY },
                                           { "at-once", required_argument, NULL, AT_ONCE },
                                           { "log", required_argument, NULL, LOG },
                                           { "key", required_argument, NULL, KEY },
                                           { "only", required_argument, NULL, ONLY },
                                           { "help", no_argument, NULL, HELP },
                                           { 0 } };
    int port = 0, option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        switch (option) {
        case PORT:
            port = atoi(optarg);
            break;
        case LATENCY:
            options.latency_ms = atoi(optarg);
            break;
        case AT_ONCE:
            options.at_once = atoi(optarg);
            break;
        case LOG:
            if ((options.log = fopen(optarg, "ae")) == NULL) {
                perror(optarg);
                return 1;
            }
            break;
        case KEY:
            options.key = optarg;
            break;
        case ONLY:
            options.only = optarg;
            break;
        case HELP:
            fputs(help, stdout);
            return 0;
        default:
            fputs("Try 'odw-llm-provider --help'.\n", stderr);
            return 2;
        }
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct MHD_Daemon *d = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, (uint16_t)port, NULL, NULL, answer, NULL,
        MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED, forget, NULL, MHD_OPTION_CONNECTION_LIMIT, 2000u, MHD_OPTION_END);
    if (d == NULL) {
        fprintf(stderr, "odw-llm-provider: expected port %d to be free: %s\n", port, strerror(errno));
        return 1;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
    printf("%u\n", info != NULL ? (unsigned)info->port : (unsigned)port);
    fflush(stdout);
    for (;;)
        pause();
}
