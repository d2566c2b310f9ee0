/* A module whose file test-symbols replaces, cuts and removes.  */
#include "symbols-module.h"

static int number;

/* No other module has a function of this name.  */
__attribute__ ((noinline)) static int function_of_module (void) {
  return ++number;
}

int (*get_function_of_module (void)) (void) {
  return function_of_module;
}
