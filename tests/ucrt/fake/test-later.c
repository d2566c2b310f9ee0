/* C runtimes that are loaded and unloaded while the process runs: what happens to other threads
   meanwhile, and what the status says afterwards.  */

#include <stdio.h>
#include <string.h>

#include "ucrt/fake/fake-take-over.h"
#include "ucrt/health.h"
#include "ucrt/nt.h"
#include "support/tap.h"

static const char waiting[] =
    "nothing to take over yet: msvcrt.dll is loaded, but only taken over if MIR_UCRT_CRTS names it";

static void begin (const char *crts) {
  fixture_reset (crts);
  CHECK_INT (ucrt_find_crts (), 0);
  ucrt_update_state ();
  CHECK_INT (ucrt_status.state, MIR_UCRT_WAITING);
  CHECK_STR (ucrt_status.reason, waiting);
}

static void state_is_told_of_what_comes_and_goes (void) {
  begin ("fake-later");
  HMODULE dll = fixture_load_copy ("fake-shapes", "fake-later");
  CHECK_INT (ucrt_status.state, MIR_UCRT_ACTIVE);
  CHECK_STR (ucrt_status.reason, "");
  FreeLibrary (dll);
  CHECK_INT (ucrt_status.state, MIR_UCRT_WAITING);
  CHECK_STR (ucrt_status.reason, waiting);
}

static void state_is_told_of_what_is_refused_later (void) {
  begin ("fake-missing");
  HMODULE dll = fixture_load ("fake-missing");
  CHECK_INT (ucrt_status.state, MIR_UCRT_REFUSED);
  CHECK_STR (ucrt_status.reason, "free is missing");
  fixture_unload (dll);
}

/* A debug runtime may be taken over before it runs, unless it does not say when that is over.  */
static void debug_runtime_must_say_when_it_is_initialised (void) {
  begin ("fake-debug");
  HMODULE dll = fixture_load ("fake-debug");
  CHECK_INT (ucrt_status.state, MIR_UCRT_REFUSED);
  CHECK_STR (ucrt_status.reason, "the debug C runtime does not say when it is initialised");
  fixture_unload (dll);
}

/*---------------- Other threads -----------------------------*/

/* No thread can be inside a runtime that has not run.  Threads must not be stopped for it: the
   loader notifies of it without holding the loader lock, and one of them may hold that.  */

static LONG (NTAPI *real_suspend) (HANDLE, ULONG *);
static int suspended;

static LONG NTAPI counting_suspend (HANDLE thread, ULONG *count) {
  suspended++;
  return real_suspend (thread, count);
}

static volatile int stop;

static DWORD WINAPI idle (void *unused) {
  (void) unused;
  while (!stop) Sleep (1);
  return 0;
}

static void no_thread_is_stopped_for_what_has_not_run (void) {
  stop = 0;
  HANDLE thread = CreateThread (NULL, 0, idle, NULL, 0, NULL);
  begin ("fake-later");
  real_suspend = ucrt_nt.suspend;
  ucrt_nt.suspend = counting_suspend;
  suspended = 0;
  HMODULE dll = fixture_load_copy ("fake-shapes", "fake-later");
  CHECK_INT (ucrt_status.state, MIR_UCRT_ACTIVE);
  CHECK_INT (suspended, 0);
  fixture_unload (dll);
  dll = fixture_load ("fake-shapes"); /* this one has run: the thread is stopped */
  fixture_reset ("fake-shapes");
  ucrt_nt.suspend = counting_suspend;
  CHECK_INT (ucrt_find_crts (), 1);
  CHECK (suspended > 0);
  ucrt_nt.suspend = real_suspend;
  fixture_unload (dll);
  stop = 1;
  CHECK_INT (WaitForSingleObject (thread, 10000), WAIT_OBJECT_0);
  CloseHandle (thread);
}

/*---------------- Reading the status -----------------------------*/

static volatile long looks;

static DWORD WINAPI look (void *unused) {
  (void) unused;
  for (; !stop; InterlockedIncrement (&looks)) ucrt_refresh_status ();
  return 0;
}

static void status_may_be_read_while_a_runtime_goes (void) {
  stop = 0;
  looks = 0;
  HANDLE thread = CreateThread (NULL, 0, look, NULL, 0, NULL);
  for (unsigned round = 0; round < tap_scaled (200); round++) {
    begin ("fake-later");
    HMODULE dll = fixture_load_copy ("fake-shapes", "fake-later");
    CHECK_INT (ucrt_status.state, MIR_UCRT_ACTIVE);
    long seen = looks;
    while (looks < seen + 5) Sleep (0);
    FreeLibrary (dll);
  }
  stop = 1;
  CHECK_INT (WaitForSingleObject (thread, 10000), WAIT_OBJECT_0);
  CloseHandle (thread);
  tap_note ("looked %ld times", looks);
}

/*---------------- More CRTs than entries -----------------------------*/

static void one_too_many_is_named (void) {
  HMODULE dlls[MIR_UCRT_CRTS_MAX + 1];
  char name[32];
  begin ("fake-0,fake-1, fake-2.dll fake-3,,fake-4");
  for (int i = 0; i <= MIR_UCRT_CRTS_MAX; i++) {
    snprintf (name, sizeof (name), "fake-%d", i);
    dlls[i] = fixture_load_copy ("fake-shapes", name);
    CHECK_INT (fixture_call (dlls[i], "malloc"), i < MIR_UCRT_CRTS_MAX ? MARK + 1 : 1);
  }
  CHECK_INT (ucrt_status.state, MIR_UCRT_ACTIVE);
  CHECK_STR (ucrt_status.reason, "fake-4.dll is left alone: 4 C runtimes are already taken over");
  FreeLibrary (dlls[1]); /* there is room again */
  CHECK_STR (ucrt_status.reason, "");
  FreeLibrary (dlls[MIR_UCRT_CRTS_MAX]);
  dlls[4] = fixture_load_copy ("fake-shapes", "fake-4");
  CHECK_INT (fixture_call (dlls[4], "malloc"), MARK + 1);
  for (int i = 0; i <= MIR_UCRT_CRTS_MAX; i++)
    if (i != 1) FreeLibrary (dlls[i]);
  CHECK_INT (ucrt_status.state, MIR_UCRT_WAITING);
}

int main (int argc, char **argv) {
  fixture_folder (argc > 1 ? argv[1] : NULL);
  TEST_RUN (state_is_told_of_what_comes_and_goes);
  TEST_RUN (state_is_told_of_what_is_refused_later);
  TEST_RUN (debug_runtime_must_say_when_it_is_initialised);
  TEST_RUN (no_thread_is_stopped_for_what_has_not_run);
  TEST_RUN (status_may_be_read_while_a_runtime_goes);
  TEST_RUN (one_too_many_is_named);
  return tap_done ();
}
