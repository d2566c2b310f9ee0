/* Drives GMP: factorials, a division, a square root and texts.  */
#include "adapters/mir-gmp.h"

#include "guests/guest.h"
#include "guests/record.h"

static enum guest_result calculate (MIR_alloc_t alloc) {
  if (alloc != NULL)
    MIR_gmp_use (alloc);
  else
    mp_set_memory_functions (record_malloc, record_resize, record_free_sized);
  mpz_t a, b, c, text;
  mpz_inits (a, b, c, text, NULL);
  mpz_fac_ui (a, 2000);
  mpz_fac_ui (b, 1990);
  mpz_divexact (c, a, b);
  for (unsigned long i = 2000; i > 1990; i--) mpz_divexact_ui (c, c, i);
  int is_right = mpz_cmp_ui (c, 1) == 0;
  mpz_sqrt (c, a);
  mpz_mul (b, c, c);
  is_right = is_right && mpz_cmp (b, a) <= 0;
  mpz_realloc2 (c, 64);
  char *digits = mpz_get_str (NULL, 10, a);
  is_right = is_right && mpz_set_str (text, digits, 10) == 0 && mpz_cmp (text, a) == 0;
  void (*free_text) (void *, size_t);
  mp_get_memory_functions (NULL, NULL, &free_text);
  free_text (digits, mpz_sizeinbase (a, 10) + 1);
  mpz_clears (a, b, c, text, NULL);
  return is_right ? GUEST_RIGHT : GUEST_WRONG;
}

const char *guest_version (void) {
  return gmp_version;
}

const struct guest guests[] = {
    {.name = "GMP", .run = calculate, .refusals = GUEST_ENDS},
    {.name = NULL},
};
