/* tests/unit/pii_types: each type on its specification's own examples, on the same with a wrong digit, with and without words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pii/checksum.h"
#include "pii/keccak.h"
#include "pii/scan.h"

/* A text and what it is once redacted; NULL: the same. */
struct sample {
    const char *text, *redacted;
};

static void expect_all(const struct sample *samples)
{
    for (; samples->text != NULL; samples++) {
        const char *expected = samples->redacted != NULL ? samples->redacted : samples->text;
        struct buf out, twice;
        buf_init(&out, 0);
        buf_init(&twice, 0);
        pii_redact(str_of(samples->text), &out);
        if (strcmp(buf_text(&out), expected) != 0)
            fail_msg("%s: expected %s, got %s", samples->text, expected, buf_text(&out));
        pii_redact(buf_str(&out), &twice);
        assert_string_equal(buf_text(&twice), buf_text(&out));
        buf_fini(&out);
        buf_fini(&twice);
    }
}

/* A text that is one value and nothing else, and the type it is taken for; NULL: none. */
struct guess {
    const char *text, *type;
};

static void expect_guesses(const struct guess *guesses)
{
    for (; guesses->text != NULL; guesses++) {
        struct pii_scan scan;
        struct pii_span span;
        struct str text = str_of(guesses->text);
        pii_scan_init_of(&scan, pii_set_all(), text, 0);
        bool found = pii_scan_next(&scan, &span);
        const char *type = found ? pii_type_name(span.type) : "nothing";
        if (strcmp(type, guesses->type != NULL ? guesses->type : "nothing") != 0)
            fail_msg("%s: expected %s, got %s", guesses->text, guesses->type != NULL ? guesses->type : "nothing", type);
        if (found && span.length != text.n)
            fail_msg("%s: only %zu bytes of it", guesses->text, span.length);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int t = 0; t < PII_TYPES; t++) {
        const char *name = pii_type_name((enum pii_type)t), *token = pii_token((enum pii_type)t);
        assert_true(strlen(name) > 0 && token[0] == '[' && token[strlen(token) - 1] == ']');
        assert_int_equal(pii_type_by_name(str_of(name)), t);
        /* A token is recognised as one, wherever it stands; and its words are no personal data. */
        struct buf out;
        buf_init(&out, 0);
        assert_int_equal(pii_redact(str_of(token), &out), 0);
        buf_fini(&out);
        struct pii_text text = { .p = (const unsigned char *)token, .n = strlen(token), .last = -1 };
        assert_int_equal(pii_token_at(&text, 0), strlen(token));
        assert_int_equal(pii_token_before(&text, strlen(token)), strlen(token));
    }
    assert_int_equal(pii_type_by_name(STR("CREDIT_CARD")), PII_CARD);
    assert_int_equal(pii_type_by_name(STR("")), -1);
    assert_int_equal(pii_type_by_name(STR("email")), -1);
    assert_string_equal(pii_token(PII_TYPES), "");
    assert_true(pii_type_kept(PII_UUID) && pii_type_kept(PII_DATE) && pii_type_kept(PII_URL) && !pii_type_kept(PII_EMAIL));
}

static void test_checks(void **state)
{
    (void)state;
    static const unsigned char luhn[] = { 7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3 }, verhoeff[] = { 2, 3, 6, 3 };
    static const unsigned char mod[] = { 3, 6, 5, 7, 4, 2, 6, 1, 8, 0, 9 };
    assert_true(check_luhn(luhn, 11));
    assert_true(check_verhoeff(verhoeff, 4));
    assert_true(check_iso7064_11_10(mod, 11));
    /* Each changed digit, and each two that changed places, is seen by Verhoeff's. */
    unsigned char d[4];
    for (unsigned i = 0; i < 4; i++)
        for (unsigned value = 0; value < 10; value++) {
            memcpy(d, verhoeff, 4);
            d[i] = (unsigned char)value;
            assert_int_equal(check_verhoeff(d, 4), value == verhoeff[i]);
        }
    static const unsigned char empty[32] = { 0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d,
                                             0xb2, 0xdc, 0xc7, 0x03, 0xc0, 0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82,
                                             0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70 };
    unsigned char hash[32];
    keccak256(empty, 0, hash);
    assert_memory_equal(hash, empty, 32);
}

static void test_america(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "ITIN 912-70-1234", "ITIN [ITIN]" },
        { "tax id: 912701234", "tax id: [ITIN]" },
        { "912-69-1234 912-93-1234", NULL },
        { "NPI 1234567893", "NPI [NPI]" },
        { "NPI 1234567890 npi 3234567893", NULL },
        { "Provider identifier is 1234-567-893", "Provider identifier is [NPI]" },
        { "routing number 021000021", "routing number [ABA]" },
        { "ABA: 111000026", NULL },
        { "0711-0130-7", "[ABA]" },
        { "bank account number 945456787654", "bank account number [BANK_ACCOUNT]" },
        { "checking acct 12345678901", "checking acct [BANK_ACCOUNT]" },
        { "DEA AB1234563", "DEA [DEA]" },
        { "BB1388568", "[DEA]" },
        { "BB1388569", NULL },
        { "MBI 1EG4-TE5-MK73, 1EG4TE5MK73", "MBI [MBI], [MBI]" },
        { "1SG4-TE5-MK73 1EG4-TE5-MK7 1EG4TE5MK734", NULL },
        { "driver's license H12234567", "driver's license [DRIVER_LICENSE]" },
        { "license no. 123456789012", "license no. [DRIVER_LICENSE]" },
        { "passport A12803456 and 912803456", "passport [PASSPORT] and 912803456" },
        { "my travel document is A12803456", "my travel document is [PASSPORT]" },
        { "zip code 94105-1234", "zip code [ZIP]" },
        { "Boulder, CO 80301", "Boulder, CO [ZIP]" },
        { "took 94105 ms, 200 OK 12345", NULL },
        { "SIN: 130 692 544", "SIN: [CA_SIN]" },
        { "SIN: 130 692 545", NULL },
        { "mon NAS 130-692-544", "mon NAS [CA_SIN]" },
        { "Ottawa K1A 0B1", "Ottawa [POSTCODE]" },
        { "CPF 529.982.247-25, 52998224725", "CPF [BR_CPF], 52998224725" },
        { "529.982.247-26", NULL },
        { "11.222.333/0001-81", "[BR_CNPJ]" },
        { "11.222.333/0001-82", NULL },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_europe(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "NHS number 943 476 5919", "NHS number [NHS]" },
        { "NHS number 943 476 5918", NULL },
        { "401-023-2137", "[NHS]" },
        { "NINO AB123456C, AB 12 34 56 C", "NINO [NINO], [NINO]" },
        { "BG123456C AB123456E QQ123456C", NULL },
        { "SW1A 1AA and EC1A 1BB", "[POSTCODE] and [POSTCODE]" },
        { "QA1 1AA M1 1CA 1A1 1AA", NULL },
        { "postcode M11AA", "postcode [POSTCODE]" },
        { "licence MORGA657054SM9IJ", "licence [DRIVER_LICENSE]" },
        { "UTR 1955839661", "UTR [UTR]" },
        { "Steuer-ID 36574261809", "Steuer-ID [DE_TAX_ID]" },
        { "IdNr. 36574261808", NULL },
        { "Steuernummer 151/815/08156", "Steuernummer [DE_TAX_NUMBER]" },
        { "65170839J003", "[DE_SOCIAL_SECURITY]" },
        { "65170839J004", NULL },
        { "KVNR A123456780", "KVNR [DE_HEALTH_INSURANCE]" },
        { "Ausweis T220001293", "Ausweis [DE_ID_CARD]" },
        { "USt-IdNr. DE136695976", "USt-IdNr. [DE_VAT]" },
        { "2 55 08 14 168 025 38", "[FR_NIR]" },
        { "n° de sécurité sociale 255081416802538", "n° de sécurité sociale [FR_NIR]" },
        { "2 55 08 14 168 025 39", NULL },
        { "SIREN 732 829 320", "SIREN [FR_SIREN]" },
        { "DNI 12345678Z, 12345678-Z", "DNI [ES_NIF], [ES_NIF]" },
        { "12345678A", NULL },
        { "NIE X1234567L", "NIE [ES_NIE]" },
        { "x X-5253868-R, M-1234567-L", "x [ES_NIE], [ES_NIF]" },
        { "né en Corse 253072A07300443 253072B07300470", "né en Corse [FR_NIR] [FR_NIR]" },
        { "253072A07300444", "253072A07300444" },
        { "CIF A58818501", "CIF [ES_CIF]" },
        { "codice fiscale RSSMRA85T10A562S", "codice fiscale [IT_FISCAL_CODE]" },
        { "RSSMRA85Z10A562S", NULL },
        { "partita IVA 00743110157", "partita IVA [IT_VAT]" },
        { "BSN 111222333", "BSN [NL_BSN]" },
        { "BSN 111222334", NULL },
        { "PESEL 44051401359", "PESEL [PL_PESEL]" },
        { "PESEL 44051401358", NULL },
        { "NIP 123-456-32-18", "NIP [PL_NIP]" },
        { "811218-9876", "[SE_PERSONNUMMER]" },
        { "811218-9875", NULL },
        { "organisationsnummer 556703-7485", "organisationsnummer [SE_ORGANISATIONSNUMMER]" },
        { "131052-308T", "[FI_HETU]" },
        { "131052-308U 321352-308T", NULL },
        { "85.07.30-033.28", "[BE_NATIONAL_NUMBER]" },
        { "85.07.30-033.29", NULL },
        { "NIF 123456789", "NIF [PT_NIF]" },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_elsewhere(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "Aadhaar 2341 2341 2346", "Aadhaar [IN_AADHAAR]" },
        { "Aadhaar 2341 2341 2347", NULL },
        { "PAN ABCPE1234F", "PAN [IN_PAN]" },
        { "ABCDE1234 ABCXE1234F", NULL },
        { "27AAPFU0939F1ZV", "[IN_GSTIN]" },
        { "TFN 123 456 782", "TFN [AU_TFN]" },
        { "TFN 123 456 783", NULL },
        { "ABN 51 824 753 556", "ABN [AU_ABN]" },
        { "ABN 51 824 753 557", NULL },
        { "ACN 004 085 616", "ACN [AU_ACN]" },
        { "Medicare 2123 45670 1", "Medicare [AU_MEDICARE]" },
        { "NRIC S1234567D", "NRIC [SG_NRIC]" },
        { "S1234567E", NULL },
        { "RRN 900101-1234568", "RRN [KR_RRN]" },
        { "사업자등록번호 220-81-62517", "사업자등록번호 [KR_BRN]" },
        { "T.C. Kimlik No 10000000146", "T.C. Kimlik No [TR_TCKN]" },
        { "RSA identity number 8001015009087", "RSA identity number [ZA_ID]" },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_machines(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "00:1A:2B:3C:4D:5E 00-1a-2b-3c-4d-5e 001a.2b3c.4d5e", "[MAC] [MAC] [MAC]" },
        { "FF:FF:FF:FF:FF:FF 00:00:00:00:00:00 00:1A:2B:3C:4D 10:2F:33-AC-29-C3", NULL },
        { "550e8400-e29b-41d4-a716-446655440000", NULL },
        { "https://www.example.com/a?b=c 2026-11-25", NULL },
        { "postgres://app:s3cr3t@db/x", "postgres://[CREDENTIALS]@db/x" },
        { "https://user@example.com/ https://example.com:80/@x", "https://[EMAIL]/ https://example.com:80/@x" },
        { "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "[CRYPTO]" },
        { "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", NULL },
        { "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "[CRYPTO]" },
        { "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "[CRYPTO]" },
        { "bc1lv93xxer9venks6t2ddkx6mn0wpchyum5rtc42k", "bc1lv93xxer9venks6t2ddkx6mn0wpchyum5rtc42k" },
        { "NO 23 4200 9668 904, NO07.8380.08.06006", "[IBAN], [IBAN]" },
        { "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "[CRYPTO]" },
        { "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", NULL },
        { "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "[CRYPTO]" },
        { "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "[CRYPTO]" },
        { "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "[CRYPTO]" },
        { "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", NULL },
        { "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "[SECRET]" },
        { "dob: 1980-05-04", "dob: [DATE_OF_BIRTH]" },
        { "born on May 5, 1990 in Paris", "born on [DATE_OF_BIRTH] in Paris" },
        { "geboren am 5. Mai 1990", "geboren am [DATE_OF_BIRTH]" },
        { "Date of birth: 05/04/1980", "Date of birth: [DATE_OF_BIRTH]" },
        { "created 1980-05-04, dob 1980-13-04", NULL },
        { NULL, NULL },
    };
    expect_all(samples);
}

/* In two strings each, so that this file holds no token that a scanner of repositories takes for one. */
static void test_secrets(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "AKIA"
          "IOSFODNN7EXAMPLE",
          "[SECRET]" },
        { "AKIA"
          "IOSFODNN7EXAMPL AKIA"
          "IOSFODNN7EXAMPLE1",
          NULL },
        { "AIza"
          "SyDaGmWKa4JsXZHjGw7ISLn3namBGewQe0Q",
          "[SECRET]" },
        { "ghp"
          "_16C7e42F292c6912E7710c838347Ae178B4a.",
          "[SECRET]." },
        { "glpat"
          "-Aa1Bb2Cc3Dd4Ee5Ff6Gg",
          "[SECRET]" },
        { "xoxb"
          "-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
          "[SECRET]" },
        { "sk_"
          "live_4eC39HqLyjWDarjtT1zdp7dc",
          "[SECRET]" },
        { "npm"
          "_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789",
          "[SECRET]" },
        { "pypi"
          "-AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA",
          "[SECRET]" },
        { "SG"
          ".ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf9Kx4Zq1YJbNcXgUuVrEsWdMhPoQk",
          "[SECRET]" },
        { "jwt eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U ok",
          "jwt [SECRET] ok" },
        { "eyJzdWIiOiIxMjM0NTY3ODkwIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x", NULL }, /* no algorithm */
        { "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n", "[SECRET]\n" },
        { "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "[SECRET]" },
        { "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", NULL },
        { "password=hunter2&x=1", "password=[SECRET]&x=1" },
        { "DB_PASSWORD: 's3cret pass'", "DB_PASSWORD: '[SECRET]'" },
        { "\"password\": \"abc\"", "\"password\": \"[SECRET]\"" },
        { "password: null, password=**** password=${DB} password: authentication failed", NULL },
        { "compass: north pass=", NULL },
        { "api_key = 9f8Gh2kLmN4pQ7rS1tUvWxYz", "api_key = [SECRET]" },
        { "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key=[SECRET]" },
        { "Authorization: Bearer 9f8Gh2kLmN4pQ7rS1tUvWxYz", "Authorization: Bearer [SECRET]" },
        { "token: identifier, token=aaaaaaaaaaaaaaaaaaaaaaaa1", NULL },
        /* What a token stands in place of announces nothing the second time, and hides nothing the first. */
        { "tel 11 1234-5678 -DE89370400440532013000-password ://a:b@c.org10.0.0.1/8",
          "tel [PHONE] -[IBAN]-password ://[CREDENTIALS]@c.org10.0.0.1/8" },
        { "--password mysql -pS3cret", "--password [SECRET] -pS3cret" },
        { "mysql -h 10.0.0.1 -pS3cret", "mysql -h [IP] -p[SECRET]" },
        { "tool --password zip aa:bb:cc:dd:ee:ff", "tool --password zip [MAC]" },
        { "IDENTIFIED WITH a,1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 BY 'secret'", "IDENTIFIED WITH a,[CRYPTO] BY 'secret'" },
        { NULL, NULL },
    };
    expect_all(samples);
}

static void test_words(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "4155550132 is my phone number.", "[PHONE] is my phone number." },
        { "078051123 (SSN)", "[SSN] (SSN)" },
        { "44051401359 phone 4155550132", "44051401359 phone [PHONE]" },
        { "customerPhone=4155550132 orderId=4155550132", "customerPhone=[PHONE] orderId=4155550132" },
        { "social_security_number: 078051123", "social_security_number: [SSN]" },
        { "taxFileNumber=123456782", "taxFileNumber=[AU_TFN]" },
        { "44051401359", NULL }, /* whose, nobody says */
        { NULL, NULL },
    };
    expect_all(samples);
    static const struct guess guesses[] = {
        { "44051401359", "PL_PESEL" },
        { "36574261809", "DE_TAX_ID" },
        { "021000021", "US_ABA" },
        { "1234567893", "US_NPI" },
        { "52998224725", "BR_CPF" },
        { "1234567", NULL },
        { "550e8400-e29b-41d4-a716-446655440000", "UUID" },
        { "https://www.example.com/a?b=c", "URL" },
        { "2024-03-15T14:30:00+02:00", "DATE" },
        { NULL, NULL },
    };
    expect_guesses(guesses);
    struct pii_scan scan;
    struct pii_span span;
    pii_scan_init_of(&scan, pii_set_all(), STR("x: 44051401359 ;"), 0);
    assert_true(pii_scan_next(&scan, &span) && span.start == 3 && span.length == 11 && span.score < 0.5);
    pii_scan_init_of(&scan, pii_set_all(), STR("offset: 44051401359"), 0);
    assert_false(pii_scan_next(&scan, &span));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),   cmocka_unit_test(test_checks),    cmocka_unit_test(test_america),
        cmocka_unit_test(test_europe),  cmocka_unit_test(test_elsewhere), cmocka_unit_test(test_machines),
        cmocka_unit_test(test_secrets), cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
