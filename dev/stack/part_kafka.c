/* dev/stack: Apache Kafka: the first node, or the only one. */
#include "kafka.h"

static void run(const struct stack *s)
{
    kafka_run(s, 1);
}

static bool answers(const struct stack *s, struct err *err)
{
    return kafka_answers(s, 1, err);
}

static void variables(const struct stack *s, FILE *to)
{
    fprintf(to, "ODW_KAFKA_BROKERS=127.0.0.1:%d", stack_port(s, KAFKA_BROKER(1)));
    for (int node = 2; node <= s->brokers; node++)
        fprintf(to, ",127.0.0.1:%d", stack_port(s, KAFKA_BROKER(node)));
    putc('\n', to);
}

const struct part part_kafka = {
    .name = "kafka",
    .about = "Apache Kafka, the first node",
    .layer = 10,
    .ports = { { "Kafka", KAFKA_BROKER(1) }, { "Kafka's controller", KAFKA_CONTROLLER(1) } },
    .grace_seconds = 15,
    .check = kafka_check,
    .run = run,
    .answers = answers,
    .variables = variables,
};
