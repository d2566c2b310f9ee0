#!/bin/sh
# gdb's gcore writes memory that nobody has touched, as zeros and without holes in the file, and not only writable
# memory: also what a heap has reserved without any access.  A heap that reserves 256 MB and uses a page of it makes a
# core file that takes 256 MB of disk, where Linux's own takes 0.2 MB.  gdb reads all of it through the process, which
# has page tables for it from then on.  Only MADV_DONTDUMP keeps a reservation out.
# Packages of Debian 12.
. "$(dirname "$0")/unpack.sh"
unpack gdb-minimal=13.1-3 libgmp10=2:6.2.1+dfsg1-1.1 libipt2=2.0.5-1 libreadline8=8.2-1.3 \
  libxxhash0=0.8.1-1 libdebuginfod1=0.188-2.1 libexpat1=2.5.0-1+deb12u5
cat >"$work/reserve.c" <<'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { LEN = 256 << 20, PAGE = 4096 };

void ready (void) { __asm__ volatile (""); }

/* Return the size of the page tables in kB.  */
static long page_tables (void) {
  char line[1000];
  long kb = 0;
  FILE *file = fopen ("/proc/self/status", "r");
  while (fgets (line, sizeof (line), file) != NULL)
    sscanf (line, "VmPTE: %ld", &kb);
  fclose (file);
  return kb;
}

/* reserve none|all|dontdump: what access there is to all but the first page, or what else is asked for.  */
int main (int argc, char **argv) {
  int access = argc > 1 && strcmp (argv[1], "none") == 0 ? PROT_NONE : PROT_READ | PROT_WRITE;
  char *heap = mmap (NULL, LEN, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (heap == MAP_FAILED || mprotect (heap, PAGE, PROT_READ | PROT_WRITE) != 0) return 3;
  if (argc > 1 && strcmp (argv[1], "dontdump") == 0) madvise (heap, LEN, MADV_DONTDUMP);
  heap[0] = 1;
  long tables = page_tables ();
  ready ();
  printf ("page tables: %ld kB more\n", page_tables () - tables);
}
C
cc -g -O0 -w -o "$work/reserve" "$work/reserve.c"
cat >"$work/expected" <<'EOF'
all: core file of 256 MB or more, more page tables
none: core file of 256 MB or more, more page tables
dontdump: core file of less than 10 MB
EOF
for kind in all none dontdump; do
  gdb --nx -batch -ex 'set auto-load off' -ex 'break ready' -ex "run $kind" -ex "gcore $work/core" -ex continue \
    "$work/reserve" >"$work/log" 2>&1 || true
  mb=$(($(du -k "$work/core" | cut -f 1) / 1024))
  kb=$(sed -n 's/^page tables: \(.*\) kB more$/\1/p' "$work/log")
  echo "$kind: $mb MB, page tables $kb kB" >&2
  [ "$mb" -ge 10 ] || printf '%s: core file of less than 10 MB' "$kind"
  [ "$mb" -lt 256 ] || printf '%s: core file of 256 MB or more' "$kind"
  [ "$kb" -lt 256 ] || printf ', more page tables'
  echo
  rm "$work/core"
done | compare
