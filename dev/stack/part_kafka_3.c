/* dev/stack: Apache Kafka: the third node of three. */
#include "kafka.h"

static bool present(const struct stack *s)
{
    return s->brokers >= 3;
}

static void run(const struct stack *s)
{
    kafka_run(s, 3);
}

static bool answers(const struct stack *s, struct err *err)
{
    return kafka_answers(s, 3, err);
}

const struct part part_kafka_3 = {
    .name = "kafka-3",
    .about = "Apache Kafka, the third node",
    .with = "kafka",
    .layer = 10,
    .ports = { { "Kafka 3", KAFKA_BROKER(3) }, { "Kafka 3's controller", KAFKA_CONTROLLER(3) } },
    .grace_seconds = 15,
    .present = present,
    .check = kafka_check,
    .run = run,
    .answers = answers,
};
