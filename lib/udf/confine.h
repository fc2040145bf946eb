/* lib/udf: what a process gives up once it has opened what it needs. */
#ifndef ODW_UDF_CONFINE_H
#define ODW_UDF_CONFINE_H

enum confine_role {
    CONFINE_SERVER,  /* reads the wire: it starts workers, watches and ends them */
    CONFINE_WORKER,  /* computes rows */
    CONFINE_NETWORK, /* computes rows that need the network and files to write: connections, threads and files are allowed, no
                        other program, no process, no other process's memory */
    CONFINE_NETWORK_SERVER, /* CONFINE_SERVER for such workers: what it gives up they can't have either */
    CONFINE_PROGRAM,        /* a worker that becomes another program (execve) at once: that program has what a worker has, but that
                               its attempt at a file to write fails with EACCES */
};

/* From now on no connection, no other program, no file to write, no other process's memory, and for a worker no process of its own;
 * files may still be read. An attempt at the first three ends the process with SIGSYS; what else isn't foreseen fails with EPERM.
 * Can't be undone, and holds for children too. NULL, or why there is no such filter: the kernel's word, $ODW_UDF_SECCOMP=off. A
 * build with the address sanitizer is left as it is. */
const char *confine(enum confine_role role);

#endif
