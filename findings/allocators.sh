# shellcheck shell=sh
# Sourced by the findings that compare allocators: unpacks those of Debian 12 and runs a program with one of them.
# glibc is the one that is installed.  x86-64.
. "$(dirname "$0")/unpack.sh"
unpack libjemalloc2=5.3.0-1 libtcmalloc-minimal4=2.10-1 libmimalloc2.0=2.0.9+ds-2 \
  libtbbmalloc2=2021.8.0-2+deb12u1 musl-dev=1.2.3-1
echo "with $(getconf GNU_LIBC_VERSION)"

cat >"$work/allocators.h" <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each of these is in some of the allocators only.  */
#pragma weak malloc_trim
#pragma weak mallctl
#pragma weak MallocExtension_ReleaseFreeMemory
#pragma weak mi_collect
#pragma weak scalable_allocation_command
int malloc_trim (size_t);
int mallctl (const char *, void *, size_t *, void *, size_t);
void MallocExtension_ReleaseFreeMemory (void);
void mi_collect (int);
int scalable_allocation_command (int, void *);

/* Return the resident memory in MB; allocate nothing.  */
static long resident (void) {
  char text[4000] = "";
  int file = open ("/proc/self/status", O_RDONLY);
  if (read (file, text, sizeof (text) - 1) < 0) exit (3);
  close (file);
  return atol (strstr (text, "VmRSS:") + 6) / 1024;
}

/* Ask whichever allocator this is for its free memory; return the call and its answer, "" if there is none.  */
static const char *release (void) {
  static char result[100];
  if (mallctl != NULL)
    sprintf (result, "purge answers %d, ", mallctl ("arena.4096.purge", NULL, NULL, NULL, 0)); /* 4096: all arenas */
  else if (MallocExtension_ReleaseFreeMemory != NULL)
    MallocExtension_ReleaseFreeMemory ();
  else if (mi_collect != NULL)
    mi_collect (1);
  else if (scalable_allocation_command != NULL) /* 0: TBBMALLOC_CLEAN_ALL_BUFFERS */
    sprintf (result, "command answers %d, ", scalable_allocation_command (0, NULL));
  else if (malloc_trim != NULL)
    sprintf (result, "malloc_trim answers %d, ", malloc_trim (0));
  return result;
}
C

# Compile $work/$1.c, which may include allocators.h, to $work/$1 and, with musl, $work/$1-musl.  The compiler must
# take no call of malloc away.
compile () {
  triplet=$(basename "$libraries" gnu)musl
  musl=$root/usr/lib/$triplet
  cc -w -O1 -fno-builtin -o "$work/$1" "$work/$1.c"
  cc -w -O1 -fno-builtin -static -nostdinc -isystem "$root/usr/include/$triplet" -nostdlib -o "$work/$1-musl" \
    "$musl/crt1.o" "$musl/crti.o" "$work/$1.c" -L"$musl" -lc -lgcc "$musl/crtn.o"
}

# Print what is run, before its result and, for the exact figures, before those on standard error.
say () {
  printf '%s: ' "$1"
  printf '%s: ' "$1" >&2
}

# Run $work/$2 with the arguments that follow and with allocator $1.  Scudo is the library $scudo.
run_with () {
  program=$work/$2 preload=''
  case $1 in
  glibc) ;;
  musl) program=$program-musl ;;
  jemalloc) preload=$libraries/libjemalloc.so.2 ;;
  gperftools) preload=$libraries/libtcmalloc_minimal.so.4 ;;
  mimalloc) preload=$libraries/libmimalloc.so.2 ;;
  oneTBB) preload=$libraries/libtbbmalloc_proxy.so.2 ;;
  Scudo) preload=$scudo ;;
  esac
  shift 2
  LD_PRELOAD=$preload "$program" "$@"
}
