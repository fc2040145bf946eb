/* udfs/record/derive: the functions that a contract's x-derive calls, as the record function calls them. */
#include "udfs/record/derive.h"

#include "contract/derive.h"
#include "geo/geo.h"
#include "ua/ua.h"
#include "udf/udf.h"

extern const struct udf udf_ip_geo, udf_ua_parse;

static void put_str(struct col *col, struct str value)
{
    if (col != NULL)
        col_put_str(col, value);
}

static void put_u64(struct col *col, uint64_t value)
{
    if (col != NULL)
        col_put_u64(col, value);
}

static int derive_geo(void *state, struct str value, struct col *const parts[])
{
    struct geo_answer a;
    geo_find(state, value, &a);
    put_str(parts[0], a.country);
    put_str(parts[1], a.country_name);
    put_str(parts[2], a.continent);
    put_u64(parts[3], a.asn);
    put_str(parts[4], a.organisation);
    return 0;
}

static int derive_agent(void *state, struct str value, struct col *const parts[])
{
    struct ua_answer a;
    if (ua_parse(state, value, &a) < 0)
        return -1;
    put_str(parts[0], a.browser);
    put_str(parts[1], a.browser_version);
    put_str(parts[2], a.os);
    put_str(parts[3], a.os_version);
    put_str(parts[4], a.device);
    put_str(parts[5], a.brand);
    put_str(parts[6], a.model);
    put_u64(parts[7], a.is_bot);
    put_str(parts[8], a.bot_name);
    return 0;
}

static const struct {
    const struct udf *udf;
    int (*derive)(void *, struct str, struct col *const[]);
} functions[] = { { &udf_ip_geo, derive_geo }, { &udf_ua_parse, derive_agent } };

/* Whether the contract's word for it and the function's declaration say the same. */
static bool agrees(const struct udf *udf)
{
    const struct derive_function *f = derive_function(str_of(udf->name));
    struct buf type;
    buf_init(&type, 0);
    for (int i = 0; f != NULL && i < CONTRACT_PARTS && f->parts[i].name != NULL; i++)
        buf_printf(&type, "%s%s %s", i == 0 ? "Tuple(" : ", ", f->parts[i].name, f->parts[i].type);
    buf_putc(&type, ')');
    bool same = strcmp(buf_text(&type), udf->returns) == 0;
    buf_fini(&type);
    return same;
}

int derive_open(const char *name, struct contract_deriver *out, struct err *err)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].udf->name, name) == 0 && agrees(functions[i].udf)) {
            *out = (struct contract_deriver){ functions[i].derive, functions[i].udf->open(functions[i].udf, err) };
            return out->state != NULL ? 0 : -1;
        }
    return err_set(err, ERR_STOP, "%s: x-derive knows it otherwise than the record function", name);
}

void derive_close(struct contract_deriver *d)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (functions[i].derive == d->derive)
            functions[i].udf->close(d->state);
}
