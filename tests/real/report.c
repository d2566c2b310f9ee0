/* report.dll: writes the status of mir-ucrt.dll, at the end of its process, to the file
   MIR_REAL_REPORT; after the end there is nothing left to read.

   It imports mir-ucrt.dll, so importing report.dll first loads mir-ucrt.dll before it.  It needs no
   C runtime and may be initialised before one: a DLL that is initialised early is told of the end
   late, so the counts are complete.  */

#include <windows.h>

#include "../../mir-ucrt.h"

static void report (void) {
  wchar_t name[MAX_PATH];
  if (GetEnvironmentVariableW (L"MIR_REAL_REPORT", name, MAX_PATH) == 0) return;
  HANDLE file = CreateFileW (name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return;
  DWORD written;
  WriteFile (file, MIR_ucrt_status (), sizeof (MIR_ucrt_status_t), &written, NULL);
  CloseHandle (file);
}

/* An export, so that programs can import this DLL.  */
__declspec (dllexport) int report_loaded (void);
int report_loaded (void) {
  return 1;
}

BOOL WINAPI report_entry (HINSTANCE self, DWORD reason, void *reserved);
BOOL WINAPI report_entry (HINSTANCE self, DWORD reason, void *reserved) {
  (void) self;
  if (reason == DLL_PROCESS_DETACH && reserved != NULL) report ();
  return TRUE;
}
