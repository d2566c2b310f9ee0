/* Whether valgrind considers an address accessible, if it runs the program.  */
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>

static inline int seen_is_checked (void) {
  return RUNNING_ON_VALGRIND != 0;
}
static inline int seen_is_closed (const volatile void *ptr) {
  unsigned char bits = 0;
  (void) ptr;
  (void) bits; /* the macro ignores its arguments on CPUs without valgrind */
  return VALGRIND_GET_VBITS (ptr, &bits, 1) == 3;
}
