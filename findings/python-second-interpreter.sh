#!/bin/sh
# What becomes of the allocator functions that a host gave to Python, and of the memory from them, when Python is ended
# and initialised once more in the same process.  The functions are set for all three domains.
# Python 3.13 forgets them.  Where Python has run before, Py_PreInitialize sets all domains back to Python's own
# allocator, although PyPreConfig.allocator is 0, of which the manual says "don't change memory allocators".  The second
# interpreter asks the host for nothing, and no limit of the host's holds for it.  To set them just before
# Py_PreInitialize, which does for the first interpreter, has no effect on the second.  Python 3.11 keeps them.
# Of the memory, the manual says that small amounts may not be freed.  3.13 leaves thousands of blocks, of "pass" too;
# the next interpreter does not use them and leaves as many again.  3.11 leaves none of "pass", but hundreds where a
# module in C was imported; these the next interpreter uses, and frees some: there, a heap may not end with the
# interpreter that it was made for.
# The memory of the first interpreter is made inaccessible before the second; a page that is used is opened and counted.
# x86-64; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') python=3.13 version=3.13.5-2+deb13u5 ;;
*) python=3.11 version=3.11.2-6+deb12u9 ;;
esac
unpack "libpython$python=$version" "libpython$python-dev=$version" "libpython$python-minimal=$version" \
  "libpython$python-stdlib=$version"
cat >"$work/second.c" <<'C'
#include <Python.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, HEAP = 1 << 30 };
struct header { size_t size, interpreter; };
static char *heap, *next, *guarded; /* of the heap: used up to next, inaccessible up to guarded */
static size_t interpreter;
static long calls, live, touched, freed; /* touched: pages, and freed: blocks, of the interpreter before */

static void *take (void *data, size_t size) {
  struct header *header = (struct header *) next;
  calls++, live++;
  next += sizeof (*header) + (size + 16 & -16);
  if (next > heap + HEAP) _exit (3);
  *header = (struct header){size, interpreter};
  return header + 1; /* zeroed: no memory is used twice */
}

static void *take_array (void *data, size_t n, size_t size) { return take (data, n * size); }

static void give (void *data, void *block) {
  if (block == NULL) return;
  if ((char *) block < heap || (char *) block >= next) _exit (4);
  calls++, live--;
  freed += ((struct header *) block - 1)->interpreter != interpreter;
}

static void *resize (void *data, void *block, size_t size) {
  void *new = take (data, size);
  if (block == NULL) return new;
  size_t old = ((struct header *) block - 1)->size;
  memcpy (new, block, old < size ? old : size);
  give (data, block);
  return new;
}

static void set (void) {
  PyMemAllocatorEx functions = {NULL, take, take_array, resize, give};
  PyMem_SetAllocator (PYMEM_DOMAIN_RAW, &functions);
  PyMem_SetAllocator (PYMEM_DOMAIN_MEM, &functions);
  PyMem_SetAllocator (PYMEM_DOMAIN_OBJ, &functions);
}

static void on_fault (int signal, siginfo_t *info, void *context) {
  char *page = (char *) ((uintptr_t) info->si_addr & -PAGE);
  if (page < heap || page >= guarded || mprotect (page, PAGE, PROT_READ | PROT_WRITE) != 0) _exit (5);
  touched++;
}

static void guard (void) {
  next = guarded = heap + (next - heap + PAGE - 1 & -PAGE);
  if (mprotect (heap, guarded - heap, PROT_NONE) != 0) _exit (6);
}

static void run (const char *home, const char *script, int is_set_before, int is_set_after) {
  PyPreConfig before;
  PyConfig config;
  PyPreConfig_InitIsolatedConfig (&before);
  before.allocator = PYMEM_ALLOCATOR_NOT_SET;
  if (is_set_before) set ();
  if (PyStatus_Exception (Py_PreInitialize (&before))) _exit (7);
  if (is_set_after) set ();
  PyConfig_InitIsolatedConfig (&config);
  PyConfig_SetBytesString (&config, &config.home, home);
  if (PyStatus_Exception (Py_InitializeFromConfig (&config))) _exit (8);
  PyConfig_Clear (&config);
  if (PyRun_SimpleString (script) != 0 || Py_FinalizeEx () != 0) _exit (9);
}

static const char *amount (long n) { return n == 0 ? "none" : n < 1000 ? "1 to 999" : "1000 or more"; }

int main (int argc, char **argv) {
  const char *home = argv[1], *script = argv[2], *when = argv[3];
  int is_before = strcmp (when, "before") == 0, is_once = strcmp (when, "once") == 0;
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction (SIGSEGV, &action, NULL);
  heap = mmap (NULL, HEAP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (heap == MAP_FAILED) return 10;
  next = guarded = heap;
  printf ("%s, functions set %s%s\n", script, when, is_once ? "" : " each Py_PreInitialize");
  for (interpreter = 1; interpreter <= 2; interpreter++) {
    calls = live = touched = freed = 0;
    run (home, script, is_before, !is_before && (interpreter == 1 || !is_once));
    printf ("  interpreter %zu: functions %s", interpreter, calls != 0 ? "called" : "not called");
    if (calls != 0) printf (", blocks left: %s", amount (live + freed));
    if (interpreter == 2) printf (", memory of the first: %s", touched == 0 ? "not used" : "used");
    printf ("%s\n", freed != 0 ? " and freed" : "");
    fprintf (stderr, "%ld calls, %ld blocks left; pages used: %ld, and blocks freed: %ld, of the first\n", calls,
             live + freed, touched, freed);
    guard ();
  }
}
C
cc -w -I"$root/usr/include/python$python" -I"$root/usr/include" -o "$work/second" "$work/second.c" \
  "$libraries/libpython$python.so.1.0"
case $python in
3.13)
  cat >"$work/expected" <<'EOF'
pass, functions set once
  interpreter 1: functions called, blocks left: 1000 or more
  interpreter 2: functions not called, memory of the first: not used
pass, functions set before each Py_PreInitialize
  interpreter 1: functions called, blocks left: 1000 or more
  interpreter 2: functions not called, memory of the first: not used
pass, functions set after each Py_PreInitialize
  interpreter 1: functions called, blocks left: 1000 or more
  interpreter 2: functions called, blocks left: 1000 or more, memory of the first: not used
import json, functions set after each Py_PreInitialize
  interpreter 1: functions called, blocks left: 1000 or more
  interpreter 2: functions called, blocks left: 1000 or more, memory of the first: not used
EOF
  ;;
*)
  cat >"$work/expected" <<'EOF'
pass, functions set once
  interpreter 1: functions called, blocks left: none
  interpreter 2: functions called, blocks left: none, memory of the first: not used
pass, functions set before each Py_PreInitialize
  interpreter 1: functions called, blocks left: none
  interpreter 2: functions called, blocks left: none, memory of the first: not used
pass, functions set after each Py_PreInitialize
  interpreter 1: functions called, blocks left: none
  interpreter 2: functions called, blocks left: none, memory of the first: not used
import json, functions set after each Py_PreInitialize
  interpreter 1: functions called, blocks left: 1 to 999
  interpreter 2: functions called, blocks left: 1 to 999, memory of the first: used and freed
EOF
  ;;
esac
{
  "$work/second" "$root/usr" pass once
  "$work/second" "$root/usr" pass before
  "$work/second" "$root/usr" pass after
  "$work/second" "$root/usr" 'import json' after
} | compare
