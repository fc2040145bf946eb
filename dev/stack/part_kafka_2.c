/* dev/stack: Apache Kafka: the second node of three. */
#include "kafka.h"

static bool present(const struct stack *s)
{
    return s->brokers >= 2;
}

static void run(const struct stack *s)
{
    kafka_run(s, 2);
}

static bool answers(const struct stack *s, struct err *err)
{
    return kafka_answers(s, 2, err);
}

const struct part part_kafka_2 = {
    .name = "kafka-2",
    .about = "Apache Kafka, the second node",
    .with = "kafka",
    .layer = 10,
    .ports = { { "Kafka 2", KAFKA_BROKER(2) }, { "Kafka 2's controller", KAFKA_CONTROLLER(2) } },
    .grace_seconds = 15,
    .present = present,
    .check = kafka_check,
    .run = run,
    .answers = answers,
};
