/* Prints the table of calls; in the late mode the DLL is loaded after some blocks were
   allocated.  */

#include "ucrt/calls.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"

enum { ERRNO_PRESET = 77, WINE_STUB = (int) 0x80000100 /* EXCEPTION_WINE_STUB */ };

struct crt crt;
int calls_exact, calls_careful;

static int *error_number;
static struct { /* of the present call */
  int done;     /* it was made and is no stub */
  int error;
  int new_calls;
  size_t new_size; /* the size it was last called for */
  int invalid_calls;
  int invalid_named; /* with a text, as by debug CRTs */
} seen;
static int new_answers;
static size_t hidden;
static void *after_stub[5]; /* where to continue */
static int probing;

static int new_handler (size_t size) {
  seen.new_calls++;
  seen.new_size = size;
  return new_answers > 0 && new_answers--;
}

void calls_hide_of_new_size (size_t size) {
  hidden = size;
}

void calls_new_handler_answers (int n) {
  new_answers = n;
}

static void invalid_parameter (const wchar_t *expression, const wchar_t *function,
                               const wchar_t *file, unsigned line, uintptr_t reserved) {
  seen.invalid_calls++;
  seen.invalid_named |=
      expression != NULL || function != NULL || file != NULL || line != 0 || reserved != 0;
}

/* Leave a function that Wine has not implemented: it raises an exception.  */
static LONG CALLBACK leave_stub (EXCEPTION_POINTERS *exception) {
  if (exception->ExceptionRecord->ExceptionCode != (DWORD) WINE_STUB || !probing)
    return EXCEPTION_CONTINUE_SEARCH;
  __builtin_longjmp (after_stub, 1);
}

static int __attribute__ ((noinline)) is_stub (void (*call) (void)) {
  probing = 1;
  int stub = __builtin_setjmp (after_stub) != 0;
  if (!stub) call ();
  probing = 0;
  return stub;
}

static void recalloc (void) {
  crt._aligned_free (crt._aligned_recalloc (NULL, 1, 1, 16));
}

static void offset_recalloc (void) {
  crt._aligned_free (crt._aligned_offset_recalloc (NULL, 1, 1, 16, 0));
}

static void o_recalloc (void) {
  crt._aligned_free (crt._o__aligned_recalloc (NULL, 1, 1, 16));
}

static void o_offset_recalloc (void) {
  crt._aligned_free (crt._o__aligned_offset_recalloc (NULL, 1, 1, 16, 0));
}

/* Drop the functions whose only purpose is to say that they are missing.  */
static void forget_stubs (void) {
  if (crt._aligned_recalloc != NULL && is_stub (recalloc)) crt._aligned_recalloc = NULL;
  if (crt._aligned_offset_recalloc != NULL && is_stub (offset_recalloc))
    crt._aligned_offset_recalloc = NULL;
  if (crt._o__aligned_recalloc != NULL && is_stub (o_recalloc)) crt._o__aligned_recalloc = NULL;
  if (crt._o__aligned_offset_recalloc != NULL && is_stub (o_offset_recalloc))
    crt._o__aligned_offset_recalloc = NULL;
}

#define FIND(RESULT, NAME, PARAMETERS)              \
  {                                                 \
    FARPROC found = GetProcAddress (module, #NAME); \
    memcpy (&crt.NAME, &found, sizeof (found));     \
  }

int calls_find (const char *name) {
  HMODULE module = GetModuleHandleA (name);
  if (module == NULL) return -1;
  CALLS_BLOCKS (FIND)
  CALLS_OTHERS (FIND)
  if (crt._errno == NULL || crt._set_new_handler == NULL
      || crt._set_invalid_parameter_handler == NULL)
    return -1;
  error_number = crt._errno ();
  (void) crt._set_new_handler (new_handler);
  (void) crt._set_invalid_parameter_handler ((void *) (uintptr_t) invalid_parameter);
  static int handled;
  if (!handled++) (void) AddVectoredExceptionHandler (1, leave_stub);
  forget_stubs ();
  return 0;
}

int calls_before (int have) {
  memset (&seen, 0, sizeof (seen));
  *error_number = ERRNO_PRESET;
  return have;
}

int calls_after (void) {
  seen.error = *error_number;
  seen.done = 1;
  return 1;
}

int calls_forget_error (int error) {
  if (seen.error != error) return 0;
  seen.error = ERRNO_PRESET;
  return 1;
}

const char *calls_size (size_t size) {
  static char names[16][40];
  static unsigned next;
  char *name = names[next++ % 16];
  const struct {
    size_t size;
    const char *name;
  } limits[] = {{CALLS_MAXREQ, "MAXREQ"},
                {SIZE_MAX, "MAX"},
                {SIZE_MAX / 2, "MAX/2"},
                {SIZE_MAX / 4, "MAX/4"}};
  for (size_t i = 0; i < sizeof (limits) / sizeof (limits[0]); i++)
    if (size == limits[i].size) return limits[i].name;
  for (size_t i = 0; i < sizeof (limits) / sizeof (limits[0]); i++) {
    long long off = (long long) (intptr_t) (size - limits[i].size);
    if (off < -8192 || off > 8192 || size < SIZE_MAX / 8) continue;
    (void) snprintf (name, sizeof (names[0]), "%s%+lld", limits[i].name, off);
    return name;
  }
  (void) snprintf (name, sizeof (names[0]), "%llu", (unsigned long long) size);
  return name;
}

static const char *error_name (int error) {
  static char number[24];
  if (error == 12) return "ENOMEM";
  if (error == 22) return "EINVAL";
  if (error == 34) return "ERANGE";
  (void) snprintf (number, sizeof (number), "%d", error);
  return number;
}

void calls_line (const char *result, const char *format, ...) {
  va_list args;
  va_start (args, format);
  (void) vprintf (format, args);
  va_end (args);
  (void) printf (": %s", seen.done ? result : "absent");
  if (seen.done && seen.error != ERRNO_PRESET) (void) printf (", %s", error_name (seen.error));
  if (seen.new_calls != 0)
    (void) printf (", new handler %d times for %s", seen.new_calls,
                   calls_size (seen.new_size - hidden));
  if (seen.invalid_calls != 0)
    (void) printf (", invalid parameter %d times%s", seen.invalid_calls,
                   seen.invalid_named ? " by name" : "");
  (void) printf ("\n");
  (void) fflush (stdout);
  memset (&seen, 0, sizeof (seen));
}

static unsigned char pattern (size_t i) {
  return (unsigned char) (0xa5 ^ i ^ (i >> 8));
}

void calls_fill (void *p, size_t size) {
  unsigned char *bytes = p;
  for (size_t i = 0; i < size; i++) bytes[i] = pattern (i);
}

int calls_kept (const void *p, size_t kept, size_t size, int zero) {
  const unsigned char *bytes = p;
  for (size_t i = 0; i < kept; i++)
    if (bytes[i] != pattern (i)) return 0;
  if (!calls_exact && kept != 0) return 1; /* _recalloc only knows the capacity of the old block */
  for (size_t i = kept; zero && i < size; i++)
    if (bytes[i] != 0) return 0;
  return 1;
}

int calls_is_size (size_t actual, size_t size, size_t alignment) {
  if (actual == size) return 1;
  return !calls_exact && actual > size && actual <= size + size / 4 + 64 + 2 * alignment;
}

static const char *wrong_size (size_t actual, size_t size, size_t alignment) {
  static char text[80];
  if (calls_is_size (actual, size, alignment)) return NULL;
  (void) snprintf (text, sizeof (text), "block whose size is %s instead of %s", calls_size (actual),
                   calls_size (size));
  return text;
}

const char *calls_block (void *p, size_t size) {
  if (p == NULL) return "NULL";
  if ((uintptr_t) p % MEMORY_ALLOCATION_ALIGNMENT != 0) return "block at a wrong alignment";
  if (size == 0) size = 1; /* as the UCRT makes it */
  const char *wrong = wrong_size (crt._msize (p), size, 0);
  if (wrong != NULL) return wrong;
  calls_fill (p, size);
  return "block";
}

const char *calls_aligned_block (void *p, size_t size, size_t alignment, size_t offset) {
  if (p == NULL) return "NULL";
  if (((uintptr_t) p + offset) % alignment != 0) return "block at a wrong alignment";
  const char *wrong = wrong_size (crt._aligned_msize (p, alignment, offset), size, alignment);
  if (wrong != NULL) return wrong;
  calls_fill (p, size);
  return "block";
}

int main (void) {
  const char *sizes = getenv ("CALLS_SIZES");
  calls_exact = sizes == NULL || strcmp (sizes, "exact") == 0;
  calls_careful = getenv ("CALLS_CAREFUL") != NULL;
  if (calls_find ("ucrtbase.dll") != 0) {
    (void) fprintf (stderr, "calls: ucrtbase.dll lacks what every one has\n");
    return 1;
  }
  calls_make_foreign ();
  if (fixture_load_late () != 0 || calls_find ("ucrtbase.dll") != 0) return 1;
  calls_foreign ();
  calls_plain ();
  calls_aligned ();
  calls_handlers ();
  calls_others ();
  calls_twins ();
  return 0;
}
