/* lib/base/err: one error, owned by the caller, first error wins. */
#ifndef ODW_ERR_H
#define ODW_ERR_H

/* What the caller can do: try again, give up on this one thing, or stop altogether. */
enum err_class { ERR_NONE, ERR_RETRY, ERR_DROP, ERR_STOP };

struct err {
    enum err_class class;
    char text[1024];
};

#define ERR_INIT ((struct err){ ERR_NONE, "" })

/* Sets the error unless one is set already; always returns -1. A message says what was expected, what was
 * seen, and where. `e` may be NULL. */
int err_set(struct err *e, enum err_class class, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " before a message that is already set; always returns -1. */
int err_at(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, with ": " and the text of errno at the end. */
int err_errno(struct err *e, enum err_class class, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
