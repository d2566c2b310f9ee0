/* Keeps the catchers of each thread and leaves to the innermost one.  */
#include "failure.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* MIR's error function gets no context, so each thread has a list of catchers.  */
struct catcher {
  jmp_buf way_back;
  struct failure *failure;
  struct catcher *outer;
};

static _Thread_local struct catcher *innermost;

void fail (MIR_error_type_t type, const char *format, ...) {
  struct failure last_words;
  struct failure *failure = innermost != NULL ? innermost->failure : &last_words;
  va_list args;
  va_start (args, format);
  failure->type = type;
  vsnprintf (failure->message, sizeof (failure->message), format, args);
  va_end (args);
  for (char *p = failure->message; *p != '\0'; p++)
    if (iscntrl ((unsigned char) *p)) *p = '?'; /* a path may contain anything */

  if (innermost != NULL) longjmp (innermost->way_back, 1);
  fprintf (stderr, "packet-filter: %s\n", failure->message);
  exit (1);
}

void expect_ok (MIR_code_status_t status) {
  if (status != MIR_CODE_OK)
    fail (MIR_alloc_error, "machine code: %s", MIR_code_status_text (status));
}

int catch_failure (struct failure *failure, void (*body) (void *arg), void *arg) {
  struct catcher here;
  int result;
  here.failure = failure;
  here.outer = innermost;
  innermost = &here;
  if (setjmp (here.way_back) == 0) {
    body (arg);
    result = 0;
  } else {
    result = -1;
  }
  innermost = here.outer;
  return result;
}
