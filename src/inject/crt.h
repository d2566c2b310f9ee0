/* The C runtimes of Windows, by the names of their DLLs.  */

#ifndef MIR_INJECT_CRT_H
#define MIR_INJECT_CRT_H

#include <stddef.h> /* size_t */

int crt_is (const char *dll);
int crt_is_heap_function (const char *function);
/* Whether the DLL called NAME, if it lies in the folder of PATH, brings a C runtime with it,
   directly or through others there.  The one that does is in HOW.  */
int crt_is_behind (const char *path, const char *name, char *how, size_t how_size);

#endif
