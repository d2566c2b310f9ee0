/* A debug C runtime made for tests, after Microsoft's public pages: every block has a header, is
   between bytes that nobody may change, and is in a list.  What a real one would stop the program
   for is counted as a fault.

   debug-heap.c      blocks
   debug-aligned.c   aligned blocks
   debug-state.c     the state of the heap, and what looks at it
   debug-names.c     the functions that return a copy of a string, and the rest

   Everything is compiled without optimization, as debug runtimes are: every function has an entry
   that its callers go through.  No C runtime: it is one.  */

#ifndef MIR_TESTS_UCRT_FAKE_DEBUG_CRT_H
#define MIR_TESTS_UCRT_FAKE_DEBUG_CRT_H

#include <windows.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __declspec (dllexport)

/* Behind the declaration of a function that the system's headers declare, too: the name under which
   it is exported.  */
#define EXPORT_TEXT(x) #x
#define EXPORT_PREFIX(x) EXPORT_TEXT (x)
#define EXPORTED_AS(name) __asm__ (EXPORT_PREFIX (__USER_LABEL_PREFIX__) name)

/* crtdbg.h */
enum { FREE_BLOCK, NORMAL_BLOCK, CRT_BLOCK, IGNORE_BLOCK, CLIENT_BLOCK, BLOCKS_NUM };
enum { ALLOC_MEM = 1, DELAY_FREE = 2, CHECK_ALWAYS = 4, CHECK_CRT = 16, LEAK_CHECK = 32 };
enum { REPORT_FLAG = -1, HOOK_ALLOC = 1, HOOK_REALLOC = 2, HOOK_FREE = 3 };
enum { LAND = 0xfd, DEAD = 0xdd, NEW = 0xcd, ALIGNED = 0xed }; /* what bytes are filled with */
enum { FAKE_EINVAL = 22, FAKE_ENOMEM = 12 };
enum { LAND_SIZE = 4 };

struct fake_header {
  struct fake_header *next, *prev; /* older, newer */
  const char *file;
  int line, type;
  size_t size;
  long number;
  uint8_t land[LAND_SIZE]; /* then SIZE bytes, then LAND_SIZE more */
};

/* _CrtMemState */
struct fake_state {
  struct fake_header *newest;
  size_t counts[BLOCKS_NUM], sizes[BLOCKS_NUM];
  size_t most, total;
};

typedef int (__cdecl *fake_hook_t) (int, void *, size_t, int, long, const unsigned char *, int);
typedef void (__cdecl *fake_dump_t) (void *, size_t);
typedef void (__cdecl *fake_parameter_handler_t) (const wchar_t *, const wchar_t *, const wchar_t *,
                                                  unsigned, uintptr_t);
typedef int (__cdecl *fake_new_handler_t) (size_t);

struct fake_heap {
  HANDLE handle; /* NULL outside of its life */
  CRITICAL_SECTION lock;
  struct fake_header *newest;
  long next_number, break_number;
  int flags, new_mode, faults, reports, error_number;
  size_t total, now, most;
  fake_hook_t hook;
  fake_dump_t dump;
  fake_new_handler_t new_handler;
  fake_parameter_handler_t parameter_handler;
};

extern struct fake_heap fake_heap;

/* The header of BLOCK if BLOCK is in the list, else NULL and a fault.  The lock is held.  */
struct fake_header *fake_header_of (const void *block);
/* Whether the bytes around the block of HEADER are unchanged.  */
int fake_is_intact (const struct fake_header *header);

void *fake_invalid (void); /* invalid parameter: errno is EINVAL, the handler is called; NULL */

EXPORT void *_malloc_base (size_t n);
EXPORT void *_calloc_base (size_t count, size_t size);
EXPORT void *_realloc_base (void *block, size_t n);
EXPORT void _free_base (void *block);
EXPORT void *_malloc_dbg (size_t n, int type, const char *file, int line);
EXPORT void *_calloc_dbg (size_t count, size_t size, int type, const char *file, int line);
EXPORT void *_realloc_dbg (void *block, size_t n, int type, const char *file, int line);
EXPORT void *_recalloc_dbg (void *block, size_t count, size_t size, int type, const char *file,
                            int line);
EXPORT void *_expand_dbg (void *block, size_t n, int type, const char *file, int line);
EXPORT void _free_dbg (void *block, int type);
EXPORT size_t _msize_dbg (void *block, int type);
EXPORT int _CrtIsValidHeapPointer (const void *block);
EXPORT int _CrtDumpMemoryLeaks (void);
EXPORT int _callnewh (size_t n);
EXPORT int *_errno (void);
EXPORT intptr_t _get_heap_handle (void);

#endif
