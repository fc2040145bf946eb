/* tests/unit/sha256: FIPS 180-4's examples, every length around the padding's edges, and RFC 4231's HMACs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/sha256.h"

/* By the processor's instructions, where it has them, and without. */
static void expect(struct str text, const char *hex)
{
    for (int plainly = 0; plainly < 2; plainly++) {
        uint8_t digest[32];
        char got[65];
        sha256_plainly(plainly != 0);
        sha256(text, digest);
        for (int i = 0; i < 32; i++)
            snprintf(got + 2 * i, 3, "%02x", digest[i]);
        assert_string_equal(got, hex);
    }
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

static void expect_hmac(struct str secret, struct str text, const char *hex)
{
    for (int plainly = 0; plainly < 2; plainly++) {
        struct hmac_key key;
        uint8_t digest[32];
        char got[65];
        sha256_plainly(plainly != 0);
        hmac_sha256_init(&key, secret);
        hmac_sha256(&key, text, digest);
        for (int i = 0; i < 32; i++)
            snprintf(got + 2 * i, 3, "%02x", digest[i]);
        got[strlen(hex)] = '\0'; /* the fifth case is cut */
        assert_string_equal(got, hex);
    }
}

static struct str repeat(char *room, int c, size_t n)
{
    memset(room, c, n);
    return (struct str){ room, n };
}

/* RFC 4231, 4.2 to 4.8. */
static void hmacs(void **state)
{
    (void)state;
    char key[131], text[50];
    expect_hmac(repeat(key, 0x0b, 20), STR("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect_hmac(STR("Jefe"), STR("what do ya want for nothing?"),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    expect_hmac(repeat(key, 0xaa, 20), repeat(text, 0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    for (int i = 0; i < 25; i++)
        key[i] = (char)(i + 1);
    expect_hmac((struct str){ key, 25 }, repeat(text, 0xcd, 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    expect_hmac(repeat(key, 0x0c, 20), STR("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b");
    expect_hmac(repeat(key, 0xaa, 131), STR("Test Using Larger Than Block-Size Key - Hash Key First"),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    expect_hmac(
        repeat(key, 0xaa, 131),
        STR("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed "
            "before being used by the HMAC algorithm."),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(examples), cmocka_unit_test(lengths), cmocka_unit_test(hmacs) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
