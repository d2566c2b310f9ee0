/* An error function for tests that leaves by longjmp, as an embedder's would:

     if (setjmp (error_trap) == 0) failing_call (); else the error is in error_trap_type, ..._text

   ERROR_CAUGHT (EXPR) is 1 if EXPR called the error function.  */
#ifndef MIR_TESTS_SUPPORT_ERROR_TRAP_H
#define MIR_TESTS_SUPPORT_ERROR_TRAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "mir.h"

static jmp_buf error_trap;
static MIR_error_type_t error_trap_type;
static char error_trap_text[200];
static int error_trap_count;

static void MIR_NO_RETURN error_trap_func (MIR_error_type_t type, const char *format, ...) {
  va_list args;
  va_start (args, format);
  vsnprintf (error_trap_text, sizeof (error_trap_text), format, args);
  va_end (args);
  error_trap_type = type;
  error_trap_count++;
  longjmp (error_trap, 1);
}

#define ERROR_CAUGHT(EXPR) (setjmp (error_trap) == 0 ? ((void) (EXPR), 0) : 1)

#endif /* MIR_TESTS_SUPPORT_ERROR_TRAP_H */
