/* tests/unit/pii_issuers: tokens of known issuers, drawn by chance in their forms, are found whole; shorter ones and names aren't.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pii/scan.h"

static uint32_t state = 7;

static unsigned below(size_t n)
{
    state = state * 1664525 + 1013904223;
    return (unsigned)((state >> 8) % n);
}

/* "%a36" is 36 letters and digits, %h hexadecimal digits, %w letters, digits, '-' and '_', %d digits, %b base64, %u capitals and
 * digits; the rest is as it stands. */
static void draw(const char *form, struct buf *out)
{
    while (*form != '\0') {
        if (*form != '%') {
            buf_putc(out, *form++);
            continue;
        }
        static const char hex[] = "0123456789abcdef", all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz-_";
        static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz+/";
        char kind = form[1], *end;
        long n = strtol(form + 2, &end, 10);
        for (form = end; n > 0; n--)
            buf_putc(out, kind == 'h'   ? hex[below(16)]
                          : kind == 'd' ? (char)('1' + below(9))
                          : kind == 'u' ? all[below(36)]
                          : kind == 'a' ? all[below(62)]
                          : kind == 'b' ? base64[below(64)]
                          : n == 1      ? all[below(62)]
                                        : all[below(64)]);
    }
}

static void expect(const char *form, const char *before, const char *behind, bool found)
{
    struct buf text, out, wanted;
    buf_init(&text, 0);
    buf_init(&out, 0);
    buf_init(&wanted, 0);
    buf_puts(&text, before);
    draw(form, &text);
    buf_puts(&text, behind);
    pii_redact(buf_str(&text), &out);
    if (found)
        buf_printf(&wanted, "%s[SECRET]%s", before, behind);
    else
        buf_put_str(&wanted, buf_str(&text));
    if (!str_eq(buf_str(&out), buf_str(&wanted)))
        fail_msg("%s as %s: expected %s, got %s", form, buf_text(&text), buf_text(&wanted), buf_text(&out));
    buf_fini(&text);
    buf_fini(&out);
    buf_fini(&wanted);
}

static void test_forms(void **state_)
{
    (void)state_;
    static const char *const forms[] = {
        "AKIA%u16",
        "AKIA%u16:%b40",
        "ASIA%u16,%b40",
        "AIza%w35",
        "ya29.%w60",
        "GOCSPX-%w28",
        "ghp_%a36",
        "gho_%a36",
        "ghs_%a36",
        "github_pat_%a22_%a59",
        "glpat-%w20",
        "gldt-%w20",
        "glffct-%w20",
        "xoxb-%d12-%d12-%a24",
        "xapp-1-%u11-%d13-%h64",
        "sk_live_%a24",
        "rk_test_%a24",
        "npm_%a36",
        "pypi-AgEIcHlwaS5vcmc%w70",
        "sk-%a48",
        "sk-%h32",
        "sk-proj-%w100",
        "sk-ant-api03-%w93AA",
        "xai-%a80",
        "r8_%a37",
        "hf_%a34",
        "gsk_%a52",
        "nvapi-%w64",
        "SG.%w22.%w43",
        "SK%h32",
        "key-%h32",
        "dop_v1_%h64",
        "shpat_%h32",
        "sq0atp-%w22",
        "EAAA%w60",
        "%d9:AA%w33",
        "M%a23.%w6.%w27",
        "dapi%h32",
        "hvs.%w90",
        "hvb.%w140",
        "%a14.atlasv1.%w64",
        "lin_api_%a40",
        "ntn_%d11%a35",
        "ATATT3%w186",
        "ATBB%a32",
        "glc_eyJ%a60",
        "glsa_%a32_%h8",
        "NRAK-%u27",
        "dp.pt.%a43",
        "dp.scim.%a43",
        "pscale_pw_%a43",
        "pscale_tkn_%a43",
        "sbp_%h40",
        "dt0c01.%a24.%a64",
        "sha256~%w43",
        "pat%a14.%h64",
        "%h32-us12",
        "%a6_%a29_mmk",
        "%a2y8Q~%a34",
        "PMAK-%h24-%h34",
        "rubygems_%h48",
        "sgp_%h40",
        "tskey-auth-%a12-%a32",
        "AGE-SECRET-KEY-1%u58",
        "figd_%w40",
        "duffel_live_%w43",
        "bkua_%h40",
        "pul-%h40",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        for (int again = 0; again < 8; again++) {
            expect(forms[i], "using ", " now", true);
            expect(forms[i], "x='", "',", true);
            expect(forms[i], "", "", true);
        }
}

static void test_hooks(void **state_)
{
    (void)state_;
    expect("T%u10/B%u10/%a24", "https://hooks.slack.com/services/", " ", true);
    expect("%d18/%w68", "https://discord.com/api/webhooks/", "?wait=true", true);
}

static void test_neither(void **state_)
{
    (void)state_;
    static const char *const forms[] = {
        "AKIA%u15",    "AKIA%u17", "AIza%w34",    "ghp_%a35",    "glpat-%a19",      "npm_%a35",
        "npm_%a37",    "sk-%h31",  "dapi%h31",    "shpat_%h31",  "lin_api_%a39",    "ntn_%a12",
        "dop_v1_%h63", "hf_%a20",  "x%d9:AA%w33", "%d9:BA%a33",  "%a14.atlas.%a64", "pat%a13.%h64",
        "%h40",        "%h64",     "sha256:%h64", "rootly_%h32", "sq0atp-%a21",     "AGE-SECRET-KEY-1%u57",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        expect(forms[i], "seen ", " now", false);
    expect("sk-learn-model-selection-and-training", "from ", "", false);
    expect("key-value-stores-are-everywhere-today", "", "", false);
    expect("ghp_is_a_prefix_of_tokens_and_nothing_else_at_all", "", "", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
