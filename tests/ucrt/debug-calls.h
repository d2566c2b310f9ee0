/* The functions of the debug C runtime that tests call, by name, and what those tests share.
   Signatures are those of Microsoft Learn's "C runtime library reference".  */

#ifndef MIR_TESTS_UCRT_DEBUG_CALLS_H
#define MIR_TESTS_UCRT_DEBUG_CALLS_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stddef.h> /* size_t, wchar_t */
#include <stdint.h>

#define SOURCE const char *, int /* file and line */

#define DEBUG_BLOCKS(F)                                                             \
  F (void *, malloc, (size_t) )                                                     \
  F (void *, calloc, (size_t, size_t) )                                             \
  F (void *, realloc, (void *, size_t) )                                            \
  F (void, free, (void *) )                                                         \
  F (size_t, _msize, (void *) )                                                     \
  F (void *, _expand, (void *, size_t) )                                            \
  F (void *, _recalloc, (void *, size_t, size_t) )                                  \
  F (void *, _malloc_dbg, (size_t, int, SOURCE))                                    \
  F (void *, _calloc_dbg, (size_t, size_t, int, SOURCE))                            \
  F (void *, _realloc_dbg, (void *, size_t, int, SOURCE))                           \
  F (void, _free_dbg, (void *, int) )                                               \
  F (size_t, _msize_dbg, (void *, int) )                                            \
  F (void *, _expand_dbg, (void *, size_t, int, SOURCE))                            \
  F (void *, _recalloc_dbg, (void *, size_t, size_t, int, SOURCE))                  \
  F (void *, _malloc_base, (size_t) )                                               \
  F (void *, _calloc_base, (size_t, size_t) )                                       \
  F (void *, _realloc_base, (void *, size_t) )                                      \
  F (void, _free_base, (void *) )                                                   \
  F (int, _heapmin, (void) )                                                        \
  F (void *, _aligned_malloc, (size_t, size_t) )                                    \
  F (void *, _aligned_realloc, (void *, size_t, size_t) )                           \
  F (void *, _aligned_recalloc, (void *, size_t, size_t, size_t) )                  \
  F (size_t, _aligned_msize, (void *, size_t, size_t) )                             \
  F (void, _aligned_free, (void *) )                                                \
  F (void *, _aligned_offset_malloc, (size_t, size_t, size_t) )                     \
  F (void *, _aligned_offset_realloc, (void *, size_t, size_t, size_t) )            \
  F (void *, _aligned_offset_recalloc, (void *, size_t, size_t, size_t, size_t) )   \
  F (void *, _aligned_malloc_dbg, (size_t, size_t, SOURCE))                         \
  F (void *, _aligned_realloc_dbg, (void *, size_t, size_t, SOURCE))                \
  F (void *, _aligned_recalloc_dbg, (void *, size_t, size_t, size_t, SOURCE))       \
  F (size_t, _aligned_msize_dbg, (void *, size_t, size_t) )                         \
  F (void, _aligned_free_dbg, (void *) )                                            \
  F (void *, _aligned_offset_malloc_dbg, (size_t, size_t, size_t, SOURCE))          \
  F (void *, _aligned_offset_realloc_dbg, (void *, size_t, size_t, size_t, SOURCE)) \
  F (void *, _aligned_offset_recalloc_dbg, (void *, size_t, size_t, size_t, size_t, SOURCE))

#define DEBUG_STRINGS(F)                                                           \
  F (char *, _strdup, (const char *) )                                             \
  F (char *, _strdup_dbg, (const char *, int, SOURCE))                             \
  F (char *, _mbsdup_dbg, (const char *, int, SOURCE))                             \
  F (wchar_t *, _wcsdup_dbg, (const wchar_t *, int, SOURCE))                       \
  F (int, _dupenv_s_dbg, (char **, size_t *, const char *, int, SOURCE))           \
  F (int, _wdupenv_s_dbg, (wchar_t **, size_t *, const wchar_t *, int, SOURCE))    \
  F (char *, _getcwd_dbg, (char *, int, int, SOURCE))                              \
  F (wchar_t *, _wgetcwd_dbg, (wchar_t *, int, int, SOURCE))                       \
  F (char *, _getdcwd_dbg, (int, char *, int, int, SOURCE))                        \
  F (wchar_t *, _wgetdcwd_dbg, (int, wchar_t *, int, int, SOURCE))                 \
  F (char *, _fullpath_dbg, (char *, const char *, size_t, int, SOURCE))           \
  F (wchar_t *, _wfullpath_dbg, (wchar_t *, const wchar_t *, size_t, int, SOURCE)) \
  F (char *, _tempnam_dbg, (const char *, const char *, int, SOURCE))              \
  F (wchar_t *, _wtempnam_dbg, (const wchar_t *, const wchar_t *, int, SOURCE))

#define DEBUG_STATE(F)                                                                \
  F (int, _CrtIsValidHeapPointer, (const void *) )                                    \
  F (int, _CrtIsMemoryBlock, (const void *, unsigned, long *, char **, int *) )       \
  F (int, _CrtReportBlockType, (const void *) )                                       \
  F (void, _CrtSetDbgBlockType, (void *, int) )                                       \
  F (void, _CrtMemCheckpoint, (struct debug_state *) )                                \
  F (int, _CrtMemDifference,                                                          \
     (struct debug_state *, const struct debug_state *, const struct debug_state *) ) \
  F (void, _CrtMemDumpStatistics, (const struct debug_state *) )                      \
  F (void, _CrtMemDumpAllObjectsSince, (const struct debug_state *) )                 \
  F (int, _CrtDumpMemoryLeaks, (void) )                                               \
  F (int, _CrtCheckMemory, (void) )                                                   \
  F (void, _CrtDoForAllClientObjects, (void (__cdecl *) (void *, void *), void *) )   \
  F (int, _CrtSetDbgFlag, (int) )                                                     \
  F (long, _CrtSetBreakAlloc, (long) )                                                \
  F (debug_hook_t, _CrtSetAllocHook, (debug_hook_t))                                  \
  F (debug_hook_t, _CrtGetAllocHook, (void) )                                         \
  F (debug_dump_t, _CrtSetDumpClient, (debug_dump_t))                                 \
  F (int *, _errno, (void) )                                                          \
  F (int, _set_new_mode, (int) )                                                      \
  F (debug_new_handler_t, _set_new_handler, (debug_new_handler_t))                    \
  F (void *, _set_invalid_parameter_handler, (debug_parameter_handler_t))             \
  F (int, fake_reports, (void) )                                                      \
  F (int, fake_faults, (void) )

/* _CrtMemState */
struct debug_state {
  void *newest;
  size_t counts[5], sizes[5]; /* by type of block */
  size_t most, total;
};

typedef int (__cdecl *debug_hook_t) (int, void *, size_t, int, long, const unsigned char *, int);
typedef void (__cdecl *debug_dump_t) (void *, size_t);
typedef int (__cdecl *debug_new_handler_t) (size_t);
typedef void (__cdecl *debug_parameter_handler_t) (const wchar_t *, const wchar_t *,
                                                   const wchar_t *, unsigned, uintptr_t);

/* crtdbg.h, errno.h */
enum { NORMAL_BLOCK = 1, CRT_BLOCK = 2, CLIENT_BLOCK = 4 };
enum { CRT_ENOMEM = 12, CRT_EINVAL = 22 };

struct debug_crt {
#define MEMBER(type, name, parameters) type (__cdecl *name) parameters;
  DEBUG_BLOCKS (MEMBER) DEBUG_STRINGS (MEMBER) DEBUG_STATE (MEMBER)
#undef MEMBER
};

/* The functions of ucrtbased.dll, once debug_begin has returned.  */
extern struct debug_crt debug;
/* Whether its blocks are expected to be of ours.  */
extern int debug_is_ours;

/* Load the DLL where the mode is late, and find the functions.  0, or -1.  */
int debug_begin (void);
/* Find the functions of DLL, another copy of the runtime.  */
void debug_find (HMODULE dll, struct debug_crt *to);

int debug_is_filled (const void *block, int with, size_t from, size_t to);
/* Whether BLOCK comes from where it should; fills its N bytes with 0x5a.  */
int debug_is_made (void *block, size_t n);
/* Whether the last call set errno to ERROR; sets it to 0.  */
int debug_error_is (int error);

/* An invalid-parameter handler that counts its calls.  */
void __cdecl debug_count_invalid (const wchar_t *expression, const wchar_t *function,
                                  const wchar_t *file, unsigned line, uintptr_t reserved);
extern int debug_invalid;

#endif
