#!/bin/sh
# libunwind's unw_backtrace remembers frames of code that is gone, and unw_flush_cache does not make it forget.  Where
# another function has come to the same address, it goes on with the size of the old frame and misses the callers;
# unw_step, whose cache is another, finds them after the flush that the manual asks for.  UNW_CACHE_NONE makes no
# difference.  So profilers lose their way in code that comes and goes.  Here the two functions are in libraries,
# the first closed before the second is opened, and the second clears its frame, so that the walk ends there.
# x86-64; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') unpack libunwind8=1.8.1-0.1 libunwind-dev=1.8.1-0.1 ;;
*) unpack libunwind8=1.6.2-3 libunwind-dev=1.6.2-3 ;;
esac
for room in 264 4104; do
  cat >"$work/f.s" <<EOF
    .text
    .globl f
    .type f, @function
f:  .cfi_startproc
    sub \$$room, %rsp
    .cfi_adjust_cfa_offset $room
    mov %rdi, %rdx
    mov %rsp, %rdi
    mov \$$((room / 8)), %ecx
    xor %eax, %eax
    rep stosq
    call *%rdx
    add \$$room, %rsp
    .cfi_adjust_cfa_offset -$room
    ret
    .cfi_endproc
    .size f, . - f
    .section .note.GNU-stack, "", @progbits
EOF
  cc -shared -o "$work/frame-$room.so" "$work/f.s"
done
cat >"$work/walk.c" <<'C'
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Walk by both functions; every caller is a frame.  */
static void walk (void) {
  void *addresses[50];
  unw_context_t context;
  unw_cursor_t cursor;
  int fast = unw_backtrace (addresses, 50), slow = 1;
  unw_getcontext (&context);
  unw_init_local (&cursor, &context);
  while (unw_step (&cursor) > 0) slow++;
  fprintf (stderr, "unw_step: %d frames, unw_backtrace: %d\n", slow, fast);
  printf ("%s\n", fast == slow ? "as many" : fast < slow ? "fewer" : "more");
}

/* Call the function of a library, and close the library if so told.  Return the address of the function.  */
static void *run (const char *library, int closes) {
  void *handle = dlopen (library, RTLD_NOW);
  if (handle == NULL) exit (3);
  void *f = dlsym (handle, "f");
  ((void (*) (void (*) (void))) f) (walk);
  if (closes) dlclose (handle);
  return f;
}

/* walk closed|open global|none FIRST SECOND */
int main (int argc, char **argv) {
  int closes = strcmp (argv[1], "closed") == 0;
  if (strcmp (argv[2], "none") == 0) unw_set_caching_policy (unw_local_addr_space, UNW_CACHE_NONE);
  printf ("first function: ");
  void *first = run (argv[3], closes);
  unw_flush_cache (unw_local_addr_space, 0, 0);
  printf ("second, the first is %s, caching %s: ", argv[1], argv[2]);
  void *second = run (argv[4], closes);
  return (first == second) == closes ? 0 : 4;
}
C
cc -I"$root/usr/include" -I"$root/usr/include/${libraries##*/}" -o "$work/walk" "$work/walk.c" -L"$libraries" \
  -lunwind -ldl
cat >"$work/expected" <<'EOF'
first function: as many
second, the first is open, caching global: as many
first function: as many
second, the first is closed, caching global: fewer
first function: as many
second, the first is closed, caching none: fewer
EOF
for how in 'open global' 'closed global' 'closed none'; do
  # shellcheck disable=SC2086 # two words
  "$work/walk" $how "$work/frame-264.so" "$work/frame-4104.so"
done | compare
