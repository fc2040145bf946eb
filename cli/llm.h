/* cli/llm: what the verbs of `odw llm` share. */
#ifndef ODW_CLI_LLM_H
#define ODW_CLI_LLM_H

/* A sub-command of `odw llm`; each stands in a file of its own. */
struct llm_verb {
    const char *name, *about;
    int (*run)(int argc, char **argv);
};
extern const struct llm_verb llm_cache, llm_sample, llm_eval, llm_usage;

#endif
