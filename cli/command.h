/* cli: what a sub-command of odw is. cmd_NAME.c defines `const struct command command_NAME`; the build finds it. */
#ifndef ODW_COMMAND_H
#define ODW_COMMAND_H

struct command {
    const char *name;  /* as typed: "apply" */
    const char *about; /* one line for `odw --help`, no full stop */
    int order;         /* place in that list: 10, 20, … */
    /* argv[0] is the name, as a user would read it ("odw apply"). Returns the exit code: 0, 1 failed, 2 usage. */
    int (*run)(int argc, char **argv);
};

#endif
