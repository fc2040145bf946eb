/* cli/functions_share: the files that functions bring along (build/share/odw: data, policies), and which of them are as they came.
 *
 * user_scripts/odw/installed says what was put there, as sha256sum prints it (so that `sha256sum -c installed` checks it). While
 * files are replaced it has both digests of each, so that a kill leaves nothing that looks like somebody's own change. */
#include "cli/functions_share.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/functions_file.h"

static const char list_name[] = "installed";

struct share {
    const char *from, *to; /* build/share/odw, user_scripts/odw */
    struct str before;     /* the list as it was */
    struct buf list;       /* as it will be */
    struct changes *changes;
    bool dry; /* only the list is made */
};

/* Did we put these bytes there? */
static bool is_listed(struct str list, const char *digest, const char *name)
{
    while (list.n > 0) {
        struct str line = str_cut(&list, '\n');
        if (line.n > 66 && memcmp(line.p, digest, 64) == 0 && str_eq((struct str){ line.p + 66, line.n - 66 }, str_of(name)))
            return true;
    }
    return false;
}

static bool names_file(struct str list, const char *name)
{
    while (list.n > 0) {
        struct str line = str_cut(&list, '\n');
        if (line.n > 66 && str_eq((struct str){ line.p + 66, line.n - 66 }, str_of(name)))
            return true;
    }
    return false;
}

/* name: below both folders, "data/geo.mmdb". */
static int put_one(struct share *s, const char *name, struct err *err)
{
    char from[PATH_MAX], folder[PATH_MAX], path[PATH_MAX], what[PATH_MAX], digest[65], there[65];
    const char *base = strrchr(name, '/') + 1;
    struct buf bytes, have;
    snprintf(from, sizeof from, "%s/%s", s->from, name);
    snprintf(path, sizeof path, "%s/%s", s->to, name);
    snprintf(folder, sizeof folder, "%s/%.*s", s->to, (int)(base - name - 1), name);
    snprintf(what, sizeof what, "%s", name);
    int done = functions_read(from, &bytes, err) == 1 ? 0 : err_set(err, ERR_STOP, "%s: it was there a moment ago", from);
    int exists = functions_read(path, &have, err);
    if (exists < 0)
        done = -1;
    if (done == 0) {
        functions_digest(buf_str(&bytes), digest);
        functions_digest(buf_str(&have), there);
        if (s->dry) {
            buf_printf(&s->list, "%s  %s\n", digest, name);
        } else if (exists == 1 && strcmp(there, digest) != 0 && !is_listed(s->before, there, name)) {
            if (!s->changes->quiet)
                printf("keep %s: it was changed since it was installed\n", path);
        } else {
            done = functions_put(folder, base, buf_str(&bytes), 0644, what, s->changes, err);
        }
    }
    buf_fini(&bytes);
    buf_fini(&have);
    return done;
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int each_file(struct share *s, const char *below, struct err *err)
{
    char folder[PATH_MAX];
    struct dirent **files = NULL;
    snprintf(folder, sizeof folder, "%s%s", s->from, below);
    int n = scandir(folder, &files, is_visible, alphasort), done = 0;
    if (n < 0)
        return errno == ENOENT ? 0 : err_errno(err, ERR_STOP, "%s", folder);
    for (int i = 0; i < n; i++) {
        char name[PATH_MAX], path[PATH_MAX];
        struct stat st;
        snprintf(name, sizeof name, "%s/%s", below, files[i]->d_name);
        snprintf(path, sizeof path, "%s%s", s->from, name);
        if (done == 0 && stat(path, &st) < 0)
            done = err_errno(err, ERR_STOP, "%s", path);
        else if (done == 0)
            done = S_ISDIR(st.st_mode) ? each_file(s, name, err) : below[0] != '\0' ? put_one(s, name + 1, err) : 0;
        free(files[i]);
    }
    free(files);
    return done;
}

/* ../share/odw from this program. */
static int find_share(char path[PATH_MAX], struct err *err)
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 32);
    if (n < 0)
        return err_errno(err, ERR_STOP, "/proc/self/exe");
    path[n] = '\0';
    strcpy(strrchr(path, '/'), "/../share/odw");
    return 0;
}

/* Takes away what the list names and the bytes say is ours; `next`: but for files that this list names too. */
static int remove_listed(const char *user_scripts, struct str list, struct str next, struct changes *changes, struct err *err)
{
    struct str rest = list;
    int done = 0;
    while (done >= 0 && rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        char path[PATH_MAX], name[PATH_MAX], digest[65];
        struct buf have;
        if (line.n < 67)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(line.n - 66), line.p + 66);
        snprintf(path, sizeof path, "%s/odw/%s", user_scripts, name);
        if (strstr(name, "..") != NULL || names_file(next, name))
            continue;
        done = functions_read(path, &have, err);
        if (done == 1) {
            functions_digest(buf_str(&have), digest);
            if (is_listed(list, digest, name))
                done = functions_remove(path, name, changes, err);
            else
                printf("keep %s: it was changed since it was installed\n", path);
        }
        buf_fini(&have);
        if (!changes->dry_run && strchr(name, '/') != NULL) {
            *strrchr(path, '/') = '\0';
            rmdir(path); /* where it is empty by now */
        }
    }
    return done < 0 ? -1 : 0;
}

int functions_share_install(const char *user_scripts, struct changes *changes, struct err *err)
{
    char from[PATH_MAX], to[PATH_MAX], list_path[PATH_MAX];
    struct buf before, both;
    struct changes quiet = { .quiet = true, .dry_run = changes->dry_run };
    struct share s = { .from = from, .to = to, .changes = changes, .dry = true };
    int done = -1;
    snprintf(to, sizeof to, "%s/odw", user_scripts);
    snprintf(list_path, sizeof list_path, "%s/%s", to, list_name);
    buf_init(&both, FUNCTIONS_FILE_MAX);
    buf_init(&s.list, FUNCTIONS_FILE_MAX);
    if (functions_read(list_path, &before, err) < 0 || find_share(from, err) < 0 || each_file(&s, "", err) < 0)
        goto out;
    s.before = buf_str(&before);
    s.dry = false;
    bool same = str_eq(s.before, buf_str(&s.list));
    if (!same) {
        buf_put_str(&both, s.before);
        buf_put_str(&both, buf_str(&s.list));
        if (functions_put(to, list_name, buf_str(&both), 0644, "the list of files", &quiet, err) < 0)
            goto out;
    }
    if (each_file(&s, "", err) < 0 || remove_listed(user_scripts, s.before, buf_str(&s.list), changes, err) < 0 ||
        (!same && functions_put(to, list_name, buf_str(&s.list), 0644, "", &quiet, err) < 0))
        goto out;
    done = 0;
out:
    buf_fini(&before);
    buf_fini(&both);
    buf_fini(&s.list);
    return done;
}

int functions_share_remove(const char *user_scripts, struct changes *changes, struct err *err)
{
    char list_path[PATH_MAX];
    struct buf list;
    struct changes quiet = { .quiet = true, .dry_run = changes->dry_run };
    snprintf(list_path, sizeof list_path, "%s/odw/%s", user_scripts, list_name);
    int done = functions_read(list_path, &list, err);
    if (done == 1)
        done = remove_listed(user_scripts, buf_str(&list), STR(""), changes, err);
    buf_fini(&list);
    return done < 0 ? -1 : functions_remove(list_path, "", &quiet, err);
}
