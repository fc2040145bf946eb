/* lib/ua/generator: rules in, C tables out. */
#include <string.h>

#include "ua/generator/generator.h"

struct rule *rules_add(struct rules *rules)
{
    if (rules->n % 1024 == 0) {
        struct rule *more = arena_alloc(&rules->arena, (rules->n + 1024) * sizeof *more);
        if (more == NULL)
            return NULL;
        if (rules->n > 0)
            memcpy(more, rules->rules, rules->n * sizeof *more);
        rules->rules = more;
    }
    return &rules->rules[rules->n++];
}

static int make(struct rules *rules, const char *rules_path, const char *crawlers_path, struct err *err)
{
    for (enum ua_list list = UA_BROWSER; list < UA_LISTS; list++) {
        rules->start[list] = rules->n;
        if (list == UA_CRAWLER ? read_crawlers(rules, crawlers_path, err) < 0 : read_rules(rules, list, rules_path, err) < 0)
            return -1;
        if (rules->n == rules->start[list])
            return err_set(err, ERR_STOP, "%s: expected rules, found none of list %d", rules_path, list);
    }
    rules->start[UA_LISTS] = rules->n;
    for (size_t i = 0; i < rules->n; i++)
        if (find_clauses(&rules->rules[i], &rules->arena) < 0)
            return err_set(err, ERR_STOP, "out of memory");
    return write_tables(rules, stdout, err);
}

int main(int argc, char **argv)
{
    struct rules rules = { .n = 0 };
    struct err err = ERR_INIT;
    if (argc != 3) {
        fputs("Usage: ua-generator RULES.py CRAWLERS.json > tables.c\n", stderr);
        return 2;
    }
    arena_init(&rules.arena, (size_t)1 << 30);
    int status = make(&rules, argv[1], argv[2], &err);
    arena_fini(&rules.arena);
    if (status < 0)
        fprintf(stderr, "ua-generator: %s\n", err.text);
    return status < 0 ? 1 : 0;
}
