/* lib/pii/option: passwords among a command's options: --password X, sshpass -p X, mysql -pX. */
#include "pii/secret.h"

enum { OPTION_MAX = 40, COMMAND_BACK = 256 };

/* Commands whose short options hold a password, behind a space or glued to the letter. prefix: and those that start so. */
static const struct command {
    const char *name;
    bool prefix;
    const char *spaced, *glued;
} commands[] = {
    { "mysql", true, "", "p" },      { "mariadb", true, "", "p" },     { "sshpass", false, "p", "p" },
    { "redis-cli", false, "a", "" }, { "valkey-cli", false, "a", "" }, { "keydb-cli", false, "a", "" },
    { "mongo", true, "p", "" },      { "login", false, "p", "" },      { "sqlcmd", false, "P", "P" },
    { "bcp", false, "P", "P" },      { "ldap", true, "w", "w" },       { "7z", true, "", "p" },
    { "zip", false, "P", "P" },      { "unzip", false, "P", "P" },     { "mosquitto_", true, "P", "" },
    { "cqlsh", false, "p", "" },     { "ipmitool", false, "P", "" },   { "rabbitmqadmin", false, "p", "" },
    { "smbclient", false, "U", "" }, { "rpcclient", false, "U", "" },  { "curl", false, "u", "u" },
};

static uint32_t first_letters; /* bit n: a command starts with the letter n of the alphabet; bit 26: with another byte */

static uint32_t first_bit(unsigned c)
{
    return (uint32_t)1 << (c - 'a' < 26 ? c - 'a' : 26);
}

/* Before main, so that threads only ever read it. */
__attribute__((constructor)) static void index_commands(void)
{
    for (size_t k = 0; k < sizeof commands / sizeof *commands; k++)
        first_letters |= first_bit((unsigned char)commands[k].name[0]);
}

bool pii_command_before(const struct pii_text *t, size_t option, char letter, bool glued)
{
    size_t stop = option > COMMAND_BACK ? option - COMMAND_BACK : 0;
    for (size_t i = option; i > stop; i--) {
        unsigned c = t->p[i - 1];
        if (i <= t->words) { /* the command may stand before a span, or be part of one */
            *t->unsure |= t->last >= 0;
            return false;
        }
        if (c == '\n' || c == '|' || c == ';')
            return false;
        if (!pii_is_word(c) || pii_is_word(pii_before(t, i - 1)) || !(first_letters & first_bit(c)))
            continue;
        for (size_t k = 0; k < sizeof commands / sizeof *commands; k++) {
            const struct command *command = &commands[k];
            if (command->name[0] != (char)c || !pii_starts(t, i - 1, command->name))
                continue;
            unsigned next = pii_byte(t, i - 1 + strlen(command->name));
            if (strchr(glued ? command->glued : command->spaced, letter) != NULL &&
                (command->prefix || !(pii_is_word(next) || next == '-')))
                return true;
        }
    }
    return false;
}

/* "the --password option": words about an option. */
static bool prose(const struct pii_text *t, size_t start, size_t end)
{
    static const char words[] =
        " option options flag instead argument arguments parameter value or and to for with when if is was in "
        "from as file set given also are may must can should prompted via ";
    char low[16];
    bool letters = true, upper = true;
    for (size_t i = start; i < end; i++) {
        letters &= pii_is_letter(t->p[i]);
        upper &= (t->p[i] >= 'A' && t->p[i] <= 'Z') || t->p[i] == '_';
    }
    if (upper)
        return true; /* --password PASSWORD */
    if (!letters)
        return false;
    /* A word is a password where the command ends, or goes on with an option, a pipe or the next command. */
    unsigned next = pii_byte(t, end);
    if (next == ' ')
        next = pii_byte(t, end + 1) == 0 ? ' ' : pii_byte(t, end + 1);
    if (next != 0 && memchr("\n\r\t\"'-|&;>", (int)next, 10) == NULL)
        return true;
    if (end - start > sizeof low - 3)
        return false;
    low[0] = ' ';
    for (size_t i = start; i < end; i++)
        low[i - start + 1] = (char)(t->p[i] | 0x20);
    low[end - start + 1] = ' ';
    low[end - start + 2] = '\0';
    return strstr(words, low) != NULL;
}

/* One word of a shell, or what stands between quotes. */
static bool word_at(const struct pii_text *t, size_t i, size_t *start, size_t *end)
{
    unsigned quote = pii_byte(t, i);
    if (quote != '\'' && quote != '"')
        quote = 0;
    size_t k = i += quote != 0;
    while (k - i < PII_SECRET_MAX && pii_byte(t, k) >= ' ' &&
           (quote != 0 ? t->p[k] != quote && t->p[k] != '"' : t->p[k] != ' ' && memchr("'\"`", (int)t->p[k], 3) == NULL))
        k++;
    if (quote != 0 && pii_byte(t, k) != quote)
        return false;
    *start = i;
    *end = k;
    while (quote == 0 && *end > i && memchr(",;.)|&:", (int)t->p[*end - 1], 7) != NULL)
        --*end;
    return *end > i && t->p[i] != '-' && !pii_holds_token(t, i, k);
}

/* What a short option holds: at: its letter. */
static bool short_at(const struct pii_text *t, size_t at, struct pii_span *s)
{
    char letter = (char)t->p[at];
    size_t start, end, value = at + 1;
    if (memchr("paPwU", letter, 5) == NULL)
        return false;
    bool glued = pii_byte(t, value) != ' ';
    while (pii_byte(t, value) == ' ' && value - at < 4)
        value++;
    if (!word_at(t, value, &start, &end) || !pii_command_before(t, at, letter, glued))
        return false;
    bool ports = true;
    for (size_t i = start; i < end; i++)
        ports &= pii_is_digit(t->p[i]) || t->p[i] == ':';
    if (ports && memchr(t->p + start, ':', end - start) != NULL)
        return false;
    if (letter == 'U') { /* user%password */
        const unsigned char *percent = memchr(t->p + start, '%', end - start);
        if (percent == NULL)
            return false;
        start = (size_t)(percent - t->p) + 1;
    }
    return end > start && pii_secret_fits(t, start, end, PII_KEY_PASSWORD) && pii_secret_put(s, start, end, 0.75f);
}

bool pii_option_at(const struct pii_text *t, size_t at, struct pii_span *s)
{
    size_t dash = at - 1, start, end;
    if (pii_before(t, dash) == '-' && dash > 0)
        dash--;
    unsigned before = pii_before(t, dash);
    /* Where a span ends a token will stand; where the scan starts nothing stands before. */
    if (dash < t->floor || (dash == t->floor ? t->last >= 0 : before > ' ' && memchr("'\"`=([", (int)before, 6) == NULL))
        return false;
    size_t name = at;
    while (name - at < OPTION_MAX && (pii_is_letter(pii_byte(t, name)) || pii_byte(t, name) == '-' || pii_byte(t, name) == '_'))
        name++;
    size_t value = name;
    unsigned quote = pii_byte(t, value);
    if ((quote == '\'' || (quote == '"' && !t->json)) && before == quote) { /* ['--password', '…'] */
        value++;
        value += pii_byte(t, value) == ',';
        value += pii_byte(t, value) == ' ';
        if (pii_byte(t, value) != quote)
            return false;
    } else {
        while (pii_byte(t, value) == ' ' && value - name < 4)
            value++;
    }
    const struct pii_secret_key *key = value > name && name - at >= 4 ? pii_secret_key_before(t, name) : NULL;
    if (key == NULL)
        return at == dash + 1 && short_at(t, at, s);
    /* The name may be a token itself, and then isn't there the next time. */
    struct pii_span own;
    if (name - at >= 16 && pii_token_secret_at(t, at, &own))
        return false;
    return word_at(t, value, &start, &end) && pii_secret_fits(t, start, end, key->kind) && !prose(t, start, end) &&
           pii_secret_put(s, start, end, 0.75f);
}
