/* cli/functions: puts the functions' programs, the files they need and their declarations where a ClickHouse server looks for them.
 */
#include "cli/functions.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/functions_file.h"
#include "cli/functions_share.h"
#include "cli/functions_state.h"
#include "cli/tar.h"
#include "contract/contract.h"

/* A query may have begun with the last release, and start one more process of it for another thread. */
enum { SWEEP_AFTER_S = 600 };

/* How a program's declarations are called: odw_function.xml for odw-udf, odw_text_function.xml for odw-udf-text; else as the
 * server's pattern has it. -1 and err: it takes no name of ours. */
static int declarations_name(const struct functions_place *place, const char *program, char name[NAME_MAX + 1], struct err *err)
{
    const char *pattern = place->pattern != NULL ? place->pattern : "*_function.*ml";
    const char *word = program[7] != '\0' ? program + 8 : "";
    snprintf(name, NAME_MAX + 1, "odw%s%s_function.xml", word[0] != '\0' ? "_" : "", word);
    if (fnmatch(pattern, name, 0) == 0)
        return 0;
    size_t n = 0;
    for (const char *p = pattern; *p != '\0' && n < NAME_MAX - 64; p++)
        n += *p == '*' ? (size_t)snprintf(name + n, NAME_MAX - n, "odw%s", word) : (name[n] = *p, 1);
    name[n] = '\0';
    if (strchr(pattern, '*') != NULL && fnmatch(pattern, name, 0) == 0)
        return 0;
    return err_set(err, ERR_STOP,
                   "%s/%s: the server takes declarations of this name only, expected a pattern such as *_function.*ml (its "
                   "user_defined_executable_functions_config)",
                   place->config, pattern);
}

static int is_contract(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), STR(".schema.json"));
}

static int put_contract(const char *from, const char *folder, struct changes *changes, struct err *err)
{
    int done = -1;
    char name[NAME_MAX + 1], what[NAME_MAX + 32];
    struct buf bytes = { 0 };
    struct contract *c = contract_load(from, err);
    if (c == NULL || functions_read(from, &bytes, err) != 1)
        goto out;
    snprintf(name, sizeof name, "%s.%s.schema.json", contract_stem(c), contract_hash(c));
    snprintf(what, sizeof what, "contract %s %s", contract_stem(c), contract_hash(c));
    done = functions_put(folder, name, buf_str(&bytes), 0644, what, changes, err);
out:
    buf_fini(&bytes);
    contract_free(c);
    return done;
}

static int put_contracts(const char *root, const char *folder, struct changes *changes, struct err *err)
{
    char from[PATH_MAX];
    struct dirent **files = NULL;
    snprintf(from, sizeof from, "%s/contracts", root);
    int n = scandir(from, &files, is_contract, alphasort), done = 0;
    if (n < 0)
        return err_errno(err, ERR_STOP, "%s: expected the folder of contracts", from);
    for (int i = 0; i < n; i++) {
        snprintf(from, sizeof from, "%s/contracts/%s", root, files[i]->d_name);
        if (done == 0)
            done = put_contract(from, folder, changes, err);
        free(files[i]);
    }
    free(files);
    return done;
}

/* Names that stand in a declaration: ",name,name,". */
struct names {
    struct buf list;
    struct buf taken; /* "piiRedact is declared by FILE (it runs COMMAND)" */
    const char *file;
};

static bool has_name(const struct buf *list, struct str name)
{
    char word[512];
    int n = snprintf(word, sizeof word, ",%.*s,", STR_ARG(name));
    return n < (int)sizeof word && memmem(list->p, list->n, word, (size_t)n) != NULL;
}

static int take_other(void *context, struct str name, struct str command)
{
    struct names *n = context;
    if (has_name(&n->list, name) && n->taken.n == 0)
        buf_printf(&n->taken, "%.*s is declared already by %s (it runs %.200s)", STR_ARG(name), n->file,
                   command.n > 0 ? command.p : "something");
    return 0;
}

static int put_ours(void *context, struct str name, struct str command)
{
    struct buf *list = context;
    (void)command;
    return buf_printf(list, "%.*s,", STR_ARG(name));
}

/* Would one of our names be declared twice? The server takes one of the two then, whichever it reads last. */
static int check_names(const struct functions_place *place, const char *ours_path, const char *ours_file, struct err *err)
{
    const char *pattern = place->pattern != NULL ? place->pattern : "*_function.*ml";
    struct names n = { 0 };
    struct dirent **files = NULL;
    int done = 0, found = scandir(place->config, &files, NULL, alphasort);
    buf_init(&n.list, 0);
    buf_init(&n.taken, 0);
    buf_putc(&n.list, ',');
    if (functions_read_xml(ours_path, put_ours, &n.list, err) < 0)
        done = -1;
    for (int i = 0; i < found; i++) {
        char path[PATH_MAX];
        struct err damaged = ERR_INIT;
        snprintf(path, sizeof path, "%s/%s", place->config, files[i]->d_name);
        n.file = path;
        if (done == 0 && strcmp(files[i]->d_name, ours_file) != 0 && fnmatch(pattern, files[i]->d_name, 0) == 0 &&
            str_ends(str_of(path), STR(".xml")) && functions_read_xml(path, take_other, &n, &damaged) < 0)
            fprintf(stderr, "warning: %s\n", damaged.text); /* it isn't ours to mend, and hides no name from the server either */
        if (done == 0 && n.taken.n > 0)
            done = err_set(err, ERR_STOP, "%s: two functions can't have one name: rename or remove it there", buf_text(&n.taken));
        free(files[i]);
    }
    free(files);
    buf_fini(&n.list);
    buf_fini(&n.taken);
    return done;
}

/* The declarations as the server will read them, checked against those of others. -1 and err. */
static int put_declarations(const struct functions_place *place, const struct functions_program *p, const char *contracts,
                            struct changes *changes, struct err *err)
{
    char name[NAME_MAX + 1], what[256], scratch[] = "/tmp/odw-function-XXXXXX";
    struct buf xml;
    buf_init(&xml, FUNCTIONS_FILE_MAX);
    int fd = -1, done = declarations_name(place, p->name, name, err);
    if (done == 0)
        done = functions_ask(p, "--xml", contracts, p->release, &xml, err);
    if (done == 0 && ((fd = mkstemp(scratch)) < 0 || write(fd, xml.p, xml.n) != (ssize_t)xml.n))
        done = err_errno(err, ERR_STOP, "%s", scratch);
    if (done == 0)
        done = check_names(place, scratch, name, err);
    if (fd >= 0) {
        close(fd);
        unlink(scratch);
    }
    snprintf(what, sizeof what, "the declarations of %s", p->release);
    if (done == 0 && changes != NULL)
        done = functions_put(place->config, name, buf_str(&xml), 0644, what, changes, err);
    buf_fini(&xml);
    return done;
}

static int put_program(const struct functions_place *place, const struct functions_program *p, struct changes *changes,
                       struct err *err)
{
    struct buf bytes;
    int done = functions_read(p->path, &bytes, err);
    if (done == 1)
        done = functions_put(place->user_scripts, p->release, buf_str(&bytes), 0755, p->name, changes, err);
    else
        done = err_set(err, ERR_STOP, "%s: it was there a moment ago", p->path);
    buf_fini(&bytes);
    return done;
}

int functions_install(const struct functions_place *place, const char *root, struct changes *changes, struct err *err)
{
    struct functions_program programs[FUNCTIONS_PROGRAMS];
    char contracts[PATH_MAX], source[PATH_MAX];
    struct stat st;
    int before = changes->n, n = functions_programs(programs, err);
    umask(022); /* the server may run as another user: folders that it can enter, whatever root's habit is */
    snprintf(contracts, sizeof contracts, "%s/odw/contracts", place->user_scripts);
    snprintf(source, sizeof source, "%s/contracts", root);
    if (n < 0 || functions_check_folder(place->user_scripts, true, err) < 0 ||
        functions_check_folder(place->config, false, err) < 0)
        return -1;
    if (stat(contracts, &st) == 0 && functions_check_folder(contracts, false, err) < 0)
        return -1;
    /* Before anything is touched. */
    for (int i = 0; i < n; i++)
        if (put_declarations(place, &programs[i], source, NULL, err) < 0)
            return -1;
    if (functions_share_install(place->user_scripts, changes, err) < 0 || put_contracts(root, contracts, changes, err) < 0)
        return -1;
    for (int i = 0; i < n; i++)
        if (put_program(place, &programs[i], changes, err) < 0)
            return -1;
    if (functions_state_make(place->user_scripts, changes, err) < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        /* In a dry run the contracts may not be there to be declared. */
        if (changes->dry_run && changes->n > before)
            change(changes, "declare the functions of %s (%s)", programs[i].release, place->config);
        else if (put_declarations(place, &programs[i], contracts, changes, err) < 0)
            return -1;
    }
    return 0;
}

static int put_command(void *context, struct str name, struct str command)
{
    struct str program = str_cut(&command, ' ');
    (void)name;
    return buf_printf(context, "%.*s,", STR_ARG(program));
}

static int by_program(const struct dirent *e)
{
    return strncmp(e->d_name, "odw-udf", 7) == 0;
}

/* Removes releases that no declaration names; all of them where `declared` is NULL. */
static int remove_programs(const struct functions_place *place, const struct buf *declared, struct changes *changes,
                           struct err *err)
{
    struct functions_program programs[FUNCTIONS_PROGRAMS];
    struct dirent **files = NULL;
    int known = functions_programs(programs, err), done = known < 0 ? -1 : 0;
    int n = scandir(place->user_scripts, &files, by_program, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        struct str name = str_of(files[i]->d_name);
        bool ours = false;
        for (int k = 0; k < known; k++)
            ours |= functions_is_release(name, programs[k].name);
        snprintf(path, sizeof path, "%s/%s", place->user_scripts, files[i]->d_name);
        if (done == 0 && ours && (declared == NULL || !has_name(declared, name)))
            done =
                functions_remove(path, declared != NULL ? "a program that no function needs any more" : "a program", changes, err);
        free(files[i]);
    }
    free(files);
    return done;
}

/* The programs that our declarations in this place name, ",NAME,NAME,", and since when. */
static int declared_programs(const struct functions_place *place, struct buf *declared, time_t *since, struct err *err)
{
    struct stat st;
    struct functions_program programs[FUNCTIONS_PROGRAMS];
    int n = functions_programs(programs, err), done = n < 0 ? -1 : 0;
    buf_putc(declared, ',');
    for (int i = 0; i < n && done == 0; i++) {
        char name[NAME_MAX + 1], path[PATH_MAX];
        done = declarations_name(place, programs[i].name, name, err);
        snprintf(path, sizeof path, "%s/%s", place->config, name);
        if (done < 0 || stat(path, &st) < 0)
            continue;
        done = functions_read_xml(path, put_command, declared, err);
        *since = st.st_mtime > *since ? st.st_mtime : *since;
    }
    return done;
}

int functions_sweep(const struct functions_place *place, struct changes *changes, struct err *err)
{
    struct buf declared;
    time_t since = 0;
    buf_init(&declared, 0);
    int done = declared_programs(place, &declared, &since, err);
    if (done == 0 && time(NULL) - since > SWEEP_AFTER_S)
        done = remove_programs(place, &declared, changes, err);
    buf_fini(&declared);
    return done;
}

int functions_uninstall_declarations(const struct functions_place *place, struct changes *changes, struct err *err)
{
    struct functions_program programs[FUNCTIONS_PROGRAMS];
    int n = functions_programs(programs, err), done = n < 0 ? -1 : 0;
    for (int i = 0; i < n && done == 0; i++) {
        char name[NAME_MAX + 1], path[PATH_MAX];
        done = declarations_name(place, programs[i].name, name, err);
        snprintf(path, sizeof path, "%s/%s", place->config, name);
        if (done == 0)
            done = functions_remove(path, "declarations", changes, err);
    }
    return done;
}

int functions_uninstall_files(const struct functions_place *place, struct changes *changes, struct err *err)
{
    char contracts[PATH_MAX], home[PATH_MAX];
    struct dirent **files = NULL;
    snprintf(home, sizeof home, "%s/odw", place->user_scripts);
    snprintf(contracts, sizeof contracts, "%s/contracts", home);
    int done = remove_programs(place, NULL, changes, err);
    int n = scandir(contracts, &files, is_contract, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", contracts, files[i]->d_name);
        if (done == 0)
            done = functions_remove(path, "a contract", changes, err);
        free(files[i]);
    }
    free(files);
    if (done == 0)
        done = functions_share_remove(place->user_scripts, changes, err);
    if (done == 0 && !changes->dry_run) {
        rmdir(contracts);
        functions_state_remove(place->user_scripts);
        if (rmdir(home) < 0 && errno == ENOTEMPTY)
            printf("keep %s: it holds files that were not installed, or were changed since\n", home);
    }
    return done;
}

int functions_tar(const char *file, const char *root, struct changes *changes, struct err *err)
{
    char stage[] = "/tmp/odw-functions-XXXXXX", user_scripts[128], config[128];
    struct changes quiet = { .quiet = true };
    change(changes, "write %s", file);
    if (changes->dry_run)
        return 0;
    if (mkdtemp(stage) == NULL)
        return err_errno(err, ERR_STOP, "%s: no place to gather files", stage);
    snprintf(user_scripts, sizeof user_scripts, "%s" FUNCTIONS_USER_SCRIPTS, stage);
    snprintf(config, sizeof config, "%s" FUNCTIONS_CONFIG, stage);
    struct functions_place place = { .user_scripts = user_scripts, .config = config };
    int done = functions_install(&place, root, &quiet, err);
    functions_state_remove(user_scripts); /* who the server runs as is known where it runs: its functions make it */
    if (done == 0)
        done = tar_folder(stage, file, err);
    tar_remove_folder(stage);
    return done;
}
