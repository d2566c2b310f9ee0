/* Takes the memory of mir-report from the C library.  */
#include "report/report-alloc.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapters/mir-globals.h"

MIR_FROM_GLOBALS (libc_alloc, malloc, calloc, realloc, free)

const MIR_alloc_t report_alloc = &libc_alloc;

static void (*end_program) (void);

void report_at_no_memory (void (*end) (void)) {
  end_program = end;
}

_Noreturn void report_no_memory (void) {
  if (end_program != NULL) end_program ();
  fputs ("mir-report: out of memory\n", stderr);
  exit (EXIT_FAILURE);
}
