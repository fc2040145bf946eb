/* dev/stack: Apache Kafka (KRaft): one node, or three, each a broker and a controller. */
#include "kafka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

/* A node's data lies in kafka/ (the first, as ever), kafka-2/, kafka-3/. */
static const char *folder(const struct stack *s, int node)
{
    return node == 1 ? stack_path(s, "kafka") : stack_path(s, "kafka-%d", node);
}

static const char *java(void)
{
    static char path[PATH_MAX];
    const char *home = getenv("JAVA_HOME");
    if (home != NULL && home[0] != '\0') {
        snprintf(path, sizeof path, "%s/bin/java", home);
        if (access(path, X_OK) == 0)
            return path;
    }
    const char *places = getenv("PATH");
    for (const char *at = places; at != NULL && *at != '\0'; at += strcspn(at, ":"), at += *at == ':') {
        snprintf(path, sizeof path, "%.*s/java", (int)strcspn(at, ":"), at);
        if (access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

int kafka_check(const struct stack *s, struct err *err)
{
    char path[PATH_MAX];
    if (java() == NULL)
        return err_set(err, ERR_STOP, "kafka: no `java` in PATH or JAVA_HOME: run dev/install, or install openjdk-17-jre-headless");
    snprintf(path, sizeof path, "%s/kafka/libs", s->deps);
    if (access(path, R_OK) < 0)
        return err_errno(err, ERR_STOP, "kafka: its library is not in %s: run dev/install", path);
    return 0;
}

/* broker.session.timeout.ms: a broker registers again only when its killed predecessor is given up, after 9 s by default.
 * Of three, a message is acknowledged when two have it, so that one may be killed and nothing is missing. */
static const char settings[] = "process.roles=broker,controller\n"
                               "node.id=%d\n"
                               "listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d\n"
                               "advertised.listeners=PLAINTEXT://127.0.0.1:%d\n"
                               "%s"
                               "controller.listener.names=CONTROLLER\n"
                               "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n"
                               "log.dirs=%s/data\n"
                               "default.replication.factor=%d\n"
                               "min.insync.replicas=%d\n"
                               "offsets.topic.replication.factor=%d\n"
                               "offsets.topic.num.partitions=8\n"
                               "transaction.state.log.replication.factor=%d\n"
                               "transaction.state.log.min.isr=%d\n"
                               "transaction.state.log.num.partitions=4\n"
                               "share.coordinator.state.topic.replication.factor=%d\n"
                               "share.coordinator.state.topic.min.isr=%d\n"
                               "group.initial.rebalance.delay.ms=0\n"
                               "auto.create.topics.enable=false\n"
                               "message.max.bytes=33554432\n"
                               "replica.fetch.max.bytes=33554432\n"
                               "socket.request.max.bytes=134217728\n"
                               "log.message.timestamp.type=LogAppendTime\n"
                               "broker.session.timeout.ms=6000\n"
                               "broker.heartbeat.interval.ms=1000\n"
                               "log.cleaner.dedupe.buffer.size=16777216\n"
                               "num.io.threads=4\n"
                               "num.network.threads=3\n";

/* Only what an operator has to know goes to the part's log; the supervisor keeps that file small. */
static const char logging[] = "appender.out.type=Console\n"
                              "appender.out.name=out\n"
                              "appender.out.layout.type=PatternLayout\n"
                              "appender.out.layout.pattern=%d %p %m (%c{1})%n%throwable\n"
                              "rootLogger.level=WARN\n"
                              "rootLogger.appenderRef.out.ref=out\n"
                              "logger.server.name=kafka.server.KafkaRaftServer\n"
                              "logger.server.level=INFO\n";

static int configure(const struct stack *s, int node, struct err *err)
{
    char text[8192], quorum[256];
    const char *dir = folder(s, node);
    int port = stack_port(s, KAFKA_BROKER(node)), controller = stack_port(s, KAFKA_CONTROLLER(node));
    int copies = s->brokers, enough = s->brokers > 1 ? 2 : 1, n = 0;
    if (stack_mkdir(dir, err) < 0)
        return -1;
    if (s->brokers == 1)
        n = snprintf(quorum, sizeof quorum, "controller.quorum.bootstrap.servers=127.0.0.1:%d", controller);
    for (int i = 1; s->brokers > 1 && i <= s->brokers; i++)
        n += snprintf(quorum + n, sizeof quorum - (size_t)n, "%s%d@127.0.0.1:%d", i == 1 ? "controller.quorum.voters=" : ",", i,
                      stack_port(s, KAFKA_CONTROLLER(i)));
    snprintf(quorum + n, sizeof quorum - (size_t)n, "\n");
    snprintf(text, sizeof text, settings, node, port, controller, port, quorum, dir, copies, enough, copies, copies, enough, copies,
             enough);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/server.properties", dir);
    if (stack_write(path, text, err) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/log4j2.properties", dir);
    return stack_write(path, logging, err);
}

/* 16 random bytes as Kafka writes a uuid: base64 of the url kind, which must not look like an option. */
static void new_id(char id[23])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[22];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        abort();
    for (int i = 0; i < 22; i++)
        id[i] = digits[random[i] % (i == 0 ? 62 : i == 21 ? 1 : 64)];
    id[22] = '\0';
}

/* The id that all nodes of this stack share: whoever comes first makes it. */
static int cluster_id(const struct stack *s, char id[23], struct err *err)
{
    const char *path = stack_path(s, "kafka.cluster");
    char line[64], own[PATH_MAX];
    new_id(id);
    snprintf(own, sizeof own, "%s.%d", path, (int)getpid());
    if (stack_write(own, id, err) < 0)
        return -1;
    if (link(own, path) < 0 && errno != EEXIST) {
        err_errno(err, ERR_STOP, "%s can't be made", path);
        unlink(own);
        return -1;
    }
    unlink(own);
    if (!stack_read(path, line, sizeof line) || strlen(line) != 22)
        return err_set(err, ERR_STOP, "%s: expected the id of Kafka's cluster, 22 characters, got \"%s\"", path, line);
    memcpy(id, line, 23);
    return 0;
}

static int format(const struct stack *s, const char *program, const char *classes, const char *log, const char *properties,
                  struct err *err)
{
    char id[23];
    if (cluster_id(s, id, err) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        /* With one node the quorum is dynamic and begins with itself; three are named in their settings. */
        execl(program, "java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", log, "-cp", classes,
              "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", id, "-c", properties,
              s->brokers == 1 ? "--standalone" : NULL, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
        return err_set(err, ERR_STOP, "kafka: formatting its storage failed");
    return 0;
}

void kafka_run(const struct stack *s, int node)
{
    struct err err = ERR_INIT;
    char classes[PATH_MAX], log[PATH_MAX], properties[PATH_MAX], formatted[PATH_MAX];
    const char *dir = folder(s, node), *program = java();
    snprintf(classes, sizeof classes, "%s/kafka/libs/*", s->deps);
    snprintf(log, sizeof log, "-Dlog4j2.configurationFile=%s/log4j2.properties", dir);
    snprintf(properties, sizeof properties, "%s/server.properties", dir);
    snprintf(formatted, sizeof formatted, "%s/data/meta.properties", dir);
    if (program == NULL)
        err_set(&err, ERR_STOP, "no java");
    if (program == NULL || configure(s, node, &err) < 0 ||
        (access(formatted, R_OK) < 0 && format(s, program, classes, log, properties, &err) < 0)) {
        log_error("%s", err.text);
        return;
    }
    execl(program, "java", "-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", log, "-cp", classes,
          "kafka.Kafka", properties, (char *)NULL);
}

bool kafka_answers(const struct stack *s, int node, struct err *err)
{
    return probe_kafka(stack_port(s, KAFKA_BROKER(node)), err);
}
