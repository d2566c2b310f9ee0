/* Systems whose threads cannot be cancelled: Windows, Android.  */
#include "os/cancel.h"

int mir_os_hold_cancel (void) {
  return 0;
}

void mir_os_let_cancel (int held) {
  (void) held;
}
