/* Recognises the C runtimes of Windows by the names of their DLLs, ignoring case.  One thread.  */

#ifndef MIR_INJECT_CRT_H
#define MIR_INJECT_CRT_H

#include <stddef.h> /* size_t */

/* Whether the DLL called DLL is a C runtime.  */
int crt_is (const char *dll);
/* Whether that C runtime is one which mir-ucrt.dll only takes over if it is told to, by
   MIR_UCRT_CRTS: msvcrt.dll, and those of Visual C++ before 2015.  */
int crt_is_old (const char *dll);
/* Whether it is the debug runtime ucrtbased.dll, which is only taken over at start-up.  */
int crt_is_debug (const char *dll);
/* Whether FUNCTION, as a C runtime exports it, makes, resizes, measures or frees blocks of its heap:
   malloc and its relatives, _strdup and the like, new and delete.  */
int crt_is_heap_function (const char *function);
/* Whether the DLL called NAME imports a C runtime, directly or through other DLLs.  Only DLLs in
   the folder of PATH are looked at.  HOW gets the name of the one that imports it.  */
int crt_is_behind (const char *path, const char *name, char *how, size_t how_size);

#endif
