/* The table of calls: functions whose result is for free, and functions that inspect the heap.  */

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "ucrt/calls.h"

static const char *same (const char *p, const char *text) {
  return p == NULL ? "NULL" : strcmp (p, text) == 0 ? "same text" : p;
}

static const char *same_wide (const wchar_t *p, const wchar_t *text) {
  return p == NULL ? "NULL" : wcscmp (p, text) == 0 ? "same text" : "another text";
}

static void release (void *p, const char *name) {
  CALLS_DO (free, crt.free (p));
  calls_line ("done", "free (%s)", name);
}

static void duplicate (void) {
  char text[2000];
  wchar_t wide[2000];
  for (size_t n = 0; n < 1900; n = n * 3 + 1) {
    void *p = NULL;
    for (size_t i = 0; i < n; i++) wide[i] = (wchar_t) (text[i] = (char) ('a' + i % 26));
    text[n] = 0;
    wide[n] = 0;
    CALLS_DO (_strdup, p = crt._strdup (text));
    calls_line (same (p, text), "_strdup of %s", calls_size (n));
    release (p, "_strdup");
    p = NULL;
    CALLS_DO (_mbsdup, p = crt._mbsdup (text));
    calls_line (same (p, text), "_mbsdup of %s", calls_size (n));
    release (p, "_mbsdup");
    p = NULL;
    CALLS_DO (_o__strdup, p = crt._o__strdup (text));
    calls_line (same (p, text), "_o__strdup of %s", calls_size (n));
    release (p, "_o__strdup");
    p = NULL;
    CALLS_DO (_wcsdup, p = crt._wcsdup (wide));
    calls_line (same_wide (p, wide), "_wcsdup of %s", calls_size (n));
    release (p, "_wcsdup");
  }
  void *p = NULL;
  CALLS_DO (_strdup, p = crt._strdup (NULL));
  calls_line (same (p, ""), "_strdup (NULL)");
  CALLS_DO (_wcsdup, p = crt._wcsdup (NULL));
  calls_line (same_wide (p, L""), "_wcsdup (NULL)");
}

static void environment (void) {
  char *p = NULL;
  wchar_t *wide = NULL;
  size_t length = 9;
  int result = 0;
  CALLS_DO (_putenv, result = crt._putenv ("CALLS_VARIABLE=some value"));
  calls_line (calls_size ((size_t) result), "_putenv");
  for (int i = 0; i < 300; i++) { /* the environment's table grows and moves */
    char setting[40];
    (void) snprintf (setting, sizeof (setting), "CALLS_%d=%d", i, i * i);
    result |= crt._putenv (setting);
  }
  CALLS_DO (_putenv, 0);
  calls_line (result == 0 ? "0" : "not 0", "_putenv 300 times");
  CALLS_DO (_dupenv_s, result = crt._dupenv_s (&p, &length, "CALLS_VARIABLE"));
  calls_line (same (p, "some value"), "_dupenv_s %d, %s", result, calls_size (length));
  release (p, "_dupenv_s");
  CALLS_DO (_dupenv_s, result = crt._dupenv_s (&p, &length, "CALLS_299"));
  calls_line (same (p, "89401"), "_dupenv_s %d, %s", result, calls_size (length));
  release (p, "_dupenv_s");
  CALLS_DO (_wdupenv_s, result = crt._wdupenv_s (&wide, &length, L"CALLS_VARIABLE"));
  calls_line (same_wide (wide, L"some value"), "_wdupenv_s %d, %s", result, calls_size (length));
  release (wide, "_wdupenv_s");
  p = NULL;
  length = 0;
  CALLS_DO (_dupenv_s, result = crt._dupenv_s (&p, &length, "CALLS_WHICH_IS_NOT"));
  calls_line (same (p, ""), "_dupenv_s %d, %s", result, calls_size (length));
  CALLS_DO (_dupenv_s, result = crt._dupenv_s (NULL, &length, "CALLS_VARIABLE"));
  calls_line ("done", "_dupenv_s (NULL) %d", result);
}

static void paths (void) {
  char text[1000] = "";
  wchar_t wide[1000] = L"";
  void *p = NULL;
  (void) crt._getcwd (text, sizeof (text));
  (void) crt._wgetcwd (wide, 1000);
  for (int size = 0; size < 2000;
       size = size * 900 + 1) { /* the size it needs, too small, and large */
    p = NULL;
    CALLS_DO (_getcwd, p = crt._getcwd (NULL, size));
    calls_line (same (p, text), "_getcwd (NULL, %d)", size);
    release (p, "_getcwd");
    p = NULL;
    CALLS_DO (_wgetcwd, p = crt._wgetcwd (NULL, size));
    calls_line (same_wide (p, wide), "_wgetcwd (NULL, %d)", size);
    release (p, "_wgetcwd");
  }
  p = NULL;
  CALLS_DO (_getdcwd, p = crt._getdcwd (0, NULL, 0));
  calls_line (same (p, text), "_getdcwd");
  release (p, "_getdcwd");
  p = NULL;
  CALLS_DO (_wgetdcwd, p = crt._wgetdcwd (0, NULL, 0));
  calls_line (same_wide (p, wide), "_wgetdcwd");
  release (p, "_wgetdcwd");
  p = NULL;
  CALLS_DO (_fullpath, p = crt._fullpath (NULL, "c:\\a\\..\\b\\.\\c", 0));
  calls_line (same (p, "c:\\b\\c"), "_fullpath");
  release (p, "_fullpath");
  p = NULL;
  CALLS_DO (_wfullpath, p = crt._wfullpath (NULL, L"c:\\a\\..\\b\\.\\c", 0));
  calls_line (same_wide (p, L"c:\\b\\c"), "_wfullpath");
  release (p, "_wfullpath");
  p = NULL;
  CALLS_DO (_tempnam, p = crt._tempnam ("c:\\", "calls"));
  calls_forget_error (2);
  calls_line (p == NULL ? "NULL" : "a name", "_tempnam");
  release (p, "_tempnam");
  p = NULL;
  CALLS_DO (_wtempnam, p = crt._wtempnam (L"c:\\", L"calls"));
  calls_forget_error (2);
  calls_line (p == NULL ? "NULL" : "a name", "_wtempnam");
  release (p, "_wtempnam");
}

/* Blocks of the base functions that C++'s <locale> gives to free.  */
static void locale (void) {
  void *p = NULL;
#define LOCALE(FUNCTION)                                \
  p = NULL;                                             \
  CALLS_DO (FUNCTION, p = crt.FUNCTION ());             \
  calls_line (p == NULL ? "NULL" : "block", #FUNCTION); \
  release (p, #FUNCTION);
  LOCALE (_Getdays)
  LOCALE (_Getmonths)
  LOCALE (_Gettnames)
  LOCALE (_W_Getdays)
  LOCALE (_W_Getmonths)
  LOCALE (_W_Gettnames)
#undef LOCALE
  p = NULL;
  CALLS_DO (_Getdays, p = crt._Getdays ());
  calls_line (
      same (
          p,
          ":Sun:Sunday:Mon:Monday:Tue:Tuesday:Wed:Wednesday:Thu:Thursday:Fri:Friday:Sat:Saturday"),
      "_Getdays");
  crt.free (p);
}

static void heap (void) {
  int result = 0;
  void *handle = NULL;
  CALLS_DO (_heapchk, result = crt._heapchk ());
  calls_line (calls_size ((size_t) result), "_heapchk");
  CALLS_DO (_heapmin, result = crt._heapmin ());
  calls_line (result == 0 || result == -1 ? "0 or -1" : "neither",
              "_heapmin"); /* Wine's heap has nothing to compact */
  CALLS_DO (_heapchk, result = crt._heapchk ());
  calls_line (calls_size ((size_t) result), "_heapchk");
  CALLS_DO (_get_heap_handle, handle = crt._get_heap_handle ());
  calls_line (handle == NULL ? "NULL" : "a heap", "_get_heap_handle");
}

void calls_others (void) {
  duplicate ();
  environment ();
  paths ();
  locale ();
  heap ();
}
