/* Windows: why a mapping was refused.  It limits neither the number of mappings nor, without
   VirtualLock, locked memory.  refusal.h has the contracts.  */
#include "os/refusal.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* A lack of memory is ERROR_COMMITMENT_LIMIT; a lack of addresses shares its error with others.  */
enum mir_refusal mir_os_refusal (size_t len) {
  DWORD error = GetLastError ();
  if (error != ERROR_NOT_ENOUGH_MEMORY) return MIR_REFUSED_OTHERWISE;
  void *start = VirtualAlloc (NULL, len, MEM_RESERVE, PAGE_NOACCESS);
  if (start != NULL) (void) VirtualFree (start, 0, MEM_RELEASE);
  SetLastError (error);
  return start == NULL ? MIR_REFUSED_ADDRESSES : MIR_REFUSED_OTHERWISE;
}

/* The second: the policy against generated code, ProcessDynamicCodePolicy.  */
int mir_os_is_lasting (int error) {
  return error == ERROR_ACCESS_DENIED || error == 1655 /* ERROR_DYNAMIC_CODE_BLOCKED */
         || error == ERROR_INVALID_PARAMETER || error == ERROR_NOT_SUPPORTED
         || error == ERROR_CALL_NOT_IMPLEMENTED;
}
