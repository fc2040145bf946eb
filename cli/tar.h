/* cli/tar: a folder as a ustar file, for configuration management. */
#ifndef ODW_TAR_H
#define ODW_TAR_H

#include "base/err.h"

/* Everything below the folder, files and folders, owned by root, by name; `file` changes whole or not at all. "-": stdout. */
int tar_folder(const char *folder, const char *file, struct err *err) __attribute__((warn_unused_result));
/* The folder and everything below it; what can't be removed stays. */
void tar_remove_folder(const char *folder);

#endif
