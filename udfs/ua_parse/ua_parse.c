/* udfs/ua_parse: browser, operating system and device of a User-Agent header, and whether a program sent it. */
#include "ua/ua.h"
#include "udf/udf.h"

enum { BROWSER, BROWSER_VERSION, OS, OS_VERSION, DEVICE, BRAND, MODEL, IS_BOT, BOT_NAME };

static void *open_rules(const struct udf *udf, struct err *err)
{
    (void)udf;
    return ua_new(err);
}

static void close_rules(void *state)
{
    ua_free(state);
}

static int row(struct udf_row *row)
{
    struct ua_answer a;
    struct col *kids = row->out->kids;
    if (ua_parse(row->state, row->str[0], &a) < 0)
        return -1;
    col_put_str(&kids[BROWSER], a.browser);
    col_put_str(&kids[BROWSER_VERSION], a.browser_version);
    col_put_str(&kids[OS], a.os);
    col_put_str(&kids[OS_VERSION], a.os_version);
    col_put_str(&kids[DEVICE], a.device);
    col_put_str(&kids[BRAND], a.brand);
    col_put_str(&kids[MODEL], a.model);
    col_put_u64(&kids[IS_BOT], a.is_bot);
    col_put_str(&kids[BOT_NAME], a.bot_name);
    col_end_tuple(row->out);
    return 0;
}

const struct udf udf_ua_parse = {
    .name = "uaParse",
    .group = "Enrichment",
    .about = "What a User-Agent header says of browser, operating system and device, by uap-core's rules, and whether it is a bot: "
             "a crawler, or a program such as curl. Versions are major.minor.patch.patch_minor, as far as they are known; a "
             "browser, system or device that no rule knows is Other.",
    .errors = "Any bytes have an answer, the empty agent too; the first 2,048 are looked at.",
    .examples = { { "uaParse('Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
                    "Chrome/112.0.0.0 Mobile Safari/537.36')",
                    "('Chrome Mobile','112.0.0.0','Android','13','Samsung SM-S918B','Samsung','SM-S918B',false,'')" },
                  { "tupleElement(uaParse('curl/8.5.0'), 'is_bot')", "true" } },
    .args = { { "agent", "String" } },
    .returns = "Tuple(browser String, browser_version String, os String, os_version String, device String, brand String, "
               "model String, is_bot Bool, bot_name String)",
    .deterministic = true,
    .open = open_rules,
    .row = row,
    .close = close_rules,
};
