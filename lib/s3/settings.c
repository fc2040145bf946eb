/* lib/s3/settings: where the store is and who asks, from options, Amazon's own variables, or an embedded stack. */
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "s3/s3.h"

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *first(const char *a, const char *b)
{
    return a != NULL ? a : b;
}

/* An option's value where the user gave it, not the stack. */
static const char *own(const struct opts *o, const char *name)
{
    return opts_from_stack(o, name) ? NULL : opts_text(o, name);
}

struct s3 *s3_open(const struct opts *o, struct err *err)
{
    struct s3 *s = NULL;
    char *secret = NULL, *token = NULL;
    const char *secret_file = own(o, "s3-secret-key-file"), *token_file = own(o, "s3-session-token-file");
    struct s3_settings settings = {
        .url = first(own(o, "s3-url"), first(variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL"))),
        .region = first(own(o, "s3-region"), first(variable("AWS_REGION"), variable("AWS_DEFAULT_REGION"))),
        .access_key = own(o, "s3-access-key"),
        .ca_file = opts_text(o, "s3-ca"),
    };
    const char *addressing = opts_text(o, "s3-addressing");
    settings.addressing = strcmp(addressing, "path") == 0 ? S3_PATH : strcmp(addressing, "virtual") == 0 ? S3_VIRTUAL : S3_AUTO;
    if (opts_flag(o, "s3-anonymous")) {
        settings.access_key = NULL;
        if (settings.url == NULL)
            settings.url = opts_text(o, "s3-url");
        return s3_new(&settings, err);
    }
    if (settings.access_key == NULL && secret_file == NULL && variable("AWS_ACCESS_KEY_ID") != NULL) {
        settings.access_key = variable("AWS_ACCESS_KEY_ID");
        settings.secret_key = variable("AWS_SECRET_ACCESS_KEY");
        settings.session_token = variable("AWS_SESSION_TOKEN");
        if (settings.secret_key == NULL) {
            err_set(err, ERR_STOP, "AWS_ACCESS_KEY_ID is given, but no AWS_SECRET_ACCESS_KEY");
            return NULL;
        }
    } else if (settings.access_key == NULL && secret_file == NULL && settings.url == NULL) {
        settings.url = opts_text(o, "s3-url");
        settings.region = opts_text(o, "s3-region");
        settings.access_key = opts_text(o, "s3-access-key");
        secret_file = opts_text(o, "s3-secret-key-file");
    }
    if (settings.access_key == NULL) {
        err_set(err, ERR_STOP,
                "no access key is given: --s3-access-key and --s3-secret-key-file, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
                "--s3-anonymous asks without one");
        return NULL;
    }
    if (settings.secret_key == NULL && secret_file == NULL) {
        err_set(err, ERR_STOP, "an access key is given, but no secret key: --s3-secret-key-file FILE");
        return NULL;
    }
    if (settings.secret_key == NULL) {
        secret = settings_secret(secret_file, err);
        settings.secret_key = secret;
        if (secret == NULL || (token_file != NULL && (token = settings_secret(token_file, err)) == NULL))
            goto out;
        settings.session_token = token;
    }
    s = s3_new(&settings, err);
out:
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    if (token != NULL)
        explicit_bzero(token, strlen(token));
    free(secret);
    free(token);
    return s;
}

bool s3_is_address(const char *text)
{
    return strncmp(text, "s3://", 5) == 0;
}

int s3_address(const char *text, char bucket[64], struct str *rest, struct err *err)
{
    const char *name = text + 5;
    size_t n = strcspn(name, "/");
    /* Names as S3 has them, and those that older buckets have. */
    size_t fits = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    if (!s3_is_address(text) || n < 3 || n > 63 || fits < n)
        return err_set(
            err, ERR_STOP,
            "expected s3://BUCKET/KEY, the bucket with 3 to 63 letters, digits, dots, dashes or underscores, got '%.200s'", text);
    snprintf(bucket, 64, "%.*s", (int)n, name);
    *rest = str_of(name + n + (name[n] == '/'));
    return 0;
}
