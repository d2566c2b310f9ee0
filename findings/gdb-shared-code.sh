#!/bin/sh
# gdb 13.1 cannot set an ordinary breakpoint in code that is executed from a shared mapping without write access, as code
# with a dual mapping is: Linux lets a debugger write such pages neither by ptrace nor through /proc. The same bytes in a
# private mapping take one. `break` itself succeeds in both; the failure comes when the program goes on.
# x86-64: the code is one byte, a return.
. "$(dirname "$0")/unpack.sh"
unpack gdb-minimal=13.1-3 libgmp10=2:6.2.1+dfsg1-1.1 libipt2=2.0.5-1 libreadline8=8.2-1.3 \
  libxxhash0=0.8.1-1 libdebuginfod1=0.188-2.1 libexpat1=2.5.0-1+deb12u5
cat >"$work/run.c" <<'C'
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void (*code) (void);
void ready (void) { __asm__ volatile (""); }

int main (int argc, char **argv) {
  int kind = argc > 1 && strcmp (argv[1], "shared") == 0 ? MAP_SHARED : MAP_PRIVATE;
  int file = memfd_create ("code", 0);
  if (ftruncate (file, 4096) != 0) return 1;
  unsigned char *store = mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  store[0] = 0xc3; /* ret */
  code = (void (*) (void)) mmap (NULL, 4096, PROT_READ | PROT_EXEC, kind, file, 0);
  ready ();
  code ();
  return 0;
}
C
cc -g -O0 -w -o "$work/run" "$work/run.c"
cat >"$work/expected" <<'EOF'
private: stopped at the breakpoint
shared: Cannot access memory
EOF
for kind in private shared; do
  gdb --nx -batch -ex 'set confirm off' -ex 'set auto-load off' -ex 'break ready' -ex "run $kind" -ex 'break *code' \
    -ex continue -ex 'info registers pc' "$work/run" >"$work/log" 2>&1 || true
  if grep -q '^Cannot access memory at address' "$work/log"; then
    echo "$kind: Cannot access memory"
  elif [ "$(grep -c '^Breakpoint 2, ' "$work/log")" = 1 ]; then
    echo "$kind: stopped at the breakpoint"
  else
    cat "$work/log"
  fi
done | compare
