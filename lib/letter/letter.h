/* lib/letter: a dead letter: finding it, the message that is sent in its place, noting what was done. */
#ifndef ODW_LETTER_H
#define ODW_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "clickhouse/clickhouse.h"
#include "kafka/kafka.h"

enum { LETTER_HEADERS_MAX = 64 };

/* Headers that odw gives a message that is sent again. */
#define LETTER_ORIGIN   "odw-origin"   /* topic/partition/offset of the message that it all began with */
#define LETTER_ATTEMPT  "odw-attempt"  /* how often it was sent again: 1, 2, … */
#define LETTER_APPENDED "odw-appended" /* when the broker appended that first message: milliseconds since 1970 */

struct letter {
    const char *id, *source, *topic, *origin, *status, *class, *note;
    int attempt;                                     /* of the message that is sent now: one more than the letter's */
    struct str key, payload;                         /* as received; key.p NULL: it had none */
    struct str corrected;                            /* as corrected last; n 0: never */
    struct kafka_header headers[LETTER_HEADERS_MAX]; /* of the message that is sent now */
    size_t n_headers;
    char attempt_text[16], appended_text[24];
};

/* A row's columns for letter_read, over dead_letters. */
#define LETTER_COLUMNS                                                                                                             \
    "id, source, topic, origin, status, class, note, attempt, toUnixTimestamp64Milli(appended_at), key, payload, corrected, "      \
    "arrayStringConcat(arrayMap(x -> hex(x), header_names), ','), arrayStringConcat(arrayMap(x -> hex(x), header_values), ','), "  \
    "length(header_names)"
enum { LETTER_FIELDS = 15 };

/* Of class extraction: its message was fine, but no record could be made of the document in it. Nothing is sent again for it: once
 * its state is LETTER_REPLAYED, without an offspring, a model is asked again (mv/extractions.sql). It can't be corrected either. */
bool letter_is_extraction(const struct letter *l);

/* Copies a row of LETTER_COLUMNS into the arena; NULL where memory is out or it isn't one. */
struct letter *letter_read(struct arena *a, const struct str *fields, size_t n_fields);

/* The condition that picks one letter by {id:String}, along the tables' keys: its origin is looked up first, for what was done
 * about that and for the newest letter of the same origin. */
#define LETTER_PLACE                                                                                                               \
    "topic = splitByChar('/', {id:String})[1] AND partition = toUInt32(splitByChar('/', {id:String})[2]) "                         \
    "AND offset = toUInt64(splitByRegexp('[/@]', {id:String})[3])"
#define LETTER_BY_ID                                                                                                               \
    LETTER_PLACE " AND id = {id:String} AND root_id IN (SELECT if(origin != '', origin, {id:String}) FROM dead_letter_records"     \
                 " WHERE " LETTER_PLACE ")"

/* A row's columns for letter_put_json, over dead_letters. */
#define LETTER_JSON_COLUMNS                                                                                                        \
    "id, source, class, status, note, origin, contract, topic, formatDateTime(appended_at, '%Y-%m-%dT%H:%i:%S.%fZ'), "             \
    "formatDateTime(failed_at, '%Y-%m-%dT%H:%i:%S.%fZ'), offspring, partition, offset, attempt, toJSONString(violations), key, "   \
    "payload, corrected, arrayStringConcat(arrayMap((n, v) -> concat(hex(n), '=', hex(v)), header_names, header_values), ',')"
/* Appends one letter as a JSON object. What was received may be any bytes: key, payload, corrected and headers' values stand as
 * texts where they are UTF-8, else in base64 (RFC 4648) under NAME_base64. -1: it isn't such a row, or memory is out. */
int letter_put_json(struct buf *b, const struct str *fields, size_t n_fields) __attribute__((warn_unused_result));

/* Is it topic/partition/offset, or topic/partition/offset@ms where the topic was deleted and created again since? */
int letter_check_id(const char *id, struct err *err) __attribute__((warn_unused_result));

/* ---- what was done ---- */

enum letter_status { LETTER_OPEN = 1, LETTER_REPLAYED, LETTER_RECOVERED, LETTER_DISCARDED }; /* dead_letter_states.status */

struct letter_state {
    const char *letter;
    enum letter_status status;
    const char *offspring; /* NULL: none, as for the others */
    int attempt;
    const char *changed_by, *reason;
    struct str payload; /* where it was corrected; n 0: as received */
};

/* Appends one row for letter_states_write, with the present moment. */
void letter_state_put(struct buf *rows, const struct letter_state *s);
int letter_states_write(struct clickhouse *ch, const struct buf *rows, struct err *err) __attribute__((warn_unused_result));

#endif
