/* shim/options: the table of odw-shim's options. */
#ifndef ODW_SHIM_OPTIONS_H
#define ODW_SHIM_OPTIONS_H

#include "base/opt.h"

extern const struct opt_usage shim_usage;

/* The options stand in odw.conf under [shim] and are called shim-listen and so on; on this program's own command line the prefix
 * may be left out. Turns `--listen` into `--shim-listen` in argv. -1 without memory. */
int options_expand(int argc, char **argv) __attribute__((warn_unused_result));

#endif
