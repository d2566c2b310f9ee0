/* A DLL without a C runtime that prints a line when it is initialised.  */
#include <windows.h>

__declspec (dllexport) int mi_version (void);

int mi_version (void) {
  return 1;
}

BOOL WINAPI entry (HINSTANCE self, DWORD reason, void *reserved);

BOOL WINAPI entry (HINSTANCE self, DWORD reason, void *reserved) {
  static const char text[] = "the DLL is here first\n";
  DWORD written;
  (void) self;
  (void) reserved;
  if (reason == DLL_PROCESS_ATTACH)
    WriteFile (GetStdHandle (STD_OUTPUT_HANDLE), text, sizeof (text) - 1, &written, NULL);
  return TRUE;
}
