/* Failures: each of them leaves by a jump to the innermost catcher of its thread.

   The context calls fail as its error function, the containers call it through their hooks
   (containers.h), this program calls it for bad input.  The jump loses nothing: every block belongs
   to a structure that the catcher finishes.  Any thread.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_FAILURE_H
#define MIR_EXAMPLES_PACKET_FILTER_FAILURE_H

#include <stdio.h> /* __MINGW_PRINTF_FORMAT */

#include "mir-code.h"
#include "mir.h"

/* For a function whose argument number FORMAT is a printf format for the arguments after it.  */
#if defined(__MINGW_PRINTF_FORMAT)
#define LIKE_PRINTF(FORMAT) __attribute__ ((format (__MINGW_PRINTF_FORMAT, FORMAT, FORMAT + 1)))
#elif defined(__GNUC__)
#define LIKE_PRINTF(FORMAT) __attribute__ ((format (printf, FORMAT, FORMAT + 1)))
#else
#define LIKE_PRINTF(FORMAT)
#endif

struct failure {
  MIR_error_type_t type;
  char message[5000]; /* one line, without a newline; a path may have 4096 bytes */
};

/* Jump to the innermost catch_failure of this thread; without one, print the message and exit with
   status 1.  FORMAT is as for printf.  */
MIR_NO_RETURN void fail (MIR_error_type_t type, const char *format, ...) LIKE_PRINTF (2);

/* Fail unless STATUS is MIR_CODE_OK.  The functions of mir-code.h return a status and never call
   the error function.  */
void expect_ok (MIR_code_status_t status);

/* Call BODY (ARG).  0 if it returned; -1 if it failed, with the reason in FAILURE.  */
int catch_failure (struct failure *failure, void (*body) (void *arg), void *arg);

#endif /* MIR_EXAMPLES_PACKET_FILTER_FAILURE_H */
