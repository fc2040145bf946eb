/* tests/kafka/topic: makes a topic for a test: kafka_topic NAME PARTITIONS MAX_MESSAGE_BYTES, on the broker at $ODW_KAFKA_BROKERS.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/settings.h"
#include "kafka/kafka.h"

int main(int argc, char **argv)
{
    static const struct opt none[] = { { .name = NULL } };
    const struct opt_usage usage = {
        .program = "kafka_topic",
        .about = "Makes a topic for a test.",
        .operands = "NAME PARTITIONS MAX_MESSAGE_BYTES",
        .min_operands = 3,
        .max_operands = 3,
        .own = none,
        .shared = settings_shared,
    };
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    enum opt_outcome outcome = opts_parse(&usage, argc, argv, &o, &err);
    if (outcome != OPT_OK) {
        fprintf(stderr, "kafka_topic: %s\n", err.text);
        return outcome == OPT_DONE ? 0 : 2;
    }
    struct kafka_admin *a = kafka_admin_new(o, &err);
    int rc = a != NULL ? kafka_topic_create(a, opts_operand(o, 0), (int32_t)strtol(opts_operand(o, 1), NULL, 10), -1,
                                            strtoll(opts_operand(o, 2), NULL, 10), &err)
                       : -1;
    if (rc < 0)
        fprintf(stderr, "kafka_topic: %s\n", err.text);
    kafka_admin_free(a);
    opts_free(o);
    return rc < 0;
}
