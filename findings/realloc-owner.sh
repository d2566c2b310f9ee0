#!/bin/sh
# Who has a block that make () allocated with 100 bytes and grow () made larger, ten times, up to 1 MB?  massif,
# memcheck, gcc's LeakSanitizer, heaptrack and jemalloc's heap profile say grow ().  DHAT, of the same valgrind as
# massif, says make (): a block keeps the stack of its malloc, wherever it is moved to, and each realloc counts as
# another block of that stack.  So make () has asked for 11 blocks of 500009 bytes on average, and who grew a block is
# nowhere in DHAT's file.  jemalloc's sizes are those of its size classes, also where every block is a sample: this one
# has 48576 bytes more than anybody asked for.
# x86-64; packages of Debian 12 or 13, whichever this is.  LeakSanitizer is that of the gcc that is installed.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13')
  unpack valgrind=1:3.24.0-3 libjemalloc2=5.3.0-3 heaptrack=1.5.0+dfsg1-5 libheaptrack=1.5.0+dfsg1-5 \
    libunwind8=1.8.1-0.1 libdw1t64=0.192-4 libelf1t64=0.192-4 libboost-filesystem1.83.0=1.83.0-4.2 \
    libboost-iostreams1.83.0=1.83.0-4.2 libboost-program-options1.83.0=1.83.0-4.2
  ;;
*)
  unpack valgrind=1:3.19.0-1 libjemalloc2=5.3.0-1 heaptrack=1.4.0-2 libheaptrack=1.4.0-2 libunwind8=1.6.2-3 \
    libboost-filesystem1.74.0=1.74.0+ds1-21 libboost-iostreams1.74.0=1.74.0+ds1-21 \
    libboost-program-options1.74.0=1.74.0+ds1-21
  ;;
esac
echo "with gcc $(gcc -dumpfullversion)"
cd "$work"
cat >owner.c <<'C'
#include <stdlib.h>

static char *volatile block;

static void make (void) { block = malloc (100); }
static void grow (size_t size) { block = realloc (block, size); }

int main (void) {
  make ();
  for (int i = 1; i <= 10; i++) grow (i * 100000);
  block = NULL;
  return 0;
}
C
gcc -w -g -O0 -fno-builtin -no-pie -o owner owner.c
gcc -w -g -O0 -fno-builtin -no-pie -fsanitize=leak -o owner-lsan owner.c
export VALGRIND_LIB="$root/usr/libexec/valgrind" MALLOC_CONF=

# Print which functions of the program are in a file ($1).
functions () {
  grep -ow -e make -e grow "$1" | sort -u | paste -s -d ' ' -
}

massif () {
  valgrind -q --tool=massif --detailed-freq=1 --massif-out-file=massif.out ./owner
  sed -n '/^mem_heap_B=1000000$/,/^#/s/^ n1: \([1-9].*\)$/\1/p' massif.out >last
  echo "massif: $(functions last) has $(cut -d ' ' -f 1 last)"
}

memcheck () {
  valgrind --leak-check=full ./owner >log 2>&1
  sed -n '/blocks are definitely lost/,/main/p' log >lost
  echo "memcheck: $(functions lost) has $(sed -n 's/^==[0-9]*== \([0-9,]*\) bytes.*$/\1/p' lost | tr -d ,)"
}

lsan () {
  LSAN_OPTIONS=exitcode=0 ./owner-lsan 2>log
  echo "LeakSanitizer: $(functions log) has $(sed -n 's/^Direct leak of \([0-9]*\) .*$/\1/p' log)"
}

heap_track () {
  heaptrack -o heaptrack ./owner >log 2>&1
  heaptrack_print -a 0 -p 0 -T 0 -l 1 heaptrack.* >log 2>&1
  echo "heaptrack: $(functions log) has $(sed -n 's/^\(.*\) leaked over.* calls from$/\1/p' log)"
}

jemalloc () {
  MALLOC_CONF=prof:true,lg_prof_sample:0,prof_final:true,prof_prefix:jemalloc \
    LD_PRELOAD=$libraries/libjemalloc.so.2 ./owner
  grep -A 1 '^@.* 0x401' jemalloc.*.heap >stack
  grep -o '0x401[0-9a-f]*' stack | head -n 1 | addr2line -f -e owner >owners # the innermost in the program
  echo "jemalloc: $(functions owners) has $(sed -n 's/^ *t[*]: 1: \([0-9]*\) .*$/\1/p' stack)"
}

dhat () {
  valgrind -q --tool=dhat --dhat-out-file=dhat.out ./owner 2>log
  echo "DHAT: $(functions dhat.out) has $(sed -n 's/^.*"gb":\([0-9]*\),.*$/\1/p' dhat.out)"
  echo "DHAT: in all $(sed -n 's/^.*"tb":\([0-9]*\),"tbk":\([0-9]*\)$/\1 bytes in \2 blocks/p' dhat.out)"
}

cat >expected <<'EOF'
massif: grow has 1000000
memcheck: grow has 1000000
LeakSanitizer: grow has 1000000
heaptrack: grow has 1000.00K
jemalloc: grow has 1048576
DHAT: make has 1000000
DHAT: in all 5500100 bytes in 11 blocks
EOF
{
  massif
  memcheck
  lsan
  heap_track
  jemalloc
  dhat
} | compare
