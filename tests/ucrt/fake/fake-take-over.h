/* A take-over without the DLL: the parts of src/ucrt that do it, and hooks that only say that they
   were called.

   The tests are linked to msvcrt.dll, so no C runtime named ucrtbase.dll or fake-* is one of their
   own.  */

#ifndef MIR_TESTS_UCRT_FAKE_FAKE_TAKE_OVER_H
#define MIR_TESTS_UCRT_FAKE_FAKE_TAKE_OVER_H

#include <windows.h>

#include "mir-ucrt.h"
#include "ucrt/crt-calls.h"
#include "ucrt/crts.h"
#include "ucrt/environment.h"
#include "ucrt/hooks.h"
#include "ucrt/status-section.h"
#include "ucrt/take-over.h"

enum { MARK = 1000 }; /* a hook returns this much more than the function it replaces */

/* A function of a fake C runtime; it ignores its arguments.  */
typedef int (__cdecl *fake_function_t) (void *);

struct fake_name {
  const char *name;
  int number; /* what it returns */
};

extern const struct fake_name fake_names[]; /* in the order of ucrt_hooks */

/* Reset everything: options as without an environment, an empty status, no C runtime known.  CRTS
   goes to ucrt_options.crts.  */
void fixture_reset (const char *crts);

/* Set the folder of the fake C runtimes; NULL: beside the program.  A Linux path becomes one on
   Wine's drive Z.  */
void fixture_folder (const char *folder);

/* Load NAME.dll from that folder, or leave the test.  */
HMODULE fixture_load (const char *name);
/* Copy NAME.dll to COPY.dll in the test's working folder, and load that.  */
HMODULE fixture_load_copy (const char *name, const char *copy);
/* Unload DLL; a DLL loaded next is not taken over by itself.  */
void fixture_unload (HMODULE dll);

/* Call the function NAME of DLL and return its result.  */
int fixture_call (HMODULE dll, const char *name);

MIR_ucrt_function_t *fixture_status (unsigned crt, const char *name);

/* How many times a C runtime was tested after a take-over since the reset.  */
extern int fixture_checks;

/*---------------- System calls which fail -----------------------------*/

/* Let the call number N from now on fail, counted from 0, once; < 0: none.  */
void fixture_fail_at (int n);
int fixture_has_failed (void);
/* Do not let a C runtime be pinned, because the test unloads it.  */
void fixture_no_pins (void);

#endif
