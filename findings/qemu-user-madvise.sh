#!/bin/sh
# qemu-user 7.2 answers 0 to advice that it does not carry out: after MADV_REMOVE a shared file keeps its contents,
# advice that does not exist succeeds, and after MADV_WIPEONFORK a child reads what the advice promised to clear (the
# state of a random generator, for instance).  A guest cannot find out by the result.
. "$(dirname "$0")/unpack.sh"
unpack qemu-user=1:7.2+dfsg-7+deb12u18+b3
cat >"$work/advice.c" <<'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *map (int fd) {
  char *page = mmap (NULL, 4096, PROT_READ | PROT_WRITE, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
  memset (page, 5, 4096);
  return page;
}

int main (void) {
  char *secret = map (-1), *cleared = map (-1), *file;
  int fd = memfd_create ("file", 0);
  if (ftruncate (fd, 4096) != 0) return 1;
  file = map (fd);
  printf ("MADV_DONTNEED: %d", madvise (cleared, 4096, MADV_DONTNEED));
  printf (", then the page holds %d\n", cleared[0]);
  printf ("MADV_REMOVE of a shared file: %d", madvise (file, 4096, MADV_REMOVE));
  printf (", then the page holds %d\n", file[0]);
  printf ("advice 999: %d\n", madvise (file, 4096, 999));
  printf ("MADV_WIPEONFORK: %d", madvise (secret, 4096, MADV_WIPEONFORK));
  fflush (stdout);
  if (fork () == 0) {
    printf (", then a child reads %d\n", secret[0]);
    fflush (stdout);
    _exit (0);
  }
  wait (NULL);
}
C
cc -static -o "$work/advice" "$work/advice.c"
cat >"$work/expected" <<'EOF'
Linux:
MADV_DONTNEED: 0, then the page holds 0
MADV_REMOVE of a shared file: 0, then the page holds 0
advice 999: -1
MADV_WIPEONFORK: 0, then a child reads 0
qemu-user:
MADV_DONTNEED: 0, then the page holds 0
MADV_REMOVE of a shared file: 0, then the page holds 5
advice 999: 0
MADV_WIPEONFORK: 0, then a child reads 5
EOF
{
  echo 'Linux:'
  "$work/advice"
  echo 'qemu-user:'
  "qemu-$(uname -m)" "$work/advice"
} | compare
