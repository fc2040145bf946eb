/* cli/llm: the verbs of `odw llm`. */
#ifndef ODW_CLI_LLM_H
#define ODW_CLI_LLM_H

#include "cli/verbs.h"

extern const struct verb llm_cache, llm_sample, llm_eval, llm_usage;

#endif
