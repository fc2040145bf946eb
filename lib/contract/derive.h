/* lib/contract/derive: what x-derive can ask for. The names and types are those of the functions' declarations in udfs/. */
#ifndef ODW_CONTRACT_DERIVE_H
#define ODW_CONTRACT_DERIVE_H

#include "contract/contract.h"

struct derive_function {
    const char *name;
    struct {
        const char *name, *type;
    } parts[CONTRACT_PARTS]; /* in the order of the function's tuple */
};

/* NULL: x-derive knows no such function. */
const struct derive_function *derive_function(struct str name);
/* The part of that name, or -1. */
int derive_part(const struct derive_function *f, struct str name);

#endif
