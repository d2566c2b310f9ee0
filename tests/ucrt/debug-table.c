/* Prints the table of calls (calls.h) for the debug C runtime: once for the plain functions, once for
   their debug forms.  calls.c looks for ucrtbase.dll; here that is ucrtbased.dll.  */

#include "ucrt/calls.h"
#include "ucrt/debug-calls.h"
#include "ucrt/fixture.h"

static HMODULE debug_module (const char *name) {
  (void) name;
  return GetModuleHandleA ("ucrtbased.dll");
}

/*---------------- Debug forms as plain functions -----------------------------*/

#define TYPE CLIENT_BLOCK, __FILE__, __LINE__

static void *debug_malloc (size_t n) {
  return debug._malloc_dbg (n, TYPE);
}

static void *debug_calloc (size_t count, size_t size) {
  return debug._calloc_dbg (count, size, TYPE);
}

static void *debug_realloc (void *block, size_t n) {
  return debug._realloc_dbg (block, n, TYPE);
}

static void debug_free (void *block) {
  debug._free_dbg (block, CLIENT_BLOCK);
}

static size_t debug_msize (void *block) {
  return debug._msize_dbg (block, CLIENT_BLOCK);
}

static void *debug_expand (void *block, size_t n) {
  return debug._expand_dbg (block, n, TYPE);
}

static void *debug_recalloc (void *block, size_t count, size_t size) {
  return debug._recalloc_dbg (block, count, size, TYPE);
}

static void *debug_aligned_malloc (size_t n, size_t alignment) {
  return debug._aligned_malloc_dbg (n, alignment, __FILE__, __LINE__);
}

static void *debug_aligned_realloc (void *block, size_t n, size_t alignment) {
  return debug._aligned_realloc_dbg (block, n, alignment, __FILE__, __LINE__);
}

static void *debug_aligned_recalloc (void *block, size_t count, size_t size, size_t alignment) {
  return debug._aligned_recalloc_dbg (block, count, size, alignment, __FILE__, __LINE__);
}

static void *debug_offset_malloc (size_t n, size_t alignment, size_t offset) {
  return debug._aligned_offset_malloc_dbg (n, alignment, offset, __FILE__, __LINE__);
}

static void *debug_offset_realloc (void *block, size_t n, size_t alignment, size_t offset) {
  return debug._aligned_offset_realloc_dbg (block, n, alignment, offset, __FILE__, __LINE__);
}

static void *debug_offset_recalloc (void *block, size_t count, size_t size, size_t alignment,
                                    size_t offset) {
  return debug._aligned_offset_recalloc_dbg (block, count, size, alignment, offset, __FILE__,
                                             __LINE__);
}

static void use_debug_forms (void) {
  crt.malloc = debug_malloc;
  crt.calloc = debug_calloc;
  crt.realloc = debug_realloc;
  crt.free = debug_free;
  crt._msize = debug_msize;
  crt._expand = debug_expand;
  crt._recalloc = debug_recalloc;
  crt._aligned_malloc = debug_aligned_malloc;
  crt._aligned_realloc = debug_aligned_realloc;
  crt._aligned_recalloc = debug_aligned_recalloc;
  crt._aligned_msize = debug._aligned_msize_dbg;
  crt._aligned_free = debug._aligned_free_dbg;
  crt._aligned_offset_malloc = debug_offset_malloc;
  crt._aligned_offset_realloc = debug_offset_realloc;
  crt._aligned_offset_recalloc = debug_offset_recalloc;
}

/*---------------- The table -----------------------------*/

#define GetModuleHandleA debug_module
#define main unused_main
int unused_main (void);
#include "calls.c"
#undef main
#undef GetModuleHandleA

static void print_table (void) {
  calls_plain ();
  calls_aligned ();
  calls_handlers ();
}

int main (void) {
  calls_exact = 1;
  if (debug_begin () != 0 || calls_find ("ucrtbase.dll") != 0) return 1;
  print_table ();
  use_debug_forms ();
  print_table ();
  return 0;
}
