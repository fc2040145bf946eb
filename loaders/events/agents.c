/* loaders/events/agents: user agents, composed from the forms that the vendors document and the versions that they shipped. */
#include "loaders/events/agents.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Draws from one 64-bit number: each draw takes its share of what is left. */
static size_t draw(uint64_t *random, size_t n)
{
    size_t i = (size_t)(*random % n);
    *random /= n;
    return i;
}

#define PICK(list, random) ((list)[draw((random), COUNT(list))])

/* Since 101 Chrome says its major version only; before that, the builds that were released. */
static const char *const chrome_old[] = {
    "70.0.3538.110", "74.0.3729.169", "78.0.3904.108", "80.0.3987.163", "81.0.4044.138",  "83.0.4103.116",
    "84.0.4147.135", "85.0.4183.121", "86.0.4240.198", "87.0.4280.141", "88.0.4324.190",  "89.0.4389.128",
    "90.0.4430.212", "91.0.4472.124", "92.0.4515.159", "93.0.4577.82",  "94.0.4606.81",   "95.0.4638.69",
    "96.0.4664.110", "97.0.4692.99",  "98.0.4758.102", "99.0.4844.84",  "100.0.4896.127",
};
static const char *const edge[] = {
    "109.0.1518.78", "110.0.1587.63",  "111.0.1661.62", "112.0.1722.64",  "113.0.1774.57",  "114.0.1823.82",  "115.0.1901.203",
    "116.0.1938.81", "117.0.2045.60",  "118.0.2088.76", "119.0.2151.97",  "120.0.2210.144", "121.0.2277.128", "122.0.2365.92",
    "123.0.2420.97", "124.0.2478.109", "125.0.2535.92", "126.0.2592.113", "127.0.2651.105", "128.0.2739.79",
};
static const char *const samsung_browser[][2] = {
    { "13.2", "83.0.4103.106" },  { "14.2", "87.0.4280.141" },  { "15.0", "90.0.4430.210" },  { "16.2", "92.0.4515.166" },
    { "17.0", "96.0.4664.104" },  { "18.0", "99.0.4844.88" },   { "19.0", "102.0.5005.125" }, { "20.0", "106.0.5249.126" },
    { "21.0", "110.0.5481.154" }, { "22.0", "111.0.5563.116" }, { "23.0", "115.0.0.0" },      { "24.0", "117.0.0.0" },
    { "25.0", "121.0.0.0" },      { "26.0", "122.0.0.0" },      { "27.0", "125.0.0.0" },
};
static const char *const samsung_models[] = {
    "SM-G960F", "SM-G973F", "SM-G981B", "SM-G991B", "SM-G998B", "SM-S901B", "SM-S908B", "SM-S911B", "SM-S918B", "SM-S921B",
    "SM-S928B", "SM-A125F", "SM-A135F", "SM-A145R", "SM-A155F", "SM-A225F", "SM-A325F", "SM-A336B", "SM-A346B", "SM-A515F",
    "SM-A525F", "SM-A536B", "SM-A546B", "SM-F711B", "SM-F936B", "SM-T510",  "SM-T870",  "SM-X200",
};
static const char *const android_models[] = {
    "Pixel 4a",    "Pixel 5",    "Pixel 6",    "Pixel 6a",   "Pixel 7",          "Pixel 7 Pro",      "Pixel 8",
    "Pixel 8 Pro", "2201116SG",  "M2101K6G",   "M2007J20CG", "Redmi Note 8 Pro", "Redmi Note 9 Pro", "22101316G",
    "2107113SG",   "CPH2159",    "CPH2269",    "CPH2387",    "RMX3085",          "RMX3363",          "V2027",
    "V2111",       "moto g(30)", "moto g(60)", "moto e20",   "ONEPLUS A6003",    "LE2113",           "KB2003",
    "ELE-L29",     "VOG-L29",    "Nokia G20",  "XQ-BC52",
};
static const char *const desktops[] = {
    "Windows NT 10.0; Win64; x64",
    "Windows NT 10.0; Win64; x64",
    "Windows NT 10.0; Win64; x64",
    "Windows NT 10.0; WOW64",
    "Windows NT 6.1; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "Macintosh; Intel Mac OS X 10_15_7",
    "Macintosh; Intel Mac OS X 10_14_6",
    "X11; Linux x86_64",
    "X11; CrOS x86_64 14541.0.0",
};
static const char *const gecko_desktops[] = {
    "Windows NT 10.0; Win64; x64",     "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10.15",
    "Macintosh; Intel Mac OS X 10.14", "X11; Linux x86_64",           "X11; Ubuntu; Linux x86_64",
    "Windows NT 6.1; Win64; x64",
};
static const char *const safari[] = {
    "13.0.5", "13.1.2", "14.0.3", "14.1.2", "15.1",   "15.4",   "15.6.1", "16.1", "16.2", "16.3",   "16.4", "16.5.2",
    "16.6",   "17.0",   "17.1.2", "17.2.1", "17.3.1", "17.4.1", "17.5",   "17.6", "18.0", "18.1.1", "18.2", "18.3",
};
/* iOS as it stands in the agent, and the Safari that came with it. */
static const char *const ios[][2] = {
    { "12_5_7", "12.1.2" }, { "13_3_1", "13.0.5" }, { "13_7", "13.1.2" },   { "14_4_2", "14.0.3" }, { "14_6", "14.1.1" },
    { "14_8_1", "14.1.2" }, { "15_1", "15.1" },     { "15_4_1", "15.4" },   { "15_5", "15.5" },     { "15_6_1", "15.6.1" },
    { "15_7", "15.6.1" },   { "15_8", "15.6.6" },   { "16_0", "16.0" },     { "16_1_2", "16.1" },   { "16_2", "16.2" },
    { "16_3_1", "16.3" },   { "16_4_1", "16.4" },   { "16_5_1", "16.5.2" }, { "16_6_1", "16.6" },   { "16_7_2", "16.6" },
    { "17_0_3", "17.0.1" }, { "17_1_2", "17.1.2" }, { "17_2_1", "17.2.1" }, { "17_3_1", "17.3.1" }, { "17_4_1", "17.4.1" },
    { "17_5_1", "17.5" },   { "17_6_1", "17.6" },   { "18_0_1", "18.0.1" }, { "18_1_1", "18.1.1" }, { "18_2_1", "18.2" },
    { "18_3_2", "18.3.1" },
};
static const char *const crawlers[] = {
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.6422.175 Mobile "
    "Safari/537.36 "
    "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
    "Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)",
    "Mozilla/5.0 (compatible; DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 "
    "(Applebot/0.1; +http://www.apple.com/go/applebot)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.0; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
};
static const char *const clients[] = {
    "curl/7.88.1",
    "curl/8.5.0",
    "python-requests/2.28.2",
    "python-requests/2.31.0",
    "python-requests/2.32.3",
    "okhttp/4.9.3",
    "okhttp/4.12.0",
    "Go-http-client/1.1",
    "Go-http-client/2.0",
    "axios/1.6.7",
    "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "Java/17.0.10",
    "PostmanRuntime/7.36.3",
    "Apache-HttpClient/4.5.14 (Java/11.0.22)",
};

static void put_number(struct buf *out, unsigned n)
{
    char digits[10];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    buf_put(out, digits + at, sizeof digits - at);
}

static void put_all(struct buf *out, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        buf_puts(out, *parts);
}
#define PUT(out, ...) put_all((out), (const char *const[]){ __VA_ARGS__, NULL })

static void chrome_version(struct buf *out, uint64_t *random)
{
    if (draw(random, 8) == 0) {
        buf_puts(out, PICK(chrome_old, random));
        return;
    }
    put_number(out, 101 + (unsigned)draw(random, 42));
    buf_puts(out, ".0.0.0");
}

static void chromium_desktop(struct buf *out, uint64_t *random)
{
    PUT(out, "Mozilla/5.0 (", PICK(desktops, random), ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/");
    size_t brand = draw(random, 10);
    if (brand < 7) {
        chrome_version(out, random);
        buf_puts(out, " Safari/537.36");
    } else if (brand < 9) {
        const char *version = PICK(edge, random);
        buf_put(out, version, 3);
        PUT(out, ".0.0.0 Safari/537.36 Edg/", version);
    } else {
        /* Opera runs 14 to 15 behind Chromium's number. */
        unsigned major = 101 + (unsigned)draw(random, 42);
        put_number(out, major);
        buf_puts(out, ".0.0.0 Safari/537.36 OPR/");
        put_number(out, major - 14);
        buf_puts(out, ".0.0.0");
    }
}

static void firefox(struct buf *out, uint64_t *random)
{
    bool phone = draw(random, 8) == 0;
    unsigned major = 78 + (unsigned)draw(random, 68),
             rv = major < 110 || major > 119 ? major : 109; /* 110 to 119 froze rv at 109 */
    if (phone) {
        buf_puts(out, "Mozilla/5.0 (Android ");
        put_number(out, 9 + (unsigned)draw(random, 6));
        buf_puts(out, "; Mobile; rv:");
    } else {
        PUT(out, "Mozilla/5.0 (", PICK(gecko_desktops, random), "; rv:");
    }
    put_number(out, rv);
    buf_puts(out, phone ? ".0) Gecko/" : ".0) Gecko/20100101 Firefox/");
    if (phone) {
        put_number(out, major);
        buf_puts(out, ".0 Firefox/");
    }
    put_number(out, major);
    buf_puts(out, ".0");
}

static void android(struct buf *out, uint64_t *random)
{
    size_t form = draw(random, 4);
    if (form == 0) { /* the reduced agent of today */
        buf_puts(out, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/");
        put_number(out, 110 + (unsigned)draw(random, 33));
        buf_puts(out, ".0.0.0 Mobile Safari/537.36");
    } else if (form == 1) {
        size_t version = draw(random, COUNT(samsung_browser));
        buf_puts(out, "Mozilla/5.0 (Linux; Android ");
        put_number(out, 10 + (unsigned)draw(random, 5));
        PUT(out, "; SAMSUNG ", PICK(samsung_models, random), ") AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/",
            samsung_browser[version][0], " Chrome/", samsung_browser[version][1], " Mobile Safari/537.36");
    } else {
        buf_puts(out, "Mozilla/5.0 (Linux; Android ");
        put_number(out, 9 + (unsigned)draw(random, 6));
        PUT(out, "; ", draw(random, 2) == 0 ? PICK(samsung_models, random) : PICK(android_models, random),
            ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/");
        chrome_version(out, random);
        buf_puts(out, " Mobile Safari/537.36");
    }
}

static void apple_phone(struct buf *out, uint64_t *random)
{
    size_t version = draw(random, COUNT(ios)), browser = draw(random, 10);
    if (draw(random, 8) == 0)
        PUT(out, "Mozilla/5.0 (iPad; CPU OS ", ios[version][0]);
    else
        PUT(out, "Mozilla/5.0 (iPhone; CPU iPhone OS ", ios[version][0]);
    buf_puts(out, " like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ");
    if (browser == 0) {
        buf_puts(out, "CriOS/");
        put_number(out, 101 + (unsigned)draw(random, 42));
        buf_puts(out, ".0.0.0");
    } else if (browser == 1) {
        buf_puts(out, "FxiOS/");
        put_number(out, 100 + (unsigned)draw(random, 36));
        buf_puts(out, ".0");
    } else {
        PUT(out, "Version/", ios[version][1]);
    }
    buf_puts(out, " Mobile/15E148 Safari/604.1");
}

enum agent_kind agent_put(struct buf *out, uint64_t random)
{
    size_t share = draw(&random, 100);
    if (share < 45) {
        chromium_desktop(out, &random);
        return AGENT_DESKTOP;
    }
    if (share < 52) {
        firefox(out, &random);
        return AGENT_DESKTOP;
    }
    if (share < 60) {
        PUT(out, "Mozilla/5.0 (Macintosh; Intel Mac OS X ", draw(&random, 4) == 0 ? "10_14_6" : "10_15_7",
            ") AppleWebKit/605.1.15 (KHTML, like Gecko) Version/", PICK(safari, &random), " Safari/605.1.15");
        return AGENT_DESKTOP;
    }
    if (share < 80) {
        android(out, &random);
        return AGENT_PHONE;
    }
    if (share < 95) {
        apple_phone(out, &random);
        return AGENT_PHONE;
    }
    if (share < 97) {
        buf_puts(out, PICK(crawlers, &random));
        return AGENT_CRAWLER;
    }
    buf_puts(out, PICK(clients, &random));
    return AGENT_SERVER;
}
