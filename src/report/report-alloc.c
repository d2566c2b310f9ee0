/* Takes the memory of mir-report from the C library.  */
#include "report/report-alloc.h"

#include <stdlib.h>

static void *libc_malloc (size_t size, void *user_data) {
  (void) user_data;
  return malloc (size);
}

static void *libc_calloc (size_t num, size_t size, void *user_data) {
  (void) user_data;
  return calloc (num, size);
}

static void *libc_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) old_size;
  (void) user_data;
  return realloc (ptr, new_size);
}

static void libc_free (void *ptr, void *user_data) {
  (void) user_data;
  free (ptr);
}

static struct MIR_alloc alloc = {
    .malloc = libc_malloc, .calloc = libc_calloc, .realloc = libc_realloc, .free = libc_free};

const MIR_alloc_t report_alloc = &alloc;
