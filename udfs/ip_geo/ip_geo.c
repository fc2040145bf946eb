/* udfs/ip_geo: where an address is and whose network it belongs to. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "geo/geo.h"
#include "udf/udf.h"

enum { COUNTRY, COUNTRY_NAME, CONTINENT, ASN, ORGANISATION };

struct paths {
    char text[GEO_DATABASES][PATH_MAX];
    const char *list[GEO_DATABASES];
    size_t n;
};

static int is_database(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), STR(".mmdb"));
}

/* The databases of a folder, by name. How many; 0 also where there is no such folder. */
static int list_folder(const char *folder, struct paths *paths, struct err *err)
{
    struct dirent **files = NULL;
    int n = scandir(folder, &files, is_database, alphasort), done = n < 0 ? 0 : n;
    if (n < 0 && errno != ENOENT)
        return err_errno(err, ERR_STOP, "%s", folder);
    if (n > GEO_DATABASES)
        done = err_set(err, ERR_STOP, "%s: expected at most %d databases (.mmdb), got %d", folder, GEO_DATABASES, n);
    for (int i = 0; i < n; i++) {
        if (done > 0) {
            if (snprintf(paths->text[i], PATH_MAX, "%s/%s", folder, files[i]->d_name) >= PATH_MAX)
                done = err_set(err, ERR_STOP, "%s: a path that long can't be used", folder);
            paths->list[i] = paths->text[i];
        }
        free(files[i]);
    }
    free(files);
    if (done > 0)
        paths->n = (size_t)done;
    return done;
}

static int find_databases(struct paths *paths, struct err *err)
{
    char folder[PATH_MAX];
    const char *own = getenv("ODW_GEO");
    struct stat st;
    if (own != NULL && *own != '\0') {
        int n = list_folder(own, paths, NULL);
        if (n > 0)
            return 0;
        if (stat(own, &st) < 0)
            return err_errno(err, ERR_STOP, "ODW_GEO=%s", own);
        if (S_ISDIR(st.st_mode))
            return n < 0 ? list_folder(own, paths, err)
                         : err_set(err, ERR_STOP, "ODW_GEO=%s: expected *.mmdb files there, found none", own);
        paths->list[paths->n++] = own;
        return 0;
    }
    static const char *const kinds[] = { "geo", "data" };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (snprintf(folder, sizeof folder, "%s/%s", udf_home(), kinds[i]) >= (int)sizeof folder)
            return err_set(err, ERR_STOP, "%s: a path that long can't be used", udf_home());
        int n = list_folder(folder, paths, err);
        if (n != 0)
            return n < 0 ? -1 : 0;
    }
    return err_set(err, ERR_STOP,
                   "%s/data: expected databases of addresses (*.mmdb), found none (odw functions install puts them there)",
                   udf_home());
}

static void *open_geo(const struct udf *udf, struct err *err)
{
    struct paths *paths = calloc(1, sizeof *paths);
    struct geo *geo = NULL;
    (void)udf;
    if (paths == NULL)
        err_set(err, ERR_RETRY, "out of memory");
    else if (find_databases(paths, err) == 0)
        geo = geo_open(paths->list, paths->n, err);
    free(paths);
    return geo;
}

static void close_geo(void *geo)
{
    geo_close(geo);
}

static int row(struct udf_row *row)
{
    struct geo_answer a;
    struct col *kids = row->out->kids;
    geo_find(row->state, row->str[0], &a);
    col_put_str(&kids[COUNTRY], a.country);
    col_put_str(&kids[COUNTRY_NAME], a.country_name);
    col_put_str(&kids[CONTINENT], a.continent);
    col_put_u64(&kids[ASN], a.asn);
    col_put_str(&kids[ORGANISATION], a.organisation);
    col_end_tuple(row->out);
    return 0;
}

const struct udf udf_ip_geo = {
    .name = "ipGeo",
    .group = "Enrichment",
    .about =
        "Where an IPv4 or IPv6 address is (ISO 3166 code, English name, continent as AF AN AS EU NA OC SA) and whose network it "
        "belongs to (number of the autonomous system, organisation). An address that ipAnonymise has cut to its network does as "
        "well. Databases of your own (GeoLite2, DB-IP, IPinfo: *.mmdb) take the place of the one that comes along when they lie in "
        "odw/geo/ beside the program.",
    .errors = "All empty for what is no address, is private or otherwise reserved, or unknown. A database that is missing or "
              "damaged ends "
              "the query with a message.",
    .examples = { { "tupleElement(ipGeo('8.8.8.8'), 'country')", "US" },
                  { "tupleElement(ipGeo('2001:4860:4860::8888'), 'asn')", "15169" },
                  { "ipGeo('192.168.1.1')", "('','','',0,'')" } },
    .args = { { "ip", "String" } },
    .returns = "Tuple(country String, country_name String, continent String, asn UInt32, organisation String)",
    .deterministic = true,
    .open = open_geo,
    .close = close_geo,
    .row = row,
};
