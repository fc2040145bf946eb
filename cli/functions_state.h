/* cli/functions_state: the folder in which functions keep answers of language models. */
#ifndef ODW_FUNCTIONS_STATE_H
#define ODW_FUNCTIONS_STATE_H

#include "cli/functions.h"

/* Makes user_scripts/odw/llm/state where it isn't there, mode 0700; where root asks it belongs to the server's user. */
int functions_state_make(const char *user_scripts, struct changes *changes, struct err *err) __attribute__((warn_unused_result));
/* Takes it away where it is empty. */
void functions_state_remove(const char *user_scripts);

#endif
