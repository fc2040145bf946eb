/* tests/unit/geo: databases of every layout and record size, damaged ones, reserved addresses, and the walk beside libmaxminddb's.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <maxminddb.h>

#include "base/file.h"
#include "geo/geo.h"
#include "geo/write.h"

/* libmaxminddb's: MMDB_open of a file whose metadata is damaged forgets some kilobytes. The process ends then anyway. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:data_pool_new";
}

static char folder[] = "/tmp/odw-geo-XXXXXX", path[2][64];

static void put_pair(struct buf *b, const char *key, const char *value)
{
    geo_put_text(b, str_of(key));
    geo_put_text(b, str_of(value));
}

/* Puts what was appended to the writer's data since `at` for a prefix, given as its first and last address. */
static void put(struct geo_writer *w, const char *first, const char *last, size_t at)
{
    unsigned char a[2][16] = { { 0 }, { 0 } };
    const char *texts[2] = { first, last };
    struct err err = ERR_INIT;
    for (int i = 0; i < 2; i++)
        if (strchr(texts[i], ':') != NULL)
            assert_int_equal(inet_pton(AF_INET6, texts[i], a[i]), 1);
        else
            assert_int_equal(inet_pton(AF_INET, texts[i], a[i] + 12), 1);
    assert_int_equal(geo_writer_put(w, a[0], a[1], at, &err), 0);
}

/* As GeoLite2 City has it. */
static size_t put_city(struct buf *b, const char *code, const char *name, const char *continent)
{
    size_t at = b->n;
    geo_put_map(b, 3);
    geo_put_text(b, STR("city"));
    geo_put_map(b, 1);
    geo_put_text(b, STR("names"));
    geo_put_map(b, 1);
    put_pair(b, "en", "Somewhere");
    geo_put_text(b, STR("continent"));
    geo_put_map(b, 1);
    put_pair(b, "code", continent);
    geo_put_text(b, STR("country"));
    geo_put_map(b, 2);
    put_pair(b, "iso_code", code);
    geo_put_text(b, STR("names"));
    geo_put_map(b, 1);
    put_pair(b, "en", name);
    return at;
}

static size_t put_asn(struct buf *b, uint32_t number, const char *organisation)
{
    size_t at = b->n;
    geo_put_map(b, 2);
    geo_put_text(b, STR("autonomous_system_number"));
    geo_put_uint(b, number);
    put_pair(b, "autonomous_system_organization", organisation);
    return at;
}

static void write_database(struct geo_writer *w, const char *to)
{
    struct err err = ERR_INIT;
    struct buf file;
    buf_init(&file, 0);
    assert_int_equal(geo_writer_end(w, "test", 1790000000, &file, &err), 0);
    assert_int_equal(file_write(to, buf_str(&file), 0600, &err), 0);
    buf_fini(&file);
    geo_writer_fini(w);
}

/* A database of cities (with `padding` bytes that nothing refers to) and one of networks. */
static void write_both(size_t padding)
{
    struct geo_writer w;
    struct err err = ERR_INIT;
    assert_int_equal(geo_writer_init(&w, &err), 0);
    char *zeros = calloc(1, padding + 1);
    assert_non_null(zeros);
    buf_put(&w.data, zeros, padding);
    free(zeros);
    size_t de = put_city(&w.data, "DE", "Deutschland", "EU"), xx = put_city(&w.data, "QZ", "Nowhereland", "OC");
    put(&w, "5.0.0.0", "5.255.255.255", de);
    put(&w, "81.2.69.142", "81.2.69.142", xx);
    put(&w, "2a00::", "2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", de);
    put(&w, "10.0.0.0", "10.255.255.255", de);
    write_database(&w, path[0]);
    assert_int_equal(geo_writer_init(&w, &err), 0);
    size_t one = put_asn(&w.data, 64496, "Réseau d'essai"), two = put_asn(&w.data, 4200000000, "\xFF\xFE");
    put(&w, "5.9.0.1", "5.10.0.6", one);
    put(&w, "2a00:1:2::", "2a00:1:2:ffff:ffff:ffff:ffff:ffff", two);
    write_database(&w, path[1]);
}

static struct geo *open_both(void)
{
    struct err err = ERR_INIT;
    const char *const paths[] = { path[0], path[1] };
    struct geo *geo = geo_open(paths, 2, &err);
    if (geo == NULL)
        fail_msg("%s", err.text);
    return geo;
}

static void expect(struct geo *geo, const char *address, const char *country, const char *name, const char *continent, uint32_t asn,
                   const char *organisation)
{
    struct geo_answer a;
    bool found = geo_find(geo, str_of(address), &a);
    if (!str_eq(a.country, str_of(country)) || !str_eq(a.country_name, str_of(name)) || !str_eq(a.continent, str_of(continent)) ||
        a.asn != asn || !str_eq(a.organisation, str_of(organisation)))
        fail_msg("%s: got %.*s, %.*s, %.*s, %u, %.*s", address, STR_ARG(a.country), STR_ARG(a.country_name), STR_ARG(a.continent),
                 a.asn, STR_ARG(a.organisation));
    assert_int_equal(found, country[0] != '\0' || asn != 0);
}

static void two_databases(void **state)
{
    (void)state;
    /* Records of 24 bits, and of 32 where the values are beyond them. */
    for (size_t padding = 0; padding <= 17 << 20; padding += 17 << 20) {
        write_both(padding);
        struct geo *geo = open_both();
        expect(geo, "5.0.0.0", "DE", "Germany", "EU", 0, "");
        expect(geo, "5.9.0.0", "DE", "Germany", "EU", 0, "");
        expect(geo, "5.9.0.1", "DE", "Germany", "EU", 64496, "Réseau d'essai");
        expect(geo, "5.9.255.255", "DE", "Germany", "EU", 64496, "Réseau d'essai");
        expect(geo, "5.10.0.6", "DE", "Germany", "EU", 64496, "Réseau d'essai");
        expect(geo, "5.10.0.7", "DE", "Germany", "EU", 0, "");
        expect(geo, "::ffff:5.9.0.1", "DE", "Germany", "EU", 64496, "Réseau d'essai");
        /* A country that no table has is as the database says; a text that isn't UTF-8 is none. */
        expect(geo, "81.2.69.142", "QZ", "Nowhereland", "OC", 0, "");
        expect(geo, "81.2.69.143", "", "", "", 0, "");
        expect(geo, "2a00:1:2::1", "DE", "Germany", "EU", 4200000000, "");
        expect(geo, "2a01::", "", "", "", 0, "");
        /* Reserved, whatever a database says. */
        expect(geo, "10.1.2.3", "", "", "", 0, "");
        geo_close(geo);
    }
}

/* IPinfo's and ip-location-db's layouts. */
static void other_layouts(void **state)
{
    (void)state;
    struct geo_writer w;
    struct err err = ERR_INIT;
    assert_int_equal(geo_writer_init(&w, &err), 0);
    size_t lite = w.data.n;
    geo_put_map(&w.data, 5);
    put_pair(&w.data, "country", "France");
    put_pair(&w.data, "country_code", "FR");
    put_pair(&w.data, "continent", "Europe");
    put_pair(&w.data, "asn", "AS3215");
    put_pair(&w.data, "as_name", "Orange S.A.");
    size_t bare = w.data.n;
    geo_put_map(&w.data, 1);
    put_pair(&w.data, "country_code", "JP");
    size_t odd = w.data.n;
    geo_put_map(&w.data, 2);
    put_pair(&w.data, "country_code", "fr");
    put_pair(&w.data, "asn", "AS99999999999");
    put(&w, "2.0.0.0", "2.15.255.255", lite);
    put(&w, "133.0.0.0", "133.0.0.255", bare);
    put(&w, "134.0.0.0", "134.0.0.255", odd);
    write_database(&w, path[0]);
    const char *const paths[] = { path[0] };
    struct geo *geo = geo_open(paths, 1, &err);
    if (geo == NULL)
        fail_msg("%s", err.text);
    expect(geo, "2.1.2.3", "FR", "France", "EU", 3215, "Orange S.A.");
    expect(geo, "133.0.0.9", "JP", "Japan", "AS", 0, "");
    expect(geo, "134.0.0.9", "", "", "", 0, "");
    geo_close(geo);
}

/* Said at once, with the file's name. */
static void refused(const char *file, const char *why)
{
    struct err err = ERR_INIT;
    const char *const paths[] = { file };
    assert_null(geo_open(paths, 1, &err));
    assert_int_equal(err.class, ERR_STOP);
    if (strstr(err.text, file) == NULL || strstr(err.text, why) == NULL)
        fail_msg("expected %s and %s, got %s", file, why, err.text);
}

static void refuses_files(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct geo_writer w;
    struct buf file;
    refused("/nowhere/geo.mmdb", "No such file");
    assert_int_equal(file_write(path[0], STR(""), 0600, &err), 0);
    refused(path[0], "");
    assert_int_equal(file_write(path[0], STR("no database"), 0600, &err), 0);
    refused(path[0], "expected a MaxMind database");
    /* Without any of the fields. */
    assert_int_equal(geo_writer_init(&w, &err), 0);
    size_t at = w.data.n;
    geo_put_map(&w.data, 1);
    put_pair(&w.data, "connection_type", "Dialup");
    put(&w, "5.0.0.0", "5.255.255.255", at);
    write_database(&w, path[0]);
    refused(path[0], "expected records with a country");
    assert_null(geo_open(NULL, 0, &err));

    /* Cut short anywhere: its end, where it says what it is, is gone. */
    write_both(0);
    buf_init(&file, 0);
    assert_int_equal(file_read(path[0], &file, &err), 0);
    for (size_t n = 0; n < file.n; n += 1 + n / 7) {
        struct str cut = { file.p, n };
        assert_int_equal(file_write(path[0], cut, 0600, &err), 0);
        refused(path[0], "");
    }
    buf_fini(&file);
}

/* Any byte may be another: what can't be told at once gives other answers, but nothing is read beyond the file. */
static void damaged_files(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct buf file;
    write_both(0);
    buf_init(&file, 0);
    assert_int_equal(file_read(path[0], &file, &err), 0);
    size_t opened = 0;
    for (size_t i = 0; i < file.n; i += 3) {
        static const char *const addresses[] = { "5.1.2.3", "81.2.69.142", "255.0.0.1", "1.1.1.1", "2a00::1", "3000::1" };
        const char *const paths[] = { path[0] };
        char was = file.p[i];
        file.p[i] = (char)(was ^ (1 << i % 8 | 0x80));
        assert_int_equal(file_write(path[0], buf_str(&file), 0600, NULL), 0);
        struct geo *geo = geo_open(paths, 1, NULL);
        opened += geo != NULL;
        for (size_t k = 0; geo != NULL && k < sizeof addresses / sizeof *addresses; k++) {
            struct geo_answer a;
            geo_find(geo, str_of(addresses[k]), &a);
        }
        geo_close(geo);
        file.p[i] = was;
    }
    assert_true(opened > 0);
    buf_fini(&file);
}

/* What the walk here finds is what libmaxminddb finds. */
static void as_libmaxminddb(void **state)
{
    (void)state;
    static const char *const country[] = { "country", "iso_code", NULL };
    MMDB_s db;
    size_t hits = 0;
    write_both(0);
    struct geo *geo = open_both();
    assert_int_equal(MMDB_open(path[0], MMDB_MODE_MMAP, &db), MMDB_SUCCESS);
    srand(7);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        int status;
        struct sockaddr_in four = { .sin_family = AF_INET };
        struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
        struct geo_answer a;
        MMDB_entry_data_s value = { 0 };
        unsigned r = (unsigned)rand();
        if (i % 3 == 0)
            snprintf(text, sizeof text, "2a0%x:%x::%x", r & 1, r >> 1 & 7, r >> 16);
        else
            snprintf(text, sizeof text, "%u.%u.%u.%u", i % 3 == 1 ? 5 : 81, i % 3 == 1 ? r & 255 : 2,
                     i % 3 == 1 ? r >> 8 & 255 : 69, r >> 16 & 255);
        geo_find(geo, str_of(text), &a);
        bool is_four = inet_pton(AF_INET, text, &four.sin_addr) == 1;
        assert_true(is_four || inet_pton(AF_INET6, text, &six.sin6_addr) == 1);
        MMDB_lookup_result_s found =
            MMDB_lookup_sockaddr(&db, is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six, &status);
        assert_int_equal(status, MMDB_SUCCESS);
        if (found.found_entry)
            assert_int_equal(MMDB_aget_value(&found.entry, &value, country), MMDB_SUCCESS);
        struct str expected = { value.utf8_string, value.has_data ? value.data_size : 0 };
        assert_true(str_eq(a.country, expected));
        hits += expected.n > 0;
    }
    assert_true(hits > 5000);
    MMDB_close(&db);
    geo_close(geo);
}

static void reserved(void **state)
{
    (void)state;
    static const char *const yes[] = { "0.1.2.3",         "10.0.0.0",   "100.64.0.0",     "100.127.255.255", "127.255.255.255",
                                       "169.254.0.0",     "172.16.0.0", "172.31.255.255", "192.0.0.1",       "192.0.2.255",
                                       "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.9",    "203.0.113.9",
                                       "224.0.0.0",       "239.1.1.1",  "240.0.0.1" };
    static const char *const no[] = { "1.0.0.0",    "9.255.255.255", "11.0.0.0",    "100.63.255.255", "100.128.0.0",
                                      "126.0.0.1",  "128.0.0.1",     "169.253.0.1", "172.15.0.1",     "172.32.0.0",
                                      "192.0.1.0",  "192.0.3.0",     "192.167.0.0", "192.169.0.0",    "198.17.0.0",
                                      "198.20.0.0", "198.51.99.1",   "203.0.112.1", "223.255.255.1" };
    static const char *const six_yes[] = { "::",         "::1",        "64:ff9b:1::", "100::1", "2001::1",
                                           "2001:1ff::", "2001:db8::", "3fff:fff::",  "5f00::", "fc00::",
                                           "fdff::",     "fe80::",     "febf::",      "fec0::", "ff00::" };
    static const char *const six_no[] = { "2001:200::", "2001:db7::", "2001:db9::", "2a00::", "2600::",
                                          "3ffe::",     "4000::",     "5f01::",     "fe00::" };
    unsigned char a[16];
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(inet_pton(AF_INET, yes[i], a) == 1 && geo_is_reserved(4, a));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_true(inet_pton(AF_INET, no[i], a) == 1 && !geo_is_reserved(4, a));
    for (size_t i = 0; i < sizeof six_yes / sizeof *six_yes; i++)
        assert_true(inet_pton(AF_INET6, six_yes[i], a) == 1 && geo_is_reserved(6, a));
    for (size_t i = 0; i < sizeof six_no / sizeof *six_no; i++)
        assert_true(inet_pton(AF_INET6, six_no[i], a) == 1 && !geo_is_reserved(6, a));
}

/* ISO 3166-1 has 249 countries; two more are in use. Each has a name and a continent. */
static void countries(void **state)
{
    (void)state;
    int n = 0;
    for (char a = 'A'; a <= 'Z'; a++)
        for (char b = 'A'; b <= 'Z'; b++) {
            const char code[2] = { a, b };
            const struct geo_country *c = geo_country(code);
            if (c == NULL)
                continue;
            n++;
            assert_memory_equal(c->code, code, 2);
            assert_true(strlen(c->name) >= 4);
            assert_non_null(strstr("AF AN AS EU NA OC SA", c->continent));
            assert_int_equal(strlen(c->continent), 2);
        }
    assert_int_equal(n, 249 + 2);
    assert_null(geo_country("\0\0"));
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    for (int i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "%s/%d.mmdb", folder, i);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path[0]);
    unlink(path[1]);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_databases), cmocka_unit_test(other_layouts),   cmocka_unit_test(refuses_files),
        cmocka_unit_test(damaged_files), cmocka_unit_test(as_libmaxminddb), cmocka_unit_test(reserved),
        cmocka_unit_test(countries),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
