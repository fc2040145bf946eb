/* lib/contract/type: the ClickHouse type that a node's values get. */
#include <ctype.h>

#include "contract/node.h"

/* The narrowest integer that holds [first, last]. Without an upper bound, what can't be negative is UInt64. */
static void assign_integer(struct node *node)
{
    const struct bounds *b = node->bounds;
    wide first = b != NULL && b->has_min ? b->first : INT64_MIN;
    wide last = b != NULL && b->has_max ? b->last : first >= 0 ? (wide)UINT64_MAX : (wide)INT64_MAX;
    node->is_signed = first < 0;
    for (node->width = 1; node->width < 8; node->width *= 2) {
        int bits = node->width * 8 - node->is_signed;
        if (last < (wide)1 << bits && first >= -((wide)1 << bits))
            break;
    }
}

void type_assign(struct node *node, bool optional)
{
    node->typed = true;
    for (const struct node *target = node->target; target != NULL; target = target->target)
        node->types = target->types;
    bool absent = optional || (node->types & T_NULL) != 0;
    switch ((enum shape)node->shape) {
    case SHAPE_ARRAY:
        type_assign((struct node *)node->items, false);
        return;
    case SHAPE_TUPLE:
        /* A Tuple can't be NULL: where it may be absent, everything in it may be. */
        for (size_t i = 0; i < node->object->n_properties; i++) {
            const struct property *p = &node->object->properties[i];
            if (p->column >= 0)
                type_assign((struct node *)p->node, absent || (!p->required && p->fallback == DEFAULT_NONE));
        }
        return;
    case SHAPE_INTEGER:
        assign_integer(node);
        break;
    default:
        break;
    }
    node->nullable = absent;
}

void type_write_name(const char *name, struct buf *out)
{
    bool plain = isalpha((unsigned char)*name) || *name == '_';
    for (const char *c = name; *c != '\0'; c++)
        plain = plain && (isalnum((unsigned char)*c) || *c == '_');
    buf_printf(out, plain ? "%s" : "`%s`", name);
}

void type_write(const struct node *node, struct buf *out)
{
    if (node->low)
        buf_puts(out, "LowCardinality(");
    if (node->nullable)
        buf_puts(out, "Nullable(");
    switch ((enum shape)node->shape) {
    case SHAPE_JSON:
    case SHAPE_TEXT:
        buf_puts(out, "String");
        break;
    case SHAPE_BOOL:
        buf_puts(out, "Bool");
        break;
    case SHAPE_INTEGER:
        buf_printf(out, "%sInt%d", node->is_signed ? "" : "U", node->width * 8);
        break;
    case SHAPE_NUMBER:
        buf_puts(out, "Float64");
        break;
    case SHAPE_TIME:
        buf_puts(out, "DateTime64(3, 'UTC')");
        break;
    case SHAPE_DATE:
        buf_puts(out, "Date32");
        break;
    case SHAPE_ARRAY:
        buf_puts(out, "Array(");
        type_write(node->items, out);
        buf_putc(out, ')');
        break;
    case SHAPE_TUPLE:
        buf_puts(out, "Tuple(");
        for (size_t i = 0; i < node->object->n_properties; i++) {
            if (i > 0)
                buf_puts(out, ", ");
            type_write_name(node->object->properties[i].name, out);
            buf_putc(out, ' ');
            type_write(node->object->properties[i].node, out);
        }
        buf_putc(out, ')');
        break;
    }
    if (node->nullable)
        buf_putc(out, ')');
    if (node->low)
        buf_putc(out, ')');
}
