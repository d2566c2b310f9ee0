/* The command run: starts a program with the DLL loaded first.  */
#include "inject/process/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "inject/process/command-line.h"
#include "inject/process/launch-gate.h"
#include "inject/process/launch-imports.h"
#include "inject/process/launch-program.h"
#include "inject/process/load.h"
#include "inject/process/log.h"
#include "inject/process/presence.h"
#include "inject/process/tool.h"
#include "inject/process/utf16.h"

#define BUSY_TIME 100 /* milliseconds for which watch does not sleep */

/* A program that was started suspended.  */
struct launch {
  const struct process_options *options;
  struct remote remote;
  HANDLE thread; /* the first thread of the program */
  const wchar_t *dll;
  enum process_way way; /* the one that worked; PROCESS_ANY_WAY: none */
  uint64_t slot, empty; /* PROCESS_IMPORTS: the loader replaces EMPTY, at SLOT, by a pointer into
                           the DLL */
  struct load load;     /* PROCESS_APC, PROCESS_THREAD */
  uint64_t module;      /* PROCESS_THREAD: address of the DLL */
  struct launch_gate gate;
  struct presence presence;
  char cause[REASON_MAX]; /* why the program was not taken over */
  int too_short;          /* the program ended without an error before its status was seen */
};

/* The address of the DLL in the program; 0: not loaded yet, or not known.  */
static uint64_t module_of (struct launch *launch) {
  char cause[REASON_MAX];
  uint64_t pointer = 0, module = 0;
  MEMORY_BASIC_INFORMATION info;
  if (launch->way == PROCESS_THREAD) return launch->module;
  if (launch->way == PROCESS_APC)
    return load_end (&launch->remote, &launch->load, &module, cause) == LOAD_DONE ? module : 0;
  if (remote_read (&launch->remote, launch->slot, &pointer, launch->remote.bits / 8) != 0
      || pointer == launch->empty || pointer > UINTPTR_MAX
      || VirtualQueryEx (launch->remote.process, (void *) (uintptr_t) pointer, &info, sizeof (info))
             == 0)
    return 0;
  return (uintptr_t) info.AllocationBase;
}

/* Look for the status.  Searching the whole memory map is slow: only if the address is not
   known.  */
static enum dll_presence look (struct launch *launch) {
  int tells = launch->way == PROCESS_IMPORTS || launch->load.tells;
  uint64_t module = tells ? module_of (launch) : 0;
  if (!tells) return presence_look (&launch->remote, &launch->presence);
  return module == 0 ? DLL_ABSENT : presence_at (&launch->remote, module, &launch->presence);
}

/* Whether the status will not change any more, unless another C runtime is loaded later.  */
static int is_final (enum dll_presence found, const struct presence *presence) {
  return found == DLL_PRESENT && presence->status.state != MIR_UCRT_STARTING;
}

/* Set the cause: why the DLL is not active in the program.  */
static void explain (struct launch *launch, enum dll_presence found, unsigned timeout) {
  char status_text[32] = "";
  DWORD exit_status = 0;
  const MIR_ucrt_status_t *status = &launch->presence.status;
  int ended = WaitForSingleObject (launch->remote.process, 0) == WAIT_OBJECT_0;
  if (is_final (found, &launch->presence)) {
    snprintf (launch->cause, REASON_MAX, "%s%s%s", status_state_name (status->state),
              status->reason[0] != 0 ? ": " : "", status->reason);
  } else if (ended) {
    GetExitCodeProcess (launch->remote.process, &exit_status);
    const char *reason = reason_of_exit_status (exit_status);
    if (exit_status >= 0xc0000000) /* an NTSTATUS that is an error */
      snprintf (status_text, sizeof (status_text), " with 0x%lx", exit_status);
    launch->too_short = launch->way == PROCESS_IMPORTS && status_text[0] == 0 && reason == NULL;
    snprintf (launch->cause, REASON_MAX, "it ended%s before its status could be read%s%s",
              status_text, reason != NULL ? ": " : "", reason != NULL ? reason : "");
  } else if (found == DLL_UNREADABLE) {
    snprintf (launch->cause, REASON_MAX, "its status is not valid: %s", launch->presence.wrong);
  } else if (found == DLL_PRESENT) {
    snprintf (launch->cause, REASON_MAX, "the start-up of the DLL has not finished");
  } else if (module_of (launch) != 0) {
    snprintf (launch->cause, REASON_MAX,
              "the DLL is loaded, but has no section " MIR_UCRT_STATUS_SECTION);
  } else {
    snprintf (launch->cause, REASON_MAX, "the DLL was not seen in it within %u s", timeout / 1000);
  }
}

/* Look for the status until it is final, the program ends, or TIMEOUT milliseconds have passed.  1:
   the program was taken over.  A sleep may last 16 ms, one tick of the clock, and a small program
   is over by then; so there is none for the first BUSY_TIME.  */
static int watch (struct launch *launch, unsigned timeout) {
  uint64_t module;
  ULONGLONG begin = GetTickCount64 (), passed;
  enum dll_presence found = DLL_ABSENT;
  for (;;) {
    found = look (launch);
    passed = GetTickCount64 () - begin;
    if (is_final (found, &launch->presence) || passed >= timeout) break;
    if (launch->way == PROCESS_APC
        && load_end (&launch->remote, &launch->load, &module, launch->cause) == LOAD_FAILED)
      return 0;
    if (passed < BUSY_TIME) SwitchToThread ();
    if (WaitForSingleObject (launch->remote.process, passed < BUSY_TIME ? 0 : 10) == WAIT_OBJECT_0)
      break;
  }
  if (is_final (found, &launch->presence) && launch->presence.status.state == MIR_UCRT_ACTIVE)
    return 1;
  explain (launch, found, timeout);
  return 0;
}

/* Load the DLL by an APC of the first thread, before that has run.  0, or -1 with the cause
   set.  */
static int by_call (struct launch *launch) {
  if (load_prepare (&launch->remote, launch->dll, &launch->load, launch->cause) != 0) return -1;
  if (load_by_call (&launch->load, launch->thread, launch->cause) == 0) return 0;
  load_remove (&launch->remote, &launch->load);
  return -1;
}

/* Load the DLL by a new thread.  0, or -1 with the cause set.  The new thread is the first that
   runs in the process, so it initialises the process.  */
static int by_thread (struct launch *launch) {
  if (load_prepare (&launch->remote, launch->dll, &launch->load, launch->cause) != 0) return -1;
  enum load_end end = load_by_thread (&launch->remote, &launch->load, launch->options->timeout,
                                      &launch->module, launch->cause);
  if (end == LOAD_TIMED_OUT) return -1;
  int tells = launch->load.tells;
  load_remove (&launch->remote, &launch->load);
  launch->load.tells = tells;
  return end == LOAD_DONE || end == LOAD_UNKNOWN ? 0 : -1;
}

/* Try the ways in their order, or the one that the user wants.  */
static void put_dll (struct launch *launch) {
  static const char *const names[] = {"", "imports", "apc", "thread"}; /* by process_way */
  for (int way = PROCESS_IMPORTS; way <= PROCESS_THREAD; way++) {
    if (launch->options->way != PROCESS_ANY_WAY && (int) launch->options->way != way) continue;
    int result = way == PROCESS_IMPORTS
                     ? launch_import (&launch->remote, launch->dll, &launch->slot, &launch->empty,
                                      launch->cause)
                 : way == PROCESS_APC ? by_call (launch)
                                      : by_thread (launch);
    if (launch->options->verbose)
      process_log ("by %s: %s", names[way], result == 0 ? "done" : launch->cause);
    if (result != 0) continue;
    launch->way = (enum process_way) way;
    return;
  }
}

/* Let the program begin, unless it requires the DLL and no way worked.  1: it was taken over.  */
static int begin (struct launch *launch) {
  unsigned timeout = launch->options->timeout;
  if (launch->way == PROCESS_ANY_WAY) {
    if (!launch->options->require) ResumeThread (launch->thread);
    return 0;
  }
  if (launch->way == PROCESS_THREAD) timeout = 0; /* the DLL is loaded by now, or never */
  int taken = launch->way == PROCESS_THREAD && watch (launch, timeout);
  if (launch->options->require && launch_gate_close (&launch->remote, &launch->gate) != 0) {
    snprintf (launch->cause, REASON_MAX, "its entry point cannot be overwritten (error %lu)",
              GetLastError ());
    return 0;
  }
  ResumeThread (launch->thread);
  return taken || (launch->way != PROCESS_THREAD && watch (launch, timeout));
}

/* Let the program run, or end it if --require is not satisfied.  Returns 0, or -1 if it was
   ended.  */
static int let_run (struct launch *launch) {
  uint64_t module;
  char cause[REASON_MAX];
  int taken = begin (launch);
  if (launch->way == PROCESS_APC
      && load_end (&launch->remote, &launch->load, &module, cause) != LOAD_UNKNOWN)
    load_remove (&launch->remote, &launch->load);
  if (taken && launch->options->verbose)
    process_log ("taken over: %u functions",
                 status_functions_in (&launch->presence.status, MIR_UCRT_TAKEN));
  /* The status of a very short program may not have been seen, but with the import the loader would
     not have let it begin without the DLL.  */
  if (!taken && (!launch->too_short || launch->options->verbose || launch->options->require))
    process_log ("the program was not seen to be taken over: %s", launch->cause);
  if (!launch->options->require) return 0;
  if (taken && launch_gate_open (&launch->remote, &launch->gate, launch->thread) == 0) return 0;
  process_log ("the program was not taken over, so it was ended (--require)");
  TerminateProcess (launch->remote.process, PROCESS_RUN_FAILED);
  return -1;
}

/* Examine the program, find the DLL for it and load it.  On failure WAY stays PROCESS_ANY_WAY and
   CAUSE says why.  */
static void prepare (struct launch *launch) {
  const struct process_options *options = launch->options;
  wchar_t *dll = NULL;
  struct process_facts facts;
  remote_facts (&launch->remote, &facts);
  if (remote_look (&launch->remote) != 0)
    snprintf (launch->cause, REASON_MAX, "its headers cannot be read (error %lu)", GetLastError ());
  else if (reason_of_facts (&facts) != NULL && !options->force)
    snprintf (launch->cause, REASON_MAX, "%s", reason_of_facts (&facts));
  else
    dll = tool_dll (options->dll, launch->remote.machine, launch->cause);
  launch->dll = dll;
  if (dll != NULL) put_dll (launch);
}

/* Start PROGRAM with the command line LINE, load the DLL, and wait for the end.  An exit
   status.  */
static int run_program (struct launch *launch, const wchar_t *program, wchar_t *line) {
  PROCESS_INFORMATION info;
  if (tool_start (program, line, CREATE_SUSPENDED, &info) != 0) {
    DWORD error = GetLastError ();
    const char *reason = reason_of_open_error (error);
    process_log ("cannot start the program: %s (error %lu)",
                 reason != NULL ? reason : "Windows refuses it", error);
    return PROCESS_RUN_REFUSED;
  }
  launch->remote = (struct remote) {.process = info.hProcess, .id = info.dwProcessId};
  launch->thread = info.hThread;
  prepare (launch);
  int status = let_run (launch) == 0 ? (int) tool_wait (info.hProcess) : PROCESS_RUN_FAILED;
  free ((void *) launch->dll);
  CloseHandle (info.hThread);
  CloseHandle (info.hProcess);
  return status;
}

int process_run (const struct process_options *options, char **argv) {
  char cause[REASON_MAX];
  int status = PROCESS_RUN_FAILED;
  wchar_t *program = launch_find (argv[0], cause, &status);
  if (program == NULL) {
    process_log ("%s", cause);
    return status;
  }
  char *line = command_line_of (argv);
  wchar_t *wide_line = line == NULL ? NULL : utf16_of (line);
  struct launch *launch = calloc (1, sizeof (*launch));
  enum pe_machine machine = tool_file_machine (program);
  if (wide_line == NULL || launch == NULL) {
    process_log ("out of memory, or the name of the program contains a quote");
  } else if (sizeof (void *) == 4 && machine != PE_X86 && machine != PE_OTHER) {
    status = tool_hand_over ("it is a 64-bit program", PROCESS_RUN_FAILED);
  } else {
    launch->options = options;
    status = run_program (launch, program, wide_line);
  }
  free (launch);
  free (wide_line);
  free (line);
  free (program);
  return status;
}
