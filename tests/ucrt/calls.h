/* A long table of calls of a CRT's allocator: the answer of every function, one line per call,
   without addresses, so that the same CRT prints the same text with and without the DLL. errno is
   preset before each call and printed if the call has changed it; so is how often the new handler
   and the invalid-parameter handler were called, if they were.  One thread.  */

#ifndef MIR_TESTS_UCRT_CALLS_H
#define MIR_TESTS_UCRT_CALLS_H

#include <stddef.h> /* size_t, wchar_t */

/* All functions that are called: result, name, parameters.  */
#define CALLS_BLOCKS(F)                                                              \
  F (void *, malloc, (size_t) )                                                      \
  F (void *, calloc, (size_t, size_t) )                                              \
  F (void *, realloc, (void *, size_t) )                                             \
  F (void, free, (void *) )                                                          \
  F (size_t, _msize, (void *) )                                                      \
  F (void *, _expand, (void *, size_t) )                                             \
  F (void *, _recalloc, (void *, size_t, size_t) )                                   \
  F (void *, _malloc_base, (size_t) )                                                \
  F (void *, _calloc_base, (size_t, size_t) )                                        \
  F (void *, _realloc_base, (void *, size_t) )                                       \
  F (void, _free_base, (void *) )                                                    \
  F (void *, _aligned_malloc, (size_t, size_t) )                                     \
  F (void *, _aligned_offset_malloc, (size_t, size_t, size_t) )                      \
  F (void *, _aligned_realloc, (void *, size_t, size_t) )                            \
  F (void *, _aligned_offset_realloc, (void *, size_t, size_t, size_t) )             \
  F (void *, _aligned_recalloc, (void *, size_t, size_t, size_t) )                   \
  F (void *, _aligned_offset_recalloc, (void *, size_t, size_t, size_t, size_t) )    \
  F (size_t, _aligned_msize, (void *, size_t, size_t) )                              \
  F (void, _aligned_free, (void *) )                                                 \
  F (void *, _o_malloc, (size_t) )                                                   \
  F (void *, _o_calloc, (size_t, size_t) )                                           \
  F (void *, _o_realloc, (void *, size_t) )                                          \
  F (void, _o_free, (void *) )                                                       \
  F (size_t, _o__msize, (void *) )                                                   \
  F (void *, _o__expand, (void *, size_t) )                                          \
  F (void *, _o__recalloc, (void *, size_t, size_t) )                                \
  F (void *, _o__aligned_malloc, (size_t, size_t) )                                  \
  F (void *, _o__aligned_offset_malloc, (size_t, size_t, size_t) )                   \
  F (void *, _o__aligned_realloc, (void *, size_t, size_t) )                         \
  F (void *, _o__aligned_offset_realloc, (void *, size_t, size_t, size_t) )          \
  F (void *, _o__aligned_recalloc, (void *, size_t, size_t, size_t) )                \
  F (void *, _o__aligned_offset_recalloc, (void *, size_t, size_t, size_t, size_t) ) \
  F (size_t, _o__aligned_msize, (void *, size_t, size_t) )                           \
  F (void, _o__aligned_free, (void *) )

#define CALLS_OTHERS(F)                                            \
  F (char *, _strdup, (const char *) )                             \
  F (wchar_t *, _wcsdup, (const wchar_t *) )                       \
  F (char *, _mbsdup, (const char *) )                             \
  F (char *, _o__strdup, (const char *) )                          \
  F (int, _dupenv_s, (char **, size_t *, const char *) )           \
  F (int, _wdupenv_s, (wchar_t **, size_t *, const wchar_t *) )    \
  F (int, _putenv, (const char *) )                                \
  F (char *, _getcwd, (char *, int) )                              \
  F (wchar_t *, _wgetcwd, (wchar_t *, int) )                       \
  F (char *, _getdcwd, (int, char *, int) )                        \
  F (wchar_t *, _wgetdcwd, (int, wchar_t *, int) )                 \
  F (char *, _fullpath, (char *, const char *, size_t) )           \
  F (wchar_t *, _wfullpath, (wchar_t *, const wchar_t *, size_t) ) \
  F (char *, _tempnam, (const char *, const char *) )              \
  F (wchar_t *, _wtempnam, (const wchar_t *, const wchar_t *) )    \
  F (char *, _Getdays, (void) )                                    \
  F (char *, _Getmonths, (void) )                                  \
  F (void *, _Gettnames, (void) )                                  \
  F (wchar_t *, _W_Getdays, (void) )                               \
  F (wchar_t *, _W_Getmonths, (void) )                             \
  F (void *, _W_Gettnames, (void) )                                \
  F (int, _heapchk, (void) )                                       \
  F (int, _heapmin, (void) )                                       \
  F (void *, _get_heap_handle, (void) )                            \
  F (int *, _errno, (void) )                                       \
  F (int, _set_new_mode, (int) )                                   \
  F (int, _query_new_mode, (void) )                                \
  F (void *, _set_new_handler, (int (*) (size_t)))                 \
  F (int, _callnewh, (size_t) )                                    \
  F (void *, _set_invalid_parameter_handler, (void *) )

#define CALLS_MEMBER(RESULT, NAME, PARAMETERS) RESULT (*NAME) PARAMETERS;
struct crt {
  CALLS_BLOCKS (CALLS_MEMBER)
  CALLS_OTHERS (CALLS_MEMBER)
};

/* The CRT under test; a function that it lacks is NULL.  */
extern struct crt crt;

/* Find all functions in the loaded module NAME, and set the handlers.  0, or -1.  */
int calls_find (const char *name);

/* How exact the size of a block must be.  1: the size asked for; 0: no less, and no more than a
   quarter, 64 bytes and twice the alignment above it.  */
extern int calls_exact;
/* Whether ACTUAL is as exact as calls_exact demands.  */
int calls_is_size (size_t actual, size_t size, size_t alignment);

/* Let the new handler answer 1 for the first N calls, then 0.  */
void calls_new_handler_answers (int n);

/* Print the new handler's size less by SIZE until the next call of this function: what the UCRT
   adds to an aligned block depends on the CPU.  */
void calls_hide_of_new_size (size_t size);

/* Evaluate CALL if CRT has FUNCTION and it is no stub; calls_line prints what was seen.  True if
   CALL was evaluated.  */
#define CALLS_DO(FUNCTION, CALL) \
  (calls_before (crt.FUNCTION != NULL) ? ((void) (CALL), calls_after ()) : 0)
/* The same for arguments that Wine's own functions do not survive, such as sums and products that
   overflow: they write past the block.  Called with the DLL, but not without it.  */
#define CALLS_DO_WRONG(FUNCTION, CALL) \
  (calls_before (crt.FUNCTION != NULL && !calls_careful) ? ((void) (CALL), calls_after ()) : 0)
extern int calls_careful;
int calls_before (int have);
int calls_after (void);
/* Print "TEXT: RESULT", errno and the handlers' calls of the last CALLS_DO, or "TEXT: absent";
   FORMAT makes TEXT.  */
void calls_line (const char *result, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Whether the last call set errno to ERROR; calls_line then does not print it.  */
int calls_forget_error (int error);

/* The name of SIZE: a number, or relative to a limit.  Valid for the next sixteen calls.  */
const char *calls_size (size_t size);
#define CALLS_MAXREQ ((size_t) -32) /* _HEAP_MAXREQ of the UCRT */

/* "NULL", "block", or what is wrong with P, a block of SIZE bytes from malloc and the like.  Fills
   the block with calls_pattern.  */
const char *calls_block (void *p, size_t size);
/* The same for _aligned_malloc and the like: P + OFFSET is a multiple of ALIGNMENT.  */
const char *calls_aligned_block (void *p, size_t size, size_t alignment, size_t offset);

void calls_fill (void *p, size_t size);
/* Whether the first KEPT bytes of P have the pattern, and, if ZERO, the bytes up to SIZE are 0.  */
int calls_kept (const void *p, size_t kept, size_t size, int zero);

/* The parts of the table.  */
void calls_plain (void);
void calls_aligned (void);
void calls_handlers (void);
void calls_others (void);
void calls_twins (void);
void calls_make_foreign (void); /* blocks for calls_foreign, before the DLL is loaded late */
void calls_foreign (void);

#endif /* MIR_TESTS_UCRT_CALLS_H */
