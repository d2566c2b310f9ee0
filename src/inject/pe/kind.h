/* What an image is if it is no program or DLL for Windows on a CPU that mir-inject knows.  Reads
   only; any thread.  */

#ifndef MIR_INJECT_PE_KIND_H
#define MIR_INJECT_PE_KIND_H

#include "inject/pe/pe.h"

/* A name for PE such as "an EFI application", static text; NULL for a program or DLL of Windows for
   x86, x64, arm64 or arm64ec.  */
const char *pe_stranger (const struct pe *pe);

/* Whether PE is a .NET assembly, also with precompiled code (ReadyToRun), but not C++/CLI's mix with
   native code.  .NET loads no DLL for its imports and refuses it when it imports others than
   mscoree.dll: dotnet/runtime, utilcode/pedecoder.cpp, CheckILOnlyImportDlls; seen with 2.1.  */
int pe_is_assembly (const struct pe *pe);

#endif
