/* tests/fuzz/geo: any bytes as an address in a database, and any bytes changed in a database. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "geo/geo.h"
#include "geo/write.h"
#include "tests/fuzz/fuzz.h"

/* \1 at the start: what follows changes the database. */
const char *const fuzz_words[] = {
    "5.9.1.2",
    "81.2.69.142",
    "2a00::1",
    "::ffff:",
    "64:ff9b::",
    "2002:0509:0102::",
    "10.0.0.1",
    "::1",
    "fe80::1%eth0",
    ".",
    ":",
    "::",
    "255",
    "256",
    "0",
    "/24",
    " ",
    "\1",
    "\x01\xFF\xFF",
    "\xE0",
    "\xE9",
    "\x80",
    "\x20\x00",
    "\x38\x7F\xFF\xFF\xFF",
    NULL,
};

/* libmaxminddb's: MMDB_open of a file whose metadata is damaged forgets some kilobytes. The process ends then anyway. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:data_pool_new";
}

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz geo: %s\n", what);
        abort();
    }
}

static bool is_utf8(struct str s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.n - i)) == 0)
            return false;
    return true;
}

static void check(struct geo *geo, struct str address)
{
    struct geo_answer a;
    bool found = geo_find(geo, address, &a);
    must(is_utf8(a.country) && is_utf8(a.country_name) && is_utf8(a.continent) && is_utf8(a.organisation), "an answer is UTF-8");
    must(a.country.n == 0 || a.country.n == 2, "a country has a code of two letters");
    must(found || (a.country.n == 0 && a.asn == 0 && a.organisation.n == 0), "nothing is found, nothing is answered");
}

static struct buf database;

/* A file in memory: its path. */
struct memory_file {
    int fd;
    char path[64];
};

static void put_file(struct memory_file *f, struct str bytes)
{
    if (f->path[0] == '\0') {
        f->fd = memfd_create("geo", MFD_CLOEXEC);
        snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->fd);
    }
    must(ftruncate(f->fd, (off_t)bytes.n) == 0 && pwrite(f->fd, bytes.p, bytes.n, 0) == (ssize_t)bytes.n, "a file in memory");
}

static void put_range(struct geo_writer *w, const char *range, size_t at)
{
    unsigned char first[16] = { 0 }, last[16] = { 0 };
    memcpy(first + (range[0] == 4 ? 12 : 0), range + 1, 2);
    memcpy(last + (range[0] == 4 ? 12 : 0), range + 1, 2);
    memset(last + (range[0] == 4 ? 14 : 2), 0xFF, range[0] == 4 ? 2 : 14);
    must(geo_writer_put(w, first, last, at, NULL) == 0, "memory");
}

static struct geo *make(void)
{
    struct geo_writer w;
    struct err err = ERR_INIT;
    must(geo_writer_init(&w, &err) == 0, "memory");
    size_t at = w.data.n;
    geo_put_map(&w.data, 3);
    geo_put_text(&w.data, STR("country"));
    geo_put_map(&w.data, 1);
    geo_put_text(&w.data, STR("iso_code"));
    geo_put_text(&w.data, STR("DE"));
    geo_put_text(&w.data, STR("autonomous_system_number"));
    geo_put_uint(&w.data, 64496);
    geo_put_text(&w.data, STR("autonomous_system_organization"));
    geo_put_text(&w.data, STR("An organisation"));
    put_range(&w, "\4\5\11", at);
    put_range(&w, "\4\121\2", at);
    put_range(&w, "\6\52\0", at);
    must(geo_writer_end(&w, "fuzz", 1, &database, &err) == 0, "memory");
    geo_writer_fini(&w);
    static struct memory_file whole;
    put_file(&whole, buf_str(&database));
    const char *const paths[] = { whole.path };
    struct geo *geo = geo_open(paths, 1, &err);
    must(geo != NULL, err.text);
    return geo;
}

/* Bytes of the input go over bytes of the database: two say where, one what. */
static void check_damaged(const uint8_t *data, size_t n)
{
    static struct memory_file file;
    struct buf damaged;
    struct err err = ERR_INIT;
    const char *const paths[] = { file.path };
    buf_init(&damaged, 0);
    buf_put_str(&damaged, buf_str(&database));
    for (size_t i = 0; i + 2 < n; i += 3)
        damaged.p[(data[i] << 8 | data[i + 1]) % damaged.n] = (char)data[i + 2];
    put_file(&file, buf_str(&damaged));
    struct geo *geo = geo_open(paths, 1, &err);
    must(geo != NULL || err.text[0] != '\0', "a refusal has a reason");
    if (geo != NULL) {
        check(geo, STR("5.9.1.2"));
        check(geo, STR("81.2.69.142"));
        check(geo, STR("2a00::1"));
        check(geo, STR("200.1.1.1"));
        check(geo, STR("3000::"));
    }
    geo_close(geo);
    buf_fini(&damaged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct geo *geo;
    if (geo == NULL)
        geo = make();
    if (n > 0 && data[0] == 1) {
        check_damaged(data + 1, n - 1);
        return 0;
    }
    char *copy = malloc(n > 0 ? n : 1);
    must(copy != NULL, "memory");
    memcpy(copy, data, n);
    check(geo, (struct str){ copy, n });
    free(copy);
    return 0;
}
