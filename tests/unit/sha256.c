/* tests/unit/sha256: FIPS 180-4's examples, and every length around the padding's edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/sha256.h"

static void expect(struct str text, const char *hex)
{
    uint8_t digest[32];
    char got[65];
    sha256(text, digest);
    for (int i = 0; i < 32; i++)
        snprintf(got + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(got, hex);
}

static void examples(void **state)
{
    (void)state;
    expect(STR(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(STR("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    expect((struct str){ million, 1000000 }, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

/* The digests of 'a' 0 to 200 times, hashed together, as another implementation gives it. */
static void lengths(void **state)
{
    (void)state;
    char text[200];
    uint8_t all[201 * 32];
    memset(text, 'a', sizeof text);
    for (size_t n = 0; n <= sizeof text; n++)
        sha256((struct str){ text, n }, all + 32 * n);
    expect((struct str){ (const char *)all, sizeof all }, "1be2d7d291484baf4c78d463a65b40a26c255b1946e5205eac8edad606a76fdd");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(examples), cmocka_unit_test(lengths) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
