/* The rest of a debug C runtime: functions that return a string in a block of their own, errno and
   handlers, its beginning and end.  */

#include "debug-crt.h"

#include <string.h> /* memset, memcpy */

struct fake_heap fake_heap = {.flags = ALLOC_MEM, .break_number = -1, .next_number = 1};

/* Also called by compilers.  */

void *memset (void *to, int with, size_t n) {
  void *at = to;
  __asm__ volatile ("rep stosb" : "+D"(at), "+c"(n) : "a"(with) : "memory");
  return to;
}

void *memcpy (void *to, const void *from, size_t n) {
  void *at = to;
  __asm__ volatile ("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
  return to;
}

/*---------------- Errors -----------------------------*/

EXPORT int *_errno (void) {
  if (fake_heap.handle == NULL) fake_heap.faults++;
  return &fake_heap.error_number;
}

EXPORT void _invalid_parameter_noinfo (void) {
  if (fake_heap.parameter_handler != NULL) fake_heap.parameter_handler (NULL, NULL, NULL, 0, 0);
}

EXPORT fake_parameter_handler_t _set_invalid_parameter_handler (fake_parameter_handler_t handler) {
  fake_parameter_handler_t old = fake_heap.parameter_handler;
  fake_heap.parameter_handler = handler;
  return old;
}

void *fake_invalid (void) {
  *_errno () = FAKE_EINVAL;
  _invalid_parameter_noinfo ();
  return NULL;
}

EXPORT int _query_new_mode (void) {
  return fake_heap.new_mode;
}

EXPORT int _set_new_mode (int mode) {
  int old = fake_heap.new_mode;
  if (mode != 0 && mode != 1) {
    fake_invalid ();
    return -1;
  }
  fake_heap.new_mode = mode;
  return old;
}

EXPORT int _callnewh (size_t n) {
  return fake_heap.new_handler != NULL && fake_heap.new_handler (n) != 0;
}

EXPORT fake_new_handler_t _set_new_handler (fake_new_handler_t handler) {
  fake_new_handler_t old = fake_heap.new_handler;
  fake_heap.new_handler = handler;
  return old;
}

/* A real one reports a failed assertion where there is no heap.  */
EXPORT intptr_t _get_heap_handle (void) {
  if (fake_heap.handle == NULL) fake_heap.faults++;
  return (intptr_t) fake_heap.handle;
}

EXPORT int fake_faults (void) {
  return fake_heap.faults;
}

EXPORT int fake_reports (void) {
  return fake_heap.reports;
}

/*---------------- Strings -----------------------------*/

/* A copy of the N characters of SIZE bytes at TEXT.  */
static void *copy_of (const void *text, size_t n, size_t size, int type, const char *file,
                      int line) {
  void *block = _malloc_dbg (n * size, type, file, line);
  if (block != NULL) memcpy (block, text, n * size);
  return block;
}

#define LENGTH(text) (lstrlenA (text) + (size_t) 1)
#define LENGTH_W(text) (lstrlenW (text) + (size_t) 1)

EXPORT char *_strdup_dbg (const char *text, int type, const char *file, int line) {
  return text == NULL ? NULL : copy_of (text, LENGTH (text), 1, type, file, line);
}

EXPORT char *_mbsdup_dbg (const char *text, int type, const char *file, int line) {
  return _strdup_dbg (text, type, file, line);
}

EXPORT wchar_t *_wcsdup_dbg (const wchar_t *text, int type, const char *file, int line) {
  return text == NULL ? NULL : copy_of (text, LENGTH_W (text), 2, type, file, line);
}

EXPORT char *_strdup (const char *text) {
  return _strdup_dbg (text, NORMAL_BLOCK, NULL, 0);
}

EXPORT char *_getcwd_dbg (char *to, int n, int type, const char *file, int line) {
  char text[MAX_PATH];
  (void) to;
  (void) n;
  GetCurrentDirectoryA (sizeof (text), text);
  return copy_of (text, LENGTH (text), 1, type, file, line);
}

EXPORT wchar_t *_wgetcwd_dbg (wchar_t *to, int n, int type, const char *file, int line) {
  wchar_t text[MAX_PATH];
  (void) to;
  (void) n;
  GetCurrentDirectoryW (MAX_PATH, text);
  return copy_of (text, LENGTH_W (text), 2, type, file, line);
}

EXPORT char *_getdcwd_dbg (int drive, char *to, int n, int type, const char *file, int line) {
  (void) drive;
  return _getcwd_dbg (to, n, type, file, line);
}

EXPORT wchar_t *_wgetdcwd_dbg (int drive, wchar_t *to, int n, int type, const char *file,
                               int line) {
  (void) drive;
  return _wgetcwd_dbg (to, n, type, file, line);
}

EXPORT char *_fullpath_dbg (char *to, const char *path, size_t n, int type, const char *file,
                            int line) {
  char text[MAX_PATH];
  (void) to;
  (void) n;
  GetFullPathNameA (path, sizeof (text), text, NULL);
  return copy_of (text, LENGTH (text), 1, type, file, line);
}

EXPORT wchar_t *_wfullpath_dbg (wchar_t *to, const wchar_t *path, size_t n, int type,
                                const char *file, int line) {
  wchar_t text[MAX_PATH];
  (void) to;
  (void) n;
  GetFullPathNameW (path, MAX_PATH, text, NULL);
  return copy_of (text, LENGTH_W (text), 2, type, file, line);
}

EXPORT char *_tempnam_dbg (const char *folder, const char *prefix, int type, const char *file,
                           int line) {
  (void) folder;
  return copy_of (prefix, LENGTH (prefix), 1, type, file, line);
}

EXPORT wchar_t *_wtempnam_dbg (const wchar_t *folder, const wchar_t *prefix, int type,
                               const char *file, int line) {
  (void) folder;
  return copy_of (prefix, LENGTH_W (prefix), 2, type, file, line);
}

EXPORT int _dupenv_s_dbg (char **to, size_t *n, const char *name, int type, const char *file,
                          int line) {
  char text[64];
  DWORD length = GetEnvironmentVariableA (name, text, sizeof (text));
  *n = length != 0 ? length + (size_t) 1 : 0;
  *to = length != 0 ? _calloc_dbg (*n, 1, type, file, line) : NULL;
  if (*to != NULL) memcpy (*to, text, *n);
  return length != 0 && *to == NULL ? FAKE_ENOMEM : 0;
}

EXPORT int _wdupenv_s_dbg (wchar_t **to, size_t *n, const wchar_t *name, int type, const char *file,
                           int line) {
  wchar_t text[64];
  DWORD length = GetEnvironmentVariableW (name, text, 64);
  *n = length != 0 ? length + (size_t) 1 : 0;
  *to = length != 0 ? _calloc_dbg (*n, 2, type, file, line) : NULL;
  if (*to != NULL) memcpy (*to, text, *n * 2);
  return length != 0 && *to == NULL ? FAKE_ENOMEM : 0;
}

EXPORT char *fake_getenv (const char *name) EXPORTED_AS ("getenv");

char *fake_getenv (const char *name) {
  static char text[64];
  if (fake_heap.handle == NULL) fake_heap.faults++;
  return GetEnvironmentVariableA (name, text, sizeof (text)) != 0 ? text : NULL;
}

/*---------------- Its life -----------------------------*/

EXPORT void *fake_of_crt, *fake_of_base; /* blocks that DllMain allocates */
static int is_taken_over;                /* the first is in no list of this runtime */
static char *command_line;

EXPORT char **__p__acmdln (void) {
  return &command_line;
}

/* Load the DLL named by TEST_LATE before this DllMain has returned, if FAKE_LOADS is set.  */
static void load_in_between (void) {
  char path[MAX_PATH];
  if (GetEnvironmentVariableA ("FAKE_LOADS", path, sizeof (path)) != 0
      && GetEnvironmentVariableA ("TEST_LATE", path, sizeof (path)) != 0)
    LoadLibraryA (path);
}

/* The order of a real one: heap and locks, then what allocates, then the command line.  */
static void begin (void) {
  InitializeCriticalSection (&fake_heap.lock);
  fake_heap.handle = GetProcessHeap ();
  fake_of_crt = _malloc_dbg (40, CRT_BLOCK, __FILE__, __LINE__);
  fake_of_base = _malloc_base (40);
  is_taken_over = fake_heap.newest == NULL;
  command_line = GetCommandLineA ();
  load_in_between ();
}

EXPORT int *fake_faults_at_end; /* where to say how many there were, if anywhere */

/* Something may still free a block of the base functions when the heap is gone.  */
static void end (void) {
  if ((fake_heap.flags & LEAK_CHECK) != 0) _CrtDumpMemoryLeaks ();
  _free_dbg (fake_of_crt, CRT_BLOCK);
  HANDLE heap = fake_heap.handle;
  fake_heap.handle = NULL;
  if (is_taken_over) _free_dbg (fake_of_base, CRT_BLOCK);
  fake_heap.handle = heap;
  if (!is_taken_over) _free_base (fake_of_base);
  if (fake_faults_at_end != NULL) *fake_faults_at_end = fake_heap.faults;
}

BOOL WINAPI DllMainCRTStartup (HINSTANCE dll, DWORD why, void *reserved) {
  (void) dll;
  if (why == DLL_PROCESS_ATTACH) begin ();
  if (why == DLL_PROCESS_DETACH && reserved == NULL) end ();
  return TRUE;
}
