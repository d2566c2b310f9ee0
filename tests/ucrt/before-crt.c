/* A program without a C runtime: it loads the DLL, which waits, then ucrtbase.dll, which the DLL
   takes over before it is used.  If MIR_UCRT_CRTS names others, the DLL leaves it alone, and the
   program frees it again.  The exit status is 0, or the number of the step that failed.  */

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "mir-ucrt.h"

static void say (const char *text) {
  DWORD written;
  int n = 0;
  while (text[n] != 0) n++;
  (void) WriteFile (GetStdHandle (STD_OUTPUT_HANDLE), text, (DWORD) n, &written, NULL);
}

typedef const MIR_ucrt_status_t *(*status_t) (void);
typedef unsigned char (*contains_t) (const void *);
typedef void *(__cdecl *malloc_t) (size_t);
typedef void (__cdecl *free_t) (void *);

static status_t status;
static contains_t contains;

/* Whether the reason in the status has TEXT in it.  */
static int is_reason (const char *text) {
  for (const char *reason = status ()->reason; *reason != 0; reason++) {
    int n = 0;
    while (text[n] != 0 && reason[n] == text[n]) n++;
    if (text[n] == 0) return 1;
  }
  return 0;
}

/* A CRT that was not asked for comes and goes.  0, or the number of the step that failed.  */
static int load_another (void) {
  HMODULE other = LoadLibraryA ("ucrtbase.dll");
  if (other == NULL || status ()->state != MIR_UCRT_WAITING) return 30;
  if (!is_reason (": ucrtbase.dll is loaded, but only")) return 31;
  FreeLibrary (other);
  if (GetModuleHandleA ("ucrtbase.dll") != NULL) {
    say ("it stays\n");
    return 0;
  }
  return is_reason (": no C runtime DLL") ? 0 : 32;
}

/* Whether the CRT is loaded, was taken over before it ran, and returns blocks of ours.  */
static int use_crt (HMODULE crt) {
  malloc_t allocate = (malloc_t) (void *) GetProcAddress (crt, "malloc");
  free_t release = (free_t) (void *) GetProcAddress (crt, "free");
  if (allocate == NULL || release == NULL) return 10;
  void *p = allocate (100);
  if (p == NULL) return 11;
  if (!contains (p)) return 12;
  release (p);
  if (status ()->state != MIR_UCRT_ACTIVE) return 13;
  return 0;
}

int start (void);

int start (void) {
  char path[1024];
  int res = 0;
  if (GetEnvironmentVariableA ("TEST_LATE", path, sizeof (path)) == 0) ExitProcess (1);
  if (GetModuleHandleA ("ucrtbase.dll") != NULL) ExitProcess (2); /* then this proves nothing */
  HMODULE dll = LoadLibraryA (path);
  if (dll == NULL) ExitProcess (3);
  if (GetModuleHandleA ("ucrtbase.dll") != NULL) ExitProcess (4); /* the DLL must not bring it */
  status = (status_t) (void *) GetProcAddress (dll, "MIR_ucrt_status");
  contains = (contains_t) (void *) GetProcAddress (dll, "mi_any_heap_contains");
  if (status == NULL || contains == NULL) ExitProcess (5);
  if (status ()->state != MIR_UCRT_WAITING) ExitProcess (6);
  say ("waiting\n");
  if (GetEnvironmentVariableA ("MIR_UCRT_CRTS", path, sizeof (path)) != 0)
    ExitProcess ((UINT) load_another ());
  HMODULE crt = LoadLibraryA ("ucrtbase.dll");
  if (crt == NULL) ExitProcess (7);
  if ((res = use_crt (crt)) != 0) ExitProcess ((UINT) res);
  if (status ()->crts[0].late) ExitProcess (8);
  say ("active\n");
  FreeLibrary (crt); /* unloaded or not, it must be taken over again */
  crt = LoadLibraryA ("ucrtbase.dll");
  if (crt == NULL) ExitProcess (9);
  if ((res = use_crt (crt)) != 0) ExitProcess (20 + (UINT) res);
  say ("active again\n");
  ExitProcess (0);
}
