/* lib/log/colours: the sequences that colour a terminal, taken out of a line. */
#include "log/shape.h"

/* ESC [ digits and semicolons, then m or K; the bytes it takes, 0: another. */
static size_t sequence(struct str s)
{
    size_t i = 2;
    if (s.n < 3 || s.p[1] != '[')
        return 0;
    while (i < s.n && i < 32 && (is_digit(s.p[i]) || s.p[i] == ';' || s.p[i] == ':'))
        i++;
    return i < s.n && (s.p[i] == 'm' || s.p[i] == 'K') ? i + 1 : 0;
}

struct str without_colours(struct logline_parser *p, struct str text)
{
    const char *at = text.n > 0 ? memchr(text.p, '\x1b', text.n) : NULL;
    char *room = at != NULL ? texts_room(p, text.n) : NULL;
    size_t n = 0;
    if (room == NULL)
        return text;
    for (size_t i = 0; i < text.n;) {
        size_t skip = text.p[i] == '\x1b' ? sequence(str_from(text, i)) : 0;
        if (skip == 0)
            room[n++] = text.p[i++];
        i += skip;
    }
    return (struct str){ room, n };
}
