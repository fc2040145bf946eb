/* cli/resend: dead letters to their topic again, with their origin and attempt in headers.
 *
 * The header odw-origin names the message that it all began with, however often it is sent again: the stream closes that letter
 * when an offspring holds. A state is written only after Kafka's delivery report: a crash between the two leaves a letter open
 * whose message is on the topic; sending it again is harmless, for rows have an identity, and a message without an id of its own
 * gets one from its origin. */
#ifndef ODW_RESEND_H
#define ODW_RESEND_H

#include "letter/letter.h"

struct resend_item {
    struct kafka_report report;
    const struct letter *letter;
    const char *changed_by;
    struct str payload;  /* of the message that is sent */
    char offspring[320]; /* "" until Kafka has it */
    bool asked;          /* nothing is sent: a model is asked again */
    struct err err;      /* why Kafka doesn't have it */
    struct resend_item *next;
};

struct resend {
    struct clickhouse *ch;           /* borrowed */
    struct kafka_producer *producer; /* borrowed */
    struct arena *arena;             /* borrowed: of the batch; holds letters and items until resend_finish */
    int64_t timeout_ms;              /* as the producer's */
    struct resend_item *first, *last;
    int64_t sent, failed; /* in all */
};

/* Hands one letter's message to the producer; of an extraction there is none. payload: borrowed until resend_finish. -1: memory is
 * out. */
int resend_letter(struct resend *r, const struct letter *l, struct str payload, const char *changed_by, struct err *err)
    __attribute__((warn_unused_result));
/* Waits for every report, writes `replayed` for what was acknowledged, calls `each` (may be NULL) per letter, empties the batch
 * (the arena is the caller's to reset). -1: Kafka didn't report, or the states could not be written. */
int resend_finish(struct resend *r, void (*each)(void *context, const struct resend_item *item), void *context, struct err *err)
    __attribute__((warn_unused_result));

#endif
