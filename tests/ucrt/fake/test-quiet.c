/* Other threads during a take-over: in an aligned function, in bytes that are replaced, far away,
   and many of them.  */

#include <string.h>

#include "ucrt/fake/fake-take-over.h"
#include "ucrt/nt.h"
#include "ucrt/threads.h"
#include "support/tap.h"

static HANDLE entered, leave;

/* The fake's _aligned_malloc and the tail of its _aligned_free call this.  */
static void __cdecl park_here (void) {
  SetEvent (entered);
  WaitForSingleObject (leave, INFINITE);
}

struct call {
  fake_function_t function;
  int result;
};

static DWORD WINAPI call (void *argument) {
  struct call *call = argument;
  call->result = call->function (NULL);
  return 0;
}

/* Start a thread that stays in FUNCTION of DLL until LEAVE is set.  */
static HANDLE thread_inside (HMODULE dll, const char *function, struct call *arguments) {
  void (__cdecl * *park) (void) = (void (__cdecl **) (void)) (void *) GetProcAddress (dll, "park");
  REQUIRE (park != NULL);
  entered = CreateEventA (NULL, FALSE, FALSE, NULL);
  leave = CreateEventA (NULL, TRUE, FALSE, NULL);
  *park = park_here;
  arguments->function = (fake_function_t) (void *) GetProcAddress (dll, function);
  HANDLE thread = CreateThread (NULL, 0, call, arguments, 0, NULL);
  REQUIRE (thread != NULL && WaitForSingleObject (entered, 10000) == WAIT_OBJECT_0);
  return thread;
}

static void let_it_go (HANDLE thread) {
  SetEvent (leave);
  CHECK_INT (WaitForSingleObject (thread, 10000), WAIT_OBJECT_0);
  CloseHandle (thread);
  CloseHandle (entered);
  CloseHandle (leave);
}

static void is_not_taken_over_while_inside (const char *function, int number) {
  static uint8_t text[0x3000];
  struct call arguments = {NULL, 0};
  HMODULE dll = fixture_load ("fake-shapes");
  memcpy (text, (uint8_t *) dll + 0x1000, sizeof (text));
  HANDLE thread = thread_inside (dll, function, &arguments);
  fixture_reset ("fake-shapes");
  CHECK_INT (ucrt_find_crts (), -1);
  CHECK_INT (ucrt_status.crts[0].state, MIR_UCRT_FAILED);
  CHECK (strstr (ucrt_status.crts[0].reason, "inside the aligned functions") != NULL);
  CHECK (memcmp (text, (uint8_t *) dll + 0x1000, sizeof (text)) == 0);
  let_it_go (thread);
  CHECK_INT (arguments.result, number); /* nothing happened to it */
  CHECK_INT (ucrt_find_crts (), 1);     /* the next attempt succeeds */
  CHECK_INT (fixture_call (dll, function), MARK + number);
  fixture_unload (dll);
}

static void thread_in_an_aligned_function_prevents_it (void) {
  is_not_taken_over_while_inside ("_aligned_malloc", 8);
}

static void thread_behind_its_last_jump_prevents_it (void) {
  is_not_taken_over_while_inside ("_aligned_free", 9);
}

/* The thread leaves during the attempts: then the take-over succeeds and says how often it
   retried.  */
static volatile int runs, begun;

static DWORD WINAPI leave_soon (void *unused) {
  (void) unused;
  for (runs = 1; !begun;) Sleep (0);
  Sleep (30);
  SetEvent (leave);
  return 0;
}

static void waits_for_a_thread_to_leave (void) {
  struct call arguments = {NULL, 0};
  HMODULE dll = fixture_load ("fake-shapes");
  HANDLE thread = thread_inside (dll, "_aligned_malloc", &arguments);
  fixture_reset ("fake-shapes");
  runs = begun = 0;
  HANDLE helper = CreateThread (NULL, 0, leave_soon, NULL, 0, NULL);
  while (!runs) Sleep (1); /* under the loader lock it could not start */
  begun = 1;
  CHECK_INT (ucrt_find_crts (), 1);
  CHECK (ucrt_status.crts[0].retries > 0);
  CHECK_INT (WaitForSingleObject (helper, 10000), WAIT_OBJECT_0);
  CloseHandle (helper);
  let_it_go (thread);
  CHECK_INT (arguments.result, 8);
  CHECK_INT (fixture_call (dll, "_aligned_malloc"), MARK + 8);
  fixture_unload (dll);
}

#ifdef __x86_64__
/* The calls of an aligned function have ended, but nothing has overwritten their part of the
   stack.  */
static void __cdecl leave_traces (void) {}

static __attribute__ ((noinline)) void wait_above_traces (void) {
  volatile char hole[4096];
  hole[0] = 0;
  SetEvent (entered);
  WaitForSingleObject (leave, INFINITE);
  (void) hole[1];
}

static __attribute__ ((noinline)) void call_deeply (fake_function_t function) {
  volatile char room[512];
  room[0] = 0;
  function (NULL);
  (void) room[1];
}

static DWORD WINAPI call_and_wait (void *argument) {
  call_deeply (((struct call *) argument)->function);
  wait_above_traces ();
  return 0;
}

static void old_return_addresses_do_not_matter (void) {
  struct call arguments;
  HMODULE dll = fixture_load ("fake-shapes");
  *(void (__cdecl **) (void)) (void *) GetProcAddress (dll, "park") = leave_traces;
  entered = CreateEventA (NULL, FALSE, FALSE, NULL);
  leave = CreateEventA (NULL, TRUE, FALSE, NULL);
  arguments.function = (fake_function_t) (void *) GetProcAddress (dll, "_aligned_malloc");
  fixture_reset ("fake-shapes");
  HANDLE thread = CreateThread (NULL, 0, call_and_wait, &arguments, 0, NULL);
  CHECK_INT (WaitForSingleObject (entered, 10000), WAIT_OBJECT_0);
  CHECK_INT (ucrt_find_crts (), 1);
  CHECK_STR (ucrt_status.crts[0].reason, "");
  let_it_go (thread);
  fixture_unload (dll);
}
#endif

/* A thread in a loop of two bytes is seen there, and nowhere else.  */
static void instruction_of_a_thread_is_seen (void) {
  static const uint8_t circle[] = {0x90, 0x90, 0x90, 0x90, 0xeb, 0xfe};
  fixture_reset ("");
  uint8_t *code = VirtualAlloc (NULL, 0x1000, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
  DWORD number, old;
  REQUIRE (code != NULL);
  memcpy (code, circle, sizeof (circle));
  REQUIRE (VirtualProtect (code, 0x1000, PAGE_EXECUTE_READ, &old));
  HANDLE thread = CreateThread (NULL, 0, (LPTHREAD_START_ROUTINE) (void *) code, NULL, 0, &number);
  Sleep (50);
  uintptr_t begin = (uintptr_t) code, end = begin + 0x1000;
  /* Not the first byte, because the thread's start address is on its stack.  */
  struct ucrt_range before = {begin + 1, begin + 4}, at = {begin + 4, begin + 6},
                    behind = {begin + 6, end};
  struct ucrt_code_ranges ranges[] = {
      {.begin = begin, .end = end, .num = 1, .list = &before},
      {.begin = begin, .end = end, .num = 1, .list = &at},
      {.begin = begin, .end = end, .num = 1, .list = &behind},
  };
  uint32_t inside[3] = {0};
  CHECK_INT (ucrt_threads_reserve (), 0);
  int result = ucrt_threads_stop ();
  for (int i = 0; i < 3 && result == UCRT_THREADS_STOPPED; i++)
    inside[i] = ucrt_thread_inside (&ranges[i]);
  if (result == UCRT_THREADS_STOPPED) ucrt_threads_resume ();
  CHECK_INT (result, UCRT_THREADS_STOPPED);
  CHECK_INT (inside[0], 0);
  CHECK_INT (inside[1], number);
  CHECK_INT (inside[2], 0);
  TerminateThread (thread, 0);
  CloseHandle (thread);
}

/*---------------- Threads which call -----------------------------*/

enum { CALLERS = 4, STARTERS = 4 };

static volatile int stop;

struct caller {
  HMODULE dll;
  volatile size_t rounds; /* through all functions */
  int wrong;
};

/* Each call returns the old number or the new one; once a thread has seen the new number of a
   function, it never sees the old one again.  */
static DWORD WINAPI call_all (void *argument) {
  struct caller *caller = argument;
  int is_new[16] = {0};
  fake_function_t functions[16];
  for (int i = 0; fake_names[i].name != NULL; i++)
    functions[i] = (fake_function_t) (void *) GetProcAddress (caller->dll, fake_names[i].name);
  for (; !stop; caller->rounds++)
    for (int i = 0; fake_names[i].name != NULL; i++) {
      int got = functions[i](NULL), number = fake_names[i].number;
      if (got == number + MARK)
        is_new[i] = 1;
      else if (got != number || is_new[i])
        caller->wrong++;
    }
  for (int i = 0; fake_names[i].name != NULL; i++) caller->wrong += !is_new[i];
  return 0;
}

static void callers_see_the_old_or_the_new_function (void) {
  size_t calls = 0;
  unsigned retries = 0, rounds = (unsigned) tap_scaled (20);
  for (unsigned round = 0; round < rounds; round++) {
    HANDLE threads[CALLERS];
    struct caller callers[CALLERS];
    HMODULE dll = fixture_load ("fake-shapes");
    fixture_reset ("fake-shapes");
    stop = 0;
    for (int i = 0; i < CALLERS; i++) {
      callers[i] = (struct caller) {dll, 0, 0};
      threads[i] = CreateThread (NULL, 0, call_all, &callers[i], 0, NULL);
    }
    Sleep (2);
    CHECK_INT (ucrt_find_crts (), 1);
    if (ucrt_status.crts[0].reason[0] != 0) tap_note ("%s", ucrt_status.crts[0].reason);
    for (int i = 0; i < CALLERS; i++) /* each of them reaches every function */
      for (size_t seen = callers[i].rounds; callers[i].rounds < seen + 2;) Sleep (1);
    stop = 1;
    CHECK_INT (WaitForMultipleObjects (CALLERS, threads, TRUE, 10000), WAIT_OBJECT_0);
    for (int i = 0; i < CALLERS; i++) {
      CHECK_INT (callers[i].wrong, 0);
      calls += callers[i].rounds;
      CloseHandle (threads[i]);
    }
    retries += ucrt_status.crts[0].retries;
    fixture_unload (dll);
  }
  tap_note ("%u rounds, %llu times all functions, %u retries", rounds, (unsigned long long) calls,
            retries);
}

/*---------------- Threads which come and go -----------------------------*/

static DWORD WINAPI be_short (void *unused) {
  (void) unused;
  return 0;
}

static DWORD WINAPI start_others (void *unused) {
  (void) unused;
  while (!stop) {
    HANDLE thread = CreateThread (NULL, 0, be_short, NULL, 0, NULL);
    if (thread == NULL) continue;
    WaitForSingleObject (thread, INFINITE); /* otherwise they pile up at the loader lock */
    CloseHandle (thread);
  }
  return 0;
}

static void threads_may_come_and_go (void) {
  HANDLE starters[STARTERS];
  stop = 0;
  for (int i = 0; i < STARTERS; i++)
    starters[i] = CreateThread (NULL, 0, start_others, NULL, 0, NULL);
  for (unsigned round = 0; round < tap_scaled (10); round++) {
    HMODULE dll = fixture_load ("fake-shapes");
    fixture_reset ("fake-shapes");
    CHECK_INT (ucrt_find_crts (), 1);
    CHECK_STR (ucrt_status.crts[0].reason, "");
    fixture_unload (dll);
  }
  stop = 1;
  CHECK_INT (WaitForMultipleObjects (STARTERS, starters, TRUE, 10000), WAIT_OBJECT_0);
}

static void more_threads_than_there_is_room_for (void) {
  enum { MANY = 600 };
  static HANDLE threads[MANY];
  HMODULE dll = fixture_load ("fake-shapes");
  fixture_reset ("fake-shapes");
  leave = CreateEventA (NULL, TRUE, FALSE, NULL);
  int num = 0;
  while (num < MANY
         && (threads[num] =
                 CreateThread (NULL, 0x10000, (LPTHREAD_START_ROUTINE) (void *) WaitForSingleObject,
                               leave, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL))
                != NULL)
    num++;
  CHECK_INT (num, MANY);
  CHECK_INT (ucrt_find_crts (), 1);
  CHECK_STR (ucrt_status.crts[0].reason, "");
  SetEvent (leave);
  for (int i = 0; i < num; i++) {
    CHECK_INT (WaitForSingleObject (threads[i], 10000), WAIT_OBJECT_0);
    CloseHandle (threads[i]);
  }
  fixture_unload (dll);
}

int main (int argc, char **argv) {
  fixture_folder (argc > 1 ? argv[1] : NULL);
  TEST_RUN (thread_in_an_aligned_function_prevents_it);
  TEST_RUN (thread_behind_its_last_jump_prevents_it);
  TEST_RUN (waits_for_a_thread_to_leave);
#ifdef __x86_64__
  TEST_RUN (old_return_addresses_do_not_matter);
#endif
  TEST_RUN (instruction_of_a_thread_is_seen);
  TEST_RUN (callers_see_the_old_or_the_new_function);
  TEST_RUN (threads_may_come_and_go);
  TEST_RUN (more_threads_than_there_is_room_for);
  return tap_done ();
}
