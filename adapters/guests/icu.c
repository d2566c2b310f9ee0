/* Drives ICU: converts, sorts by a collation, finds words and formats a number.  */
#include "adapters/mir-icu.h"

#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/ucol.h>
#include <unicode/unum.h>
#include <unicode/ustring.h>
#include <unicode/uvernum.h>

#include "guests/guest.h"
#include "guests/record.h"

static void *record_icu_malloc (const void *context, size_t size) {
  (void) context;
  return record_malloc (size);
}

static void *record_icu_realloc (const void *context, void *ptr, size_t size) {
  (void) context;
  return record_realloc (ptr, size);
}

static void record_icu_free (const void *context, void *ptr) {
  (void) context;
  record_free (ptr);
}

static int words_of (const UChar *text, UErrorCode *status) {
  UBreakIterator *iterator = ubrk_open (UBRK_WORD, "en", text, -1, status);
  int words = 0;
  while (U_SUCCESS (*status) && ubrk_next (iterator) != UBRK_DONE)
    words += ubrk_getRuleStatus (iterator) != UBRK_WORD_NONE;
  ubrk_close (iterator);
  return words;
}

static int order_of (const UChar *a, const UChar *b, UErrorCode *status) {
  UCollator *collator = ucol_open ("de", status);
  int order = U_SUCCESS (*status) ? ucol_strcoll (collator, a, -1, b, -1) : 0;
  ucol_close (collator);
  return order;
}

static int length_of_number (UErrorCode *status) {
  UChar text[64];
  UNumberFormat *format = unum_open (UNUM_DECIMAL, NULL, 0, "fr", NULL, status);
  int len =
      U_SUCCESS (*status) ? unum_formatDouble (format, 1234567.25, text, 64, NULL, status) : 0;
  unum_close (format);
  return len;
}

static enum guest_result work (MIR_alloc_t alloc) {
  UErrorCode status = U_ZERO_ERROR;
  UChar text[64], other[8];
  if (alloc != NULL)
    MIR_icu_use (alloc, &status);
  else
    u_setMemoryFunctions (NULL, record_icu_malloc, record_icu_realloc, record_icu_free, &status);
  u_strFromUTF8 (text, 64, NULL, "the words of this text", -1, &status);
  u_strFromUTF8 (other, 8, NULL, "zebra", -1, &status);
  int words = words_of (text, &status), order = order_of (text, other, &status);
  int len = length_of_number (&status);
  u_cleanup ();
  if (status == U_MEMORY_ALLOCATION_ERROR) return GUEST_NO_MEMORY;
  return U_SUCCESS (status) && words == 5 && order == UCOL_LESS && len == 12 ? GUEST_RIGHT
                                                                             : GUEST_WRONG;
}

const char *guest_version (void) {
  return U_ICU_VERSION;
}

const struct guest guests[] = {
    {.name = "ICU", .run = work, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
