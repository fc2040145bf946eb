/* lib/udf: the arguments of an example, as they stand in its call. */
#include "udf/udf.h"

/* Over a quoted text, from its opening quote; the place after its end. Unescaped into `out` where that isn't NULL. */
static const char *skip_text(const char *p, struct buf *out)
{
    for (p++; *p != '\0' && (*p != '\'' || p[1] == '\''); p++) {
        char ch = *p;
        if (ch == '\\' && p[1] != '\0') {
            static const char from[] = "tnr0", to[] = "\t\n\r\0";
            ch = *++p;
            const char *known = strchr(from, ch);
            ch = known != NULL ? to[known - from] : ch;
        } else if (ch == '\'') {
            p++;
        }
        if (out != NULL)
            buf_putc(out, ch);
    }
    return *p == '\0' ? p : p + 1;
}

bool udf_example_text(const struct udf *udf, const struct udf_example *example, int i, struct buf *out)
{
    const char *p = example->call != NULL ? strstr(example->call, udf->name) : NULL;
    int at = 0, depth = 0;
    if (p == NULL || p[strlen(udf->name)] != '(')
        return false;
    for (p += strlen(udf->name) + 1; *p != '\0' && depth >= 0; p++) {
        if (*p == '\'') {
            const char *end = skip_text(p, at == i && depth == 0 ? out : NULL);
            if (at == i && depth == 0)
                return true;
            p = end - 1;
        } else if (*p == '(' || *p == '[') {
            depth++;
        } else if (*p == ')' || *p == ']') {
            depth--;
        } else if (*p == ',' && depth == 0) {
            at++;
        }
    }
    return false;
}
