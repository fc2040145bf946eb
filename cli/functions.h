/* cli/functions: puts odw-udf, the contracts and the declarations of the functions where a ClickHouse server looks for them. */
#ifndef ODW_FUNCTIONS_H
#define ODW_FUNCTIONS_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/changes.h"

struct functions_place {
    const char *user_scripts; /* user_scripts_path: odw-udf and odw/contracts/STEM.HASH.schema.json go below it */
    const char *config;       /* the folder that user_defined_executable_functions_config names: odw_function.xml goes there */
};

/* What is already right is left alone; the contracts that are there stay, so that a view that still uses one goes on. Each file
 * changes whole or not at all. root: the folder that holds contracts/. */
int functions_install(const struct functions_place *place, const char *root, struct changes *changes, struct err *err)
    __attribute__((warn_unused_result));

/* Writes what functions_install would put below a server's own folders as a tar file (paths below "/"). */
int functions_tar(const char *file, const char *root, struct changes *changes, struct err *err) __attribute__((warn_unused_result));

/* The Debian package's folders. */
#define FUNCTIONS_USER_SCRIPTS "/var/lib/clickhouse/user_scripts"
#define FUNCTIONS_CONFIG       "/etc/clickhouse-server"

/* The odw-udf beside this program. */
int functions_program(char *path, size_t size, struct err *err) __attribute__((warn_unused_result));
/* Its output: --list or --xml (contracts: a folder of them). */
int functions_ask(const char *what, const char *contracts, struct buf *out, struct err *err) __attribute__((warn_unused_result));

#endif
