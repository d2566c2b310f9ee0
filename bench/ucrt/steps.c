/* Counts the instructions that a call executes, one by one, with the CPU's trap flag. x86-64.

   Every step is an exception to the handler below, which counts it and sets the flag for the next
   one.  So what is counted is what runs: no disassembly has to guess which way a branch goes.  */

#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "subjects.h"
#include "mir-ucrt.h"

enum { TRAP_FLAG = 0x100, BLOCKS = 64, BLOCK_SIZE = 48 };

typedef void (*free_t) (void *);

static volatile int counting;
static volatile long steps;

static LONG CALLBACK step (EXCEPTION_POINTERS *exception) {
  if (exception->ExceptionRecord->ExceptionCode != EXCEPTION_SINGLE_STEP)
    return EXCEPTION_CONTINUE_SEARCH;
  if (counting) {
    steps++;
    exception->ContextRecord->EFlags |= TRAP_FLAG;
  }
  return EXCEPTION_CONTINUE_EXECUTION;
}

__attribute__ ((noinline)) static void nothing (void *block) {
  __asm__ volatile ("" : : "r"(block));
}

/* Includes a few instructions around the call, the same for every FUNCTION.  */
static long steps_of (free_t function, void *block) {
  steps = 0;
  counting = 1;
  __asm__ volatile ("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_FLAG) : "memory", "cc");
  function (block);
  counting = 0;
  return steps;
}

static int by_value (const void *a, const void *b) {
  long x = *(const long *) a, y = *(const long *) b;
  return (x > y) - (x < y);
}

/* The median over some blocks of one size: now and then a page becomes full or empty.  */
static long median_of (free_t function) {
  long counts[BLOCKS];
  void *blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) {
    blocks[i] = malloc (BLOCK_SIZE);
    if (blocks[i] == NULL) fail ("steps: no memory");
  }
  for (int i = 0; i < BLOCKS; i++) counts[i] = steps_of (function, blocks[i]);
  qsort (counts, BLOCKS, sizeof (*counts), by_value);
  return counts[BLOCKS / 2];
}

/* What the entry of free jumps to.  */
static free_t hook_of_free (HMODULE dll) {
  typedef const MIR_ucrt_status_t *(*get_status) (void);
  get_status get = (get_status) (void *) GetProcAddress (dll, "MIR_ucrt_status");
  if (get == NULL) fail ("steps: no status");
  const MIR_ucrt_status_t *status = get ();
  for (size_t i = 0; i < status->functions_num; i++)
    if (strcmp (status->functions[i].name, "free") == 0
        && status->functions[i].state == MIR_UCRT_TAKEN)
      return (free_t) (uintptr_t) status->functions[i].target;
  fail ("steps: free is not taken over");
  return NULL;
}

int count_steps (void) {
  HMODULE dll = GetModuleHandleA ("mir-ucrt.dll"), crt = GetModuleHandleA ("ucrtbase.dll");
  if (dll == NULL || crt == NULL)
    fail ("steps: mir-ucrt.dll or ucrtbase.dll is not in this process");
  free_t plain = (free_t) (void *) GetProcAddress (dll, "mi_free");
  free_t hooked = (free_t) (void *) GetProcAddress (crt, "free");
  if (plain == NULL || hooked == NULL) fail ("steps: no free");
  if (AddVectoredExceptionHandler (1, step) == NULL) fail ("steps: no handler");
  long around = steps_of (nothing, NULL) - 1; /* nothing's return is one instruction */
  printf ("mi_free,instructions,%ld\n", median_of (plain) - around);
  printf ("the hook of free,instructions,%ld\n", median_of (hook_of_free (dll)) - around);
  printf ("free,instructions,%ld\n", median_of (hooked) - around);
  return 0;
}
