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

enum { TRAP_FLAG = 0x100, BLOCKS = 64 };

/* malloc or free: takes and returns one word.  */
typedef void *(*call_t) (void *);

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

__attribute__ ((noinline)) static void *nothing (void *argument) {
  __asm__ volatile ("" : "+r"(argument));
  return argument;
}

/* Set *COUNT to the instructions of FUNCTION (ARGUMENT), with a few around the call, the same for
   every FUNCTION: never inlined.  Returns what FUNCTION returns.  */
__attribute__ ((noinline)) static void *count_call (call_t function, void *argument, long *count) {
  steps = 0;
  counting = 1;
  __asm__ volatile ("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_FLAG) : "memory", "cc");
  void *result = function (argument);
  counting = 0;
  *count = steps;
  return result;
}

/* The instructions around a call.  Two of nothing are its own.  */
static long around_call (void) {
  call_t volatile function = nothing; /* not known to the compiler */
  long count;
  count_call (function, NULL, &count);
  return count - 2;
}

static int by_value (const void *a, const void *b) {
  long x = *(const long *) a, y = *(const long *) b;
  return (x > y) - (x < y);
}

/* A median: now and then a page becomes full or empty.  */
static void print_median (const char *name, size_t size, long counts[BLOCKS]) {
  qsort (counts, BLOCKS, sizeof (*counts), by_value);
  printf ("%s %u,%ld\n", name, (unsigned) size, counts[BLOCKS / 2] - around_call ());
}

static void count_pair (const char *allocate_name, call_t allocate, const char *release_name,
                        call_t release, size_t size) {
  void *blocks[BLOCKS];
  long counts[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) blocks[i] = allocate ((void *) size);
  for (int i = 0; i < BLOCKS; i += 2) release (blocks[i]);
  for (int i = 0; i < BLOCKS; i += 2) {
    blocks[i] = count_call (allocate, (void *) size, &counts[i]);
    counts[i + 1] = counts[i];
    if (blocks[i] == NULL) fail ("steps: no memory");
  }
  print_median (allocate_name, size, counts);
  for (int i = 0; i < BLOCKS; i++) count_call (release, blocks[i], &counts[i]);
  print_median (release_name, size, counts);
}

static call_t export_of (HMODULE module, const char *name) {
  call_t function = (call_t) (void *) GetProcAddress (module, name);
  if (function == NULL) fail ("steps: a function is missing");
  return function;
}

/* What the entry of the CRT's function NAME jumps to, by the status of mir-ucrt.dll; NULL if that
   has none.  */
static call_t hook_of (HMODULE dll, const char *name) {
  typedef const MIR_ucrt_status_t *(*get_status) (void);
  get_status get = (get_status) (void *) GetProcAddress (dll, "MIR_ucrt_status");
  const MIR_ucrt_status_t *status = get != NULL ? get () : NULL;
  for (size_t i = 0; status != NULL && i < status->functions_num; i++)
    if (strcmp (status->functions[i].name, name) == 0
        && status->functions[i].state == MIR_UCRT_TAKEN)
      return (call_t) (uintptr_t) status->functions[i].target;
  return NULL;
}

static void count_size (HMODULE crt, HMODULE dll, size_t size) {
  count_pair ("malloc", export_of (crt, "malloc"), "free", export_of (crt, "free"), size);
  if (dll == NULL) return;
  count_pair ("mi_malloc", export_of (dll, "mi_malloc"), "mi_free", export_of (dll, "mi_free"),
              size);
  call_t allocate = hook_of (dll, "malloc"), release = hook_of (dll, "free");
  if (allocate == NULL || release == NULL) return;
  count_pair ("hook of malloc", allocate, "hook of free", release, size);
}

int count_steps (void) {
  static const size_t sizes[] = {48, 300, 2000};
  HMODULE crt = GetModuleHandleA ("ucrtbase.dll"), dll = GetModuleHandleA ("mir-ucrt.dll");
  if (dll == NULL) dll = GetModuleHandleA ("mimalloc.dll");
  if (crt == NULL) fail ("steps: ucrtbase.dll is not in this process");
  if (AddVectoredExceptionHandler (1, step) == NULL) fail ("steps: no handler");
  for (size_t i = 0; i < sizeof (sizes) / sizeof (*sizes); i++) count_size (crt, dll, sizes[i]);
  return 0;
}
