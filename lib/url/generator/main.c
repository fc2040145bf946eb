/* lib/url/generator: public_suffix_list.dat → suffix_labels and suffix_text in C, on standard output.
 *
 * The list's format: https://github.com/publicsuffix/list/wiki/Format. One rule per line up to the first white space; // is a
 * comment;
 * "*." at the start any label, "!" an exception. Rules are in UTF-8; in the table they are in IDNA's ASCII form, as hosts are. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "url/idna.h"
#include "url/suffix.h"

struct label {
    char *text;
    unsigned flags;
    struct label *children;
    size_t n, cap;
    size_t at; /* its place in the table */
};

static void fail(const char *what, const char *line)
{
    fprintf(stderr, "url-generator: %s: %s\n", what, line);
    exit(1);
}

static struct label *child_of(struct label *parent, const char *text)
{
    for (size_t i = 0; i < parent->n; i++)
        if (strcmp(parent->children[i].text, text) == 0)
            return &parent->children[i];
    if (parent->n == parent->cap) {
        parent->cap = parent->cap > 0 ? 2 * parent->cap : 4;
        parent->children = realloc(parent->children, parent->cap * sizeof *parent->children);
    }
    char *copy = strdup(text);
    if (parent->children == NULL || copy == NULL)
        fail("out of memory", text);
    parent->children[parent->n] = (struct label){ .text = copy };
    return &parent->children[parent->n++];
}

static void add_rule(struct label *root, char *rule)
{
    unsigned flag = SUFFIX_RULE;
    struct buf ascii;
    char *name, *dot;
    buf_init(&ascii, 0);
    if (*rule == '!') {
        flag = SUFFIX_EXCEPTION;
        rule++;
    } else if (strncmp(rule, "*.", 2) == 0) {
        flag = SUFFIX_WILDCARD;
        rule += 2;
    }
    if (!idna_to_ascii(str_of(rule), &ascii) || memchr(ascii.p, '*', ascii.n) != NULL)
        fail("expected labels with one * in front at most", rule);
    name = (char *)(uintptr_t)buf_text(&ascii); /* is taken apart here */
    struct label *at = root;
    do {
        dot = strrchr(name, '.');
        const char *text = dot != NULL ? dot + 1 : name;
        if (*text == '\0' || strlen(text) > 63)
            fail("expected labels of 1 to 63 bytes", rule);
        at = child_of(at, text);
        if (dot != NULL)
            *dot = '\0';
    } while (dot != NULL);
    at->flags |= flag;
    buf_fini(&ascii);
}

static int by_length(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    size_t n = strlen(x->text), m = strlen(y->text);
    return n != m ? (n < m ? -1 : 1) : strcmp(x->text, y->text);
}

/* Level by level, so that children stand side by side. */
static void print(struct label *root, size_t n)
{
    struct label **queue = calloc(n, sizeof *queue);
    size_t end = 0, text = 0, next = 1;
    if (queue == NULL)
        fail("out of memory", "");
    queue[end++] = root;
    printf("#include \"url/suffix.h\"\n\nconst struct suffix_label suffix_labels[] = {\n");
    for (size_t i = 0; i < end; i++) {
        struct label *l = queue[i];
        if (l->n > 0) /* without children there is no array, which qsort must not be given */
            qsort(l->children, l->n, sizeof *l->children, by_length);
        printf("{%zu,%zu,%zu,%zu,%u},\n", text, next, l->n, strlen(l->text), l->flags);
        text += strlen(l->text);
        next += l->n;
        for (size_t k = 0; k < l->n; k++)
            queue[end++] = &l->children[k];
    }
    printf("};\n\nconst char suffix_text[] = {\n");
    for (size_t i = 0; i < end; i++) {
        for (const char *p = queue[i]->text; *p != '\0'; p++)
            printf("%d,", *p);
        printf("\n");
    }
    printf("};\n");
    free(queue);
}

static size_t count(const struct label *l)
{
    size_t n = 1;
    for (size_t i = 0; i < l->n; i++)
        n += count(&l->children[i]);
    return n;
}

static void free_children(struct label *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free_children(&l->children[i]);
        free((char *)l->children[i].text);
    }
    free(l->children);
}

int main(int argc, char **argv)
{
    static char empty[] = "";
    struct label root = { .text = empty };
    char line[1024];
    size_t rules = 0;
    FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (list == NULL) {
        fprintf(stderr, "url-generator: expected the path of public_suffix_list.dat, got %s\n", argc == 2 ? argv[1] : "nothing");
        return 1;
    }
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, " \t\r\n")] = '\0';
        if (line[0] == '\0' || strncmp(line, "//", 2) == 0)
            continue;
        add_rule(&root, line);
        rules++;
    }
    fclose(list);
    if (rules < 1000)
        fail("expected at least a thousand rules", argv[1]);
    print(&root, count(&root));
    free_children(&root);
    return fflush(stdout) == 0 ? 0 : 1;
}
