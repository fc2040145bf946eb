/* lib/geo/generator: lists of address ranges and the networks they belong to (first,last,number,"organisation" in CSV) → a
 * database.
 *
 * geo-generator OUT DATE CSV...: DATE is when the lists were made, as 20260617. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "geo/write.h"

enum { FILE_BYTES = 512 << 20, NUMBERS = 1 << 20 };

struct asn {
    struct geo_writer writer;
    size_t key_number, key_organisation; /* where the keys' texts are */
    /* Where the record of a number and organisation was put; open addressing. */
    struct known {
        size_t at;
        uint64_t hash;
    } known[NUMBERS];
    size_t n;
};

static uint64_t hash_of(struct str s, uint64_t h)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001B3);
    return h != 0 ? h : 1;
}

/* As the tree has it: IPv4 in the last four bytes. */
static bool read_address(struct str s, unsigned char a[16])
{
    char text[INET6_ADDRSTRLEN];
    if (s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    memset(a, 0, 16);
    return inet_pton(AF_INET, text, a + 12) == 1 || inet_pton(AF_INET6, text, a) == 1;
}

/* The last field: quoted or not, "" in quotes is one. */
static void unquote(struct str s, struct buf *out)
{
    buf_clear(out);
    bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    if (quoted)
        s = (struct str){ s.p + 1, s.n - 2 };
    for (size_t i = 0; i < s.n; i++) {
        buf_putc(out, s.p[i]);
        if (quoted && s.p[i] == '"' && i + 1 < s.n && s.p[i + 1] == '"')
            i++;
    }
}

/* Where the record is; it is put the first time. SIZE_MAX: there are too many. */
static size_t record_of(struct asn *a, uint32_t number, struct str organisation)
{
    uint64_t hash =
        hash_of(organisation, hash_of((struct str){ (const char *)&number, sizeof number }, UINT64_C(0xCBF29CE484222325)));
    size_t i = hash % NUMBERS;
    while (a->known[i].hash != 0 && a->known[i].hash != hash)
        i = (i + 1) % NUMBERS;
    if (a->known[i].hash == hash)
        return a->known[i].at;
    if (++a->n > NUMBERS / 2)
        return SIZE_MAX;
    struct buf *data = &a->writer.data;
    a->known[i] = (struct known){ data->n, hash };
    geo_put_map(data, organisation.n > 0 ? 2 : 1);
    geo_put_pointer(data, a->key_number);
    geo_put_uint(data, number);
    if (organisation.n > 0) {
        geo_put_pointer(data, a->key_organisation);
        geo_put_text(data, organisation);
    }
    return a->known[i].at;
}

static int add_list(struct asn *a, const char *path, struct err *err)
{
    struct buf text, organisation;
    int done = -1;
    buf_init(&text, FILE_BYTES);
    buf_init(&organisation, 0);
    if (file_read(path, &text, err) < 0)
        goto out;
    struct str rest = buf_str(&text);
    for (size_t line = 1; rest.n > 0; line++) {
        struct str s = str_trim(str_cut(&rest, '\n'));
        unsigned char first[16], last[16];
        char *end;
        if (s.n == 0)
            continue;
        struct str whole = s;
        bool addresses = read_address(str_cut(&s, ','), first) && read_address(str_cut(&s, ','), last);
        unsigned long number = strtoul(s.p, &end, 10); /* the text ends with a line end or a comma */
        if (!addresses || end == s.p || *end != ',' || number > UINT32_MAX || memcmp(first, last, sizeof first) > 0) {
            err_set(err, ERR_STOP, "%s:%zu: expected first,last,number,organisation, got \"%.*s\"", path, line,
                    whole.n < 100 ? (int)whole.n : 100, whole.p);
            goto out;
        }
        str_cut(&s, ',');
        unquote(s, &organisation);
        size_t at = record_of(a, (uint32_t)number, buf_str(&organisation));
        if (at == SIZE_MAX) {
            err_set(err, ERR_STOP, "%s:%zu: expected at most %d networks", path, line, NUMBERS / 2);
            goto out;
        }
        if (geo_writer_put(&a->writer, first, last, at, err) < 0)
            goto out;
    }
    done = 0;
out:
    buf_fini(&text);
    buf_fini(&organisation);
    return done;
}

int main(int argc, char **argv)
{
    static struct asn a;
    struct err err = ERR_INIT;
    struct buf file;
    struct tm day = { 0 };
    if (argc < 4 || strptime(argv[2], "%Y%m%d", &day) == NULL) {
        fputs("geo-generator: expected OUT DATE CSV...\n", stderr);
        return 2;
    }
    buf_init(&file, FILE_BYTES);
    int done = geo_writer_init(&a.writer, &err);
    if (done == 0) {
        a.key_number = a.writer.data.n;
        geo_put_text(&a.writer.data, STR("autonomous_system_number"));
        a.key_organisation = a.writer.data.n;
        geo_put_text(&a.writer.data, STR("autonomous_system_organization"));
    }
    for (int i = 3; i < argc && done == 0; i++)
        done = add_list(&a, argv[i], &err);
    if (done == 0)
        done = geo_writer_end(&a.writer, "odw-ASN", (uint64_t)timegm(&day), &file, &err);
    if (done == 0)
        done = file_write(argv[1], buf_str(&file), 0644, &err);
    if (done < 0)
        fprintf(stderr, "geo-generator: %s\n", err.text);
    buf_fini(&file);
    geo_writer_fini(&a.writer);
    return done < 0;
}
