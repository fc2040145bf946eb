/* dev/odw-clickhouse: a ClickHouse server out of libchdb.so.
 *
 * Arguments go to the engine as they are (`--config-file FILE --path DIR …`). The query that keeps the server up reads
 * standard input, which is a pipe of ours: closing it is how the server is asked to stop, so SIGTERM ends it in order
 * (consumers leave their groups) and no parked child is needed, which a `kill -9` would leave behind.
 *
 * The library takes no notice of a write that fails for want of room: a merge goes on, its cut part takes the place of whole ones,
 * and rows are lost (26.7.3, seen on tmpfs and ext4, with fsync after merges as well). So the write that it calls is ours, and
 * waits for room. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The library's ABI; the npm package has no header. */
struct result {
    char *buf;
    size_t len;
    void *vec;
    double elapsed;
    uint64_t rows_read, bytes_read;
    char *error_message;
};

static const char serve[] = "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; "
                            "SELECT count() FROM file('-', 'LineAsString', 'line String') FORMAT Null";

enum { ROOM_AGAIN_MS = 100 };

/* A file of a table lies below store/. What else is written, as answers that are kept until they are whole, may fail: queries go
 * on. */
static bool is_of_table(int fd)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return strstr(path, "/store/") != NULL;
}

/* write(2), but that it waits while the disk, or its quota, is full, where a table's rows are written. */
ssize_t write(int fd, const void *from, size_t n)
{
    ssize_t rc = syscall(SYS_write, fd, from, n);
    if (rc >= 0 || (errno != ENOSPC && errno != EDQUOT))
        return rc;
    int why = errno;
    if (!is_of_table(fd)) {
        errno = why;
        return rc;
    }
    fprintf(stderr, "warn clickhouse: a write waits: %s\n", strerror(why));
    do {
        nanosleep(&(struct timespec){ .tv_nsec = ROOM_AGAIN_MS * 1000000L }, NULL);
        rc = syscall(SYS_write, fd, from, n);
    } while (rc < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EINTR));
    return rc;
}

static int hold = -1; /* the pipe's other end */

static void *end_on_signal(void *set)
{
    int signal;
    sigwait(set, &signal);
    close(hold);
    return NULL;
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "error clickhouse: %s: %s\n", what, why);
    return 1;
}

int main(int argc, char **argv)
{
    const char *library = getenv("ODW_CHDB_LIBRARY");
    void *handle = dlopen(library != NULL ? library : "libchdb.so", RTLD_NOW | RTLD_GLOBAL);
    if (handle == NULL)
        return fail("the ClickHouse library can't be loaded (dev/install fetches it)", dlerror());
    struct result *(*query)(int, char **) = NULL;
    *(void **)&query = dlsym(handle, "query_stable_v2");
    if (query == NULL)
        return fail("the ClickHouse library is not the one that was expected", dlerror());

    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0 || dup2(ends[0], STDIN_FILENO) < 0)
        return fail("no pipe", strerror(errno));
    close(ends[0]);
    hold = ends[1];
    static sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_t thread;
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 || pthread_create(&thread, NULL, end_on_signal, &set) != 0)
        return fail("no thread", strerror(errno));

    char **args = calloc((size_t)argc + 3, sizeof(*args));
    if (args == NULL)
        return fail("no memory", strerror(errno));
    memcpy(args, argv, (size_t)argc * sizeof(*args));
    args[argc] = "--query";
    args[argc + 1] = (char *)serve;
    struct result *result = query(argc + 2, args);
    if (result != NULL && result->error_message != NULL)
        return fail("the server ended", result->error_message);
    return 0;
}
