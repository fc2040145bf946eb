/* udfs: odw-udf resolves no names. libmaxminddb refers to the resolver from a function that is never called; with libc's own, a
 * static program would need the libraries of the machine that it runs on. */
#include <netdb.h>
#include <stddef.h>

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict result)
{
    (void)node, (void)service, (void)hints;
    *result = NULL;
    return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *result)
{
    (void)result;
}
