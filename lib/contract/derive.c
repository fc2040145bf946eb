/* lib/contract/derive: what x-derive can ask for. */
#include "contract/derive.h"

static const struct derive_function functions[] = {
    { "ipGeo",
      { { "country", "String" },
        { "country_name", "String" },
        { "continent", "String" },
        { "asn", "UInt32" },
        { "organisation", "String" } } },
    { "uaParse",
      { { "browser", "String" },
        { "browser_version", "String" },
        { "os", "String" },
        { "os_version", "String" },
        { "device", "String" },
        { "brand", "String" },
        { "model", "String" },
        { "is_bot", "Bool" },
        { "bot_name", "String" } } },
};

const struct derive_function *derive_function(struct str name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (str_eq(name, str_of(functions[i].name)))
            return &functions[i];
    return NULL;
}

int derive_part(const struct derive_function *f, struct str name)
{
    for (int i = 0; i < CONTRACT_PARTS && f->parts[i].name != NULL; i++)
        if (str_eq(name, str_of(f->parts[i].name)))
            return i;
    return -1;
}
