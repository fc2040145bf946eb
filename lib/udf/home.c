/* lib/udf: where the files are that functions need beside the program; what a declaration lacks for people. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "udf/udf.h"

static const char *told;

void udf_set_home(const char *folder)
{
    told = folder;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *udf_home(void)
{
    static char found[PATH_MAX];
    const char *named = told != NULL ? told : getenv("ODW_UDF_HOME");
    if (named != NULL)
        return named;
    if (found[0] != '\0')
        return found;
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash == NULL)
        return "odw";
    *slash = '\0';
    if (snprintf(found, sizeof found, "%s/odw", program) < (int)sizeof found && is_folder(found))
        return found;
    if (snprintf(found, sizeof found, "%s/../share/odw", program) < (int)sizeof found && is_folder(found))
        return found;
    snprintf(found, sizeof found, "%s/odw", program);
    return found;
}

int udf_file(const char *kind, const char *name, char *path, size_t size, struct err *err)
{
    if (snprintf(path, size, "%s/%s/%s", udf_home(), kind, name) >= (int)size)
        return err_set(err, ERR_STOP, "%s/%s: a path that long can't be used", kind, name);
    if (access(path, R_OK) < 0)
        return err_errno(err, ERR_STOP, "%s: expected a file that functions need (odw functions install puts it there)", path);
    return 0;
}

const char *udf_undocumented(const struct udf *udf)
{
    if (udf->name == NULL || udf->name[0] == '\0')
        return ".name: as ClickHouse calls it";
    if (udf->group == NULL || udf->group[0] == '\0')
        return ".group: the heading that docs/functions.md has it under";
    if (udf->about == NULL || udf->about[0] == '\0')
        return ".about: a sentence for people";
    if (udf->errors == NULL || udf->errors[0] == '\0')
        return ".errors: what it gives for what isn't understood";
    if (udf->examples[0].call == NULL || udf->examples[0].answer == NULL)
        return ".examples: a call and its answer";
    for (int i = 0; i < UDF_EXAMPLES && udf->examples[i].call != NULL; i++)
        if (udf->examples[i].answer == NULL)
            return ".examples: an answer for each call";
    return NULL;
}
