/* tests/unit/pii_policy: policies read from a folder, what each action does, patterns within limits, keys, joinable tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "pii/policy.h"
#include "pii/policy_rules.h"

static char folder[64];

static void put_file(const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static int make_folder(void **state)
{
    (void)state;
    char keys[80];
    strcpy(folder, "/tmp/odw-policies-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(keys, sizeof keys, "%s/keys", folder);
    return mkdir(keys, 0700);
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* The folder with one policy, p. */
static struct pii_policies *load(const char *policy)
{
    struct err err = ERR_INIT;
    put_file("p.json", policy, 0644);
    struct pii_policies *s = pii_policies_load(folder, &err);
    assert_non_null(s);
    return s;
}

static void expect(const char *policy, const char *text, const char *redacted)
{
    struct err err = ERR_INIT;
    struct buf out;
    struct pii_policies *s = load(policy);
    const struct pii_policy *p = pii_policy(s, STR("p"), &err);
    if (p == NULL)
        fail_msg("%s", err.text);
    buf_init(&out, 0);
    bool json = *text == '{';
    int64_t found = json ? pii_redact_json_with(p, str_of(text), &out) : pii_redact_with(p, str_of(text), &out);
    assert_true(found >= 0);
    if (strcmp(buf_text(&out), redacted) != 0)
        fail_msg("%s: expected %s, got %s", text, redacted, buf_text(&out));
    buf_fini(&out);
    pii_policies_free(s);
}

static void refused(const char *policy, const char *why)
{
    struct err err = ERR_INIT;
    struct pii_policies *s = load(policy);
    assert_null(pii_policy(s, STR("p"), &err));
    if (strstr(err.text, why) == NULL)
        fail_msg("%s: expected \"%s\", got \"%s\"", policy, why, err.text);
    pii_policies_free(s);
}

static void actions(void **state)
{
    (void)state;
    expect("{}", "ada@example.com", "[EMAIL]");
    expect("{\"default\": \"keep\"}", "ada@example.com 4111 1111 1111 1111", "ada@example.com 4111 1111 1111 1111");
    expect("{\"default\": \"drop\", \"types\": {\"CARD\": \"token\"}}", "<ada@example.com> 4111 1111 1111 1111", "<> [CARD]");
    /* printf ada@example.com | sha256sum */
    expect("{\"default\": \"hash\"}", "ada@EXAMPLE.com", "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72");
    expect("{\"default\": \"mask\"}", "ada@example.com", "***@*******.***");
    expect("{\"default\": {\"action\": \"mask\", \"keep_first\": 4, \"keep_last\": 4}}", "4111 1111 1111 1111",
           "4111 **** **** 1111");
    /* What would show all of it shows nothing. */
    expect("{\"default\": {\"action\": \"mask\", \"keep_first\": 8, \"keep_last\": 8}}", "4111 1111 1111 1111",
           "**** **** **** ****");
    expect("{\"types\": {\"UUID\": \"token\"}}", "550e8400-e29b-41d4-a716-446655440000 ada@example.com", "[UUID] [EMAIL]");
    expect("{\"types\": {\"IP\": \"drop\", \"IPV6\": \"keep\"}}", "203.0.113.7|2001:db8::1", "|2001:db8::1");
    expect("{\"types\": {\"IPV6\": \"keep\", \"IP\": \"drop\"}}", "203.0.113.7|2001:db8::1", "|2001:db8::1");
    expect("{\"types\": {\"EMAIL_ADDRESS\": \"drop\"}}", "<ada@example.com>", "<>");
    expect("{\"types\": {\"IP\": \"address\"}, \"address\": {\"ipv4\": 8, \"ipv6\": 16}}", "203.0.113.7/30 2001:db8::1",
           "203.0.0.0/30 2001::");
    expect("{\"default\": {\"action\": \"tokenise\", \"key\": \"not-secret\"}}", "to ada@example.com",
           "to [EMAIL:f70d42849f6570c044be3be76a4a7b92]");
}

static void json(void **state)
{
    (void)state;
    expect("{\"default\": {\"action\": \"mask\", \"keep_first\": 3}}", "{\"a\": \"\\u0061da@example.com\", \"pin\": 123456}",
           "{\"a\": \"ada@*******.***\", \"pin\": \"123***\"}");
    expect("{\"default\": \"keep\"}", "{\"a\": \"\\u0061da@example.com\", \"pin\": 123456}",
           "{\"a\": \"\\u0061da@example.com\", \"pin\": 123456}");
    expect("{\"default\": \"drop\"}", "{\"a\": \"ada@example.com\", \"pin\": 1234}", "{\"a\": \"\", \"pin\": \"\"}");
    expect("{\"default\": \"keep\", \"types\": {\"SECRET\": {\"action\": \"mask\", \"keep_first\": 1}}}",
           "{\"password\": \"a\\\"b\\\\c\\n\\u00e9\"}", "{\"password\": \"a\\\"*\\\\*\\n*\"}");
    expect("{\"keys\": {\"add\": [\"Favourite Colour\"], \"except\": [\"pin\"]}}",
           "{\"favourite_colour\": \"red\", \"pin\": 1234, \"password\": \"x\", \"user.favourite-colour\": \"red\"}",
           "{\"favourite_colour\": \"[SECRET]\", \"pin\": 1234, \"password\": \"[SECRET]\", \"user.favourite-colour\": \"red\"}");
}

#define EMPLOYEE "{\"patterns\": [{\"name\": \"EMPLOYEE\", \"pattern\": \"\\\\bEMP-\\\\d{6}\\\\b\""

static void patterns(void **state)
{
    (void)state;
    expect(EMPLOYEE "}]}", "EMP-123456 wrote to ada@example.com, EMP-1234567 didn't",
           "[EMPLOYEE] wrote to [EMAIL], EMP-1234567 didn't");
    expect(EMPLOYEE ", \"action\": \"mask\", \"keep_last\": 2}]}", "EMP-123456", "***-****56");
    expect(EMPLOYEE ", \"context\": [\"staff\", \"employee\"]}]}", "Staff: EMP-123456", "Staff: [EMPLOYEE]");
    expect(EMPLOYEE ", \"context\": [\"staff\", \"employee\"]}]}", "staffing EMP-123456", "staffing EMP-123456");
    expect(EMPLOYEE ", \"checksum\": \"luhn\"}]}", "EMP-123455 EMP-123456", "[EMPLOYEE] EMP-123456");
    expect(EMPLOYEE "}]}", "{\"EMP-123456\": \"x EMP\\u002d123456 y\"}", "{\"[EMPLOYEE]\": \"x [EMPLOYEE] y\"}");
    expect("{\"patterns\": [{\"name\": \"X\", \"pattern\": \"example.com and \\\\w+\"}]}", "ada@example.com and more",
           "[X]"); /* what overlaps is one, of the longer's type, and nothing of either is left */
    expect("{\"patterns\": [{\"name\": \"X\", \"pattern\": \"\\\\d*\"}]}", "a12b\xff\xc3\xa9 3", "a[X]b\xff\xc3\xa9 [X]");
    expect("{\"patterns\": [{\"name\": \"A\", \"pattern\": \"abc\"}, {\"name\": \"B\", \"pattern\": \"cde\"}, {\"name\": \"C\", "
           "\"pattern\": \"bc\"}]}",
           "abcde abc bc", "[A] [A] [C]");
    expect("{\"patterns\": [{\"name\": \"T\", \"pattern\": \"T-\\\\d+\", \"action\": \"tokenise\", \"key\": \"not-secret\"}]}",
           "T-1 T-1", "[T:bdaa0834ed11753fad0eab2f1816c884] [T:bdaa0834ed11753fad0eab2f1816c884]");
}

/* A pattern that backtracks without end costs its row, not the process: -1, at once. */
static void a_pattern_that_takes_too_long(void **state)
{
    (void)state;
    static const char *const slow[] = { "(a+)+$",           "(a|aa)+x", "(?:a?){64}a{64}b", "((a|b)*)*c", "(?=(a+)+b)",
                                        "(\\\\w+\\\\s?)+x", NULL };
    for (int i = 0; slow[i] != NULL; i++) {
        char policy[200], text[4001];
        struct err err = ERR_INIT;
        struct buf out;
        snprintf(policy, sizeof policy, "{\"patterns\": [{\"name\": \"SLOW\", \"pattern\": \"%s\"}]}", slow[i]);
        struct pii_policies *s = load(policy);
        const struct pii_policy *p = pii_policy(s, STR("p"), &err);
        if (p == NULL)
            fail_msg("%s", err.text);
        memset(text, 'a', sizeof text - 1);
        memcpy(text + sizeof text - 6, "!!bcx", 5); /* what must come last is there, so that no pattern is refused for its lack */
        text[sizeof text - 1] = '\0';
        buf_init(&out, 0);
        if (pii_redact_with(p, str_of(text), &out) != -1)
            fail_msg("%s: expected it to give up", slow[i]);
        assert_int_equal(out.n, 0);
        assert_int_equal(pii_redact_with(p, STR("fine"), &out), 0);
        assert_string_equal(buf_text(&out), "fine");
        buf_fini(&out);
        pii_policies_free(s);
    }
}

static void refusals(void **state)
{
    (void)state;
    refused("{\"default\": }", "p.json:1: expected JSON: ");
    refused("[]", "p.json: #: expected an object, got []");
    refused("{\"defualt\": \"token\"}", "p.json: #/defualt: unknown word; did you mean \"default\"?");
    refused("{\"default\": \"tokn\"}", "#/default: expected token, mask, hash, tokenise, drop or keep, got \"tokn\"");
    refused("{\"default\": \"tokenise\"}", "#/default: expected {\"action\": \"tokenise\", \"key\": ID}, got \"tokenise\"");
    refused("{\"default\": \"address\"}", "#/default: expected token, mask, hash, tokenise, drop or keep, got \"address\"");
    refused("{\"types\": {\"EMIAL\": \"token\"}}", "#/types/EMIAL: expected a type that piiDetect knows; did you mean EMAIL?");
    refused("{\"types\": {\"CARD\": \"address\"}}", "#/types/CARD: expected token, mask,");
    refused("{\"types\": {\"CARD\": {\"action\": \"mask\", \"keep_last\": -1}}}",
            "#/types/CARD/keep_last: expected an integer from 0 to 64, got -1");
    refused("{\"types\": {\"CARD\": {\"action\": \"token\", \"keep_last\": 1}}}",
            "#/types/CARD: expected keep_first and keep_last with mask");
    refused("{\"types\": {\"CARD\": {\"action\": \"hash\", \"key\": \"k\"}}}",
            "#/types/CARD/key: expected no key: only tokenise has one");
    refused("{\"types\": {\"CARD\": {}}}", "#/types/CARD: expected token, mask,");
    refused("{\"default\": {\"action\": \"tokenise\", \"key\": \"none\"}}", "#/default/key: expected the id of a key in ");
    refused("{\"address\": {\"ipv4\": 33}}", "#/address/ipv4: expected an integer from 0 to 32, got 33");
    refused("{\"address\": {\"action\": \"prefix-preserving\"}}", "#/address/key: expected the id of a key");
    refused("{\"keys\": {\"add\": []}}", "#/keys/add: expected an array of words, got []");
    refused("{\"patterns\": [{\"name\": \"A\", \"pattern\": \"(\"}]}",
            "#/patterns/0/pattern: expected a regular expression (PCRE2), got one "
            "that is wrong at byte 1: missing closing parenthesis");
    refused("{\"patterns\": [{\"name\": \"EMAIL\", \"pattern\": \"a\"}]}",
            "#/patterns/0/name: expected a name that isn't a type's already");
    refused("{\"patterns\": [{\"name\": \"a\", \"pattern\": \"a\"}]}", "#/patterns/0/name: expected a type's name");
    refused("{\"patterns\": [{\"name\": \"A\", \"pattern\": \"a\", \"checksum\": \"crc\"}]}",
            "expected luhn, mod97 or verhoeff, got \"crc\"");
    refused("{\"about\": 1, \"about\": 2}", "expected JSON: duplicate object key");
    struct err err = ERR_INIT;
    struct pii_policies *s = load("{}");
    assert_null(pii_policy(s, STR("q"), &err));
    assert_non_null(strstr(err.text, "expected the name of a policy in /tmp/"));
    assert_non_null(strstr(err.text, "(p), got \"q\""));
    pii_policies_free(s);
    err = ERR_INIT;
    s = pii_policies_load("tests/no/such/folder", &err);
    assert_non_null(s);
    assert_null(pii_policy(s, STR("p"), &err));
    assert_string_equal(err.text, "expected the folder of policies: tests/no/such/folder: No such file or directory (odw functions "
                                  "install makes it)");
    pii_policies_free(s);
}

static void no_key(struct pii_policies *s, const char *id, const char *why)
{
    struct err err = ERR_INIT;
    assert_null(pii_key(s, str_of(id), &err));
    if (strstr(err.text, why) == NULL)
        fail_msg("%s: expected \"%s\", got \"%s\"", id, why, err.text);
}

static void keys(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    put_file("keys/good", "0123456789abcdef0123456789abcdef\n", 0600);
    put_file("keys/same", "0123456789abcdef0123456789abcdef", 0400);
    put_file("keys/open", "0123456789abcdef0123456789abcdef\n", 0640);
    put_file("keys/short", "0123456789abcde\n", 0600);
    struct pii_policies *s = load("{}");
    const struct hmac_key *good = pii_key(s, STR("good"), &err), *same = pii_key(s, STR("same"), &err);
    assert_non_null(good);
    assert_non_null(same);
    struct buf a, b, c;
    buf_init(&a, 0);
    buf_init(&b, 0);
    buf_init(&c, 0);
    pii_tokenise(good, STR("ada@example.com"), &a);
    pii_tokenise(same, STR("ada@example.com"), &b);
    pii_tokenise(pii_key(s, STR("not-secret"), &err), STR("ada@example.com"), &c);
    /* printf 'EMAIL\0ada@example.com' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef | cut -c 1-32 */
    assert_string_equal(buf_text(&a), "[EMAIL:1395565b6bee68eaf0d49221b52cc139]");
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    assert_false(str_eq(buf_str(&a), buf_str(&c)));
    buf_fini(&a);
    buf_fini(&b);
    buf_fini(&c);
    no_key(s, "open", "expected a file that only its owner may read (chmod 600), got mode 640");
    no_key(s, "short", "expected a secret of 16 bytes or more, got 15");
    no_key(s, "none", "expected the id of a key in ");
    no_key(s, "../keys/good", "expected the id of a key in ");
    no_key(s, "", "expected the id of a key in ");
    pii_policies_free(s);
}

static void canonical_forms(void **state)
{
    (void)state;
    static const struct {
        enum pii_type type;
        const char *value, *form;
    } all[] = {
        { PII_EMAIL, "Ada.L@EXAMPLE.Com", "Ada.L@example.com" },
        { PII_EMAIL, "ada%40Example.com", "ada@example.com" },
        { PII_EMAIL, "\"a@b\"@Example.com", "\"a@b\"@example.com" },
        { PII_PHONE, "+1 (415) 555-0132", "+14155550132" },
        { PII_PHONE, "+1-415-555-0132 ext. 77", "+14155550132;77" },
        { PII_PHONE, "+14155550132x77", "+14155550132;77" },
        { PII_PHONE, "+44 (0)20 7123 4567", "+442071234567" },
        { PII_PHONE, "0044 20 7123 4567", "+442071234567" },
        { PII_PHONE, "(415) 555-0132", "4155550132" },
        { PII_PHONE, "%2B14155550132", "+14155550132" },
        { PII_CARD, "4111-1111 1111.1111", "4111111111111111" },
        { PII_IBAN, "de89 3704 0044 0532 0130 00", "DE89370400440532013000" },
        { PII_IPV4, "203.0.113.7", "203.0.113.7" },
        { PII_IPV6, "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
        { PII_IPV6, "fe80::1%eth0", "fe80::1" },
        { PII_IPV6, "::ffff:192.0.2.1", "192.0.2.1" },
        { PII_MAC, "00-1A-2b-3C-4d-5E", "001a2b3c4d5e" },
        { PII_US_SSN, "078-05-1123", "078051123" },
        { PII_CRYPTO, "0xAbC1", "0xabc1" },
        { PII_CRYPTO, "BC1QW508", "bc1qw508" },
        { PII_CRYPTO, "1A1zP1", "1A1zP1" },
        { PII_SECRET, " a B ", " a B " },
    };
    struct buf out;
    buf_init(&out, 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        buf_clear(&out);
        pii_canonical(all[i].type, str_of(all[i].value), &out);
        assert_string_equal(buf_text(&out), all[i].form);
    }
    buf_fini(&out);
}

static unsigned long replaced(const struct pii_policy *p, const char *ip)
{
    struct buf out;
    unsigned a, b, c, d;
    buf_init(&out, 0);
    assert_true(pii_address_with(p, str_of(ip), &out));
    assert_int_equal(sscanf(buf_text(&out), "%u.%u.%u.%u", &a, &b, &c, &d), 4);
    buf_fini(&out);
    return (unsigned long)a << 24 | b << 16 | c << 8 | d;
}

/* Addresses that share n bits share exactly n bits after it; no two become one; another key gives others. */
static void prefixes(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct pii_policies *s = load("{\"address\": {\"action\": \"prefix-preserving\", \"key\": \"not-secret\"}}");
    const struct pii_policy *p = pii_policy(s, STR("p"), &err);
    assert_non_null(p);
    unsigned long base = 203ul << 24 | 0 << 16 | 113 << 8 | 77, got = replaced(p, "203.0.113.77");
    assert_int_not_equal(got, base);
    for (unsigned bit = 0; bit < 32; bit++) {
        unsigned long other = base ^ 1ul << (31 - bit);
        char text[32];
        snprintf(text, sizeof text, "%lu.%lu.%lu.%lu", other >> 24, other >> 16 & 255, other >> 8 & 255, other & 255);
        unsigned long changed = replaced(p, text) ^ got;
        assert_true(changed != 0);
        assert_int_equal(__builtin_clzl(changed) - 32, bit);
    }
    struct buf a, b;
    buf_init(&a, 0);
    buf_init(&b, 0);
    assert_true(pii_address_with(p, STR("2001:db8::1"), &a));
    assert_true(pii_address_with(p, STR("2001:db8::2"), &b));
    assert_false(str_eq(buf_str(&a), buf_str(&b)));
    size_t common = 0;
    while (common < a.n && a.p[common] == b.p[common])
        common++;
    assert_true(common >= a.n - 2); /* 126 bits */
    assert_false(pii_address_with(p, STR("no address"), &a));
    assert_false(pii_address_with(p, STR("1.2.3.4/8"), &a));
    assert_false(pii_address_with(p, (struct str){ NULL, 0 }, &a));
    buf_fini(&a);
    buf_fini(&b);
    pii_policies_free(s);
}

static void checksums(void **state)
{
    (void)state;
    assert_true(pii_checksum_of("luhn")(STR("4111 1111 1111 1111")));
    assert_false(pii_checksum_of("luhn")(STR("4111 1111 1111 1112")));
    assert_false(pii_checksum_of("luhn")(STR("")));
    assert_true(pii_checksum_of("mod97")(STR("3214282912345698765432161182"))); /* ISO 13616: GB82 WEST …, rearranged */
    assert_false(pii_checksum_of("mod97")(STR("3214282912345698765432161183")));
    assert_true(pii_checksum_of("verhoeff")(STR("2363")));
    assert_false(pii_checksum_of("verhoeff")(STR("2364")));
    assert_true(pii_checksum_of("verhoeff")(STR("1428570")) == pii_checksum_of("verhoeff")(STR("142857 0")));
    assert_null(pii_checksum_of("crc32"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions),         cmocka_unit_test(json),
        cmocka_unit_test(patterns),        cmocka_unit_test(a_pattern_that_takes_too_long),
        cmocka_unit_test(refusals),        cmocka_unit_test(keys),
        cmocka_unit_test(canonical_forms), cmocka_unit_test(prefixes),
        cmocka_unit_test(checksums),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
