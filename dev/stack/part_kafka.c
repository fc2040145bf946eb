/* dev/stack: Apache Kafka, one node, broker and controller in one (KRaft). */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "stack.h"

enum { BROKER = 2, CONTROLLER = 3 };

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

static int check(const struct stack *s, struct err *err)
{
    char path[PATH_MAX];
    if (java() == NULL)
        return err_set(err, ERR_STOP, "kafka: no `java` in PATH or JAVA_HOME: run dev/install, or install openjdk-17-jre-headless");
    snprintf(path, sizeof path, "%s/kafka/libs", s->deps);
    if (access(path, R_OK) < 0)
        return err_errno(err, ERR_STOP, "kafka: its library is not in %s: run dev/install", path);
    return 0;
}

/* broker.session.timeout.ms: a broker registers again only when its killed predecessor is given up, after 9 s by default. */
static const char settings[] = "process.roles=broker,controller\n"
                               "node.id=1\n"
                               "listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d\n"
                               "advertised.listeners=PLAINTEXT://127.0.0.1:%d\n"
                               "controller.quorum.bootstrap.servers=127.0.0.1:%d\n"
                               "controller.listener.names=CONTROLLER\n"
                               "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n"
                               "log.dirs=%s/data\n"
                               "offsets.topic.replication.factor=1\n"
                               "offsets.topic.num.partitions=8\n"
                               "transaction.state.log.replication.factor=1\n"
                               "transaction.state.log.min.isr=1\n"
                               "transaction.state.log.num.partitions=4\n"
                               "share.coordinator.state.topic.replication.factor=1\n"
                               "share.coordinator.state.topic.min.isr=1\n"
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

static int configure(const struct stack *s, struct err *err)
{
    const char *dir = stack_path(s, "kafka");
    char text[8192];
    int port = stack_port(s, BROKER), controller = stack_port(s, CONTROLLER);
    if (stack_mkdir(dir, err) < 0)
        return -1;
    snprintf(text, sizeof text, settings, port, controller, port, controller, dir);
    if (stack_write(stack_path(s, "kafka/server.properties"), text, err) < 0)
        return -1;
    return stack_write(stack_path(s, "kafka/log4j2.properties"), logging, err);
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

static void run(const struct stack *s)
{
    struct err err = ERR_INIT;
    char classes[PATH_MAX], log[PATH_MAX], properties[PATH_MAX], id[23];
    snprintf(classes, sizeof classes, "%s/kafka/libs/*", s->deps);
    snprintf(log, sizeof log, "-Dlog4j2.configurationFile=%s", stack_path(s, "kafka/log4j2.properties"));
    snprintf(properties, sizeof properties, "%s", stack_path(s, "kafka/server.properties"));
    const char *program = java();
    if (program == NULL || configure(s, &err) < 0) {
        log_error("%s", program == NULL ? "no java" : err.text);
        return;
    }
    if (access(stack_path(s, "kafka/data/meta.properties"), R_OK) < 0) {
        new_id(id);
        pid_t pid = fork();
        if (pid == 0) {
            execl(program, "java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", log, "-cp", classes,
                  "kafka.tools.StorageTool", "format", "--standalone", "--ignore-formatted", "-t", id, "-c", properties,
                  (char *)NULL);
            _exit(127);
        }
        int status = 0;
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
            log_error("kafka: formatting its storage failed");
            return;
        }
    }
    execl(program, "java", "-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", log, "-cp", classes,
          "kafka.Kafka", properties, (char *)NULL);
}

static bool answers(const struct stack *s, struct err *err)
{
    return probe_kafka(stack_port(s, BROKER), err);
}

static void variables(const struct stack *s, FILE *to)
{
    fprintf(to, "ODW_KAFKA_BROKERS=127.0.0.1:%d\n", stack_port(s, BROKER));
}

const struct part part_kafka = {
    .name = "kafka",
    .about = "Apache Kafka, one node",
    .layer = 10,
    .ports = { { "Kafka", BROKER }, { "Kafka's controller", CONTROLLER } },
    .grace_seconds = 15,
    .check = check,
    .run = run,
    .answers = answers,
    .variables = variables,
};
