/* loaders/documents/watch: one watch for each folder; what can't be watched is looked at every minute. */
#include "loaders/documents/watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { QUIET_MS = 500, MOST_MS = 10000, AGAIN_MS = 60000, DEPTH = 100 };

struct watch {
    int fd;
    char *folder;
    int64_t first_ms, last_ms; /* of what has happened; 0: nothing */
    int64_t looked_ms;
    bool partly; /* some folder can't be watched */
};

static void add_below(struct watch *w, const char *folder, int depth)
{
    static const uint32_t events = IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
    char path[PATH_MAX];
    struct dirent *e;
    DIR *d = NULL;
    if (inotify_add_watch(w->fd, folder, events | (depth > 0 ? IN_DONT_FOLLOW : 0)) < 0 && errno != ENOENT && errno != ENOTDIR) {
        if (!w->partly)
            log_warn("%s: can't be watched (%s): it is looked at every %d s", folder, strerror(errno), AGAIN_MS / 1000);
        w->partly = true;
    }
    if (depth < DEPTH)
        d = opendir(folder);
    while (d != NULL && (e = readdir(d)) != NULL) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) ||
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
            continue;
        if (e->d_type == DT_DIR || (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)))
            add_below(w, path, depth + 1);
    }
    if (d != NULL)
        closedir(d);
}

struct watch *watch_new(const char *folder, struct err *err)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL || (w->folder = strdup(*folder != '\0' ? folder : ".")) == NULL) {
        free(w);
        err_set(err, ERR_RETRY, "out of memory");
        return NULL;
    }
    w->looked_ms = monotonic_ms();
    if ((w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) < 0) {
        err_errno(err, ERR_RETRY, "%s can't be watched", w->folder);
        watch_free(w);
        return NULL;
    }
    add_below(w, w->folder, 0);
    return w;
}

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0)
        close(w->fd);
    free(w->folder);
    free(w);
}

/* What has happened; true: folders came, or events were lost. */
static bool take_events(struct watch *w)
{
    char room[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool folders = false;
    ssize_t n;
    while ((n = read(w->fd, room, sizeof room)) > 0) {
        w->last_ms = monotonic_ms();
        w->first_ms = w->first_ms != 0 ? w->first_ms : w->last_ms;
        for (char *p = room; p < room + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)(void *)p)->len)
            folders = folders || (((struct inotify_event *)(void *)p)->mask & (IN_ISDIR | IN_Q_OVERFLOW)) != 0;
    }
    return folders;
}

bool watch_wait(struct watch *w, int ms)
{
    struct pollfd p = { .fd = w->fd, .events = POLLIN };
    if (poll(&p, 1, ms) > 0 && take_events(w))
        add_below(w, w->folder, 0); /* one that is watched already stays as it is */
    int64_t now = monotonic_ms();
    bool settled = w->first_ms != 0 && (now - w->last_ms >= QUIET_MS || now - w->first_ms >= MOST_MS);
    if (!settled && !(w->partly && now - w->looked_ms >= AGAIN_MS))
        return false;
    w->first_ms = w->last_ms = 0;
    w->looked_ms = now;
    return true;
}
