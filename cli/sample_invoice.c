/* cli/sample_invoice: invoices in three layouts: what is billed in columns, as a list, as a letter. */
#include <inttypes.h>
#include <stdio.h>

#include "base/calendar.h"
#include "cli/sample.h"

static const char *const kinds[] = { "columns", "list", "letter" };
enum { KINDS = sizeof kinds / sizeof *kinds, LINES_MAX = 8 };

struct party {
    const char *name, *address, *tax_id;
};
static const struct party parties[] = {
    { "Analytical Engines Ltd", "12 Dorset Street, London W1U 6QS", "GB 123 4567 82" },
    { "M\xc3\xbcller & S\xc3\xb6hne GmbH",
      "Hafenstra\xc3\x9f"
      "e 7, 20457 Hamburg",
      "DE 136 695 976" },
    { "Atelier Lumi\xc3\xa8re SARL", "3 rue des Lilas, 69003 Lyon", "FR 40 303 265 045" },
    { "Northwind Timber Inc.", "880 Mill Road, Portland, OR 97209", NULL },
    { "Fjord Logistics AS", "Strandgaten 19, 5013 Bergen", "NO 974 760 673 MVA" },
    { "Casa Verde S.L.", "Calle Mayor 44, 28013 Madrid", "ES B58378431" },
    { "Riverside Dental Care", "5 Park Lane, Bristol BS1 5TR", NULL },
};
static const char *const goods[] = { "Punched cards, box of 500", "Bearing oil, 1 l",      "Brass gear, 48 teeth",
                                     "Maintenance visit",         "Oak planks, planed",    "Pallet transport, Zone 3",
                                     "Copper wire, 100 m",        "Consulting, senior",    "LED panel 60x60",
                                     "Packing material",          "Training day, on site", "Spare drive belt" };
static const char *const currencies[] = { "EUR", "USD", "GBP", "NOK" };

struct item {
    const char *description;
    int quantity;
    int64_t price; /* in cents */
};

/* 1234.50, or with separators 1,234.50; in the continental way 1.234,50. */
static void put_money(struct buf *b, int64_t cents, int style)
{
    char whole[32];
    int n = snprintf(whole, sizeof whole, "%" PRId64, cents / 100);
    for (int i = 0; i < n; i++) {
        buf_putc(b, whole[i]);
        if (style > 0 && (n - 1 - i) % 3 == 0 && i + 1 < n)
            buf_putc(b, style == 1 ? ',' : '.');
    }
    buf_printf(b, "%c%02d", style == 2 ? ',' : '.', (int)(cents % 100));
}

static const char *money(struct buf *scratch, int64_t cents, int style)
{
    buf_clear(scratch);
    put_money(scratch, cents, style);
    return buf_text(scratch);
}

static void put_party(struct buf *b, const char *role, const struct party *p)
{
    buf_printf(b, "\"%s\": {\"name\": ", role);
    buf_put_json(b, str_of(p->name));
    buf_puts(b, ", \"address\": ");
    buf_put_json(b, str_of(p->address));
    buf_puts(b, ", \"tax_id\": ");
    if (p->tax_id != NULL)
        buf_put_json(b, str_of(p->tax_id));
    else
        buf_puts(b, "null");
    buf_puts(b, "}, ");
}

static void put_item(struct buf *b, const struct item *item, int kind, int style, struct buf *scratch)
{
    if (kind == 0) {
        buf_printf(b, "%-34s %8d %14s", item->description, item->quantity, money(scratch, item->price, style));
        buf_printf(b, " %16s\n", money(scratch, item->price * item->quantity, style));
    } else if (kind == 1) {
        buf_printf(b, "- %s: %d x %s", item->description, item->quantity, money(scratch, item->price, style));
        buf_printf(b, " = %s\n", money(scratch, item->price * item->quantity, style));
    } else {
        buf_printf(b, "%d of \"%s\" at %s each", item->quantity, item->description, money(scratch, item->price, style));
        buf_printf(b, ", together %s;\n", money(scratch, item->price * item->quantity, style));
    }
}

static void put_head(struct buf *b, int kind, const struct party *seller, const struct party *buyer, const char *number,
                     const char *date, const char *due)
{
    if (kind == 2) {
        buf_printf(b, "%s, %s%s%s\n\n%s\n\nInvoice %s\n\nDear customer,\n\nfor %s, %s%s%s, we have delivered and bill:\n\n",
                   seller->name, seller->address, seller->tax_id != NULL ? ", VAT " : "",
                   seller->tax_id != NULL ? seller->tax_id : "", date, number, buyer->name, buyer->address,
                   buyer->tax_id != NULL ? ", VAT " : "", buyer->tax_id != NULL ? buyer->tax_id : "");
        return;
    }
    buf_printf(b, "%s\n%s\n%s%s%s\nI N V O I C E\n\nBill to: %s\n         %s\n%s%s%s\nInvoice number: %s\nInvoice date:   %s\n",
               seller->name, seller->address, seller->tax_id != NULL ? "VAT ID: " : "",
               seller->tax_id != NULL ? seller->tax_id : "", seller->tax_id != NULL ? "\n" : "", buyer->name, buyer->address,
               buyer->tax_id != NULL ? "         VAT ID: " : "", buyer->tax_id != NULL ? buyer->tax_id : "",
               buyer->tax_id != NULL ? "\n" : "", number, date);
    if (due != NULL)
        buf_printf(b, "Due date:       %s\n", due);
    buf_puts(b, "\n");
    if (kind == 0)
        buf_printf(b, "%-34s %8s %14s %16s\n%.75s\n", "Description", "Qty", "Unit price", "Amount",
                   "---------------------------------------------------------------------------");
}

static void write_invoice(struct sample *s, int kind, struct dice *d)
{
    const int64_t base = 20454; /* 2026-01-01 */
    struct item items[LINES_MAX];
    struct buf date, due, scratch;
    char number[32];
    buf_init(&date, 256);
    buf_init(&due, 256);
    buf_init(&scratch, 256);
    size_t from = dice_roll(d, sizeof parties / sizeof *parties),
           to = (from + 1 + dice_roll(d, 6)) % (sizeof parties / sizeof *parties);
    const struct party *seller = &parties[from], *buyer = &parties[to];
    const char *currency = DICE_PICK(d, currencies);
    int style = (int)dice_roll(d, 3), format = (int)dice_roll(d, SAMPLE_DATE_FORMATS - 1), n = 1 + (int)dice_roll(d, LINES_MAX);
    int64_t day = base + (int64_t)dice_roll(d, 300), term = 14 + 7 * (int64_t)dice_roll(d, 4), net = 0;
    bool has_due = kind != 2 && dice_roll(d, 4) > 0;
    int rate = (int)dice_roll(d, 3) * 10;
    /* A roll a statement: in which order a call's arguments are evaluated is the compiler's to say. */
    int serial = (int)dice_roll(d, 10000);
    snprintf(number, sizeof number, "%s-%04d", DICE_PICK(d, ((const char *const[]){ "2026", "INV", "RE26", "A" })), serial);
    sample_put_date(&date, day, -1, format);
    sample_put_date(&due, day + term, -1, format);
    put_head(&s->text, kind, seller, buyer, number, buf_text(&date), has_due ? buf_text(&due) : NULL);
    size_t first = dice_roll(d, sizeof goods / sizeof *goods);
    for (int i = 0; i < n; i++) {
        int quantity = 1 + (int)dice_roll(d, 12);
        int64_t price = 100 + (int64_t)dice_roll(d, 150000);
        items[i] = (struct item){ goods[(first + (size_t)i * 5) % (sizeof goods / sizeof *goods)], quantity, price };
        net += items[i].price * items[i].quantity;
        put_item(&s->text, &items[i], kind, style, &scratch);
    }
    int64_t tax = net * rate / 100;
    buf_printf(&s->text, "\n%-40s %s %s\n", kind == 2 ? "Sum before tax:" : "Net total", currency, money(&scratch, net, style));
    if (rate > 0)
        buf_printf(&s->text, "%s %d%% %*s %s %s\n", kind == 2 ? "plus VAT of" : "VAT", rate, kind == 2 ? 24 : 32, "", currency,
                   money(&scratch, tax, style));
    buf_printf(&s->text, "%-40s %s %s\n\nPayment to our account within %d days, please.\n", kind == 2 ? "To be paid:" : "Total",
               currency, money(&scratch, net + tax, style), (int)term);

    struct buf *t = &s->truth;
    int year, month, dom;
    calendar_date(day, &year, &month, &dom);
    buf_printf(t, "{\"invoice_number\": \"%s\", \"invoice_date\": \"%04d-%02d-%02d\", ", number, year, month, dom);
    calendar_date(day + term, &year, &month, &dom);
    if (has_due)
        buf_printf(t, "\"due_date\": \"%04d-%02d-%02d\", ", year, month, dom);
    else
        buf_puts(t, "\"due_date\": null, ");
    buf_printf(t, "\"currency\": \"%s\", ", currency);
    put_party(t, "seller", seller);
    put_party(t, "buyer", buyer);
    buf_puts(t, "\"lines\": [");
    for (int i = 0; i < n; i++) {
        buf_puts(t, i > 0 ? ", {\"description\": " : "{\"description\": ");
        buf_put_json(t, str_of(items[i].description));
        buf_printf(t, ", \"quantity\": %d, \"unit_price\": %s", items[i].quantity, money(&scratch, items[i].price, 0));
        buf_printf(t, ", \"amount\": %s}", money(&scratch, items[i].price * items[i].quantity, 0));
    }
    buf_printf(t, "], \"net_total\": %s, ", money(&scratch, net, 0));
    buf_printf(t, "\"tax_total\": %s, ", rate > 0 ? money(&scratch, tax, 0) : "null");
    buf_printf(t, "\"total\": %s}\n", money(&scratch, net + tax, 0));

    s->kind = kinds[kind];
    s->columns = kind == 0;
    s->text.failed = s->text.failed || date.failed || due.failed || scratch.failed;
    buf_fini(&date);
    buf_fini(&due);
    buf_fini(&scratch);
}

const struct sampler sampler_invoice = { .contract = "invoice", .kinds = KINDS, .write = write_invoice };
