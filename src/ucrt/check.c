#include "ucrt.h"

int MIR_ucrt_check (void) {
  return -1;
}
