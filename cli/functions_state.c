/* cli/functions_state: the folder in which functions keep answers of language models: for the server's user alone. */
#include "cli/functions_state.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* Who the server runs as: it owns its user scripts, or at least the folder that they are in. -1 and err. */
static int server_user(const char *user_scripts, struct stat *user, struct err *err)
{
    char above[PATH_MAX];
    if (stat(user_scripts, user) < 0)
        return err_errno(err, ERR_STOP, "%s", user_scripts);
    snprintf(above, sizeof above, "%s/..", user_scripts);
    if (user->st_uid == 0 && stat(above, user) < 0)
        return err_errno(err, ERR_STOP, "%s", above);
    return 0;
}

int functions_state_make(const char *user_scripts, struct changes *changes, struct err *err)
{
    char folder[PATH_MAX], state[PATH_MAX];
    struct stat user;
    if (snprintf(folder, sizeof folder, "%s/odw/llm", user_scripts) >= (int)sizeof folder ||
        snprintf(state, sizeof state, "%s/state", folder) >= (int)sizeof state)
        return err_set(err, ERR_STOP, "%s: a path that long can't be used", user_scripts);
    if (access(state, F_OK) == 0)
        return 0;
    change(changes, "make the folder for answers of language models (%s)", state);
    if (changes->dry_run)
        return 0;
    if (file_make_folders(folder, 0755, err) < 0 || server_user(user_scripts, &user, err) < 0)
        return -1;
    if (mkdir(state, 0700) < 0)
        return err_errno(err, ERR_STOP, "%s: can't be made", state);
    return geteuid() != 0 || chown(state, user.st_uid, user.st_gid) == 0
               ? 0
               : err_errno(err, ERR_STOP, "%s: can't be given to the server's user (uid %u)", state, (unsigned)user.st_uid);
}

void functions_state_remove(const char *user_scripts)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/odw/llm/state", user_scripts);
    rmdir(path);
    snprintf(path, sizeof path, "%s/odw/llm", user_scripts);
    rmdir(path);
}
