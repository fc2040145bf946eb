/* shim/index: GET / and GET /openapi.json: what can be asked here, from the heads of the endpoints and from the contracts. */
#include <stdlib.h>
#include <string.h>

#include "contract/contract.h"
#include "shim/param.h"
#include "shim/shim.h"
#include "shim/source.h"

static void put_text(struct buf *b, const char *text)
{
    buf_put_json(b, str_of(text != NULL ? text : ""));
}

static void put_index_param(struct buf *b, const struct endpoint_param *p)
{
    buf_puts(b, "{\"name\":");
    put_text(b, p->d->name);
    buf_puts(b, ",\"type\":");
    put_text(b, p->d->type);
    buf_puts(b, ",\"about\":");
    put_text(b, p->d->about);
    buf_printf(b, ",\"required\":%s", p->required ? "true" : "false");
    if (p->d->fallback != NULL) {
        buf_puts(b, ",\"default\":");
        put_text(b, p->d->fallback);
    }
    if (p->d->low != NULL && p->d->high != NULL) {
        buf_puts(b, ",\"low\":");
        put_text(b, p->d->low);
        buf_puts(b, ",\"high\":");
        put_text(b, p->d->high);
    }
    buf_putc(b, '}');
}

void index_answer(struct request *r)
{
    struct buf *b = &r->reply.body;
    const char *comma = "";
    buf_puts(b, "{\"name\":\"odw-shim\",\"version\":\"" ODW_VERSION
                "\",\"health\":\"/health\",\"metrics\":\"/metrics\",\"openapi\":\"/openapi.json\",\"endpoints\":[");
    for (const struct endpoint *e = r->declared->endpoints->first; e != NULL; e = e->next) {
        buf_printf(b, "%s\n{\"path\":\"/api/%s\",\"about\":", comma, e->name);
        put_text(b, e->about);
        buf_puts(b, ",\"parameters\":[");
        for (size_t i = 0; i < e->n_params; i++) {
            put_index_param(b, &e->params[i]);
            buf_putc(b, ',');
        }
        buf_puts(
            b, "{\"name\":\"limit\",\"type\":\"UInt16\",\"about\":\"most items on a page\",\"required\":false,\"default\":\"100\","
               "\"low\":\"1\",\"high\":\"1000\"}");
        if (e->n_order > 0)
            buf_puts(b,
                     ",{\"name\":\"cursor\",\"type\":\"String\",\"about\":\"the `next` of the page before\",\"required\":false}");
        buf_puts(b, "]}");
        comma = ",";
    }
    buf_puts(b, "],\"ingest\":[");
    comma = "";
    for (const struct source *s = r->declared->sources; s != NULL; s = s->next) {
        buf_printf(b, "%s\n{\"path\":\"/ingest/%s\",\"about\":", comma, s->name);
        put_text(b, s->about);
        buf_printf(b, ",\"contract\":\"%s\"}", contract_hash(s->contract));
        comma = ",";
    }
    buf_puts(
        b, "],\"dead_letters\":{\"list\":\"/api/dead_letters\",\"one\":\"/dead_letters/{topic}/{partition}/{offset}\",\"actions\":["
           "\"replay\",\"discard\"],\"token\":\"their own\"}}\n");
}

/* ---- OpenAPI 3.1 ---- */

static void put_param(struct buf *b, const char *name, const char *about, bool required, const char *type, const char *low,
                      const char *high, const char *fallback)
{
    buf_puts(b, "{\"name\":");
    put_text(b, name);
    buf_printf(b, ",\"in\":\"query\",\"required\":%s,\"description\":", required ? "true" : "false");
    put_text(b, about);
    buf_puts(b, ",\"schema\":");
    param_schema(type, low, high, b);
    if (fallback != NULL && b->n > 0 && b->p[b->n - 1] == '}') {
        bool bare = strstr(type, "Int") != NULL || strstr(type, "Float") != NULL || strcmp(type, "Bool") == 0;
        b->n--;
        buf_puts(b, ",\"default\":");
        if (bare)
            buf_puts(b, fallback);
        else
            put_text(b, fallback);
        buf_putc(b, '}');
    }
    buf_putc(b, '}');
}

static void put_problems(struct buf *b, const char *const *codes)
{
    for (; *codes != NULL; codes++)
        buf_printf(b, ",\"%s\":{\"$ref\":\"#/components/responses/problem\"}", *codes);
}

static void put_endpoint(struct buf *b, const struct endpoint *e)
{
    static const char *const codes[] = { "400", "401", "403", "502", "503", "504", NULL };
    buf_printf(b, "\"/api/%s\":{\"get\":{\"operationId\":\"get_%s\",\"summary\":", e->name, e->name);
    put_text(b, e->about);
    buf_puts(b, ",\"parameters\":[");
    for (size_t i = 0; i < e->n_params; i++) {
        const struct declaration_param *p = e->params[i].d;
        put_param(b, p->name, p->about, e->params[i].required, p->type, p->low, p->high, p->fallback);
        buf_putc(b, ',');
    }
    put_param(b, "limit", "most items on a page", false, "UInt16", "1", "1000", "100");
    if (e->n_order > 0) {
        buf_putc(b, ',');
        put_param(b, "cursor", "the `next` of the page before", false, "String", NULL, "24576", NULL);
    }
    buf_puts(
        b,
        "],\"responses\":{\"200\":{\"description\":\"A page.\",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\","
        "\"required\":[\"items\",\"next\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
        "\"next\":{\"type\":[\"string\",\"null\"],\"description\":\"The cursor of the next page; null at the end.\"}}}}}}");
    put_problems(b, codes);
    buf_puts(b, "}}}");
}

static void put_source(struct buf *b, const struct source *s)
{
    static const char *const codes[] = { "400", "401", "413", "415", "422", "503", NULL };
    buf_printf(b, "\"/ingest/%s\":{\"post\":{\"operationId\":\"ingest_%s\",\"summary\":", s->name, s->name);
    put_text(b, s->about);
    buf_puts(
        b,
        ",\"parameters\":[{\"name\":\"refused\",\"in\":\"query\",\"description\":\"keep: records that don't keep the contract are "
        "sent "
        "on and become dead letters\",\"schema\":{\"enum\":[\"keep\",\"drop\"],\"default\":\"drop\"}},{\"name\":\"verdicts\","
        "\"in\":\"query\",\"description\":\"refused: say nothing of accepted records but how many they are\",\"schema\":{\"enum\":"
        "[\"refused\",\"all\"],\"default\":\"all\"}}]");
    buf_printf(b,
               ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"oneOf\":[{\"$ref\":\"#/"
               "components/schemas/"
               "%s\"},{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/%s\"}}]}},\"application/"
               "x-ndjson\":{\"schema\":{\"type\":\"string\"}}}}",
               s->name, s->name);
    buf_puts(b, ",\"responses\":{\"200\":{\"description\":\"Every accepted record is "
                "stored.\",\"content\":{\"application/json\":{\"schema\":"
                "{\"$ref\":\"#/components/schemas/odw_verdicts\"}}}}");
    put_problems(b, codes);
    buf_puts(b, "}}}");
}

/* A letter's id has three parts, so it is three in the path. */
#define LETTER_PARAMS                                                                                                              \
    "\"parameters\":[{\"name\":\"topic\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}},{\"name\":"           \
    "\"partition\","                                                                                                               \
    "\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\",\"minimum\":0}},{\"name\":\"offset\",\"in\":\"path\","     \
    "\"required\":"                                                                                                                \
    "true,\"schema\":{\"type\":\"integer\",\"minimum\":0}}"

static void put_letters(struct buf *b)
{
    static const char *const looking[] = { "401", "403", "404", "502", "503", NULL };
    static const char *const sending[] = { "401", "403", "404", "409", "415", "422", "502", "503", NULL };
    static const char *const discarding[] = { "400", "401", "403", "404", "409", "502", "503", NULL };
    static const char secured[] = "\"security\":[{\"bearer\":[]}],";
    static const char path[] = "/dead_letters/{topic}/{partition}/{offset}";
    static const char by[] =
        ",{\"name\":\"by\",\"in\":\"query\",\"description\":\"who does it, for the record\",\"schema\":{\"type\":"
        "\"string\",\"maxLength\":64}}";
    buf_printf(
        b,
        ",\n\"%s\":{\"get\":{\"operationId\":\"get_dead_letter\",\"summary\":\"one dead letter, with its payload and what was "
        "done\",%s" LETTER_PARAMS "],\"responses\":{\"200\":{\"description\":\"The letter.\"}",
        path, secured);
    put_problems(b, looking);
    buf_printf(
        b,
        "}}},\n\"%s/replay\":{\"post\":{\"operationId\":\"replay_dead_letter\",\"summary\":\"send it to its topic again; a body is "
        "a corrected message, held to the contract first\",%s" LETTER_PARAMS "%s],\"requestBody\":{\"required\":false,\"content\":{"
        "\"application/json\":{\"schema\":{}}}},\"responses\":{\"200\":{\"description\":\"Kafka has acknowledged it.\"}",
        path, secured, by);
    put_problems(b, sending);
    buf_printf(
        b,
        "}}},\n\"%s/discard\":{\"post\":{\"operationId\":\"discard_dead_letter\",\"summary\":\"nothing more is to be done about "
        "it\",%s" LETTER_PARAMS "%s,{\"name\":\"why\",\"in\":\"query\",\"required\":true,\"schema\":{\"type\":\"string\","
        "\"minLength\":1}}],\"responses\":{\"200\":{\"description\":\"It is discarded.\"}",
        path, secured, by);
    put_problems(b, discarding);
    buf_puts(b, "}}}");
}

void openapi_answer(struct shim *shim, struct request *r)
{
    struct buf *b = &r->reply.body;
    buf_puts(b, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"odw\",\"version\":\"" ODW_VERSION "\"},");
    if (shim->has_token)
        buf_puts(b, "\"security\":[{\"bearer\":[]}],");
    buf_puts(
        b, "\"paths\":{\"/health\":{\"get\":{\"operationId\":\"health\",\"summary\":\"whether every part answers\",\"security\":[],"
           "\"responses\":{\"200\":{\"description\":\"All parts answer.\"},\"503\":{\"description\":\"A part is away.\"}}}}");
    for (const struct endpoint *e = r->declared->endpoints->first; e != NULL; e = e->next) {
        buf_puts(b, ",\n");
        put_endpoint(b, e);
    }
    for (const struct source *s = r->declared->sources; s != NULL; s = s->next) {
        buf_puts(b, ",\n");
        put_source(b, s);
    }
    put_letters(b);
    buf_puts(
        b,
        "},\n\"components\":{\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}},\"responses\":{\"problem\":"
        "{\"description\":\"An RFC 9457 problem "
        "document.\",\"content\":{\"application/problem+json\":{\"schema\":{\"type\":\"object\","
        "\"required\":[\"type\",\"title\",\"status\",\"detail\"],\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{"
        "\"type\":"
        "\"string\"},\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},\"instance\":{\"type\":\"string\"},"
        "\"parameter\":{\"type\":\"string\"}}}}}}},\n\"schemas\":{\"odw_verdicts\":{\"type\":\"object\",\"required\":[\"accepted\","
        "\"refused\",\"verdicts\"],\"properties\":{\"accepted\":{\"type\":\"integer\"},\"refused\":{\"type\":\"integer\"},\"kept\":"
        "{\"type\":\"integer\"},\"verdicts\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"index\",\"status\"]"
        ","
        "\"properties\":{\"index\":{\"type\":\"integer\"},\"status\":{\"enum\":[\"accepted\",\"refused\",\"unknown\",\"unsent\"]},"
        "\"partition\":{\"type\":\"integer\"},\"offset\":{\"type\":\"integer\"},\"violations\":{\"type\":\"array\",\"items\":{"
        "\"type\":"
        "\"string\"}}}}}}}");
    for (const struct source *s = r->declared->sources; s != NULL; s = s->next) {
        buf_puts(b, ",\n");
        put_text(b, s->name);
        buf_putc(b, ':');
        buf_puts(b, contract_json(s->contract));
    }
    buf_puts(b, "}}}\n");
}
