/* Another copy of the DLL, as far as others see it: its status.  */

#include "mir-ucrt.h"

__declspec (dllexport) __attribute__ ((section (".mirst"))) MIR_ucrt_status_t status = {0};

int DllMainCRTStartup (void *dll, unsigned reason, void *reserved) {
  (void) dll;
  (void) reason;
  (void) reserved;
  return 1;
}
