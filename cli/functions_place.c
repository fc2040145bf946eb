/* cli/functions_place: what a server's XML says: where it looks for functions, and which a file declares. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <expat.h>

#include "base/file.h"
#include "cli/functions.h"

enum { XML_BYTES = 64 << 20, VALUE = 4096, GLOBS = 16 };

/* Feeds a file to a parser that is set up. */
static int parse(const char *path, XML_Parser parser, struct err *err)
{
    struct buf text;
    buf_init(&text, XML_BYTES);
    int done = parser == NULL ? err_set(err, ERR_STOP, "out of memory") : file_read(path, &text, err);
    if (done == 0 && XML_Parse(parser, text.p != NULL ? text.p : "", (int)text.n, 1) != XML_STATUS_OK &&
        XML_GetErrorCode(parser) != XML_ERROR_ABORTED)
        done = err_set(err, ERR_STOP, "%s:%lu: expected XML: %s", path, XML_GetCurrentLineNumber(parser),
                       XML_ErrorString(XML_GetErrorCode(parser)));
    buf_fini(&text);
    return done;
}

/* A setting's values as they stand: an element that comes again in one file adds a value, in a later file it replaces them all. */
struct setting {
    const char *name;
    char values[GLOBS][VALUE];
    int n;
    const char *file; /* where its values are from */
    bool elsewhere;   /* from_env, from_zk: the server alone knows */
};

enum { SCRIPTS, DECLARATIONS, DATA, SETTINGS };

struct config {
    struct setting settings[SETTINGS];
    const char *file;
    int depth;
    struct setting *in;
    char text[VALUE];
    size_t n;
};

static void XMLCALL config_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct config *c = context;
    c->depth++;
    if (c->depth != 2)
        return;
    for (int i = 0; i < SETTINGS; i++) {
        struct setting *s = &c->settings[i];
        if (strcmp(s->name, name) != 0)
            continue;
        if (s->file != c->file)
            s->n = 0;
        s->file = c->file;
        s->elsewhere = false;
        c->in = s;
        c->n = 0;
        for (int a = 0; attributes[a] != NULL; a += 2) {
            if (strcmp(attributes[a], "remove") == 0)
                s->n = 0, c->in = NULL;
            if (strcmp(attributes[a], "from_env") == 0 || strcmp(attributes[a], "from_zk") == 0)
                s->elsewhere = true;
        }
    }
}

static void XMLCALL config_text(void *context, const XML_Char *text, int n)
{
    struct config *c = context;
    if (c->in == NULL || c->depth != 2)
        return;
    for (int i = 0; i < n && c->n + 1 < sizeof c->text; i++)
        c->text[c->n++] = text[i];
}

static void XMLCALL config_end(void *context, const XML_Char *name)
{
    struct config *c = context;
    (void)name;
    if (c->depth-- != 2 || c->in == NULL)
        return;
    struct str value = str_trim((struct str){ c->text, c->n });
    if (value.n > 0 && c->in->n < GLOBS)
        snprintf(c->in->values[c->in->n++], VALUE, "%.*s", STR_ARG(value));
    c->in = NULL;
}

static int read_config(struct config *c, const char *path, struct err *err)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    c->file = path;
    c->depth = 0;
    c->in = NULL;
    if (parser != NULL) {
        XML_SetUserData(parser, c);
        XML_SetElementHandler(parser, config_start, config_end);
        XML_SetCharacterDataHandler(parser, config_text);
    }
    int done = parse(path, parser, err);
    XML_ParserFree(parser);
    return done;
}

static int is_config(const struct dirent *e)
{
    struct str name = str_of(e->d_name);
    return e->d_name[0] != '.' && (str_ends(name, STR(".xml")) || str_ends(name, STR(".conf")));
}

static int is_yaml(const struct dirent *e)
{
    struct str name = str_of(e->d_name);
    return str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml"));
}

/* A YAML file that says one of the settings would be overlooked. */
static int refuse_yaml(const struct config *c, const char *path, struct err *err)
{
    struct buf text;
    int done = 0;
    buf_init(&text, XML_BYTES);
    if (file_read(path, &text, err) < 0)
        done = -1;
    for (int i = 0; i < SETTINGS && done == 0; i++)
        if (memmem(text.p, text.n, c->settings[i].name, strlen(c->settings[i].name)) != NULL && i != DATA)
            done = err_set(err, ERR_STOP,
                           "%s: it says %s, and only XML can be read here: name the folders by --user-scripts and "
                           "--functions-config",
                           path, c->settings[i].name);
    buf_fini(&text);
    return done;
}

/* The file names outlive the call: settings point at them. */
static int read_folder(struct config *c, const char *folder, struct err *err)
{
    struct dirent **files = NULL;
    int done = 0;
    for (int yaml = 0; yaml < 2; yaml++) {
        int n = scandir(folder, &files, yaml ? is_yaml : is_config, alphasort);
        if (n < 0)
            return errno == ENOENT ? 0 : err_errno(err, ERR_STOP, "%s", folder);
        for (int i = 0; i < n; i++) {
            char *path = NULL;
            if (done == 0 && asprintf(&path, "%s/%s", folder, files[i]->d_name) < 0)
                done = err_set(err, ERR_STOP, "out of memory");
            else if (done == 0)
                done = yaml ? refuse_yaml(c, path, err) : read_config(c, path, err);
            free(files[i]);
        }
        free(files);
    }
    return done;
}

/* Relative to the folder of the configuration, as the server takes it. */
static int put_absolute(const char *value, const char *dir, char *out, struct err *err)
{
    int n = snprintf(out, PATH_MAX, "%s%s%s", value[0] == '/' ? "" : dir, value[0] == '/' ? "" : "/", value);
    if (n >= PATH_MAX)
        return err_set(err, ERR_STOP, "%s: a path that long can't be used", value);
    while (n > 1 && out[n - 1] == '/')
        out[--n] = '\0';
    return 0;
}

static int unknown(const struct setting *s, const char *option, struct err *err)
{
    return err_set(err, ERR_STOP, "%s: only the server knows what %s is (it comes from its environment): say so by %s", s->file,
                   s->name, option);
}

int functions_place_of(const char *dir, struct functions_place *place, struct err *err)
{
    static char user_scripts[PATH_MAX], config[PATH_MAX], pattern[NAME_MAX + 1];
    static struct config c;
    char main_file[PATH_MAX], folder[PATH_MAX], real[PATH_MAX];
    c = (struct config){
        .settings = { { .name = "user_scripts_path" }, { .name = "user_defined_executable_functions_config" }, { .name = "path" } }
    };
    if (realpath(dir, real) == NULL)
        return err_errno(err, ERR_STOP, "%s: expected the folder of a ClickHouse server's configuration", dir);
    snprintf(main_file, sizeof main_file, "%s/config.xml", real);
    if (access(main_file, F_OK) < 0) {
        snprintf(main_file, sizeof main_file, "%s/config.yaml", real);
        bool yaml = access(main_file, F_OK) == 0;
        return err_set(
            err, ERR_STOP,
            yaml ? "%s: its configuration is YAML, and only XML can be read here: name the folders by --user-scripts and "
                   "--functions-config"
                 : "%s: expected the folder of a ClickHouse server's configuration, found no config.xml there; or name the "
                   "folders by --user-scripts and --functions-config",
            dir);
    }
    if (read_config(&c, main_file, err) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        snprintf(folder, sizeof folder, "%s/%s", real, i == 0 ? "conf.d" : "config.d");
        if (read_folder(&c, folder, err) < 0)
            return -1;
    }

    const struct setting *scripts = &c.settings[SCRIPTS], *declarations = &c.settings[DECLARATIONS], *data = &c.settings[DATA];
    if (scripts->elsewhere || (scripts->n == 0 && data->elsewhere))
        return unknown(scripts->elsewhere ? scripts : data, "--user-scripts", err);
    if (declarations->elsewhere)
        return unknown(declarations, "--functions-config", err);
    /* The server's own default is below its data; the package's data is here. */
    const char *value = scripts->n > 0 ? scripts->values[scripts->n - 1] : NULL;
    snprintf(folder, sizeof folder, "%s/user_scripts", data->n > 0 ? data->values[data->n - 1] : "/var/lib/clickhouse");
    if (put_absolute(value != NULL ? value : folder, real, user_scripts, err) < 0)
        return -1;
    if (declarations->n == 0)
        return err_set(
            err, ERR_STOP,
            "%s: the server isn't told where functions are declared (user_defined_executable_functions_config): put "
            "<clickhouse><user_defined_executable_functions_config>*_function.*ml</user_defined_executable_functions_config>"
            "</clickhouse> into %s/config.d/functions.xml",
            dir, dir);
    for (int i = 0; i < declarations->n; i++) {
        if (put_absolute(declarations->values[i], real, config, err) < 0)
            return -1;
        char *slash = strrchr(config, '/');
        if (strpbrk(config, "*?[{") != NULL && strpbrk(config, "*?[{") < slash)
            continue; /* which of several folders? */
        snprintf(pattern, sizeof pattern, "%s", slash + 1);
        *slash = '\0';
        *place = (struct functions_place){ user_scripts, config, pattern };
        return 0;
    }
    return err_set(err, ERR_STOP, "%s: %s is %s, which may be any of several folders: say which by --functions-config",
                   declarations->file, declarations->name, declarations->values[0]);
}

/* A *_function.xml: <functions><function><name>…</name><command>…</command>. */
struct declared {
    functions_declared *each;
    void *context;
    XML_Parser parser;
    int depth;
    struct buf name, command, *in;
    bool stopped;
};

static void XMLCALL declared_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct declared *d = context;
    (void)attributes;
    d->depth++;
    if (d->depth == 2) {
        buf_clear(&d->name);
        buf_clear(&d->command);
    }
    d->in = d->depth != 3 ? NULL : strcmp(name, "name") == 0 ? &d->name : strcmp(name, "command") == 0 ? &d->command : NULL;
}

static void XMLCALL declared_text(void *context, const XML_Char *text, int n)
{
    struct declared *d = context;
    if (d->in != NULL)
        buf_put(d->in, text, (size_t)n);
}

static void XMLCALL declared_end(void *context, const XML_Char *name)
{
    struct declared *d = context;
    d->in = NULL;
    if (d->depth-- != 2 || strcmp(name, "function") != 0)
        return;
    if (d->each(d->context, str_trim(buf_str(&d->name)), str_trim(buf_str(&d->command))) < 0) {
        d->stopped = true;
        XML_StopParser(d->parser, XML_FALSE);
    }
}

int functions_read_xml(const char *path, functions_declared *each, void *context, struct err *err)
{
    struct declared d = { .each = each, .context = context, .parser = XML_ParserCreate(NULL) };
    buf_init(&d.name, 0);
    buf_init(&d.command, 0);
    if (d.parser != NULL) {
        XML_SetUserData(d.parser, &d);
        XML_SetElementHandler(d.parser, declared_start, declared_end);
        XML_SetCharacterDataHandler(d.parser, declared_text);
    }
    int done = parse(path, d.parser, err);
    XML_ParserFree(d.parser);
    buf_fini(&d.name);
    buf_fini(&d.command);
    return d.stopped ? -1 : done;
}
