/* Replacements of the system functions that the library imports, which fail on demand.  */
#include "support/imports-windows.h"

#include <string.h>

/* Declare the functions without dllimport; otherwise the compiler calls through the pointers
   below.  */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <winternl.h>

struct imports imports = {.fail_in = -1};

void imports_reset (void) {
  memset (&imports, 0, sizeof (imports));
  imports.fail_in = -1;
}

/*---------------- The real functions -----------------------------*/

NTSTATUS NTAPI LdrGetProcedureAddress (HMODULE module, const ANSI_STRING *name, ULONG ordinal,
                                       void **address);

static void *real_in (const char *module, const char *name) {
  ANSI_STRING string = {(USHORT) strlen (name), (USHORT) (strlen (name) + 1), (char *) name};
  void *address = NULL;
  (void) LdrGetProcedureAddress (GetModuleHandleA (module), &string, 0, &address);
  return address;
}

/* Define REAL, the function NAME of kernelbase, looked up once.  */
#define REAL(NAME)                                              \
  static void *found;                                           \
  if (found == NULL) found = real_in ("kernelbase.dll", #NAME); \
  NAME##_t real;                                                \
  memcpy (&real, &found, sizeof (real))

/*---------------- The replacements -----------------------------*/

static int refuse (DWORD protection) {
  int executable = (protection & 0xf0) != 0; /* PAGE_EXECUTE... */
  if (imports.no_executable && executable) {
    SetLastError (DYNAMIC_CODE_BLOCKED);
    return 1;
  }
  if (imports.fail_in < 0) return 0;
  if (imports.fail_in-- > 0) return 0;
  imports.failed = 1;
  SetLastError (ERROR_NOT_ENOUGH_MEMORY);
  return 1;
}

typedef HANDLE (WINAPI *CreateFileMappingW_t) (HANDLE, SECURITY_ATTRIBUTES *, DWORD, DWORD, DWORD,
                                               const WCHAR *);
static HANDLE WINAPI create_mapping (HANDLE file, SECURITY_ATTRIBUTES *attributes, DWORD protection,
                                     DWORD high, DWORD low, const WCHAR *name) {
  REAL (CreateFileMappingW);
  if (refuse (protection)) return NULL;
  if (imports.no_sections) {
    SetLastError (DYNAMIC_CODE_BLOCKED);
    return NULL;
  }
  HANDLE section = real (file, attributes, protection, high, low, name);
  imports.sections += section != NULL;
  return section;
}

typedef BOOL (WINAPI *CloseHandle_t) (HANDLE);
static BOOL WINAPI close_handle (HANDLE handle) {
  REAL (CloseHandle);
  imports.handles_closed++;
  return real (handle);
}

typedef void *(WINAPI *MapViewOfFileEx_t) (HANDLE, DWORD, DWORD, DWORD, SIZE_T, void *);
static void *WINAPI map_view (HANDLE section, DWORD access, DWORD high, DWORD low, SIZE_T len,
                              void *at) {
  REAL (MapViewOfFileEx);
  if (refuse (access & FILE_MAP_EXECUTE ? PAGE_EXECUTE_READ : PAGE_READWRITE)) return NULL;
  return real (section, access, high, low, len, at);
}

typedef void *(WINAPI *VirtualAlloc_t) (void *, SIZE_T, DWORD, DWORD);
static void *WINAPI alloc (void *at, SIZE_T len, DWORD type, DWORD protection) {
  REAL (VirtualAlloc);
  if (refuse (protection)) return NULL;
  return real (at, len, type, protection);
}

typedef BOOL (WINAPI *VirtualProtect_t) (void *, SIZE_T, DWORD, DWORD *);
static BOOL WINAPI protect (void *start, SIZE_T len, DWORD protection, DWORD *old) {
  REAL (VirtualProtect);
  if (refuse (protection)) return FALSE;
  return real (start, len, protection, old);
}

static void let_others_in (const void *freed) {
  REAL (VirtualAlloc);
  if (imports.wanted == NULL || freed != imports.wanted || imports.got) return;
  DWORD error = GetLastError ();
  imports.got = real (imports.wanted, OTHERS_LEN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) != NULL;
  if (imports.got) memset (imports.wanted, 0x77, OTHERS_LEN);
  SetLastError (error);
}

typedef BOOL (WINAPI *UnmapViewOfFile_t) (const void *);
static BOOL WINAPI unmap_view (const void *start) {
  REAL (UnmapViewOfFile);
  BOOL res = real (start);
  if (res) let_others_in (start);
  return res;
}

typedef BOOL (WINAPI *VirtualFree_t) (void *, SIZE_T, DWORD);
static BOOL WINAPI free_memory (void *start, SIZE_T len, DWORD type) {
  REAL (VirtualFree);
  BOOL res = real (start, len, type);
  if (res && type == MEM_RELEASE) let_others_in (start);
  return res;
}

typedef FARPROC (WINAPI *GetProcAddress_t) (HMODULE, const char *);
static FARPROC WINAPI find (HMODULE module, const char *name) {
  REAL (GetProcAddress);
  if (imports.no_growable && strcmp (name, "RtlAddGrowableFunctionTable") == 0) return NULL;
  return real (module, name);
}

/*---------------- The import pointers -----------------------------*/

#define IMPORT(NAME, FUNC)                                   \
  extern const NAME##_t imp_##NAME __asm__ ("__imp_" #NAME); \
  const NAME##_t imp_##NAME = FUNC

IMPORT (CreateFileMappingW, create_mapping);
IMPORT (CloseHandle, close_handle);
IMPORT (MapViewOfFileEx, map_view);
IMPORT (VirtualAlloc, alloc);
IMPORT (VirtualProtect, protect);
IMPORT (UnmapViewOfFile, unmap_view);
IMPORT (VirtualFree, free_memory);
IMPORT (GetProcAddress, find);
