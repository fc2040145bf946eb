/* udfs: what functions with a policy or a key share: the folder policies/ of udf_home, read once per process. */
#ifndef ODW_UDFS_POLICIES_H
#define ODW_UDFS_POLICIES_H

#include <limits.h>

#include "pii/policy.h"
#include "udf/udf.h"

static inline void *policies_open(const struct udf *udf, struct err *err)
{
    char folder[PATH_MAX];
    (void)udf;
    if (snprintf(folder, sizeof folder, "%s/policies", udf_home()) >= (int)sizeof folder) {
        err_set(err, ERR_STOP, "%s/policies: a path that long can't be used", udf_home());
        return NULL;
    }
    return pii_policies_load(folder, err);
}

static inline void policies_close(void *policies)
{
    pii_policies_free(policies);
}

#endif
