/* lib/pii/policies: a folder of policies and keys, read once. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "pii/policy_rules.h"

enum { POLICY_BYTES = 1 << 20, KEY_MIN = 16, KEY_MAX = 4096, NAME_BYTES = 64 };

struct key {
    struct key *next;
    const char *id, *broken;
    struct hmac_key key;
};

struct pii_policies {
    struct arena arena;
    const char *folder;
    const char *broken; /* it couldn't be read */
    struct pii_policy *first;
    struct key *keys;
    const struct pii_policy *last; /* what was asked for last: mostly the same for each row */
    const struct key *last_key;
};

/* What policies, keys and the files they are in may be called. */
static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned c = (unsigned char)s.p[i];
        if (!(((c | 0x20) - 'a' < 26) || c - '0' < 10 || c == '_' || c == '-' || (c == '.' && i > 0)))
            return false;
    }
    return s.n > 0 && s.n <= NAME_BYTES;
}

/* 0600 or less, a file, at least 16 bytes without the line's end: what `openssl rand -hex 32` writes is one. */
static int read_key(struct key *k, const char *path, struct err *err)
{
    struct buf text;
    struct stat st;
    char c;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), done = -1; /* a pipe would keep us waiting */
    buf_init(&text, KEY_MAX);
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_errno(err, ERR_STOP, "%s", path);
        goto out;
    }
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0) {
        err_set(err, ERR_STOP, "%s: expected a file that only its owner may read (chmod 600), got mode %03o", path,
                (unsigned)(st.st_mode & 0777));
        goto out;
    }
    while (text.n < KEY_MAX && read(fd, &c, 1) == 1)
        buf_putc(&text, c);
    struct str secret = str_trim(buf_str(&text));
    if (secret.n < KEY_MIN || text.n == KEY_MAX) {
        err_set(err, ERR_STOP, "%s: expected a secret of %d bytes or more, got %zu (openssl rand -hex 32 makes one)", path, KEY_MIN,
                secret.n);
        goto out;
    }
    hmac_sha256_init(&k->key, secret);
    done = 0;
out:
    if (text.p != NULL)
        explicit_bzero(text.p, text.n);
    buf_fini(&text);
    if (fd >= 0)
        close(fd);
    return done;
}

static int add_key(struct pii_policies *s, struct str id, const char *path)
{
    struct err err = ERR_INIT;
    struct key *k = arena_alloc(&s->arena, sizeof *k);
    if (k == NULL || (k->id = arena_copy(&s->arena, id)) == NULL)
        return -1;
    if (read_key(k, path, &err) < 0 && (k->broken = arena_copy(&s->arena, str_of(err.text))) == NULL)
        return -1;
    k->next = s->keys;
    s->keys = k;
    return 0;
}

/* For examples and for trying out: everyone has it, so nothing is hidden by it, as its name says. */
static int add_public_key(struct pii_policies *s)
{
    struct key *k = arena_alloc(&s->arena, sizeof *k);
    if (k == NULL)
        return -1;
    k->id = "not-secret";
    hmac_sha256_init(&k->key, STR("odw: this key stands in its source code"));
    k->next = s->keys;
    s->keys = k;
    return 0;
}

static int add_policy(struct pii_policies *s, struct str name, const char *path)
{
    struct err err = ERR_INIT;
    struct buf text;
    struct pii_policy *p = arena_alloc(&s->arena, sizeof *p);
    if (p == NULL || (p->name = arena_copy(&s->arena, name)) == NULL)
        return -1;
    arena_init(&p->arena, 0);
    buf_init(&text, POLICY_BYTES);
    if (file_read(path, &text, &err) == 0)
        pii_policy_read(p, s, buf_str(&text), path);
    else if ((p->broken = arena_copy(&s->arena, str_of(err.text))) == NULL)
        p->broken = "out of memory";
    buf_fini(&text);
    p->next = s->first;
    s->first = p;
    return 0;
}

/* Calls `add` for each file of the folder whose name ends so, the last name first. -1: no memory; 1: no such folder. */
static int each_file(struct pii_policies *s, const char *folder, const char *ending,
                     int (*add)(struct pii_policies *s, struct str name, const char *path))
{
    struct dirent **files = NULL;
    int n = scandir(folder, &files, NULL, alphasort), done = 0;
    if (n < 0)
        return errno == ENOMEM ? -1 : 1;
    while (n-- > 0) {
        struct str name = str_of(files[n]->d_name);
        char path[4096];
        if (done == 0 && str_ends(name, str_of(ending))) {
            name.n -= strlen(ending);
            snprintf(path, sizeof path, "%s/%s", folder, files[n]->d_name);
            if (is_name(name))
                done = add(s, name, path);
        }
        free(files[n]);
    }
    free(files);
    return done;
}

struct pii_policies *pii_policies_load(const char *folder, struct err *err)
{
    struct pii_policies *s = calloc(1, sizeof *s);
    char keys[4096];
    if (s == NULL)
        goto fail;
    arena_init(&s->arena, 0);
    if ((s->folder = arena_copy(&s->arena, str_of(folder))) == NULL)
        goto fail;
    snprintf(keys, sizeof keys, "%s/keys", folder);
    if (each_file(s, keys, "", add_key) < 0 || add_public_key(s) < 0)
        goto fail;
    int rc = each_file(s, folder, ".json", add_policy);
    if (rc < 0)
        goto fail;
    if (rc > 0)
        s->broken = arena_printf(&s->arena, "%s: %s", folder, strerror(errno));
    return s;
fail:
    err_set(err, ERR_STOP, "%s: out of memory", folder);
    pii_policies_free(s);
    return NULL;
}

void pii_policies_free(struct pii_policies *s)
{
    if (s == NULL)
        return;
    for (struct pii_policy *p = s->first; p != NULL; p = p->next)
        pii_policy_fini(p);
    for (struct key *k = s->keys; k != NULL; k = k->next)
        explicit_bzero(&k->key, sizeof k->key);
    arena_fini(&s->arena);
    free(s);
}

static struct str clipped(struct str s)
{
    return (struct str){ s.p, s.n < NAME_BYTES ? s.n : NAME_BYTES };
}

static int unknown_policy(const struct pii_policies *s, struct str name, struct err *err)
{
    struct buf known;
    buf_init(&known, 512);
    for (const struct pii_policy *p = s->first; p != NULL; p = p->next)
        buf_printf(&known, "%s%s", known.n > 0 ? ", " : "", p->name);
    if (s->broken != NULL)
        err_set(err, ERR_STOP, "expected the folder of policies: %s (odw functions install makes it)", s->broken);
    else
        err_set(err, ERR_STOP, "expected the name of a policy in %s (%s), got \"%.*s\"", s->folder,
                known.n > 0 ? buf_text(&known) : "there is none", STR_ARG(clipped(name)));
    buf_fini(&known);
    return -1;
}

const struct pii_policy *pii_policy(struct pii_policies *s, struct str name, struct err *err)
{
    const struct pii_policy *p = s->last;
    if (p == NULL || !str_eq(name, str_of(p->name)))
        for (p = s->first; p != NULL && !str_eq(name, str_of(p->name)); p = p->next)
            ;
    if (p == NULL)
        unknown_policy(s, name, err);
    else if (p->broken != NULL)
        err_set(err, ERR_STOP, "%s", p->broken);
    else
        return s->last = p;
    return NULL;
}

const struct hmac_key *pii_key(struct pii_policies *s, struct str id, struct err *err)
{
    const struct key *k = s->last_key;
    if (k == NULL || !str_eq(id, str_of(k->id)))
        for (k = s->keys; k != NULL && !str_eq(id, str_of(k->id)); k = k->next)
            ;
    if (k == NULL)
        err_set(err, ERR_STOP, "expected the id of a key in %s/keys, got \"%.*s\" (openssl rand -hex 32 makes a key)", s->folder,
                STR_ARG(clipped(id)));
    else if (k->broken != NULL)
        err_set(err, ERR_STOP, "%s", k->broken);
    else
        return &(s->last_key = k)->key;
    return NULL;
}
