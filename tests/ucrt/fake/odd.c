/* C runtimes that must be left alone, one for each -D.  */

#include <stddef.h> /* size_t */

#define EXPORT __declspec (dllexport)

int DllMainCRTStartup (void *dll, unsigned reason, void *reserved) {
  (void) dll;
  (void) reason;
  (void) reserved;
  return 1;
}

EXPORT int calloc (void) {
  return 2;
}

#ifndef FAKE_HEAPLESS
EXPORT void *_get_heap_handle (void) {
  return NULL;
}
#else
EXPORT int malloc (void) {
  return 1;
}
EXPORT int free (void) {
  return 4;
}
#endif

#ifdef FAKE_MISSING /* no free */
EXPORT int malloc (void) {
  return 1;
}
#endif

#ifdef FAKE_DEBUG /* a debug runtime without a command line */
EXPORT int malloc (void) {
  return 1;
}
EXPORT int free (void) {
  return 4;
}
EXPORT int _malloc_dbg (void) {
  return 5;
}
#endif

#ifdef FAKE_FORWARD /* malloc is another module's: see forward.def */
EXPORT int free (void) {
  return 4;
}
#endif

#ifdef FAKE_HYBRID /* as ARM64EC's load config says it */
EXPORT int malloc (void) {
  return 1;
}
EXPORT int free (void) {
  return 4;
}
struct {
  unsigned size;
  char unused[0xc8 - 4];
  void *chpe_metadata;
} _load_config_used = {0xd0, {0}, &_load_config_used};
#endif

#ifdef FAKE_TIGHT /* free stands 4 bytes behind malloc */
__asm__ (
    ".section .drectve,\"yn\"\n .ascii \" -export:malloc -export:free\"\n .text\n"
    ".globl malloc\n.globl free\n .balign 16\nmalloc:\n xorl %eax, %eax\n inc %eax\n free:\n movl "
    "$4, %eax\n ret\n");
#endif
