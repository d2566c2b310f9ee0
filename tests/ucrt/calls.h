/* A long table of calls of a CRT's allocator: what every function answers, one line per call,
   without addresses, so that the same CRT with and without the override DLL prints the same text.

   errno is preset before each call and printed if the call has changed it; so is how often the new
   handler and the invalid parameter handler were called, if they were.  One thread.  */

#ifndef CALLS_H
#define CALLS_H

#include <stddef.h> /* size_t, wchar_t */

/* All the functions that are called: result, name, parameters.  */
#define CALLS_BLOCKS(F)                                                             \
  F (void *, malloc, (size_t))                                                      \
  F (void *, calloc, (size_t, size_t))                                              \
  F (void *, realloc, (void *, size_t))                                             \
  F (void, free, (void *) )                                                         \
  F (size_t, _msize, (void *) )                                                     \
  F (void *, _expand, (void *, size_t))                                             \
  F (void *, _recalloc, (void *, size_t, size_t))                                   \
  F (void *, _malloc_base, (size_t))                                                \
  F (void *, _calloc_base, (size_t, size_t))                                        \
  F (void *, _realloc_base, (void *, size_t))                                       \
  F (void, _free_base, (void *) )                                                   \
  F (void *, _aligned_malloc, (size_t, size_t))                                     \
  F (void *, _aligned_offset_malloc, (size_t, size_t, size_t))                      \
  F (void *, _aligned_realloc, (void *, size_t, size_t))                            \
  F (void *, _aligned_offset_realloc, (void *, size_t, size_t, size_t))             \
  F (void *, _aligned_recalloc, (void *, size_t, size_t, size_t))                   \
  F (void *, _aligned_offset_recalloc, (void *, size_t, size_t, size_t, size_t))    \
  F (size_t, _aligned_msize, (void *, size_t, size_t))                              \
  F (void, _aligned_free, (void *) )                                                \
  F (void *, _o_malloc, (size_t))                                                   \
  F (void *, _o_calloc, (size_t, size_t))                                           \
  F (void *, _o_realloc, (void *, size_t))                                          \
  F (void, _o_free, (void *) )                                                      \
  F (size_t, _o__msize, (void *) )                                                  \
  F (void *, _o__expand, (void *, size_t))                                          \
  F (void *, _o__recalloc, (void *, size_t, size_t))                                \
  F (void *, _o__aligned_malloc, (size_t, size_t))                                  \
  F (void *, _o__aligned_offset_malloc, (size_t, size_t, size_t))                   \
  F (void *, _o__aligned_realloc, (void *, size_t, size_t))                         \
  F (void *, _o__aligned_offset_realloc, (void *, size_t, size_t, size_t))          \
  F (void *, _o__aligned_recalloc, (void *, size_t, size_t, size_t))                \
  F (void *, _o__aligned_offset_recalloc, (void *, size_t, size_t, size_t, size_t)) \
  F (size_t, _o__aligned_msize, (void *, size_t, size_t))                           \
  F (void, _o__aligned_free, (void *) )

#define CALLS_OTHERS(F)                                           \
  F (char *, _strdup, (const char *) )                            \
  F (wchar_t *, _wcsdup, (const wchar_t *) )                      \
  F (char *, _mbsdup, (const char *) )                            \
  F (char *, _o__strdup, (const char *) )                         \
  F (int, _dupenv_s, (char **, size_t *, const char *) )          \
  F (int, _wdupenv_s, (wchar_t **, size_t *, const wchar_t *) )   \
  F (int, _putenv, (const char *) )                               \
  F (char *, _getcwd, (char *, int) )                             \
  F (wchar_t *, _wgetcwd, (wchar_t *, int) )                      \
  F (char *, _getdcwd, (int, char *, int) )                       \
  F (wchar_t *, _wgetdcwd, (int, wchar_t *, int) )                \
  F (char *, _fullpath, (char *, const char *, size_t))           \
  F (wchar_t *, _wfullpath, (wchar_t *, const wchar_t *, size_t)) \
  F (char *, _tempnam, (const char *, const char *) )             \
  F (wchar_t *, _wtempnam, (const wchar_t *, const wchar_t *) )   \
  F (char *, _Getdays, (void) )                                   \
  F (char *, _Getmonths, (void) )                                 \
  F (void *, _Gettnames, (void) )                                 \
  F (wchar_t *, _W_Getdays, (void) )                              \
  F (wchar_t *, _W_Getmonths, (void) )                            \
  F (void *, _W_Gettnames, (void) )                               \
  F (int, _heapchk, (void) )                                      \
  F (int, _heapmin, (void) )                                      \
  F (void *, _get_heap_handle, (void) )                           \
  F (int *, _errno, (void) )                                      \
  F (int, _set_new_mode, (int) )                                  \
  F (int, _query_new_mode, (void) )                               \
  F (void *, _set_new_handler, (int (*) (size_t)))                \
  F (int, _callnewh, (size_t))                                    \
  F (void *, _set_invalid_parameter_handler, (void *) )

#define CALLS_MEMBER(RESULT, NAME, PARAMETERS) RESULT (*NAME) PARAMETERS;
struct crt {
  CALLS_BLOCKS (CALLS_MEMBER)
  CALLS_OTHERS (CALLS_MEMBER)
};

/* The one that is tested; a function which it does not have is NULL.  */
extern struct crt crt;

/* Find all functions in module NAME, which is loaded, and set the handlers.  0, or -1.  */
int calls_find (const char *name);

/* How exact the size of a block must be: 1: what was asked for; 0: no less, and no more than a
   quarter, 64 bytes and twice the alignment above.  */
extern int calls_exact;
/* Whether ACTUAL is as exact.  */
int calls_is_size (size_t actual, size_t size, size_t alignment);

/* What the new handler answers: 1 for the first N calls, then 0.  */
void calls_new_handler_answers (int n);

/* What the UCRT puts before an aligned block depends on the CPU: the line shows the new handler's
   size less by SIZE, until this is called again.  */
void calls_hide_of_new_size (size_t size);

/* CALL if CRT has FUNCTION and it is no stub; calls_line prints what was seen.  True if it was
 * called.  */
#define CALLS_DO(FUNCTION, CALL) \
  (calls_before (crt.FUNCTION != NULL) ? ((void) (CALL), calls_after ()) : 0)
/* The same for what Wine's own functions do not stand, as sums and products which overflow: they
   write past the block.  It is called with the DLL there, but not without.  */
#define CALLS_DO_WRONG(FUNCTION, CALL) \
  (calls_before (crt.FUNCTION != NULL && !calls_careful) ? ((void) (CALL), calls_after ()) : 0)
extern int calls_careful;
int calls_before (int have);
int calls_after (void);
/* Print "TEXT: RESULT", errno and the handlers' calls of the last CALLS_DO, or "TEXT: absent". TEXT
 * by FORMAT. */
void calls_line (const char *result, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Whether the last call has set errno to ERROR; calls_line does not print it then.  */
int calls_forget_error (int error);

/* The name of SIZE: a number, or relative to the limits.  It stays good for sixteen calls.  */
const char *calls_size (size_t size);
#define CALLS_MAXREQ ((size_t) -32) /* _HEAP_MAXREQ of the UCRT */

/* Whether P, a block for SIZE bytes of malloc and its like, is as it should be: "NULL", "block", or
   what is wrong with it.  A block is filled with calls_pattern.  */
const char *calls_block (void *p, size_t size);
/* The same with P + OFFSET at a multiple of ALIGNMENT and made by _aligned_malloc and its like.  */
const char *calls_aligned_block (void *p, size_t size, size_t alignment, size_t offset);

void calls_fill (void *p, size_t size);
/* Whether the first KEPT bytes of P have the pattern, and those up to SIZE, if ZERO, are 0.  */
int calls_kept (const void *p, size_t kept, size_t size, int zero);

/* The parts of the table.  */
void calls_plain (void);
void calls_aligned (void);
void calls_handlers (void);
void calls_others (void);
void calls_twins (void);
void calls_make_old (void); /* blocks for calls_old, before the DLL is loaded late */
void calls_old (void);

#endif /* CALLS_H */
