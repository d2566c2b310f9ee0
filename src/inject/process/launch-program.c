/* Finds the program that run starts, as a shell does.  */
#include "inject/process/launch-program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "inject/process/process.h"
#include "inject/process/tool.h"
#include "inject/process/utf16.h"

enum { PATH_SIZE = 32768 }; /* UTF-16 units of the longest path, and of the longest variable */

/* A search for NAME.  FOUND, the result, and CANDIDATE have room for PATH_SIZE units.  */
struct search {
  const wchar_t *name;
  wchar_t *found, *candidate;
};

/* Whether PATH ends with END, ignoring case.  */
static int ends_with (const wchar_t *path, const wchar_t *end) {
  size_t len = wcslen (path), end_len = wcslen (end);
  return len >= end_len && _wcsicmp (path + len - end_len, end) == 0;
}

/* Whether FOLDER\NAME with EXTENSION is a file.  LEN is the length of FOLDER, which may be
   empty.  */
static int try_one (struct search *search, const wchar_t *folder, size_t len,
                    const wchar_t *extension) {
  const wchar_t *between =
      len == 0 || folder[len - 1] == L'\\' || folder[len - 1] == L'/' ? L"" : L"\\";
  int n = _snwprintf (search->candidate, PATH_SIZE, L"%.*s%s%s%s", (int) len, folder, between,
                      search->name, extension);
  if (n < 0 || n >= PATH_SIZE || !tool_is_file (search->candidate)) return 0;
  DWORD full = GetFullPathNameW (search->candidate, PATH_SIZE, search->found, NULL);
  return full != 0 && full < PATH_SIZE;
}

/* A name without .exe means NAME.exe first: "tool" beside "tool.exe" is a script for another
   shell.  */
static int try_folder (struct search *search, const wchar_t *folder, size_t len) {
  if (ends_with (search->name, L".exe")) return try_one (search, folder, len, L"");
  return try_one (search, folder, len, L".exe") || try_one (search, folder, len, L"")
         || try_one (search, folder, len, L".bat") || try_one (search, folder, len, L".cmd");
}

/* Try the folders of PATH.  A folder may be quoted; an empty one is skipped.  */
static int try_path (struct search *search) {
  wchar_t *path = malloc (PATH_SIZE * sizeof (*path));
  DWORD len = path == NULL ? 0 : GetEnvironmentVariableW (L"PATH", path, PATH_SIZE);
  int found = 0;
  for (wchar_t *at = path; len > 0 && len < PATH_SIZE && !found; at++) {
    size_t n = wcscspn (at, L";");
    wchar_t *folder = at;
    at += n;
    if (n >= 2 && folder[0] == L'"' && folder[n - 1] == L'"') {
      folder++;
      n -= 2;
    }
    if (n != 0) found = try_folder (search, folder, n);
    if (*at == 0) break;
  }
  free (path);
  return found;
}

wchar_t *launch_find (const char *name, char cause[REASON_MAX], int *status) {
  wchar_t *wide = utf16_of (name);
  /* In the order of the members: name, found, candidate.  */
  struct search search = {wide, malloc (PATH_SIZE * sizeof (wchar_t)),
                          malloc (PATH_SIZE * sizeof (wchar_t))};
  int found = 0;
  if (wide != NULL && search.found != NULL && search.candidate != NULL) {
    if (wcspbrk (wide, L"\\/:") != NULL)
      found = try_folder (&search, L"", 0);
    else /* the current folder first, unless the user has disabled that */
      found = (NeedCurrentDirectoryForExePathW (wide) && try_folder (&search, L".", 1))
              || try_path (&search);
  }
  DWORD attributes = wide != NULL && !found ? GetFileAttributesW (wide) : INVALID_FILE_ATTRIBUTES;
  int is_folder =
      attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  free (wide);
  free (search.candidate);
  int is_batch = found && (ends_with (search.found, L".bat") || ends_with (search.found, L".cmd"));
  if (found && !is_batch) return search.found;
  free (search.found);
  *status = is_batch || is_folder ? PROCESS_RUN_REFUSED : PROCESS_RUN_NOTHING;
  snprintf (cause, REASON_MAX, "%.200s %s", name,
            is_batch    ? "is a batch file: start its program, or cmd.exe /c with the file"
            : is_folder ? "is a folder"
                        : "was not found");
  return NULL;
}
