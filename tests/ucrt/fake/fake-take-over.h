/* A take-over without the DLL: the parts of src/ucrt which do it, and hooks which only say that
   they were called.

   The test is linked to msvcrt.dll, so that a C runtime named ucrtbase.dll or fake-* is none of its
   own.  */

#ifndef FAKE_FIXTURE_H
#define FAKE_FIXTURE_H

#include <windows.h>

#include "mir-ucrt.h"
#include "ucrt/crt-calls.h"
#include "ucrt/crts.h"
#include "ucrt/environment.h"
#include "ucrt/hooks.h"
#include "ucrt/status-section.h"
#include "ucrt/take-over.h"

enum { MARK = 1000 }; /* a hook returns this more than the function which it replaces */

/* A C runtime's function of these tests; they look at no arguments.  */
typedef int (__cdecl *fake_function_t) (void *);

struct fake_name {
  const char *name;
  int number; /* what it returns */
};

extern const struct fake_name fake_names[]; /* as ucrt_hooks */

/* All options as without an environment, the status empty, and no C runtime known.  CRTS:
 * ucrt_options.crts.  */
void fixture_reset (const char *crts);

/* Where the fake C runtimes are; NULL: beside the program.  A path of Linux is one of Wine's drive
 * Z.  */
void fixture_folder (const char *folder);

/* Load NAME.dll of that folder, or leave the test.  */
HMODULE fixture_load (const char *name);
/* Copy NAME.dll to COPY.dll, in the folder in which the test runs, and load that.  */
HMODULE fixture_load_copy (const char *name, const char *copy);
/* Unload it; what is loaded next is not taken over by itself.  */
void fixture_unload (HMODULE dll);

/* What the function of that NAME in DLL returns when it is called.  */
int fixture_call (HMODULE dll, const char *name);

MIR_ucrt_function_t *fixture_status (unsigned crt, const char *name);

/* How often a C runtime was tried after it was taken over, since the reset.  */
extern int fixture_checks;

/*---------------- System calls which fail -----------------------------*/

/* From now on the call number N fails, counted from 0, once; < 0: none.  */
void fixture_fail_at (int n);
int fixture_has_failed (void);
/* Do not let a C runtime be pinned: the test unloads it.  */
void fixture_no_pins (void);

#endif
