/* lib/pii/keyed: values of keys that name a secret: password=…, "api_key": "…", Authorization: …, Server=…;Pwd=…; */
#include "pii/secret.h"

enum { VALUE_MAX = PII_SECRET_MAX, CONNECTION_MAX = 128 };

#define KEY(name, whole, kind)                                                                                                     \
    {                                                                                                                              \
        name, sizeof name - 1, whole, PII_KEY_##kind                                                                               \
    }
static const struct pii_secret_key keys[] = {
    KEY("password", false, PASSWORD),
    KEY("passwd", false, PASSWORD),
    KEY("pwd", true, PASSWORD),
    KEY("pswd", true, PASSWORD),
    KEY("_pw", false, PASSWORD),
    KEY("passphrase", false, PASSWORD),
    KEY("passcode", false, PASSWORD),
    KEY("pass", true, PASSWORD),
    KEY("sshpass", false, PASSWORD),
    KEY("dbpass", false, PASSWORD),
    KEY("userpass", false, PASSWORD),
    KEY("rootpass", false, PASSWORD),
    KEY("adminpass", false, PASSWORD),
    KEY("storepass", false, PASSWORD),
    KEY("keypass", false, PASSWORD),
    KEY("requirepass", false, PASSWORD),
    KEY("masterauth", false, PASSWORD),
    KEY("rediscli_auth", false, PASSWORD),
    KEY("passwort", false, PASSWORD),
    KEY("kennwort", false, PASSWORD),
    KEY("contraseña", false, PASSWORD),
    KEY("contrasena", false, PASSWORD),
    KEY("senha", true, PASSWORD),
    KEY("mot de passe", false, PASSWORD),
    KEY("motdepasse", false, PASSWORD),
    KEY("wachtwoord", false, PASSWORD),
    KEY("lösenord", false, PASSWORD),
    KEY("adgangskode", false, PASSWORD),
    KEY("salasana", true, PASSWORD),
    KEY("hasło", true, PASSWORD),
    KEY("parola", true, PASSWORD),
    KEY("şifre", true, PASSWORD),
    KEY("пароль", false, PASSWORD),
    KEY("Пароль", false, PASSWORD),
    KEY("密码", false, PASSWORD),
    KEY("密碼", false, PASSWORD),
    KEY("パスワード", false, PASSWORD),
    KEY("비밀번호", false, PASSWORD),
    KEY("secret", false, TOKEN),
    KEY("secret_key_base", false, TOKEN),
    KEY("token", false, TOKEN),
    KEY("credential", false, TOKEN),
    KEY("credentials", false, TOKEN),
    KEY("authorization", false, TOKEN),
    KEY("auth", true, TOKEN),
    KEY("signature", false, TOKEN),
    KEY("response", true, TOKEN), /* of a Digest */
    KEY("sig", true, TOKEN),
    KEY("apikey", false, API),
    KEY("api_key", false, API),
    KEY("api-key", false, API),
    KEY("api key", false, API),
    KEY("app_key", false, TOKEN),
    KEY("accesskey", false, TOKEN),
    KEY("access_key", false, TOKEN),
    KEY("access key", false, TOKEN),
    KEY("access-key", false, TOKEN),
    KEY("secretkey", false, TOKEN),
    KEY("secret_key", false, TOKEN),
    KEY("secret key", false, TOKEN),
    KEY("secret-key", false, TOKEN),
    KEY("privatekey", false, TOKEN),
    KEY("private_key", false, TOKEN),
    KEY("private key", false, TOKEN),
    KEY("accountkey", false, TOKEN),
    KEY("account_key", false, TOKEN),
    KEY("auth_key", false, TOKEN),
    KEY("auth-key", false, TOKEN),
    KEY("encryption_key", false, TOKEN),
    KEY("encryptionkey", false, TOKEN),
    KEY("encryption key", false, TOKEN),
    KEY("signing_key", false, TOKEN),
    KEY("master_key", false, TOKEN),
    KEY("masterkey", false, TOKEN),
    KEY("shared_key", false, TOKEN),
    KEY("service_key", false, TOKEN),
    KEY("session_key", false, TOKEN),
    KEY("subscription-key", false, TOKEN),
    KEY("bearer", true, TOKEN),
};
#undef KEY

enum { KEYS = sizeof keys / sizeof *keys };

unsigned char pii_key_tails[PII_KEY_TAILS];
static unsigned char same_tail[KEYS]; /* the next key + 1 in its order; 0: none */

/* Before main, so that threads only ever read it. */
__attribute__((constructor)) static void index_keys(void)
{
    for (size_t k = KEYS; k-- > 0;) {
        const unsigned char *end = (const unsigned char *)keys[k].name + keys[k].n;
        unsigned char *first = &pii_key_tails[pii_key_tail(end[-3], end[-2], end[-1])];
        same_tail[k] = *first;
        *first = (unsigned char)(k + 1);
    }
}

const struct pii_secret_key *pii_secret_key_before(const struct pii_text *t, size_t i)
{
    if (i < 3)
        return NULL;
    for (unsigned k = pii_key_tails[pii_key_tail(t->p[i - 3], t->p[i - 2], t->p[i - 1])]; k > 0; k = same_tail[k - 1]) {
        const struct pii_secret_key *key = &keys[k - 1];
        if (i < t->words + key->n || strncasecmp((const char *)t->p + i - key->n, key->name, key->n) != 0)
            continue;
        size_t start = i - key->n;
        unsigned before = pii_before(t, start);
        if (!key->whole || !pii_is_letter(before) || (before >= 'a' && t->p[start] < 'a'))
            return key;
    }
    return NULL;
}

/* "<password>", "{{ password }}", "%(password)s", "$PASSWORD", "$(cat file)", "***", "[hidden]". */
static bool reference(const unsigned char *p, size_t n)
{
    unsigned last = p[n - 1];
    switch (p[0]) {
    case '[':
    case '(':
    case '{':
        return true;
    case '<':
        return last == '>' || memchr(p, '>', n) == NULL;
    case '*':
        return n < 3 || (p[1] == '*' && p[2] == '*');
    case '%':
        return n < 3 || last == '%' || p[1] == '(' || p[1] == '{' || p[1] == '[';
    case '$':
        return n > 1 && (pii_is_letter(p[1]) || p[1] == '{' || p[1] == '(' || p[1] == '_');
    default:
        return false;
    }
}

bool pii_placeholder(const unsigned char *p, size_t n)
{
    static const char words[] =
        " null none nil true false empty required invalid missing yes no redacted hidden masked string undefined unset str text "
        "optional default not changed expired incorrect wrong failed function var const env prompt filtered removed omitted "
        "protected files compat ";
    char low[16];
    if (reference(p, n))
        return true;
    bool same = true;
    for (size_t i = 1; i < n; i++)
        same &= p[i] == p[0];
    if (same || n > sizeof low - 3)
        return same;
    low[0] = ' ';
    for (size_t i = 0; i < n; i++) {
        if (!pii_is_letter(p[i]))
            return false;
        low[i + 1] = (char)(p[i] | 0x20);
    }
    low[n + 1] = ' ';
    low[n + 2] = '\0';
    return strstr(words, low) != NULL;
}

bool pii_holds_token(const struct pii_text *t, size_t start, size_t end)
{
    for (; start < end; start++)
        if (t->p[start] == '[' && pii_token_at(t, start) > 0)
            return true;
    return false;
}

bool pii_secret_fits(const struct pii_text *t, size_t start, size_t end, enum pii_secret_kind kind)
{
    size_t n = end - start;
    unsigned digits = 0, letters = 0;
    if (n < 3 || n >= VALUE_MAX || start < t->floor || pii_placeholder(t->p + start, n))
        return false;
    if (kind == PII_KEY_PASSWORD)
        return true;
    if (t->p[start] == '/' || memchr(t->p + start, ' ', n) != NULL)
        return false;
    if (n >= 16)
        return pii_is_random(t->p + start, n);
    for (size_t i = start; i < end; i++) {
        digits += pii_is_digit(t->p[i]);
        letters += pii_is_letter(t->p[i]);
    }
    return kind == PII_KEY_API && n >= 8 && digits > 1 && letters > 1;
}

static bool value_byte(unsigned c)
{
    switch (c) {
    case ',':
    case ';':
    case '&':
    case '"':
    case '\'':
    case '`':
    case '<':
    case '>':
    case '(':
    case ')':
    case '|':
    case '{':
    case '}':
    case '[':
    case ']':
    case 0x7F:
        return false;
    default:
        return c > ' ';
    }
}

/* RFC 7617: base64 of "user:password". */
static bool is_basic(const struct pii_text *t, size_t start, size_t n)
{
    uint32_t bits = 0;
    unsigned have = 0;
    bool colon = false;
    while (n > 0 && t->p[start + n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++) {
        unsigned c = t->p[start + i];
        int v = pii_base64url(c == '+' ? '-' : c == '/' ? '_' : c);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if ((have += 6) < 8)
            continue;
        have -= 8;
        unsigned byte = bits >> have & 0xFF;
        if (byte < ' ' || byte == 0x7F)
            return false;
        colon |= byte == ':';
    }
    return colon;
}

/* "Bearer ", "Basic " and their like, before what an Authorization header holds: a word of letters, digits and dashes that is
 * registered for it (RFC 9110, 16.4.1), or that many servers know. */
static size_t scheme_length(const struct pii_text *t, size_t at)
{
    static const char *const schemes[] = {
        "bearer ", "basic ",    "token ",        "apikey ",    "api-key ",       "negotiate ", "ntlm ",
        "dpop ",   "geniekey ", "sso-key ",      "sharedkey ", "sharedkeylite ", "key ",       "jwt ",
        "splunk ", "bot ",      "privatetoken ", "aws ",       "hmac ",          "ssws ",      "globus-goauthtoken "
    };
    for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++) {
        size_t n = strlen(schemes[k]);
        if (t->n - at > n && strncasecmp((const char *)t->p + at, schemes[k], n) == 0)
            return n;
    }
    return 0;
}

/* Of a value between quotes that starts at start, its end; 0: it isn't closed. */
static size_t quoted_end(const struct pii_text *t, size_t start, unsigned quote, size_t escapes)
{
    size_t end = start;
    while (end < t->n && end - start < VALUE_MAX && t->p[end] != quote && t->p[end] >= ' ' && t->p[end] != '"')
        end++;
    if (pii_byte(t, end) != quote)
        return 0;
    for (size_t k = 0; k < escapes && end > start && t->p[end - 1] == '\\'; k++)
        end--;
    return end;
}

/* Whether another "Name=" starts at i, as in the pairs of a connection string. */
static bool pair_at(const struct pii_text *t, size_t i)
{
    size_t name = i;
    while (i - name < 32 && (pii_is_word(pii_byte(t, i)) || pii_byte(t, i) == ' '))
        i++;
    return i > name && pii_byte(t, i) == '=';
}

/* "…;Password=two words;Server=…": ADO, ODBC and JDBC let a value go on to the next ';' (ODBC: up to a '}' that was opened). key:
 * where its name starts; the end of the value that starts at start and seemed to end at end. */
static size_t connection_end(const struct pii_text *t, size_t key, size_t start, size_t end)
{
    while (key > t->floor && (pii_is_letter(t->p[key - 1]) || t->p[key - 1] == '_'))
        key--;
    bool follows = pii_before(t, key) == ';';
    size_t i = end;
    if (pii_byte(t, start) == '{' && end == start) {
        for (i = start + 1; i - start < CONNECTION_MAX && pii_byte(t, i) >= ' ' && t->p[i] != '}' && t->p[i] != '"'; i++)
            ;
        return follows && pii_byte(t, i) == '}' && (pii_byte(t, i + 1) == ';' || i + 1 == t->n) ? i + 1 : end;
    }
    while (i - end < CONNECTION_MAX && pii_byte(t, i) >= ' ' && memchr(";\"'`<>[", (int)t->p[i], 7) == NULL)
        i++;
    if (pii_byte(t, i) == '[' || i - end == CONNECTION_MAX)
        return end;
    bool goes_on = pii_byte(t, i) == ';' && pair_at(t, i + 1);
    if (!goes_on && !(follows && (i == t->n || (t->p[i] != '<' && t->p[i] != '>'))))
        return end;
    while (i > end && t->p[i - 1] == ' ')
        i--;
    return i;
}

/* The answer of a Digest header (RFC 7616): 32 hexadecimal digits or more between quotes. */
static bool digest(const struct pii_text *t, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (pii_hex(t->p[i]) < 0)
            return false;
    return end - start >= 32;
}

/* Behind a ':' or '=' and a space: "password: hunter2" or the end of the line, or what a comment follows; "password: authentication
 * failed" is a sentence. */
static bool sentence(const struct pii_text *t, size_t start, size_t end)
{
    for (size_t k = start; k < end; k++)
        if (!pii_is_letter(t->p[k]))
            return false;
    unsigned next = pii_byte(t, end);
    if (next == ' ')
        while (pii_byte(t, end) == ' ' && end - start < VALUE_MAX)
            end++;
    return !(next == 0 || next == '\n' || next == '\r' || (next == ' ' && (end == t->n || t->p[end] == '#' || t->p[end] == '\n')));
}

/* Code: "self.password = user_password", "pwd=`pwd`", the shell's own PWD=/home/ada, "BAD_PASSWORD = 177". */
static bool names_itself(const struct pii_text *t, size_t name, size_t start, size_t end)
{
    if ((t->p[start] == '/' || t->p[start] == '~') && pii_starts(t, name, "PWD"))
        return true;
    size_t i = start;
    while (i < end && pii_is_digit(t->p[i]))
        i++;
    if (i == end)
        return end - start < 4;
    bool chain = pii_byte(t, end) == ',' || pii_byte(t, end) == ')' || pii_byte(t, end) == '`'; /* else "password" may be one */
    for (i = start; i < end; i++) {
        if (!pii_is_letter(t->p[i]) && t->p[i] != '_' && t->p[i] != '.')
            return false;
        chain |= !pii_is_letter(t->p[i]);
    }
    if (end - start < 3 || !chain)
        return false;
    const struct pii_secret_key *key = pii_secret_key_before(t, end);
    return key != NULL && key->kind == PII_KEY_PASSWORD;
}

/* at: a '=' or ':' behind a key. */
bool pii_keyed_secret_at(const struct pii_text *t, size_t at, struct pii_span *s)
{
    size_t i = at;
    unsigned before = pii_before(t, i);
    if (before == '"' || before == '\'' || before == '`') {
        i--;
        while (i > t->floor && at - i < 5 && t->p[i - 1] == '\\') /* {\"password\":\"…\"}: JSON within a text */
            i--;
    } else if (before == ' ') {
        i--;
    }
    if (i < t->floor)
        return false;
    const struct pii_secret_key *key = pii_secret_key_before(t, i);
    if (key == NULL)
        return false;
    size_t name = i - key->n;
    i = at + 1;
    if (t->p[at] == ':' && pii_byte(t, i) == ':')
        return false; /* Pass::run */
    if (pii_byte(t, i) == '=' || pii_byte(t, i) == '>')
        i++;
    bool spaced = pii_byte(t, i) == ' ';
    /* "PASS: suite/case" is how tests speak. */
    if (spaced && key->n == 4 && t->p[at] == ':' && memcmp(t->p + at - 4, "PASS", 4) == 0)
        return false;
    while (pii_byte(t, i) == ' ' && i - at < 4)
        i++;
    size_t escapes = i;
    while (i - escapes < 4 && pii_byte(t, i) == '\\')
        i++;
    escapes = i - escapes;
    unsigned quote = pii_byte(t, i);
    if (escapes > 0 && quote != '"') {
        i -= escapes;
        quote = pii_byte(t, i);
        escapes = 0;
    }
    size_t start = i, end, scheme;
    if (quote == '"' || quote == '\'' || quote == '`') {
        start++;
        if ((end = quoted_end(t, start, quote, escapes)) == 0)
            return false;
        scheme = scheme_length(t, start);
        start += scheme;
        if (start > end || pii_holds_token(t, start, end))
            return false;
    } else {
        quote = 0;
        scheme = scheme_length(t, start);
        start += scheme;
        end = start;
        while (end - start < VALUE_MAX && value_byte(pii_byte(t, end)))
            end++;
        if (t->p[at] == '=' && !spaced && key->kind == PII_KEY_PASSWORD) {
            size_t wider = connection_end(t, name, start, end);
            if (wider > end)
                return wider - start < VALUE_MAX && start >= t->floor &&
                       !(t->p[start] == '[' || pii_holds_token(t, start, wider)) && wider - start >= 3 &&
                       (t->p[start] == '{' || !pii_placeholder(t->p + start, wider - start)) &&
                       pii_secret_put(s, start, wider, 0.8f);
        }
        /* The last: the key and what stands behind it are a joinable token of ours. */
        if (pii_token_at(t, end) > 0 || pii_byte(t, end) == '[' || pii_byte(t, end) == '(' ||
            (pii_byte(t, end) == ']' && pii_token_before(t, end + 1) > end - at))
            return false;
        while (end > start && (t->p[end - 1] == ':' || t->p[end - 1] == '.'))
            end--;
    }
    if (end <= start || start < t->floor || (quote != '"' && quote != '\'' && names_itself(t, name, start, end)))
        return false;
    if (key->kind != PII_KEY_PASSWORD && pii_ends_before(t, start, "asic ") && is_basic(t, start, end - start) && end - start >= 3)
        return pii_secret_put(s, start, end, 0.9f);
    bool header = key->n == 13 && key->kind == PII_KEY_TOKEN; /* Authorization */
    if (key->n == 8 && key->name[0] == 'r' && !(quote != 0 && digest(t, start, end)))
        return false;
    if (pii_secret_fits(t, start, end, header && scheme > 0 ? PII_KEY_API : key->kind))
        return !(key->kind == PII_KEY_PASSWORD && quote == 0 && spaced && sentence(t, start, end)) &&
               pii_secret_put(s, start, end, key->kind == PII_KEY_PASSWORD ? 0.75f : 0.8f);
    return false;
}
