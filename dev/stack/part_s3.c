/* dev/stack: an S3 server (versitygw over a folder), where dev/install has built it. */
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/log.h"
#include "stack.h"

enum { S3 = 5 };

#define ACCESS_KEY "odw"
#define REGION     "us-east-1"

static const char *program(const struct stack *s)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/s3/versitygw", s->deps);
    return path;
}

static bool present(const struct stack *s)
{
    return access(program(s), X_OK) == 0;
}

/* What an object is beside its bytes goes into extended attributes; where the file system has none, into a folder beside. */
static bool has_attributes(const char *folder)
{
    bool has = setxattr(folder, "user.odw", "1", 1, 0) == 0;
    if (has)
        removexattr(folder, "user.odw");
    return has;
}

static void run(const struct stack *s)
{
    struct err err = ERR_INIT;
    char secret[64], port[32], data[PATH_MAX], sidecar[PATH_MAX];
    snprintf(port, sizeof port, "127.0.0.1:%d", stack_port(s, S3));
    snprintf(data, sizeof data, "%s", stack_path(s, "s3/data"));
    snprintf(sidecar, sizeof sidecar, "%s", stack_path(s, "s3/attributes"));
    if (stack_mkdir(stack_path(s, "s3"), &err) < 0 || stack_mkdir(data, &err) < 0 ||
        stack_secret(stack_path(s, "s3/secret"), secret, &err) < 0) {
        log_error("s3: %s", err.text);
        return;
    }
    bool beside = !has_attributes(data);
    if (beside && stack_mkdir(sidecar, &err) < 0) {
        log_error("s3: %s", err.text);
        return;
    }
    setenv("ROOT_ACCESS_KEY", ACCESS_KEY, 1);
    setenv("ROOT_SECRET_KEY", secret, 1);
    execl(program(s), "versitygw", "--port", port, "--region", REGION, "--health", "/health", "--quiet", "--keep-alive", "posix",
          beside ? "--sidecar" : data, beside ? sidecar : (char *)NULL, data, (char *)NULL);
}

static bool answers(const struct stack *s, struct err *err)
{
    return probe_http(stack_port(s, S3), "/health", err);
}

static void variables(const struct stack *s, FILE *to)
{
    if (!present(s))
        return;
    fprintf(to, "ODW_S3_URL=http://127.0.0.1:%d\n", stack_port(s, S3));
    fprintf(to, "ODW_S3_REGION=%s\n", REGION);
    fprintf(to, "ODW_S3_ACCESS_KEY=%s\n", ACCESS_KEY);
    fprintf(to, "ODW_S3_SECRET_KEY_FILE=%s\n", stack_path(s, "s3/secret"));
}

const struct part part_s3 = {
    .name = "s3",
    .about = "an S3 server over a folder",
    .layer = 10,
    .ports = { { "S3", S3 } },
    .grace_seconds = 5,
    .present = present,
    .run = run,
    .answers = answers,
    .variables = variables,
};
