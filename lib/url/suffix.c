/* lib/url: which part of a name somebody registered. The algorithm is https://publicsuffix.org/list/'s. */
#include "url/suffix.h"

#include "url/url.h"

static const struct suffix_label *find(const struct suffix_label *parent, struct str label)
{
    const struct suffix_label *first = suffix_labels + parent->first_child;
    size_t low = 0, high = parent->children;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct suffix_label *l = first + middle;
        int order = l->length < label.n ? -1 : l->length > label.n ? 1 : memcmp(suffix_text + l->text, label.p, label.n);
        if (order == 0)
            return l;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* No top-level domain is a number: the host is an IPv4 address. */
static bool is_number(struct str label)
{
    for (size_t i = 0; i < label.n; i++)
        if (label.p[i] < '0' || label.p[i] > '9')
            return false;
    return true;
}

struct str url_registrable_domain(struct str host, bool *listed)
{
    const struct suffix_label *at = &suffix_labels[0];
    size_t suffix = 0; /* its number of labels */
    struct str domain = { 0 };
    bool met = false;
    if (listed != NULL)
        *listed = false;
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    if (host.n == 0) /* no offset from its pointer, which may be NULL */
        return domain;
    /* From the last label to the first; `at` follows for as long as there are rules. */
    size_t end = host.n, depth = 1;
    for (;; depth++) {
        size_t start = end;
        while (start > 0 && host.p[start - 1] != '.')
            start--;
        struct str label = { host.p + start, end - start };
        if (label.n == 0 || (depth == 1 && (is_number(label) || label.p[label.n - 1] == ']'))) {
            domain = (struct str){ 0 };
            break;
        }
        if (at != NULL) {
            const struct suffix_label *child = find(at, label);
            if ((at->flags & SUFFIX_WILDCARD) != 0 || (child != NULL && (child->flags & SUFFIX_RULE) != 0)) {
                suffix = depth;
                met = true;
            }
            if (child != NULL && (child->flags & SUFFIX_EXCEPTION) != 0) {
                suffix = depth - 1;
                met = true;
                child = NULL;
            }
            at = child;
            if (suffix == 0)
                suffix = 1; /* the rule "*" */
        }
        if (depth == suffix + 1)
            domain = (struct str){ label.p, host.n - start };
        if (start == 0)
            break;
        end = start - 1;
    }
    if (depth <= suffix)
        domain = (struct str){ 0 };
    if (listed != NULL)
        *listed = met;
    return domain;
}
