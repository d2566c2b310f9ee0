/* Restrictions of hardened Linux systems, put on the calling process for the rest of its life: call
   these functions in a child.  0 on success, -1 where the system or an emulator lacks the
   restriction, or a checker cannot bear it.  */
#ifndef MIR_TESTS_SUPPORT_RESTRICTIONS_H
#define MIR_TESTS_SUPPORT_RESTRICTIONS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h> /* unsetenv */
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/tap.h"

#ifdef __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

#ifndef PR_SET_MDWE /* Linux 6.3, prctl(2) */
#define PR_SET_MDWE 65
#endif
#ifndef PR_MDWE_REFUSE_EXEC_GAIN
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif
#define SYS_MSEAL 462 /* Linux 6.10; the same on all 64-bit CPUs but alpha */

enum { PASSED = 0, FAILED = 1, NOT_HERE = 77 }; /* exit statuses of children */

/* Check that FUNC returns PASSED in a child.  If it returns NOT_HERE, skip the test with
   WHY_NOT.  */
static inline void check_passes_in_child (int (*func) (void), const char *why_not) {
  int status = run_child (func, NULL, 0).status;
  if (status == NOT_HERE) tap_skip ("%s", why_not);
  CHECK_INT (status, PASSED);
}

static inline int no_restriction (void) {
  return 0;
}

/* Whether a checker around this program would be hit by what it forbids: valgrind translates into
   executable memory, and ends the program when it gets no more (Valgrind manual, 2.1).  */
static inline int checker_needs_executable_memory (void) {
  return RUNNING_ON_VALGRIND != 0;
}

static inline int mdwe (void) {
  if (checker_needs_executable_memory ()) return -1;
  return prctl (PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
}

/* Answer the system call NR with ERROR, 0 for success, without carrying it out, if its argument ARG
   has all bits of MASK; always if MASK is 0.  Only the lower 32 bits of the argument are compared;
   their offset depends on the byte order.  */
static inline int refuse_call_with (unsigned error, unsigned nr, int arg, unsigned mask) {
  unsigned offset = (unsigned) (offsetof (struct seccomp_data, args) + 8 * (size_t) arg);
  if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) offset += 4;
  struct sock_filter filter[] = {
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
      BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 4),
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offset),
      BPF_STMT (BPF_ALU | BPF_AND | BPF_K, mask),
      BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, mask, 0, 1),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof (filter) / sizeof (filter[0]), filter};
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static inline int refuse_call (unsigned nr, int arg, unsigned mask) {
  return refuse_call_with (EPERM, nr, arg, mask);
}
/* The system call that the C library's mmap makes.  */
#ifdef __NR_mmap2
#define NR_MMAP __NR_mmap2
#else
#define NR_MMAP __NR_mmap
#endif

/* From now on, memory files are as if the memory that may be committed were used up
   (vm.overcommit_memory=2): they can be created and mapped, but a page of theirs cannot be had, and
   a store to it is SIGBUS.  They stay empty, in fact.  */
static inline int no_pages_for_memory_files (void) {
  if (refuse_call_with (0, __NR_ftruncate, 0, 0) != 0) return -1;
  return refuse_call_with (ENOSPC, __NR_pwritev, 0, 0);
}

enum { ADVICE_POPULATE_WRITE = 23, ADVICE_REMOVE = 9 }; /* madvise(2) */

/* Answer ADVICE, and hardly any other, with ERROR: EFAULT where there is no memory, EINVAL on older
   kernels, 0 from emulators which do nothing.  */
static inline int answer_advice (unsigned advice, unsigned error) {
  return refuse_call_with (error, __NR_madvise, 2, advice);
}

/* The filter that systemd's MemoryDenyWriteExecute= used before MDWE existed: no mapping may be
   writable and executable, and none may become executable.  */
static inline int seccomp_write_execute (void) {
  if (checker_needs_executable_memory ()) return -1;
  if (refuse_call (__NR_mprotect, 2, PROT_EXEC) != 0) return -1;
  return refuse_call (NR_MMAP, 2, PROT_WRITE | PROT_EXEC);
}

static inline int mdwe_and_seccomp (void) {
  return mdwe () != 0 ? -1 : seccomp_write_execute ();
}

static inline int seccomp_memfd (void) {
  return refuse_call (__NR_memfd_create, 0, 0);
}

static inline int mdwe_seccomp_no_memfd (void) {
  return mdwe_and_seccomp () != 0 ? -1 : seccomp_memfd ();
}

static inline int no_executable_mappings (void) {
  if (checker_needs_executable_memory ()) return -1;
  return refuse_call (NR_MMAP, 2, PROT_EXEC) != 0 ? -1 : refuse_call (__NR_mprotect, 2, PROT_EXEC);
}

/* As SELinux without execmem.  */
static inline int no_executable_access (void) {
  if (checker_needs_executable_memory ()) return -1;
  return refuse_call_with (EACCES, NR_MMAP, 2, PROT_EXEC);
}

static inline int write_file (const char *path, const char *text) {
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = write (fd, text, strlen (text));
  close (fd);
  return n == (ssize_t) strlen (text) ? 0 : -1;
}

/* Set vm.memfd_noexec, which belongs to the PID namespace (Linux 6.6), in a new namespace.  A new
   one applies to a process's children only, so this forks: 0 in the child, inside the namespace; -1
   in the old one if that is not allowed.  The system's own setting is never written.  */
static inline int memfd_noexec (const char *value) {
  if (unshare (CLONE_NEWPID) != 0) return -1;
  pid_t pid = fork ();
  if (pid < 0) return -1;
  if (pid > 0) { /* the parent only passes the exit status on */
    int status;
    while (waitpid (pid, &status, 0) < 0 && errno == EINTR) {
    }
    _exit (WIFEXITED (status) ? WEXITSTATUS (status) : FAILED);
  }
  if (getpid () != 1) return -1; /* unshare had no effect, as in an emulator */
  return write_file ("/proc/sys/vm/memfd_noexec", value);
}
static inline int memfd_noexec_1 (void) {
  return memfd_noexec ("1");
}
static inline int memfd_noexec_2 (void) {
  return memfd_noexec ("2");
}

/* Enter a mount namespace whose mounts are invisible outside.  */
static inline int own_mounts (void) {
  if (unshare (CLONE_NEWNS) != 0) return -1;
  /* The system ignores the type; valgrind reports one that is NULL.  */
  return mount (NULL, "/", "", MS_REC | MS_PRIVATE, NULL);
}

static inline int noexec_directories (void) {
  const char *const dirs[] = {"/dev/shm", "/tmp", "/var/tmp"};
  if (own_mounts () != 0) return -1;
  for (int i = 0; i < 3; i++)
    if (access (dirs[i], F_OK) == 0
        && mount ("tmpfs", dirs[i], "tmpfs", MS_NOEXEC | MS_NOSUID | MS_NODEV, NULL) != 0)
      return -1;
  (void) unsetenv ("XDG_RUNTIME_DIR");
  return unsetenv ("HOME");
}

static inline int no_file_growth (void) {
  struct rlimit none = {0, 0};
  return setrlimit (RLIMIT_FSIZE, &none);
}

static inline int no_descriptors (void) {
  struct rlimit none = {0, 0};
  return setrlimit (RLIMIT_NOFILE, &none);
}

/* Become the user nobody, and not dumpable, so that /proc/self belongs to root (proc(5)).  */
static inline int ordinary_user (void) {
  enum { NOBODY = 65534 };
  if (geteuid () != 0 || setgid (NOBODY) != 0 || setuid (NOBODY) != 0) return -1;
  return prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static inline int no_proc (void) {
  if (own_mounts () != 0) return -1;
  return mount ("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, NULL);
}

/* The order matters: none of these prevents the next.  */
static inline int all_restrictions (void) {
  return memfd_noexec_2 () != 0 || noexec_directories () != 0 || mdwe_seccomp_no_memfd () != 0 ? -1
                                                                                               : 0;
}

/* All restrictions, and in addition no descriptors, no file growth and no /proc.  */
static inline int everything_at_once (void) {
  return all_restrictions () != 0 || no_proc () != 0 || no_file_growth () != 0
                 || no_descriptors () != 0
             ? -1
             : 0;
}

#endif /* MIR_TESTS_SUPPORT_RESTRICTIONS_H */
