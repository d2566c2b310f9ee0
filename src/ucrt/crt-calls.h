/* The CRTs that are known, and calls of their functions: heap, errno, new handler, invalid
   parameter.

   A CRT's functions may be called once its DllMain has run; before, the calls here do nothing.  Any
   thread; entries change under the loader's locks only.  */

#ifndef MIR_UCRT_CRT_CALLS_H
#define MIR_UCRT_CRT_CALLS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-ucrt.h"

/* One CRT.  A function is NULL where the CRT does not export it.  */
struct ucrt_crt {
  uint8_t *base;   /* NULL: unused entry */
  size_t size;     /* bytes mapped */
  unsigned index;  /* into ucrt_crts and the status */
  int initialised; /* 0: its DllMain has not run; its functions must not be called */
  int is_debug;    /* a debug CRT: its own blocks have headers, it exports _malloc_dbg */
  char **(__cdecl *command_line) (void);    /* __p__acmdln */
  void *(__cdecl *heap_handle) (void);      /* _get_heap_handle */
  int *(__cdecl *error_number) (void);      /* _errno */
  int (__cdecl *query_new_mode) (void);     /* _query_new_mode */
  int (__cdecl *call_new_handler) (size_t); /* _callnewh */
  void (__cdecl *invalid_parameter) (void); /* _invalid_parameter_noinfo */
};

extern struct ucrt_crt ucrt_crts[MIR_UCRT_CRTS_MAX];

/* Whether functions of CRT may be called.  */
int ucrt_crt_ready (struct ucrt_crt *crt);

/* The handle of the heap of CRT; NULL as long as CRT has none, and for a debug CRT: that uses the
   process heap, as all since Visual C++ 2010 do (Microsoft Learn, _CrtIsValidHeapPointer).  */
void *ucrt_crt_heap (struct ucrt_crt *crt);

void ucrt_set_errno (struct ucrt_crt *crt, int error);

/* Set errno to EINVAL and call the invalid-parameter handler, which may not return.  */
void ucrt_invalid_parameter (struct ucrt_crt *crt);

/* There is no memory for N bytes: ask the new handler, if the new mode says so.  1: try again;
   0: errno is ENOMEM.  */
int ucrt_call_new_handler (struct ucrt_crt *crt, size_t n);

#endif
