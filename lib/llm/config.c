/* lib/llm/config: reads llm.json with jansson; each member is asked for by name, and one that nobody asked for is an error. */
#include "llm/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/opt.h"

enum { CONFIG_BYTES = 1 << 20, KEY_BYTES = 1 << 20 };

/* An object of the file, and where it stands. */
struct section {
    struct llm_config *c;
    const char *where; /* "providers/local" */
    json_t *object;
    uint64_t asked; /* which of its members were, by their order */
    struct err *err;
};

static int wrong(const struct section *s, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int wrong(const struct section *s, const char *name, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return err_set(s->err, ERR_STOP, "%s: %s%s%s: %s", s->c->path, s->where, s->where[0] != '\0' && name[0] != '\0' ? "/" : "",
                   name, what);
}

static int begin(struct section *s, struct llm_config *c, const char *where, json_t *object, struct err *err)
{
    *s = (struct section){ .c = c, .where = where, .object = object, .err = err };
    if (!json_is_object(object))
        return wrong(s, "", "expected an object");
    if (json_object_size(object) > 64)
        return wrong(s, "", "expected at most 64 members");
    return 0;
}

/* The member, or NULL where it is absent or null. */
static json_t *ask(struct section *s, const char *name)
{
    const char *key;
    json_t *value;
    unsigned i = 0;
    json_object_foreach(s->object, key, value)
    {
        if (strcmp(key, name) == 0) {
            s->asked |= (uint64_t)1 << i;
            return json_is_null(value) ? NULL : value;
        }
        i++;
    }
    return NULL;
}

static int end(const struct section *s)
{
    const char *key;
    json_t *value;
    unsigned i = 0;
    json_object_foreach(s->object, key, value)
    {
        (void)value;
        if ((s->asked >> i++ & 1) == 0 && key[0] != '$')
            return wrong(s, key, "no such setting (docs/llm.md lists them)");
    }
    return 0;
}

static int text(struct section *s, const char *name, const char **out)
{
    json_t *v = ask(s, name);
    if (v == NULL)
        return 0;
    if (!json_is_string(v) || json_string_length(v) == 0)
        return wrong(s, name, "expected a text");
    *out = arena_copy(&s->c->arena, (struct str){ json_string_value(v), json_string_length(v) });
    return *out != NULL ? 0 : wrong(s, name, "out of memory");
}

static int number(struct section *s, const char *name, double min, double max, double *out)
{
    json_t *v = ask(s, name);
    if (v == NULL)
        return 0;
    if (!json_is_number(v) || json_number_value(v) < min || json_number_value(v) > max)
        return wrong(s, name, "expected a number from %g to %g", min, max);
    *out = json_number_value(v);
    return 0;
}

static int whole(struct section *s, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
    json_t *v = ask(s, name);
    if (v == NULL)
        return 0;
    if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) < min ||
        (uint64_t)json_integer_value(v) > max)
        return wrong(s, name, "expected an integer from %llu to %llu", (unsigned long long)min, (unsigned long long)max);
    *out = (uint64_t)json_integer_value(v);
    return 0;
}

static int small(struct section *s, const char *name, unsigned min, unsigned max, unsigned *out)
{
    uint64_t v = *out;
    if (whole(s, name, min, max, &v) < 0)
        return -1;
    *out = (unsigned)v;
    return 0;
}

static int truth(struct section *s, const char *name, bool *out)
{
    json_t *v = ask(s, name);
    if (v != NULL && !json_is_boolean(v))
        return wrong(s, name, "expected true or false");
    if (v != NULL)
        *out = json_is_true(v);
    return 0;
}

/* "90s", or milliseconds. */
static int duration(struct section *s, const char *name, int64_t max_ms, int64_t *out)
{
    json_t *v = ask(s, name);
    if (v == NULL)
        return 0;
    if (!json_is_string(v) || opt_read_duration(json_string_value(v), out) < 0 || *out <= 0 || *out > max_ms)
        return wrong(s, name, "expected a duration such as \"30s\", of at most %lld s", (long long)max_ms / 1000);
    return 0;
}

static int size(struct section *s, const char *name, uint64_t *out)
{
    json_t *v = ask(s, name);
    int64_t bytes = 0;
    if (v == NULL)
        return 0;
    if (!json_is_string(v) || opt_read_size(json_string_value(v), &bytes) < 0 || bytes <= 0)
        return wrong(s, name, "expected a size such as \"512MiB\"");
    *out = (uint64_t)bytes;
    return 0;
}

/* One of some words; its number, or `otherwise` where the member is absent; -1. */
static int word(struct section *s, const char *name, const char *const *words, int otherwise)
{
    json_t *v = ask(s, name);
    struct buf list;
    if (v == NULL)
        return otherwise;
    for (int i = 0; words[i] != NULL; i++)
        if (json_is_string(v) && strcmp(json_string_value(v), words[i]) == 0)
            return i;
    buf_init(&list, 0);
    for (int i = 0; words[i] != NULL; i++)
        buf_printf(&list, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
    wrong(s, name, "expected one of %s", buf_text(&list));
    buf_fini(&list);
    return -1;
}

/* Files are named from the folder that llm.json is in. */
static int file_path(struct section *s, const char *name, const char **out)
{
    const char *given = NULL;
    if (text(s, name, &given) < 0)
        return -1;
    if (given == NULL)
        return 0;
    *out = given[0] == '/' ? given
                           : arena_printf(&s->c->arena, "%.*s/%s", (int)(strrchr(s->c->path, '/') - s->c->path), s->c->path, given);
    return *out != NULL ? 0 : wrong(s, name, "out of memory");
}

/* A secret that others may read is none. */
static int read_key(struct section *s, const char *path, const char **key)
{
    struct stat st;
    struct buf bytes;
    int done = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    buf_init(&bytes, KEY_BYTES);
    if (fd < 0 || fstat(fd, &st) < 0)
        wrong(s, "key_file", "%s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
        wrong(s, "key_file", "%s: expected a file that only its owner may read (chmod 600), got mode %04o", path,
              st.st_mode & 07777);
    else if (file_read(path, &bytes, s->err) == 0) {
        struct str line = buf_str(&bytes);
        line = str_trim(str_cut(&line, '\n'));
        *key = line.n > 0 ? arena_copy(&s->c->arena, line) : NULL;
        done = *key != NULL ? 0 : wrong(s, "key_file", "%s: expected a key in its first line", path);
    }
    if (fd >= 0)
        close(fd);
    if (bytes.p != NULL)
        explicit_bzero(bytes.p, bytes.n);
    buf_fini(&bytes);
    return done;
}

static int key_of(struct section *s, struct llm_provider *p)
{
    const char *variable = NULL, *file = NULL;
    if (ask(s, "key") != NULL)
        return wrong(s, "key", "a key doesn't belong here: name a variable (key_env) or a file of mode 0600 (key_file)");
    if (text(s, "key_env", &variable) < 0 || file_path(s, "key_file", &file) < 0)
        return -1;
    if (variable != NULL && file != NULL)
        return wrong(s, "key_file", "expected key_env or key_file, got both");
    if (file != NULL && read_key(s, file, &p->key) < 0)
        return -1;
    if (variable != NULL) {
        const char *value = getenv(variable);
        if (value == NULL || value[0] == '\0')
            return wrong(s, "key_env", "expected the variable %s in the server's environment, it isn't set", variable);
        p->key = arena_copy(&s->c->arena, str_of(value));
    }
    for (const char *k = p->key; k != NULL && *k != '\0'; k++)
        if (*k <= ' ' || *k > '~')
            return wrong(s, variable != NULL ? "key_env" : "key_file", "expected a key of printable characters without spaces");
    return 0;
}

static int read_provider(struct llm_config *c, const char *name, json_t *object, struct err *err)
{
    static const char *const apis[] = { "openai", "anthropic", NULL };
    struct section s;
    bool redacted = false;
    struct llm_provider *p = arena_alloc(&c->arena, sizeof *p);
    const char *where = arena_printf(&c->arena, "providers/%s", name), *url = NULL;
    if (p == NULL || where == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    if (begin(&s, c, where, object, err) < 0)
        return -1;
    *p = (struct llm_provider){ .in_flight = 8, .timeout_ms = 120000, .retries = 5 };
    p->name = arena_copy(&c->arena, str_of(name));
    int api = word(&s, "api", apis, LLM_OPENAI);
    if (api < 0 || text(&s, "url", &url) < 0 || key_of(&s, p) < 0 || file_path(&s, "ca_file", &p->ca_file) < 0 ||
        small(&s, "in_flight", 1, 1000, &p->in_flight) < 0 || small(&s, "retries", 0, 50, &p->retries) < 0 ||
        whole(&s, "requests_per_minute", 1, 1000000000, &p->requests_per_minute) < 0 ||
        whole(&s, "tokens_per_minute", 1, 1000000000000, &p->tokens_per_minute) < 0 ||
        duration(&s, "timeout", LLM_BLOCK_MS_MAX, &p->timeout_ms) < 0 || truth(&s, "redacted", &redacted) < 0 ||
        text(&s, "tokenize_key", &p->tokenise_key) < 0 || end(&s) < 0)
        return -1;
    if (p->name == NULL || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != strlen(name) ||
        name[0] == '.')
        return wrong(&s, "", "expected a name of letters, digits, '.', '_' and '-'");
    if (url == NULL || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
        return wrong(&s, "url", "expected the API's address, such as \"https://api.openai.com/v1\"");
    if (strchr(url, '?') != NULL || strchr(url, '@') != NULL || strchr(url, '#') != NULL)
        return wrong(&s, "url", "expected an address without credentials and without a query");
    struct str trimmed = str_of(url);
    while (trimmed.n > 0 && trimmed.p[trimmed.n - 1] == '/')
        trimmed.n--;
    p->url = arena_copy(&c->arena, trimmed);
    p->api = (enum llm_api)api;
    if (redacted && p->tokenise_key == NULL)
        return wrong(&s, "tokenize_key", "redacted asks for a key (its name in odw/policies/keys), as piiTokenize does");
    if (!redacted)
        p->tokenise_key = NULL;
    p->next = c->providers;
    c->providers = p;
    return 0;
}

static int read_model(struct llm_config *c, const char *name, json_t *object, struct err *err)
{
    static const char *const forms[] = { "json_schema", "json_object", "plain", "auto", NULL };
    struct section s;
    struct llm_model *m = arena_alloc(&c->arena, sizeof *m);
    const char *where = arena_printf(&c->arena, "models/%s", name), *provider = NULL;
    uint64_t batch_bytes = 4000;
    if (m == NULL || where == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    if (begin(&s, c, where, object, err) < 0)
        return -1;
    *m = (struct llm_model){ .max_tokens = 2048 };
    m->name = arena_copy(&c->arena, str_of(name));
    m->id = m->name;
    int form = word(&s, "answer", forms, LLM_FORMS);
    json_t *extra = ask(&s, "extra");
    if (form < 0 || text(&s, "provider", &provider) < 0 || text(&s, "id", &m->id) < 0 ||
        number(&s, "price_in", 0, 1e6, &m->price_in) < 0 || number(&s, "price_out", 0, 1e6, &m->price_out) < 0 ||
        small(&s, "max_tokens", 16, 1000000, &m->max_tokens) < 0 ||
        small(&s, "document_tokens", 100, 100000000, &m->context_tokens) < 0 ||
        small(&s, "batch_documents", 1, 100, &m->batch_documents) < 0 || whole(&s, "batch_bytes", 1, 1000000, &batch_bytes) < 0 ||
        end(&s) < 0)
        return -1;
    m->batch_bytes = batch_bytes;
    m->form_fixed = form < LLM_FORMS;
    m->form = m->form_fixed ? (enum llm_form)form : LLM_SCHEMA;
    if (extra != NULL && !json_is_object(extra))
        return wrong(&s, "extra", "expected an object: members for each request");
    m->extra = extra;
    for (const struct llm_provider *p = c->providers; p != NULL; p = p->next)
        if (provider == NULL ? c->providers->next == NULL : strcmp(p->name, provider) == 0)
            m->provider = p;
    if (m->provider == NULL)
        return wrong(&s, "provider", "expected the name of one of the providers, got %s", provider != NULL ? provider : "none");
    char *dumped = extra != NULL ? json_dumps(extra, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    m->parameters = arena_printf(&c->arena, "%s|%s|%u|%s", m->provider->url, m->id, m->max_tokens, dumped != NULL ? dumped : "");
    free(dumped);
    if (m->name == NULL || m->id == NULL || m->parameters == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    m->next = c->models;
    c->models = m;
    return 0;
}

static int read_limit(struct llm_config *c, json_t *limits, const char *name, struct llm_limit *out, struct err *err)
{
    struct section s;
    json_t *object = json_object_get(limits, name);
    if (object == NULL)
        return 0;
    const char *where = arena_printf(&c->arena, "limits/%s", name);
    return where == NULL || begin(&s, c, where, object, err) < 0 || whole(&s, "tokens", 1, (uint64_t)1 << 50, &out->tokens) < 0 ||
                   number(&s, "cost", 0, 1e12, &out->cost) < 0 || end(&s) < 0
               ? -1
               : 0;
}

static int read_limits(struct llm_config *c, json_t *limits, struct err *err)
{
    struct section s;
    if (limits == NULL)
        return 0;
    if (begin(&s, c, "limits", limits, err) < 0)
        return -1;
    ask(&s, "request");
    ask(&s, "row");
    ask(&s, "day");
    return end(&s) < 0 || read_limit(c, limits, "request", &c->request, err) < 0 ||
                   read_limit(c, limits, "row", &c->row, err) < 0 || read_limit(c, limits, "day", &c->day, err) < 0
               ? -1
               : 0;
}

static int read_times(struct llm_config *c, json_t *deadlines, json_t *cache, struct err *err)
{
    struct section s;
    if (deadlines != NULL &&
        (begin(&s, c, "deadlines", deadlines, err) < 0 || duration(&s, "row", LLM_BLOCK_MS_MAX, &c->row_ms) < 0 ||
         duration(&s, "block", LLM_BLOCK_MS_MAX, &c->block_ms) < 0 || end(&s) < 0))
        return -1;
    if (c->row_ms > c->block_ms)
        c->row_ms = c->block_ms;
    if (cache != NULL && (begin(&s, c, "cache", cache, err) < 0 || size(&s, "max_size", &c->cache_bytes) < 0 ||
                          duration(&s, "max_age", INT64_MAX, &c->cache_ms) < 0 || end(&s) < 0))
        return -1;
    return 0;
}

static int read_choices(struct llm_config *c, json_t *contracts, struct err *err)
{
    const char *name;
    json_t *value;
    if (contracts != NULL && !json_is_object(contracts))
        return err_set(err, ERR_STOP, "%s: contracts: expected an object: a contract's name, a model's name", c->path);
    json_object_foreach(contracts, name, value)
    {
        struct llm_choice *choice = arena_alloc(&c->arena, sizeof *choice);
        const struct llm_model *m = json_is_string(value) ? llm_config_model_named(c, str_of(json_string_value(value))) : NULL;
        if (choice == NULL || m == NULL)
            return err_set(err, ERR_STOP, "%s: contracts/%s: expected the name of one of the models", c->path, name);
        *choice = (struct llm_choice){ .next = c->choices, .contract = name, .model = m };
        c->choices = choice;
    }
    return 0;
}

static int read_all(struct llm_config *c, struct err *err)
{
    static const char *const dates[] = { "dmy", "mdy", NULL };
    struct section s;
    const char *name, *model = NULL, *folder = NULL;
    json_t *value;
    if (begin(&s, c, "", c->json, err) < 0)
        return -1;
    json_t *providers = ask(&s, "providers"), *models = ask(&s, "models"), *contracts = ask(&s, "contracts"),
           *limits = ask(&s, "limits"), *deadlines = ask(&s, "deadlines"), *cache = ask(&s, "cache");
    int order = word(&s, "dates", dates, -2);
    if (order == -1 || text(&s, "model", &model) < 0 || file_path(&s, "state", &folder) < 0 || end(&s) < 0)
        return -1;
    c->dates = order < 0 ? LLM_DATES_UNSAID : order == 0 ? LLM_DATES_DMY : LLM_DATES_MDY;
    if (folder != NULL)
        c->state = folder;
    if (!json_is_object(providers) || json_object_size(providers) == 0)
        return wrong(&s, "providers", "expected an object with at least one provider");
    if (!json_is_object(models) || json_object_size(models) == 0)
        return wrong(&s, "models", "expected an object with at least one model");
    json_object_foreach(providers, name, value) if (read_provider(c, name, value, err) < 0) return -1;
    json_object_foreach(models, name, value) if (read_model(c, name, value, err) < 0) return -1;
    if (model == NULL && c->models->next == NULL)
        c->model = c->models;
    else if (model == NULL || (c->model = llm_config_model_named(c, str_of(model))) == NULL)
        return wrong(&s, "model", "expected the name of one of the models, got %s", model != NULL ? model : "none");
    return read_choices(c, contracts, err) < 0 || read_limits(c, limits, err) < 0 || read_times(c, deadlines, cache, err) < 0 ? -1
                                                                                                                              : 0;
}

struct llm_config *llm_config_load(const char *folder, struct err *err)
{
    struct llm_config *c = calloc(1, sizeof *c);
    struct buf bytes;
    struct stat st;
    json_error_t where;
    buf_init(&bytes, CONFIG_BYTES);
    if (c == NULL || asprintf(&c->path, "%s/llm.json", folder) < 0) {
        err_set(err, ERR_STOP, "out of memory");
        goto fail;
    }
    arena_init(&c->arena, 4 << 20);
    c->row_ms = 180000;
    c->block_ms = 600000;
    c->cache_bytes = (uint64_t)1 << 30;
    c->cache_ms = (int64_t)90 * 24 * 3600 * 1000;
    c->state = arena_printf(&c->arena, "%s/state", folder);
    if (stat(c->path, &st) < 0) {
        err_errno(err, ERR_STOP, "%s: expected the file that names providers and models (docs/llm.md)", c->path);
        goto fail;
    }
    c->changed = st.st_mtim;
    if (c->state == NULL || file_read(c->path, &bytes, err) < 0)
        goto fail;
    if ((c->json = json_loadb(bytes.p != NULL ? bytes.p : "", bytes.n, JSON_REJECT_DUPLICATES, &where)) == NULL) {
        err_set(err, ERR_STOP, "%s:%d: expected JSON: %s", c->path, where.line, where.text);
        goto fail;
    }
    if (read_all(c, err) < 0)
        goto fail;
    buf_fini(&bytes);
    return c;
fail:
    err_set(err, ERR_STOP, "%s: out of memory", folder);
    buf_fini(&bytes);
    llm_config_free(c);
    return NULL;
}

int llm_config_state(const char *folder, char *state, size_t size, struct err *err)
{
    char path[PATH_MAX];
    json_error_t where;
    snprintf(path, sizeof path, "%s/llm.json", folder);
    json_t *json = json_load_file(path, 0, &where);
    const char *given = json_string_value(json_object_get(json, "state"));
    int n = given == NULL     ? snprintf(state, size, "%s/state", folder)
            : given[0] == '/' ? snprintf(state, size, "%s", given)
                              : snprintf(state, size, "%s/%s", folder, given);
    int done =
        json == NULL
            ? err_set(err, ERR_STOP, "%s: expected the file that names providers and models (docs/llm.md): %s", path, where.text)
        : n >= (int)size ? err_set(err, ERR_STOP, "%s: a path that long can't be used", path)
        : access(state, F_OK) < 0
            ? err_errno(err, ERR_STOP,
                        "%s: expected the folder of answers that are kept; llmExtract makes it when it is first asked", state)
            : 0;
    json_decref(json);
    return done;
}

void llm_config_free(struct llm_config *c)
{
    if (c == NULL)
        return;
    for (const struct llm_provider *p = c->providers; p != NULL; p = p->next)
        if (p->key != NULL)
            explicit_bzero((char *)p->key, strlen(p->key));
    json_decref(c->json);
    arena_fini(&c->arena);
    free(c->path);
    free(c);
}

bool llm_config_changed(const struct llm_config *c)
{
    struct stat st;
    return stat(c->path, &st) < 0 || st.st_mtim.tv_sec != c->changed.tv_sec || st.st_mtim.tv_nsec != c->changed.tv_nsec;
}

const struct llm_model *llm_config_model_named(const struct llm_config *c, struct str name)
{
    for (const struct llm_model *m = c->models; m != NULL; m = m->next)
        if (str_eq(str_of(m->name), name))
            return m;
    return NULL;
}

const struct llm_model *llm_config_model(const struct llm_config *c, const char *contract)
{
    for (const struct llm_choice *x = c->choices; x != NULL; x = x->next)
        if (strcmp(x->contract, contract) == 0)
            return x->model;
    return c->model;
}
