/* lib/udf: a seccomp filter (seccomp(2)), written by hand: a list of the system calls that computing takes. */
#include "udf/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "udf/part.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#if defined(ARCHITECTURE) && !defined(UDF_ASAN)

enum { INSTRUCTIONS = 512, X32 = 0x40000000 /* the bit of x86-64's other numbers for the same calls */ };

/* What both need: bytes through descriptors that are open, memory, time, signals, reading files. */
static const int allowed[] = {
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_lseek,
    SYS_close,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_faccessat,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_fcntl,
    SYS_fadvise64,
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_futex,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_ppoll,
    SYS_sched_yield,
    SYS_clock_nanosleep,
    SYS_getpid,
    SYS_gettid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrandom,
    SYS_prlimit64,
    SYS_getrusage,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_membarrier,
    SYS_getcpu,
    SYS_sched_getaffinity,
    SYS_exit,
    SYS_exit_group,
#if defined(__x86_64__)
    SYS_poll,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_time,
    SYS_getrlimit,
    SYS_pause,
#endif
};

/* What starting and watching workers takes, and what a worker does before it gives this up too. */
static const int allowed_to_server[] = {
    SYS_clone, SYS_wait4,     SYS_pipe2, SYS_kill, SYS_tgkill, SYS_prctl, SYS_seccomp, SYS_set_tid_address, SYS_pwrite64,
#if defined(__x86_64__)
    SYS_fork,  SYS_setrlimit,
#endif
};

/* What a client needs: connections out, names, threads that resolve them, files that it writes and locks. */
static const int allowed_to_network[] = {
    SYS_socket,      SYS_socketpair,      SYS_connect,    SYS_bind,
    SYS_sendto,      SYS_sendmsg,         SYS_sendmmsg,   SYS_recvfrom,
    SYS_recvmsg,     SYS_getsockopt,      SYS_setsockopt, SYS_getsockname,
    SYS_getpeername, SYS_shutdown,        SYS_eventfd2,   SYS_epoll_create1,
    SYS_epoll_ctl,   SYS_epoll_pwait,     SYS_pselect6,   SYS_pipe2,
    SYS_ioctl,       SYS_set_tid_address, SYS_prctl,      SYS_openat,
    SYS_pwrite64,    SYS_ftruncate,       SYS_fsync,      SYS_fdatasync,
    SYS_fallocate,   SYS_unlinkat,        SYS_fchmod,     SYS_fchown,
    SYS_mkdirat,     SYS_flock,           SYS_getcwd,
#if defined(__x86_64__)
    SYS_open,        SYS_unlink,          SYS_mkdir,      SYS_select,
    SYS_epoll_wait,  SYS_epoll_create,    SYS_dup,
#endif
};

/* What another program takes to begin, and what its libraries ask for. */
static const int allowed_to_program[] = {
    SYS_execve,     SYS_set_tid_address, SYS_getcwd, SYS_dup,
#if defined(__x86_64__)
    SYS_arch_prctl,
#endif
};

/* No function does these by chance. */
static const int deadly[] = {
    SYS_socket,         SYS_socketpair, SYS_connect,  SYS_bind,   SYS_listen,   SYS_accept, SYS_accept4,
    SYS_sendto,         SYS_sendmsg,    SYS_sendmmsg, SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_writev,
    SYS_io_uring_setup,
#if defined(__x86_64__)
    SYS_creat,
#endif
};

struct program {
    struct sock_filter at[INSTRUCTIONS];
    unsigned short n;
};

static void put(struct program *p, unsigned short code, unsigned char if_true, unsigned char if_false, uint32_t k)
{
    if (p->n < INSTRUCTIONS)
        p->at[p->n] = (struct sock_filter){ code, if_true, if_false, k };
    p->n++;
}

static void load(struct program *p, size_t offset)
{
    put(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void answer(struct program *p, uint32_t action)
{
    put(p, BPF_RET | BPF_K, 0, 0, action);
}

/* The low half of an argument: all machines here are little-endian. */
static size_t argument(int i)
{
    return offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (size_t)i;
}

static void put_calls(struct program *p, const int *calls, size_t n, uint32_t action)
{
    for (size_t i = 0; i < n; i++) {
        put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)calls[i]);
        answer(p, action);
    }
}

/* Opening is reading: what any flag that could change a file meets. */
static void put_open(struct program *p, int call, int flags_argument, uint32_t action)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (uint32_t)call);
    load(p, argument(flags_argument));
    put(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY));
    answer(p, action);
    answer(p, SECCOMP_RET_ALLOW);
}

/* Signals only to itself: abort(), raise(). */
static void put_signal(struct program *p, int call)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (uint32_t)call);
    load(p, argument(0));
    put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)getpid());
    answer(p, SECCOMP_RET_ALLOW);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
}

/* Threads, but no process. */
static void put_thread(struct program *p)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_clone);
    load(p, argument(0));
    put(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, CLONE_THREAD);
    answer(p, SECCOMP_RET_ALLOW);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
}

#define PUT_CALLS(p, calls, action) put_calls(p, calls, sizeof calls / sizeof *(calls), action)

static void build(struct program *p, enum confine_role role)
{
    load(p, offsetof(struct seccomp_data, arch));
    put(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
    answer(p, SECCOMP_RET_KILL_PROCESS);
    load(p, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    put(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32);
    answer(p, SECCOMP_RET_KILL_PROCESS);
#endif
    PUT_CALLS(p, allowed, SECCOMP_RET_ALLOW);
    if (role == CONFINE_SERVER || role == CONFINE_NETWORK_SERVER) {
        PUT_CALLS(p, allowed_to_server, SECCOMP_RET_ALLOW);
    } else {
        put_signal(p, SYS_tgkill);
        put_signal(p, SYS_kill);
    }
    if (role == CONFINE_NETWORK || role == CONFINE_NETWORK_SERVER)
        PUT_CALLS(p, allowed_to_network, SECCOMP_RET_ALLOW);
    if (role == CONFINE_NETWORK)
        put_thread(p);
    if (role == CONFINE_PROGRAM)
        PUT_CALLS(p, allowed_to_program, SECCOMP_RET_ALLOW);
    /* Programs that aren't ours try to keep caches (fontconfig's), and go on without them. */
    uint32_t writing = role == CONFINE_PROGRAM ? SECCOMP_RET_ERRNO | EACCES : SECCOMP_RET_KILL_PROCESS;
    put_open(p, SYS_openat, 2, writing);
#if defined(__x86_64__)
    put_open(p, SYS_open, 1, writing);
#endif
    PUT_CALLS(p, deadly, SECCOMP_RET_KILL_PROCESS);
    /* libc tries clone3 first and takes this as its absence. */
    put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_clone3);
    answer(p, SECCOMP_RET_ERRNO | ENOSYS);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
}

const char *confine(enum confine_role role)
{
    static struct program p;
    const char *wish = getenv("ODW_UDF_SECCOMP");
    if (wish != NULL && strcmp(wish, "off") == 0)
        return "ODW_UDF_SECCOMP=off";
    p.n = 0;
    build(&p, role);
    if (p.n > INSTRUCTIONS)
        return "the filter is too long";
    struct sock_fprog program = { p.n, p.at };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return strerror(errno);
    /* Without the first flag older kernels make every process with a filter slower (speculative store bypass): there are no secrets
     * of others in here to speculate about. */
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0)
        return NULL;
    return strerror(errno);
}

#else

/* A sanitizer's own calls are more than the filter lets through; such a build is for tests, and says nothing of it. */
const char *confine(enum confine_role role)
{
    (void)role;
#if defined(__x86_64__) || defined(__aarch64__)
    return NULL;
#else
    return "there is none for this kind of processor";
#endif
}

#endif
