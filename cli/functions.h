/* cli/functions: puts the functions' programs, the files they need and their declarations where a ClickHouse server looks for them.
 */
#ifndef ODW_FUNCTIONS_H
#define ODW_FUNCTIONS_H

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"
#include "cli/changes.h"
#include "cli/verbs.h"

struct functions_place {
    const char *user_scripts; /* user_scripts_path: the programs, and odw/ with what they need, go below it */
    const char *config;       /* the folder that user_defined_executable_functions_config names: the declarations go there */
    const char *pattern;      /* the names that it takes there, "*_function.*ml"; NULL: that */
};

/* The Debian package's folders, and those of the tar file. */
#define FUNCTIONS_USER_SCRIPTS "/var/lib/clickhouse/user_scripts"
#define FUNCTIONS_CONFIG       "/etc/clickhouse-server"

/* What a server's own configuration says (config.xml and what is in config.d/), in memory that lives as long as the program. -1 and
 * err: it says something that can't be used, and what to do then. */
int functions_place_of(const char *dir, struct functions_place *place, struct err *err) __attribute__((warn_unused_result));

/* One function's declaration in a *_function.xml: its name and its command's words, as they stand there. 0, or -1 to stop. */
typedef int functions_declared(void *context, struct str name, struct str command);
/* Calls `each` for each <function> of the file. -1 and err: not readable, not XML, or `each` stopped. */
int functions_read_xml(const char *path, functions_declared *each, void *context, struct err *err)
    __attribute__((warn_unused_result));

/* What is already right is left alone; so are the contracts that are there, and files that someone changed since they were
 * installed. Each file changes whole or not at all, and the declarations last: programs have names of their own per content, so
 * that what runs goes on as it began until the server has read the new declarations. root: the folder that holds contracts/. */
int functions_install(const struct functions_place *place, const char *root, struct changes *changes, struct err *err)
    __attribute__((warn_unused_result));

/* Takes programs away that no declaration in this place names any more, once the declarations have stood for ten minutes. For when
 * the server is known to have read them. */
int functions_sweep(const struct functions_place *place, struct changes *changes, struct err *err)
    __attribute__((warn_unused_result));

/* Everything that functions_install made, but for files that someone changed: these are said and stay. The declarations go first.
 */
int functions_uninstall_declarations(const struct functions_place *place, struct changes *changes, struct err *err)
    __attribute__((warn_unused_result));
int functions_uninstall_files(const struct functions_place *place, struct changes *changes, struct err *err)
    __attribute__((warn_unused_result));

/* Writes what functions_install would put below a server's own folders as a tar file (paths below "/"). */
int functions_tar(const char *file, const char *root, struct changes *changes, struct err *err) __attribute__((warn_unused_result));

/* A program of functions: odw-udf, or odw-udf-WORD, beside this one. */
struct functions_program {
    char path[PATH_MAX];
    char name[64];     /* odw-udf */
    char release[128]; /* odw-udf-0.1.0-0123456789ab: version and the beginning of the content's SHA-256; how it is installed */
};
/* Those beside this program, odw-udf first; at most FUNCTIONS_PROGRAMS. Their number, or -1 and err. */
enum { FUNCTIONS_PROGRAMS = 8 };
int functions_programs(struct functions_program *programs, struct err *err) __attribute__((warn_unused_result));
/* The name is that of a release of such a program. */
bool functions_is_release(struct str name, const char *program);

/* Its output: --list, --describe or --xml (contracts: a folder of them; command: what --xml is to name, or NULL). */
int functions_ask(const struct functions_program *program, const char *what, const char *contracts, const char *command,
                  struct buf *out, struct err *err) __attribute__((warn_unused_result));

/* The same of all programs, one after the other. */
int functions_ask_all(const char *what, const char *contracts, struct buf *out, struct err *err)
    __attribute__((warn_unused_result));
/* The names of all their functions: "piiRedact,ipAnonymise". */
int functions_names(const char *contracts, struct buf *names, struct err *err) __attribute__((warn_unused_result));

/* The words after "odw functions". */
extern const struct verb functions_verb_install, functions_verb_uninstall, functions_verb_list, functions_verb_test;

#endif
