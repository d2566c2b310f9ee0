/* Puts code into the target that loads the DLL, runs it, and reads the result.  */
#include "inject/process/load.h"

#include <stdio.h>
#include <string.h>
#include <tlhelp32.h>

#include "inject/process/load-code.h"

/* Bytes from the block to the code; the block and the longest path, 64 KiB, come before.  */
#define CODE_AT 0x11000u
#define MEMORY_SIZE 0x12000u

/* The address of the function NAME of KERNEL32 in the target.  A process that has not begun to run
   has not mapped KERNEL32 yet.  It will have the same address as here, because Windows maps it at
   one address in all processes until it restarts.  */
static uint64_t kernel_function (const struct remote *remote, const char *name) {
  uint64_t there = remote_export (remote, "kernel32.dll", name);
  HMODULE here = GetModuleHandleW (L"kernel32.dll");
  if (there != 0 || here == NULL || remote->bits != 8 * sizeof (void *)) return there;
  return (uintptr_t) GetProcAddress (here, name);
}

/* Write the code to TO, and make it executable and read-only.  */
static int put_code (const struct remote *remote, uint64_t to) {
  size_t n;
  DWORD before;
  SIZE_T done = 0;
  void *at = (void *) (uintptr_t) to;
  const uint8_t *code = load_code (remote->machine, &n);
  if (code == NULL || !WriteProcessMemory (remote->process, at, code, n, &done) || done != n)
    return -1;
  if (!VirtualProtectEx (remote->process, at, n, PAGE_EXECUTE_READ, &before)) return -1;
  FlushInstructionCache (remote->process, at, n);
  return 0;
}

int load_prepare (const struct remote *remote, const wchar_t *path, struct load *load,
                  char cause[REASON_MAX]) {
  size_t path_size = (wcslen (path) + 1) * sizeof (*path);
  struct load_block block = {.load = kernel_function (remote, "LoadLibraryW"),
                             .last_error = kernel_function (remote, "GetLastError")};
  *load = (struct load) {0};
  if (block.load == 0 || block.last_error == 0) {
    snprintf (cause, REASON_MAX, "%s",
              remote_has_ended (remote, ENDS_WITHIN) ? "the process has ended"
                                                     : "LoadLibraryW was not found in it");
    return -1;
  }
  if (path_size > CODE_AT - sizeof (block)) {
    snprintf (cause, REASON_MAX, "the path of the DLL is too long");
    return -1;
  }
  void *memory =
      VirtualAllocEx (remote->process, NULL, MEMORY_SIZE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  load->memory = (uintptr_t) memory;
  if (memory == NULL || remote_write (remote, load->memory, &block, sizeof (block)) != 0
      || remote_write (remote, load->memory + sizeof (block), path, path_size) != 0) {
    remote_explain (remote, "no memory could be allocated in it", cause);
    load_remove (remote, load);
    return -1;
  }
  load->tells = put_code (remote, load->memory + CODE_AT) == 0;
  load->function = load->tells ? load->memory + CODE_AT : block.load;
  load->argument = load->tells ? load->memory : load->memory + sizeof (block);
  return 0;
}

enum load_end load_end (const struct remote *remote, const struct load *load, uint64_t *module,
                        char cause[REASON_MAX]) {
  struct load_block block;
  if (!load->tells || remote_read (remote, load->memory, &block, sizeof (block)) != 0
      || block.done != 1)
    return LOAD_UNKNOWN;
  *module = block.module;
  if (block.module != 0) return LOAD_DONE;
  const char *reason = reason_of_load_error (block.error);
  if (reason != NULL)
    snprintf (cause, REASON_MAX, "%s (error %lu)", reason, (unsigned long) block.error);
  else
    snprintf (cause, REASON_MAX, "it was refused (error %lu)", (unsigned long) block.error);
  return LOAD_FAILED;
}

/* The CPU time of a thread in units of 100 ns; 0 if it is not known.  */
static uint64_t thread_time (DWORD id) {
  FILETIME begin, end, kernel = {0}, user = {0};
  HANDLE thread = OpenThread (THREAD_QUERY_INFORMATION, FALSE, id);
  if (thread == NULL) return 0;
  int is_known = GetThreadTimes (thread, &begin, &end, &kernel, &user);
  CloseHandle (thread);
  if (!is_known) return 0;
  return ((uint64_t) kernel.dwHighDateTime << 32 | kernel.dwLowDateTime)
         + ((uint64_t) user.dwHighDateTime << 32 | user.dwLowDateTime);
}

/* The CPU time of all threads that the target has now, in milliseconds.  Not by GetProcessTimes,
   for which Wine 8 returns the times of the caller.  */
static uint64_t cpu_time_of (const struct remote *remote) {
  uint64_t sum = 0;
  THREADENTRY32 entry = {.dwSize = sizeof (entry)};
  HANDLE threads = CreateToolhelp32Snapshot (TH32CS_SNAPTHREAD, 0);
  if (threads == INVALID_HANDLE_VALUE) return 0;
  for (int found = Thread32First (threads, &entry); found; found = Thread32Next (threads, &entry))
    if (entry.th32OwnerProcessID == remote->id) sum += thread_time (entry.th32ThreadID);
  CloseHandle (threads);
  return sum / 10000;
}

/* Set CAUSE to what is known of a target that has not loaded the DLL within TIMEOUT milliseconds.
   BEFORE is its CPU time from before them.  */
static void explain_timeout (const struct remote *remote, unsigned timeout, uint64_t before,
                             char cause[REASON_MAX]) {
  uint64_t after = cpu_time_of (remote), cpu_time = after > before ? after - before : 0;
  const char *guess = cpu_time <= timeout / 20
                          ? "it is suspended or waits, or the machine is too busy for it"
                          : "its loader is busy or waits for another thread";
  snprintf (
      cause, REASON_MAX,
      "it did not load the DLL within %u.%u s, in which it used %u.%02u s of CPU time: %s; it "
      "may still load the DLL, which 'mir-inject check' shows",
      timeout / 1000, timeout % 1000 / 100, (unsigned) (cpu_time / 1000),
      (unsigned) (cpu_time % 1000 / 10), guess);
}

enum load_end load_by_thread (const struct remote *remote, const struct load *load,
                              unsigned timeout, uint64_t *module, char cause[REASON_MAX]) {
  uint64_t cpu_time = cpu_time_of (remote);
  HANDLE thread = CreateRemoteThread (remote->process, NULL, 0,
                                      (LPTHREAD_START_ROUTINE) (uintptr_t) load->function,
                                      (void *) (uintptr_t) load->argument, 0, NULL);
  if (thread == NULL)
    return remote_explain (remote, "no thread could be started in it", cause) ? LOAD_ENDED
                                                                              : LOAD_FAILED;
  /* The end of a process ends its threads: the process comes first.  */
  HANDLE handles[] = {remote->process, thread};
  DWORD which = WaitForMultipleObjects (2, handles, FALSE, timeout);
  CloseHandle (thread);
  if (which == WAIT_TIMEOUT) {
    explain_timeout (remote, timeout, cpu_time, cause);
    return LOAD_TIMED_OUT;
  }
  enum load_end end = which == WAIT_OBJECT_0 ? LOAD_ENDED : load_end (remote, load, module, cause);
  /* The code always leaves a result in the block.  There is none, so something ended the thread,
     and probably the process too.  */
  if (end == LOAD_UNKNOWN && load->tells
      && WaitForSingleObject (remote->process, 1000) == WAIT_OBJECT_0)
    end = LOAD_ENDED;
  if (end == LOAD_ENDED) {
    DWORD status = 0;
    GetExitCodeProcess (remote->process, &status);
    snprintf (cause, REASON_MAX, "the process ended meanwhile, with status 0x%lx", status);
  }
  return end;
}

int load_by_call (const struct load *load, HANDLE thread, char cause[REASON_MAX]) {
  if (QueueUserAPC ((PAPCFUNC) (uintptr_t) load->function, thread, (ULONG_PTR) load->argument) != 0)
    return 0;
  snprintf (cause, REASON_MAX, "its first thread takes no APC (error %lu)", GetLastError ());
  return -1;
}

void load_remove (const struct remote *remote, struct load *load) {
  if (load->memory != 0)
    VirtualFreeEx (remote->process, (void *) (uintptr_t) load->memory, 0, MEM_RELEASE);
  *load = (struct load) {0};
}
