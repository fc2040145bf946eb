/* cli/functions_share: the files that functions bring along (build/share/odw: data, policies), and which of them are as they came.
 */
#ifndef ODW_FUNCTIONS_SHARE_H
#define ODW_FUNCTIONS_SHARE_H

#include "cli/functions.h"

/* Copies what the build gathered to user_scripts/odw/. A file that someone changed since it was installed stays, and is said. */
int functions_share_install(const char *user_scripts, struct changes *changes, struct err *err) __attribute__((warn_unused_result));
/* Takes away what was installed and is as it came. */
int functions_share_remove(const char *user_scripts, struct changes *changes, struct err *err) __attribute__((warn_unused_result));

#endif
