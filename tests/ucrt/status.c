/* Prints the status of mir-ucrt.dll, for run.sh and for people: one line for the whole, for each
   CRT and for each function.  The exit status is 3 if the DLL is not loaded, 2 if the status has a
   wrong header, and 1 if a function is not as it should be.  */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"

static const char *const states[] = {"absent", "taken", "alias", "reached", "left"};
static const char *const tests[] = {"untested", "passed", "wrong"};

static int print_functions (const MIR_ucrt_status_t *status) {
  int bad = 0;
  for (uint32_t i = 0; i < status->functions_num; i++) {
    const MIR_ucrt_function_t *f = &status->functions[i];
    if (f->state > MIR_UCRT_LEFT || f->test > MIR_UCRT_WRONG || f->crt >= status->crts_num
        || f->name[0] == 0 || memchr (f->name, 0, sizeof (f->name)) == NULL) {
      printf ("function %u: nonsense\n", i);
      bad++;
      continue;
    }
    int ok =
        f->state != MIR_UCRT_TAKEN || (f->intact && f->test == MIR_UCRT_PASSED && f->address != 0);
    printf ("function %s of %u: %s, %s, %s, %llu calls%s\n", f->name, f->crt, states[f->state],
            f->intact ? "intact" : "not intact", tests[f->test], (unsigned long long) f->calls,
            ok ? "" : " BAD");
    bad += !ok;
  }
  return bad;
}

/* This tells Microsoft's runtime from Wine's, where the twins are one function.  */
static void print_entry (void) {
  HMODULE crt = GetModuleHandleA ("ucrtbase.dll");
  FARPROC twin = GetProcAddress (crt, "_o_malloc"), plain = GetProcAddress (crt, "malloc");
  const unsigned char *bytes;
  memcpy (&bytes, &twin, sizeof (bytes));
  if (twin == plain)
    printf ("_o_malloc: malloc\n");
  else
    printf ("_o_malloc: %02x %02x %02x %02x %02x %02x\n", bytes[0], bytes[1], bytes[2], bytes[3],
            bytes[4], bytes[5]);
}

int main (void) {
  void *volatile blocks[3] = {malloc (100), calloc (3, 7), NULL}; /* calls to be counted */
  blocks[2] = realloc (blocks[0], 5000);
  free (blocks[1]);
  print_entry ();
  if (fixture_load_late () != 0) return 3;
  free (blocks[2]);
  const MIR_ucrt_status_t *status = fixture_status ();
  if (status == NULL) {
    printf ("state: no DLL\n");
    return 3;
  }
  int wrong = fixture_check ();
  status = fixture_status ();
  printf ("state: %s\nreason: %s\nbits: %u\ncounting: %u\nexact: %u\nloaded twice: %u\ncheck: %d\n",
          fixture_state_name (status->state), status->reason, status->bits, status->counting,
          status->exact, status->loaded_twice, wrong);
  if (status->magic != MIR_UCRT_STATUS_MAGIC || status->version != MIR_UCRT_STATUS_VERSION
      || status->size != sizeof (*status) || status->bits != sizeof (void *) * 8) {
    printf ("header: wrong\n");
    return 2;
  }
  for (uint32_t i = 0; i < status->crts_num; i++)
    printf ("crt %s: %s, %s, %u retries, %s\n", status->crts[i].name,
            fixture_state_name (status->crts[i].state),
            status->crts[i].late ? "late" : "at start-up", status->crts[i].retries,
            status->crts[i].reason);
  int bad = print_functions (status);
  return bad != 0 || wrong > 0 ? 1 : 0;
}
