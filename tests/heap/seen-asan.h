/* Whether AddressSanitizer considers an address accessible.  */
#include <sanitizer/asan_interface.h>

static inline int seen_is_checked (void) {
  return 1;
}
static inline int seen_is_closed (const volatile void *ptr) {
  return __asan_address_is_poisoned ((void const volatile *) ptr);
}
