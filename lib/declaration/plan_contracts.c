/* lib/declaration/plan_contracts: the contracts that a plan has beside those of its queues. */
#include "declaration/plan_contracts.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static const char suffix[] = ".schema.json";

static int is_contract(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), str_of(suffix));
}

int plan_contracts_load(struct plan *p, struct err *err)
{
    struct dirent **files = NULL;
    int rc = -1;
    const char *folder = plan_path(&p->arena, p->root, "contracts");
    int n = folder != NULL ? scandir(folder, &files, is_contract, alphasort) : -1;
    if (n < 0 && folder != NULL && errno == ENOENT)
        return 0;
    if (n < 0)
        return err_errno(err, ERR_STOP, "the folder %s can't be read", folder != NULL ? folder : "of contracts");
    if ((p->contracts = arena_alloc(&p->arena, ((size_t)n + 1) * sizeof *p->contracts)) == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    for (int i = 0; i < n; i++) {
        const char *path = arena_printf(&p->arena, "%s/%s", folder, files[i]->d_name);
        if (path == NULL) {
            err_set(err, ERR_STOP, "out of memory");
            goto out;
        }
        if ((p->contracts[p->n_contracts] = contract_load(path, err)) == NULL)
            goto out;
        p->n_contracts++;
    }
    rc = 0;
out:
    for (int i = 0; i < n; i++)
        free(files[i]);
    free(files);
    return rc;
}

const struct contract *plan_contract(const struct plan *p, const char *stem)
{
    for (size_t i = 0; i < p->n_contracts; i++)
        if (strcmp(contract_stem(p->contracts[i]), stem) == 0)
            return p->contracts[i];
    return NULL;
}

int plan_contracts_words(struct plan *p, const struct declaration *d, const char *words[VIEW_WORDS_MAX], struct err *err)
{
    const char *name = declaration_value(d, "contract");
    const struct contract *c = name != NULL ? plan_contract(p, name) : NULL;
    struct buf b;
    size_t n = 0;
    if (name == NULL && strcmp(declaration_value(d, "kind"), plan_kind_name(PLAN_RECORDS)) == 0)
        return err_set(err, ERR_STOP, "%s:1: a view of kind records lacks '-- contract: NAME': whose answers it types", d->path);
    if (name != NULL && c == NULL)
        return err_set(err, ERR_STOP, "%s:%d: contract: there is no contracts/%.100s%s", d->path, declaration_line(d, "contract"),
                       name, suffix);
    buf_init(&b, 0);
    buf_puts(&b, "map(");
    for (size_t i = 0; i < p->n_contracts; i++)
        buf_printf(&b, "%s'%s', '%s'", i > 0 ? ", " : "", contract_stem(p->contracts[i]), contract_hash(p->contracts[i]));
    buf_putc(&b, ')');
    const char *hashes = b.failed ? NULL : arena_copy(&p->arena, buf_str(&b));
    buf_fini(&b);
    if (hashes == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    words[n++] = "contract_hashes", words[n++] = hashes;
    if (c != NULL) {
        words[n++] = "contract", words[n++] = contract_stem(c);
        words[n++] = "contract_hash", words[n++] = contract_hash(c);
        words[n++] = "record_function", words[n++] = contract_function(c);
    }
    words[n] = NULL;
    return 0;
}
