/* dev/stack: the program odw-stack: its options, and where its stack is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/opt.h"
#include "stack.h"

#define DEFAULT_PORT_BASE 18100

static const struct opt options[] = {
    { .name = "dir",
      .type = OPT_TEXT,
      .arg = "DIR",
      .help = "The state folder; without it $ODW_STATE_DIR, else .odw in the repository" },
    { .name = "port-base",
      .type = OPT_TEXT,
      .arg = "N|auto",
      .help = "The first of the 20 ports this stack may use, or auto for free ones; without it those it was first started with, "
              "else 18100" },
    { .name = "brokers",
      .type = OPT_TEXT,
      .arg = "1|3",
      .help =
          "Kafka nodes, of which a message needs two (of three); without it as many as the stack was first started with, else 1" },
    { .name = "only", .type = OPT_TEXT, .arg = "PART,…", .help = "Start these parts and no others" },
    { .name = "without", .type = OPT_TEXT, .arg = "PART,…", .help = "Start all parts but these" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw-stack",
    .about = "The embedded stack: ClickHouse, Kafka, an S3 server, an LLM server, the shim and the worker on this machine, on "
             "127.0.0.1 only.",
    .operands = "up|down|status|logs|run [PART…]",
    .min_operands = 1,
    .max_operands = STACK_MAX_PARTS,
    .own = options,
    .more = "Commands:\n"
            "  up      start what isn't running, wait until every part answers; DIR/stack.env says where they are\n"
            "  down    end every process of this stack\n"
            "  status  a line per part; exit code 1 if one doesn't answer\n"
            "  logs    follow the logs, of all parts or of those named\n"
            "  run     as up, but in the foreground: ends on SIGTERM or Ctrl-C\n"
            "Exit codes: 0 done, 1 failed, 2 usage.\n",
};

/* What must exist to speak of a stack at all: its folder. `down` and `status` don't make one. */
static int find_folder(struct stack *s, const char *dir, bool make, struct err *err)
{
    char inside[PATH_MAX], whole[PATH_MAX];
    if (dir == NULL)
        dir = getenv("ODW_STATE_DIR");
    if (dir == NULL || dir[0] == '\0') {
        snprintf(inside, sizeof inside, "%s/.odw", s->root);
        dir = inside;
    }
    if (make && stack_mkdir(dir, err) < 0)
        return -1;
    if (realpath(dir, whole) == NULL && errno == ENOENT && !make)
        return 1;
    if (realpath(dir, whole) == NULL || strlen(whole) >= sizeof s->dir)
        return err_errno(err, ERR_STOP, "the folder %s can't be used", dir);
    memcpy(s->dir, whole, strlen(whole) + 1);
    if (access(s->dir, W_OK | X_OK) < 0)
        return err_errno(err, ERR_STOP, "the folder %s can't be written", s->dir);
    return 0;
}

/* A stack keeps the ports it was made with. 0 stands for "find free ones". */
static int find_port_base(struct stack *s, const char *given, struct err *err)
{
    char text[32], *end;
    if (given == NULL && stack_read(stack_path(s, "ports"), text, sizeof text))
        given = text;
    if (given == NULL || strcmp(given, "auto") == 0) {
        s->port_base = given == NULL ? DEFAULT_PORT_BASE : 0;
        return 0;
    }
    long base = strtol(given, &end, 10);
    if (*given == '\0' || *end != '\0' || base < 1024 || base > 65535 - STACK_PORTS)
        return err_set(err, ERR_STOP, "--port-base: expected auto or a number from 1024 to %d, got \"%s\"", 65535 - STACK_PORTS,
                       given);
    s->port_base = (int)base;
    return 0;
}

/* A stack keeps the nodes it was made with: a quorum of one doesn't grow. */
static int find_brokers(struct stack *s, const char *given, struct err *err)
{
    char text[32];
    bool made = stack_read(stack_path(s, "brokers"), text, sizeof text);
    if (!made && access(stack_path(s, "kafka"), F_OK) == 0) {
        text[0] = '1', text[1] = '\0';
        made = true;
    }
    if (given != NULL && strcmp(given, "1") != 0 && strcmp(given, "3") != 0)
        return err_set(err, ERR_STOP, "--brokers: expected 1 or 3, got \"%s\"", given);
    if (made && given != NULL && strcmp(given, text) != 0)
        return err_set(err, ERR_STOP, "--brokers: the stack in %s was made with %s: start another one with --dir", s->dir, text);
    s->brokers = given != NULL ? atoi(given) : made ? atoi(text) : 1;
    return 0;
}

static bool is_among(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; *at != '\0'; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == n && strncmp(at, name, n) == 0)
            return true;
    return false;
}

/* Every name of a list is a part's; option: for the message. */
static int check_names(const char *option, const char *list, struct err *err)
{
    for (const char *at = list; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        bool known = false;
        char names[256] = "";
        for (int i = 0, n = 0; parts[i] != NULL && n < (int)sizeof names; i++) {
            n += snprintf(names + n, sizeof names - (size_t)n, "%s%s", i > 0 ? ", " : "", parts[i]->name);
            known = known || (strlen(parts[i]->name) == strcspn(at, ",") && strncmp(at, parts[i]->name, strcspn(at, ",")) == 0);
        }
        if (!known)
            return err_set(err, ERR_STOP, "%s: there is no part \"%.*s\"; there are %s", option, (int)strcspn(at, ","), at, names);
    }
    return 0;
}

static int find_only(struct stack *s, const char *only, const char *without, struct err *err)
{
    if (only != NULL && without != NULL)
        return err_set(err, ERR_STOP, "--only and --without: one of them");
    if ((only != NULL && check_names("--only", only, err) < 0) || (without != NULL && check_names("--without", without, err) < 0))
        return -1;
    if (only != NULL && snprintf(s->only, sizeof s->only, "%s", only) >= (int)sizeof s->only)
        return err_set(err, ERR_STOP, "--only: too long");
    size_t n = 0;
    for (int i = 0; without != NULL && parts[i] != NULL; i++)
        if (parts[i]->with == NULL && !is_among(without, parts[i]->name) && n < sizeof s->only)
            n += (size_t)snprintf(s->only + n, sizeof s->only - n, "%s%s", n > 0 ? "," : "", parts[i]->name);
    return 0;
}

static void find_programs(struct stack *s)
{
    char self[PATH_MAX];
    const char *deps = getenv("ODW_DEPS");
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    s->root = ODW_SOURCE_DIR;
    snprintf(s->bin, sizeof s->bin, "%.*s", slash != NULL ? (int)(slash - self) : 1, slash != NULL ? self : ".");
    if (deps != NULL && deps[0] != '\0')
        snprintf(s->deps, sizeof s->deps, "%s", deps);
    else
        snprintf(s->deps, sizeof s->deps, "%s/.deps", s->root);
}

static int command(struct stack *s, const struct opts *o, const char *name, struct err *err)
{
    const char *names[STACK_MAX_PARTS] = { NULL };
    int n = opts_operands(o) - 1;
    bool up = strcmp(name, "up") == 0, run = strcmp(name, "run") == 0, logs = strcmp(name, "logs") == 0;
    for (int i = 0; i < n; i++)
        names[i] = opts_operand(o, i + 1);
    if (!up && !run && !logs && strcmp(name, "down") != 0 && strcmp(name, "status") != 0)
        return err_set(err, ERR_STOP, "expected up, down, status, logs or run, got \"%s\"\nTry 'odw-stack --help'.", name), 2;
    if (n > 0 && !logs)
        return err_set(err, ERR_STOP, "%s takes no operands: --only names parts\nTry 'odw-stack --help'.", name), 2;
    find_programs(s);
    int found = find_folder(s, opts_text(o, "dir"), up || run, err);
    if (found > 0) {
        printf("nothing was running\n");
        return strcmp(name, "down") == 0 ? 0 : 1;
    }
    if (found < 0 || find_port_base(s, opts_text(o, "port-base"), err) < 0 || find_brokers(s, opts_text(o, "brokers"), err) < 0 ||
        find_only(s, opts_text(o, "only"), opts_text(o, "without"), err) < 0)
        return -1;
    if (!up && !run)
        stack_read(stack_path(s, "only"), s->only, sizeof s->only);
    return up                          ? stack_up(s, opts_given(o, "port-base"), err)
           : run                       ? stack_run(s, err)
           : logs                      ? stack_logs(s, n, names, err)
           : strcmp(name, "down") == 0 ? stack_down(s, err)
                                       : stack_status(s);
}

int main(int argc, char **argv)
{
    static struct stack s;
    struct err err = ERR_INIT;
    struct opts *o = NULL;
    log_setup("stack", LOG_LEVEL_INFO, false);
    enum opt_outcome outcome = opts_parse(&usage, argc, argv, &o, &err);
    int rc = outcome == OPT_DONE ? 0 : outcome == OPT_USAGE ? 2 : command(&s, o, opts_operand(o, 0), &err);
    if (err.class != ERR_NONE)
        fprintf(stderr, "odw-stack: %s\n", err.text);
    opts_free(o);
    return rc < 0 ? 1 : rc;
}
