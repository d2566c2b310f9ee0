/* An adapter that gives CPython the memory of a MIR_alloc: PyMemAllocatorEx for the domains raw, mem
   and obj.

   CPython 3.13.5 asks for 0 bytes, by realloc too, and takes NULL for a failure then; frees NULL and reallocates from
   NULL often, and makes blocks smaller.  Thousands of blocks of the domain obj are live after
   Py_FinalizeEx: ALLOC may not end with the interpreter, only with the process.  The next interpreter
   of 3.13 leaves as many again; that of 3.11 uses some of them.  It does not survive every refused
   allocation: a limit must be one that is never met.  A few blocks of the C library go around;
   pymalloc's arenas are gone.  (2026-12)  */
#ifndef MIR_CPYTHON_H
#define MIR_CPYTHON_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <Python.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Make the domain DOMAIN take its memory from ALLOC, which must outlive the process's last use of
   Python.  Call this before Py_PreInitialize and Py_Initialize.  The Py_PreInitialize of a second
   interpreter returns to Python's own functions with 3.13, not with 3.11: there call it again, after
   that one and before Py_Initialize, for the same ALLOC (findings/python-second-interpreter.sh).  Raw
   is called without the GIL, by any thread; mem and obj with it.  Domains may have allocators of
   their own.  */
static inline void MIR_cpython_use (PyMemAllocatorDomain domain, MIR_alloc_t alloc) {
  PyMemAllocatorEx functions;
  functions.ctx = alloc;
  functions.malloc = MIR_opaque_headed_malloc;
  functions.calloc = MIR_opaque_headed_calloc;
  functions.realloc = MIR_opaque_headed_realloc;
  functions.free = MIR_opaque_headed_free;
  PyMem_SetAllocator (domain, &functions);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_CPYTHON_H */
