/* The names of C runtimes and of their allocator functions.  */
#include "inject/crt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/file.h"
#include "inject/pe/imports.h"

enum { VISITED_MAX = 128 }; /* DLLs; more are not looked at */

/* Whether NAME begins with PREFIX, ignoring case; PREFIX has less than 32 bytes.  */
static int begins (const char *name, const char *prefix) {
  char head[32];
  size_t n = strlen (prefix);
  if (strlen (name) < n || n >= sizeof (head)) return 0;
  memcpy (head, name, n);
  head[n] = 0;
  return pe_name_is (head, prefix);
}

/* msvcr70.dll to msvcr120.dll; debug versions have a d before the dot.  */
int crt_is_old (const char *name) {
  const char *p = name + 5;
  if (pe_name_is (name, "msvcrt.dll")) return 1;
  if (!begins (name, "msvcr") || *p < '0' || *p > '9') return 0;
  while (*p >= '0' && *p <= '9') p++;
  if (*p == 'd' || *p == 'D') p++;
  return pe_name_is (p, ".dll");
}

int crt_is_debug (const char *name) {
  return pe_name_is (name, "ucrtbased.dll");
}

int crt_is (const char *name) {
  return begins (name, "api-ms-win-crt-") || pe_name_is (name, "ucrtbase.dll")
         || crt_is_debug (name) || crt_is_old (name);
}

int crt_is_heap_function (const char *function) {
  static const char *const names[] = {
      "malloc",    "calloc",     "realloc",       "free",         "_msize",
      "_expand",   "_recalloc",  "_strdup",       "_wcsdup",      "_mbsdup",
      "_dupenv_s", "_wdupenv_s", "_o_malloc",     "_o_calloc",    "_o_realloc",
      "_o_free",   "_free_base", "_realloc_base", "_malloc_base", "_calloc_base"};
  size_t len = strlen (function);
  if (begins (function, "_aligned_") || begins (function, "_o__aligned_")) return 1;
  if (len > 4 && strcmp (function + len - 4, "_dbg") == 0) return 1; /* of the debug runtime */
  if (strncmp (function, "??2@", 4) == 0 || strncmp (function, "??3@", 4) == 0)
    return 1; /* new, delete */
  for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++)
    if (strcmp (function, names[i]) == 0) return 1;
  return 0;
}

/* Add the imports of the file FOUND to NAMES; 1 if a C runtime is among them.  */
static int visit (const char *found, char names[][PE_NAME_MAX], int *num) {
  struct pe_error ignored = {0};
  struct inject_file file;
  struct pe pe;
  struct pe_descriptor d;
  int is_crt = 0;
  if (inject_file_open (&file, found, &ignored) != 0) return 0;
  int opened = pe_open (&pe, file.bytes, file.size, PE_FILE, &ignored) == 0;
  char name[PE_NAME_MAX];
  for (unsigned i = 0; opened && !is_crt && pe_import (&pe, i, &d, name) == 1; i++) {
    int known = 0;
    is_crt = crt_is (name);
    for (int k = 0; k < *num && !known; k++) known = pe_name_is (names[k], name);
    if (!known && *num < VISITED_MAX) memcpy (names[(*num)++], name, PE_NAME_MAX);
  }
  inject_file_close (&file);
  return is_crt;
}

int crt_is_behind (const char *path, const char *name, char *how, size_t how_size) {
  char (*names)[PE_NAME_MAX] = malloc (VISITED_MAX * sizeof (*names));
  char found[INJECT_PATH_MAX];
  int num = 1, status = 0;
  if (names == NULL) return 0;
  snprintf (names[0], PE_NAME_MAX, "%s", name);
  for (int i = 0; i < num && !status; i++) {
    status = inject_file_beside (path, names[i], found, sizeof (found)) == 0
             && visit (found, names, &num);
    if (status) snprintf (how, how_size, "%s", names[i]);
  }
  free (names);
  return status;
}
