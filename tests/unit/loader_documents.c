/* tests/unit/loader_documents: a file's record. Ids are the beginnings of SHA-256 over source, path and contract, zeros between
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "doc/mime.h"
#include "loaders/documents/record.h"

static void encodes_base64(void **state)
{
    /* RFC 4648, 10. */
    static const char *const pairs[][2] = { { "", "" },
                                            { "f", "Zg==" },
                                            { "fo", "Zm8=" },
                                            { "foo", "Zm9v" },
                                            { "foob", "Zm9vYg==" },
                                            { "fooba", "Zm9vYmE=" },
                                            { "foobar", "Zm9vYmFy" } };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf out, back;
        buf_init(&out, 0);
        buf_init(&back, 0);
        put_base64(&out, str_of(pairs[i][0]));
        assert_string_equal(buf_text(&out), pairs[i][1]);
        mime_base64(buf_str(&out), &back);
        assert_string_equal(buf_text(&back), pairs[i][0]);
        buf_fini(&out);
        buf_fini(&back);
    }
}

static void record(const struct document_record *r, const char *expected)
{
    struct buf out;
    buf_init(&out, 0);
    document_record_put(&out, r);
    assert_string_equal(buf_text(&out), expected);
    buf_fini(&out);
}

static void makes_records(void **state)
{
    (void)state;
    struct blob blob = { .path = STR("in/caf\xE9.txt"), .etag = STR("e1"), .size = 5, .modified_ms = 1000 };
    struct document_record r = { .source = STR("s3://memos/"),
                                 .blob = &blob,
                                 .whole = true,
                                 .bytes = STR("hello"),
                                 .content_type = STR("text/plain"),
                                 .sha256 = STR("ab"),
                                 .ingested_ms = 2000 };
    record(&r, "{\"id\":\"91094c70c7ccf28b4a312cccb5ba1458\",\"source_file_path\":\"s3://memos/in/"
               "caf\\\\xe9.txt\",\"content\":\"aGVsbG8=\","
               "\"content_type\":\"text/"
               "plain\",\"sha256\":\"ab\",\"bytes\":5,\"etag\":\"e1\",\"modified_at\":\"1970-01-01T00:00:01.000Z\","
               "\"ingested_at\":\"1970-01-01T00:00:02.000Z\"}");
    /* Too large for a message: what is known of it, and no content. */
    r.whole = false;
    blob.size = 30000000;
    r.contract = "invoice";
    r.instructions = "say \"so\"";
    record(&r, "{\"id\":\"efe110d5051b1f6c28bac8218a3b0650\",\"source_file_path\":\"s3://memos/in/"
               "caf\\\\xe9.txt\",\"bytes\":30000000,\"etag\":\"e1\",\"contract\":\"invoice\","
               "\"instructions\":\"say "
               "\\\"so\\\"\",\"modified_at\":\"1970-01-01T00:00:01.000Z\",\"ingested_at\":\"1970-01-01T00:00:02.000Z\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_base64),
        cmocka_unit_test(makes_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
