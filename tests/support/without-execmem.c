/* Runs a program as SELinux does where a domain lacks the permission execmem: executable memory that is no file's is
   refused with EACCES, memory of files may be executable.  without-execmem PROGRAM [ARGUMENT...]  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>

#include "support/restrictions.h"

/* Answer with EACCES the call NR whose third argument has PROT_EXEC, and whose fourth has FLAG.  */
static int refuse_executable (unsigned nr, unsigned flag) {
  unsigned third = (unsigned) (offsetof (struct seccomp_data, args) + 8 * 2), fourth = third + 8;
  if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) {
    third += 4;
    fourth += 4;
  }
  struct sock_filter filter[] = {
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
      BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 6),
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, third),
      BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 4),
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, fourth),
      BPF_STMT (BPF_ALU | BPF_AND | BPF_K, flag),
      BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, flag, 0, 1),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof (filter) / sizeof (filter[0]), filter};
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main (int argc, char **argv) {
  if (argc < 2) {
    fprintf (stderr, "usage: without-execmem PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  if (refuse_executable (NR_MMAP, MAP_ANONYMOUS) != 0
      || refuse_executable (__NR_mprotect, 0) != 0) {
    printf ("1..0 # SKIP no seccomp here, or an emulator\n# 0 passed, 0 failed, 1 skipped\n");
    return 0;
  }
  execv (argv[1], argv + 1);
  perror (argv[1]);
  return 1;
}
