/* udfs: functions that are made from data: a family makes one of each contract. */
#ifndef ODW_UDF_FAMILY_H
#define ODW_UDF_FAMILY_H

#include "udf/udf.h"

struct udf_family {
    /* What people are told of all of them. Its name has words in capitals for what differs: NAMERecord_HASH; its examples are of
     * one that always exists: eventsRecord_HASH. */
    const struct udf *pattern;
    /* 1: the name is of this family, and *out is the function (it lives as long as the process); 0: it isn't; -1 and err: it is,
     * but can't be made. contracts: the folder they are in. */
    int (*make)(const char *name, const char *contracts, struct udf *out, struct err *err);
    /* Calls `each` for every function that can be made; stem: the contract's. Stops at the first that returns other than 0, and
     * returns that. */
    int (*all)(const char *contracts, int (*each)(const struct udf *udf, const char *stem, void *arg), void *arg, struct err *err);
};

#endif
