/* dev/stack/kafka: what the parts kafka, kafka-2 and kafka-3 share. */
#ifndef ODW_STACK_KAFKA_H
#define ODW_STACK_KAFKA_H

#include "stack.h"

/* Ports of a node, from 1. */
#define KAFKA_BROKER(node)     ((node) == 1 ? 2 : 8 + 2 * (node))
#define KAFKA_CONTROLLER(node) (KAFKA_BROKER(node) + 1)

int kafka_check(const struct stack *s, struct err *err);
void kafka_run(const struct stack *s, int node);
bool kafka_answers(const struct stack *s, int node, struct err *err);

#endif
