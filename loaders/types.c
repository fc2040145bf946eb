/* loaders/types: media types of extensions, as IANA's registry has them. */
#include "loaders/types.h"

#include <stddef.h>
#include <strings.h>

static const struct {
    const char *extension, *type;
} types[] = {
    { "7z", "application/x-7z-compressed" },
    { "avif", "image/avif" },
    { "avro", "application/avro" },
    { "bmp", "image/bmp" },
    { "bz2", "application/x-bzip2" },
    { "css", "text/css" },
    { "csv", "text/csv" },
    { "doc", "application/msword" },
    { "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
    { "eml", "message/rfc822" },
    { "epub", "application/epub+zip" },
    { "gif", "image/gif" },
    { "gz", "application/gzip" },
    { "heic", "image/heic" },
    { "htm", "text/html" },
    { "html", "text/html" },
    { "ics", "text/calendar" },
    { "jpeg", "image/jpeg" },
    { "jpg", "image/jpeg" },
    { "js", "text/javascript" },
    { "json", "application/json" },
    { "jsonl", "application/x-ndjson" },
    { "log", "text/plain" },
    { "md", "text/markdown" },
    { "mov", "video/quicktime" },
    { "mp3", "audio/mpeg" },
    { "mp4", "video/mp4" },
    { "ndjson", "application/x-ndjson" },
    { "odp", "application/vnd.oasis.opendocument.presentation" },
    { "ods", "application/vnd.oasis.opendocument.spreadsheet" },
    { "odt", "application/vnd.oasis.opendocument.text" },
    { "ogg", "audio/ogg" },
    { "parquet", "application/vnd.apache.parquet" },
    { "pdf", "application/pdf" },
    { "png", "image/png" },
    { "ppt", "application/vnd.ms-powerpoint" },
    { "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
    { "rtf", "application/rtf" },
    { "svg", "image/svg+xml" },
    { "tar", "application/x-tar" },
    { "tif", "image/tiff" },
    { "tiff", "image/tiff" },
    { "tsv", "text/tab-separated-values" },
    { "txt", "text/plain" },
    { "wav", "audio/vnd.wave" },
    { "webm", "video/webm" },
    { "webp", "image/webp" },
    { "xls", "application/vnd.ms-excel" },
    { "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
    { "xml", "application/xml" },
    { "yaml", "application/yaml" },
    { "yml", "application/yaml" },
    { "zip", "application/zip" },
    { "zst", "application/zstd" },
};

const char *type_of_name(struct str name)
{
    size_t n = 0;
    while (n < name.n && name.p[name.n - 1 - n] != '.')
        n++;
    /* ".profile" is a name, not an extension. */
    if (n + 1 >= name.n)
        return NULL;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i].extension) == n && strncasecmp(types[i].extension, name.p + name.n - n, n) == 0)
            return types[i].type;
    return NULL;
}
