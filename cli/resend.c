/* cli/resend: dead letters to their topic again. */
#include "cli/resend.h"

#include <inttypes.h>
#include <stdio.h>

static void on_delivered(void *context, const struct err *err, int32_t partition, int64_t offset)
{
    struct resend_item *item = context;
    if (err != NULL)
        item->err = *err;
    else
        snprintf(item->offspring, sizeof item->offspring, "%s/%" PRId32 "/%" PRId64, item->letter->topic, partition, offset);
}

int resend_letter(struct resend *r, const struct letter *l, struct str payload, const char *changed_by, struct err *err)
{
    struct resend_item *item = arena_alloc(r->arena, sizeof *item);
    if (item == NULL)
        return err_set(err, ERR_STOP, "out of memory for a batch of dead letters");
    *item = (struct resend_item){ .report = { on_delivered, item }, .letter = l, .changed_by = changed_by, .payload = payload };
    if (r->last != NULL)
        r->last->next = item;
    else
        r->first = item;
    r->last = item;
    if ((item->asked = letter_is_extraction(l)))
        return 0;
    for (;;) {
        struct err why = ERR_INIT;
        if (kafka_produce(r->producer, l->topic, -1, l->key, payload, l->headers, l->n_headers, &item->report, &why) == 0)
            return 0;
        if (why.class == ERR_RETRY) {
            kafka_producer_poll(r->producer, 100);
            continue;
        }
        item->err = why;
        return 0;
    }
}

static bool is_done(const struct resend_item *item)
{
    return item->asked || item->offspring[0] != '\0';
}

/* What Kafka has acknowledged becomes a state, all of the batch in one insert. */
static int write_states(struct resend *r, struct err *err)
{
    struct buf rows;
    buf_init(&rows, 0);
    for (const struct resend_item *i = r->first; i != NULL; i = i->next)
        if (is_done(i))
            letter_state_put(&rows,
                             &(struct letter_state){ .letter = i->letter->id,
                                                     .status = LETTER_REPLAYED,
                                                     .offspring = i->offspring,
                                                     .attempt = i->letter->attempt,
                                                     .changed_by = i->changed_by,
                                                     .payload = str_eq(i->payload, i->letter->payload) ? STR("") : i->payload });
    int rc = letter_states_write(r->ch, &rows, err);
    buf_fini(&rows);
    return rc < 0 ? err_at(err, "the messages are sent, but their letters could not be marked as replayed") : 0;
}

int resend_finish(struct resend *r, void (*each)(void *context, const struct resend_item *item), void *context, struct err *err)
{
    int rc = 0;
    if (r->first == NULL)
        return 0;
    /* Every message has its report by its own timeout; what is over after that is a defect, not a wait. */
    int wait_ms = (int)r->timeout_ms + 5000;
    if (kafka_producer_flush(r->producer, wait_ms) < 0)
        rc =
            err_set(err, ERR_RETRY, "Kafka reported nothing on %d messages in %d ms", kafka_producer_waiting(r->producer), wait_ms);
    for (const struct resend_item *i = r->first; i != NULL; i = i->next) {
        r->sent += is_done(i);
        r->failed += !is_done(i);
        if (each != NULL)
            each(context, i);
    }
    struct err states = ERR_INIT;
    if (write_states(r, rc == 0 ? err : &states) < 0)
        rc = -1;
    r->first = r->last = NULL;
    return rc;
}
