/* cli/apply_server: is the server one that odw can live in; its database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/apply.h"
#include "http/http.h"

enum { VERSION_MAJOR = 26, VERSION_MINOR = 3 };

int apply_check_server(struct apply *a, struct err *err)
{
    struct buf out;
    struct clickhouse_query q = { .sql = "SELECT version(), (SELECT count() FROM system.named_collections WHERE name = 'odw_kafka')"
                                         " FORMAT TabSeparated",
                                  .no_database = true,
                                  .timeout_ms = 5000 };
    int major = 0, minor = 0, collections = 0, code = 0;
    int done = clickhouse_run(a->ch, &q, &out, &code, err);
    if (done == 0) {
        char version[64] = "";
        const char *text = buf_text(&out);
        if (sscanf(text, "%63[^\t]\t%d", version, &collections) < 1 || sscanf(version, "%d.%d", &major, &minor) != 2)
            done = err_set(err, ERR_STOP, "%s: expected ClickHouse, got an answer that isn't its version",
                           opts_text(a->opts, "clickhouse-url"));
        else if (major < VERSION_MAJOR || (major == VERSION_MAJOR && minor < VERSION_MINOR))
            done =
                err_set(err, ERR_STOP,
                        "%s: expected ClickHouse %d.%d or newer, found %s (before that, messages flow ahead of chained views and "
                        "are lost)",
                        opts_text(a->opts, "clickhouse-url"), VERSION_MAJOR, VERSION_MINOR, version);
        else if (collections == 0)
            done = err_set(err, ERR_STOP,
                           "%s: expected the named collection odw_kafka, found none that this user may see: put "
                           "clickhouse-config/conf.d/odw.xml into the server's config.d/, users.d/odw.xml into its users.d/, and "
                           "grant NAMED COLLECTION ON odw_kafka and SHOW NAMED COLLECTIONS (docs/operations.md)",
                           opts_text(a->opts, "clickhouse-url"));
    } else {
        err_at(err, "ClickHouse at %s", opts_text(a->opts, "clickhouse-url"));
    }
    buf_fini(&out);
    return done;
}

int apply_database(struct apply *a, struct err *err)
{
    const struct clickhouse_param name = { "name", str_of(a->database) };
    struct clickhouse_query look = { .sql = "SELECT engine FROM system.databases WHERE name = {name:String} FORMAT TabSeparated",
                                     .params = &name,
                                     .n_params = 1,
                                     .no_database = true };
    struct buf out, sql;
    int done = clickhouse_run(a->ch, &look, &out, NULL, err);
    bool there = done == 0 && out.n > 0;
    buf_fini(&out);
    if (done < 0 || there)
        return done;
    change(&a->changes, "create database %s", a->database);
    a->no_database = a->dry_run;
    if (a->dry_run)
        return 0;
    buf_init(&sql, 0);
    buf_puts(&sql, "CREATE DATABASE IF NOT EXISTS ");
    clickhouse_put_name(&sql, str_of(a->database));
    struct clickhouse_query create = { .sql = buf_text(&sql), .no_database = true };
    done = clickhouse_run(a->ch, &create, NULL, NULL, err);
    buf_fini(&sql);
    return done;
}
