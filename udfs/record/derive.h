/* udfs/record/derive: the functions that a contract's x-derive calls, as the record function calls them. */
#ifndef ODW_RECORD_DERIVE_H
#define ODW_RECORD_DERIVE_H

#include "contract/contract.h"

/* name: one that contract_derives gave. -1 and err: its data can't be opened. */
int derive_open(const char *name, struct contract_deriver *out, struct err *err) __attribute__((warn_unused_result));
void derive_close(struct contract_deriver *d);

#endif
