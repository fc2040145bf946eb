/* loaders/events/personal: made-up personal data that passes the checks that real data passes. */
#include "loaders/events/personal.h"

#include "base/str.h"

static const char *const first_names[] = { "anna",    "ben",   "carla", "dmitri", "elif",  "farid", "grace", "hiro",
                                           "ines",    "jonas", "kofi",  "lena",   "mateo", "nadia", "oscar", "priya",
                                           "quentin", "rosa",  "sven",  "tara",   "umar",  "vera",  "wei",   "yara" };
static const char *const last_names[] = { "okafor",   "schmidt",   "garcia", "ivanov", "tanaka", "nguyen", "rossi", "dubois",
                                          "kowalski", "andersson", "patel",  "silva",  "haddad", "murphy", "novak", "jensen" };
static const char *const mail_hosts[] = { "example.com", "example.org", "mail.example.net", "post.example.de" };

static size_t draw(uint64_t *random, size_t n)
{
    size_t i = (size_t)(*random % n);
    *random /= n;
    return i;
}
#define PICK(list, random) ((list)[draw((random), sizeof(list) / sizeof((list)[0]))])

static void digits(struct buf *out, uint64_t *random, int n)
{
    while (n-- > 0)
        buf_putc(out, (char)('0' + draw(random, 10)));
}

static void email(struct buf *out, uint64_t *random)
{
    buf_puts(out, PICK(first_names, random));
    buf_putc(out, '.');
    buf_puts(out, PICK(last_names, random));
    digits(out, random, 2);
    buf_putc(out, '@');
    buf_puts(out, PICK(mail_hosts, random));
}

static void phone(struct buf *out, uint64_t *random)
{
    static const char *const prefixes[] = { "+49 30 ", "+1 415 555 ", "+44 20 7946 ", "+33 1 70 18 " };
    size_t which = draw(random, 4);
    buf_puts(out, prefixes[which]);
    digits(out, random, which == 0 ? 8 : 4);
}

static void card(struct buf *out, uint64_t *random)
{
    static const char *const heads[] = { "4111", "4539", "5105", "5425" };
    char number[16];
    memcpy(number, heads[draw(random, 4)], 4);
    for (int i = 4; i < 15; i++)
        number[i] = (char)('0' + draw(random, 10));
    int sum = 0;
    for (int i = 0; i < 15; i++) {
        int d = number[i] - '0';
        if (i % 2 == 0)
            d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    number[15] = (char)('0' + (10 - sum % 10) % 10);
    bool spaced = draw(random, 2) == 0;
    for (int i = 0; i < 16; i++) {
        if (spaced && i > 0 && i % 4 == 0)
            buf_putc(out, ' ');
        buf_putc(out, number[i]);
    }
}

static void iban(struct buf *out, uint64_t *random)
{
    /* Germany: DE, two check digits, 18 digits. The check is 98 - (18 digits, "1314", "00") mod 97. */
    char account[18];
    unsigned rest = 0;
    for (int i = 0; i < 18; i++) {
        account[i] = (char)('0' + draw(random, 10));
        rest = (rest * 10 + (unsigned)(account[i] - '0')) % 97;
    }
    rest = (rest * 10000 + 1314) % 97 * 100 % 97;
    unsigned check = 98 - rest;
    buf_puts(out, "DE");
    buf_putc(out, (char)('0' + check / 10));
    buf_putc(out, (char)('0' + check % 10));
    buf_put(out, account, sizeof account);
}

static void social_security(struct buf *out, uint64_t *random)
{
    buf_putc(out, (char)('1' + draw(random, 5))); /* areas 100 to 599 were all given out */
    digits(out, random, 2);
    buf_putc(out, '-');
    buf_putc(out, (char)('1' + draw(random, 9)));
    digits(out, random, 1);
    buf_putc(out, '-');
    buf_putc(out, (char)('1' + draw(random, 9)));
    digits(out, random, 3);
}

void personal_put(struct buf *out, uint64_t random)
{
    switch (draw(&random, 8)) {
    case 0:
    case 1:
        buf_puts(out, "\"email\":\"");
        email(out, &random);
        break;
    case 2:
        buf_puts(out, "\"phone\":\"");
        phone(out, &random);
        break;
    case 3:
        buf_puts(out, "\"card\":\"");
        card(out, &random);
        break;
    case 4:
        buf_puts(out, "\"iban\":\"");
        iban(out, &random);
        break;
    case 5:
        buf_puts(out, "\"ssn\":\"");
        social_security(out, &random);
        break;
    case 6:
        buf_puts(out, "\"comment\":\"please write to ");
        email(out, &random);
        buf_puts(out, " or call ");
        phone(out, &random);
        break;
    default:
        buf_puts(out, "\"forwarded_for\":\"198.51.100.");
        buf_putc(out, (char)('1' + draw(&random, 9)));
        digits(out, &random, 1);
        break;
    }
    buf_putc(out, '"');
}
