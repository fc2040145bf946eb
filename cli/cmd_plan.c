/* cli/cmd_plan: `odw plan`: what apply would make, in order; no server is asked. */
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "cli/command.h"
#include "declaration/plan.h"

static const struct opt own[] = {
    { .name = "sql", .type = OPT_FLAG, .help = "Print every statement as it would be sent, with what is stamped filled in" },
    { .name = NULL },
};

static const struct opt_usage usage = {
    .program = "odw plan",
    .about = "Lists what the declarations below the root make, in the order in which 'odw apply' makes it. No server is asked.",
    .own = own,
    .shared = settings_shared,
    .more = "Exit codes: 0 done, 1 a declaration is wrong, 2 the command line or the configuration is.\n",
};

/* "7d", "90m": the largest unit without a rest. */
static void put_duration(char *text, size_t size, long long ms)
{
    static const struct {
        const char *unit;
        long long ms;
    } units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };
    size_t i = 0;
    while (i < 4 && ms % units[i].ms != 0)
        i++;
    if (ms < 0)
        snprintf(text, size, "for ever");
    else
        snprintf(text, size, "for %lld%s", ms / units[i].ms, units[i].unit);
}

static void print_list(const struct plan *p)
{
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct plan_source *s = &p->sources[i];
        char kept[40];
        put_duration(kept, sizeof kept, s->retention_ms);
        printf("%-13s %-32s %s: %d partitions, kept %s, messages of at most %lld bytes\n", "topic", s->topic, s->queue->path,
               s->partitions, kept, s->max_message_bytes);
    }
    for (size_t i = 0; i < p->n_sources; i++)
        printf("%-13s %-32s %s\n", "function", contract_function(p->sources[i].contract), p->sources[i].contract_path);
    for (size_t i = 0; i < p->n_objects; i++) {
        const struct plan_object *o = &p->objects[i];
        printf("%-13s %-32s %s\n", plan_kind_name(o->kind), o->name, o->declaration->path);
    }
}

static void print_sql(struct plan *p)
{
    for (size_t i = 0; i < p->n_objects; i++) {
        const struct plan_object *o = &p->objects[i];
        const char *about = declaration_value(o->declaration, "about");
        if (o->source != NULL) {
            struct declaration words = *o->declaration;
            words.sql = about;
            const char *pairs[] = { "source", o->source->stem, NULL };
            char *stamped = declaration_stamp(&p->arena, &words, pairs, NULL);
            about = stamped != NULL ? stamped : about;
        }
        printf("%s-- %s: %s\n-- %s\n%s;\n", i > 0 ? "\n" : "", o->declaration->path, plan_kind_name(o->kind), about, o->statement);
    }
}

static int run(int argc, char **argv)
{
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    int code = settings_start(&usage, "plan", argc, argv, &o);
    if (code >= 0)
        return code;
    struct plan *p = plan_load(opts_text(o, "root"), opts_text(o, "database"), &err);
    if (p == NULL)
        fprintf(stderr, "%s\n", err.text);
    else if (opts_flag(o, "sql"))
        print_sql(p);
    else
        print_list(p);
    code = p != NULL ? 0 : 1;
    plan_free(p);
    opts_free(o);
    return code;
}

const struct command command_plan = {
    .name = "plan",
    .about = "list what apply would make, in order, or print its SQL",
    .order = 12,
    .run = run,
};
