/* Finds the DLL and the other mir-inject.exe beside this program, and starts programs.  */
#include "inject/process/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mir-ucrt.h"
#include "inject/process/log.h"
#include "inject/process/process.h"
#include "inject/process/utf16.h"

enum { PATH_SIZE = 32768 };   /* UTF-16 units of the longest path */
enum { HEADERS_MAX = 65536 }; /* bytes at the beginning of a file that are read as headers */

/* The path of FILE in the folder of this program.  The caller frees it.  NULL on failure.  */
static wchar_t *beside (const wchar_t *file) {
  wchar_t *path = malloc (PATH_SIZE * sizeof (*path));
  if (path == NULL) return NULL;
  DWORD len = GetModuleFileNameW (NULL, path, PATH_SIZE);
  wchar_t *slash = wcsrchr (path, L'\\');
  if (len == 0 || len >= PATH_SIZE || slash == NULL
      || (size_t) (slash + 1 - path) + wcslen (file) >= PATH_SIZE) {
    free (path);
    return NULL;
  }
  wcscpy (slash + 1, file);
  return path;
}

uint8_t *tool_read (const wchar_t *path, DWORD max, DWORD *n) {
  HANDLE file = CreateFileW (path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                             OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return NULL;
  DWORD size = GetFileSize (file, NULL);
  if (size > max) size = max;
  uint8_t *bytes = malloc (size);
  if (bytes == NULL || !ReadFile (file, bytes, size, n, NULL)) *n = 0;
  CloseHandle (file);
  return bytes;
}

enum pe_machine tool_file_machine (const wchar_t *path) {
  struct pe pe;
  struct pe_error error;
  DWORD n;
  uint8_t *headers = tool_read (path, HEADERS_MAX, &n);
  /* PE_MAPPED: only headers are read, which are the same in the file and in memory.  */
  int is_pe = headers != NULL && pe_open (&pe, headers, n, PE_MAPPED, &error) == 0;
  free (headers);
  return is_pe ? pe.machine : PE_OTHER;
}

int tool_is_file (const wchar_t *path) {
  DWORD attributes = GetFileAttributesW (path);
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

/* The path of the DLL that the user named; NULL as in tool_dll.  */
static wchar_t *named_dll (const char *wanted, enum pe_machine machine, char cause[REASON_MAX]) {
  wchar_t *name = utf16_of (wanted), *path = malloc (PATH_SIZE * sizeof (*path));
  DWORD len = name == NULL || path == NULL ? 0 : GetFullPathNameW (name, PATH_SIZE, path, NULL);
  int ok = 0;
  if (len == 0 || len >= PATH_SIZE || !tool_is_file (path)) {
    snprintf (cause, REASON_MAX, "there is no file %.200s", wanted);
  } else {
    enum pe_machine of_file = tool_file_machine (path);
    ok = of_file == machine;
    if (of_file == PE_OTHER)
      snprintf (cause, REASON_MAX, "%.200s cannot be read, or is no DLL", wanted);
    else if (!ok)
      snprintf (cause, REASON_MAX, "%.200s is for %s, but the process is %s", wanted,
                pe_machine_name (of_file), pe_machine_name (machine));
  }
  free (name);
  if (ok) return path;
  free (path);
  return NULL;
}

wchar_t *tool_dll (const char *wanted, enum pe_machine machine, char cause[REASON_MAX]) {
  static const wchar_t *const folders[] = {[PE_X86] = L"x86\\mir-ucrt.dll",
                                           [PE_X64] = L"x64\\mir-ucrt.dll",
                                           [PE_ARM64] = L"arm64\\mir-ucrt.dll"};
  if (wanted != NULL) return named_dll (wanted, machine, cause);
  const wchar_t *in_folder =
      (size_t) machine < sizeof (folders) / sizeof (*folders) ? folders[machine] : NULL;
  if (in_folder == NULL) {
    snprintf (cause, REASON_MAX, "there is no " MIR_UCRT_DLL " for %s", pe_machine_name (machine));
    return NULL;
  }
  const wchar_t *const names[] = {L"mir-ucrt.dll", in_folder};
  char instead[64] = "";
  for (int i = 0; i < 2; i++) {
    wchar_t *path = beside (names[i]);
    enum pe_machine of_file =
        path != NULL && tool_is_file (path) ? tool_file_machine (path) : PE_OTHER;
    if (of_file == machine) return path;
    if (of_file != PE_OTHER)
      snprintf (instead, sizeof (instead), " (the one that is there is for %s)",
                pe_machine_name (of_file));
    free (path);
  }
  snprintf (cause, REASON_MAX,
            "there is no " MIR_UCRT_DLL
            " for %s beside mir-inject, nor %ls there%s; --dll can name another",
            pe_machine_name (machine), in_folder, instead);
  return NULL;
}

/* End the program when this process ends.  When mir-inject is killed, by a test runner for example,
   the program is what should end.  What the program has started itself may go on.  Where a job of
   this process forbids all this, nothing is done.  */
static void end_with_us (HANDLE process) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
  HANDLE job =
      CreateJobObjectW (NULL, NULL); /* never closed: the end of this process ends the job */
  limits.BasicLimitInformation.LimitFlags =
      JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
  if (job == NULL) return;
  if (!SetInformationJobObject (job, JobObjectExtendedLimitInformation, &limits, sizeof (limits))
      || !AssignProcessToJobObject (job, process))
    CloseHandle (job);
}

/* TRUE: this process goes on, the program gets the same event and decides.  */
static BOOL WINAPI leave_to_program (DWORD event) {
  return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

int tool_start (const wchar_t *program, wchar_t *line, DWORD flags, PROCESS_INFORMATION *info) {
  STARTUPINFOW startup;
  SetConsoleCtrlHandler (leave_to_program, TRUE); /* unlike ignoring, not inherited */
  GetStartupInfoW (&startup); /* handles, the window, and what the C runtime passes on */
  if (!CreateProcessW (program, line, NULL, NULL, TRUE, flags, NULL, NULL, &startup, info))
    return -1;
  end_with_us (info->hProcess);
  return 0;
}

DWORD tool_wait (HANDLE process) {
  DWORD status = PROCESS_RUN_FAILED;
  WaitForSingleObject (process, INFINITE);
  GetExitCodeProcess (process, &status);
  return status;
}

int tool_hand_over (const char *why, int failure) {
  PROCESS_INFORMATION info;
  int status = failure;
  wchar_t *path = beside (L"x64\\mir-inject.exe"), *line = _wcsdup (GetCommandLineW ());
  if (path == NULL || line == NULL || !tool_is_file (path)) {
    process_log ("%s, so x64\\mir-inject.exe is needed beside this program", why);
  } else if (tool_start (path, line, 0, &info) != 0) {
    process_log ("%s: x64\\mir-inject.exe could not be started (error %lu)", why, GetLastError ());
  } else {
    status = (int) tool_wait (info.hProcess);
    CloseHandle (info.hThread);
    CloseHandle (info.hProcess);
  }
  free (path);
  free (line);
  return status;
}
