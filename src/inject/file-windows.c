/* Files on Windows: mapped, and replaced by ReplaceFile.  */
#include "inject/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* Set ERROR: WHAT failed for PATH, and the reason that GetLastError tells.  -1.  */
static int fail (struct pe_error *error, const char *what, const char *path) {
  WCHAR wide[160];
  char text[320];
  DWORD code = GetLastError ();
  DWORD n = FormatMessageW (FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, code,
                            0, wide, 160, NULL);
  while (n > 0 && (wide[n - 1] <= ' ' || wide[n - 1] == '.')) n--;
  int length = WideCharToMultiByte (CP_UTF8, 0, wide, (int) n, text, sizeof (text) - 1, NULL, NULL);
  text[n > 0 && length > 0 ? length : 0] = 0;
  if (text[0] == 0) snprintf (text, sizeof (text), "error %lu", (unsigned long) code);
  error->names_file = 1;
  return pe_fail (error, "%s: %s: %s", what, inject_file_shown (path), text);
}

/* Convert PATH into INJECT_PATH_MAX units at WIDE.  0, or -1.  */
static int to_wide (const char *path, WCHAR *wide) {
  return MultiByteToWideChar (CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, INJECT_PATH_MAX) > 0
             ? 0
             : -1;
}

const char *inject_file_name_of (const char *path) {
  const char *name = path;
  for (; *path != 0; path++)
    if (*path == '/' || *path == '\\' || *path == ':') name = path + 1;
  return name;
}

/* The mapped view keeps the file open after HANDLE is closed.  */
static int map (struct inject_file *file, HANDLE handle, const char *path, struct pe_error *error) {
  BY_HANDLE_FILE_INFORMATION facts;
  *file = (struct inject_file) {0};
  if (!GetFileInformationByHandle (handle, &facts))
    return fail (error, "unable to read file", path);
  uint64_t size = (uint64_t) facts.nFileSizeHigh << 32 | facts.nFileSizeLow;
  file->size = (size_t) size;
  file->names = facts.nNumberOfLinks;
  if (size == 0) {
    file->bytes = (const uint8_t *) "";
    return 0;
  }
  HANDLE mapping =
      size <= SIZE_MAX ? CreateFileMappingW (handle, NULL, PAGE_READONLY, 0, 0, NULL) : NULL;
  if (mapping == NULL) return fail (error, "unable to read file", path);
  file->bytes = file->mapping = MapViewOfFile (mapping, FILE_MAP_READ, 0, 0, 0);
  if (file->mapping == NULL) fail (error, "unable to read file", path);
  CloseHandle (mapping);
  return file->mapping != NULL ? 0 : -1;
}

/* A handle for reading, which the caller closes.  */
static HANDLE open_handle (const char *path) {
  WCHAR wide[INJECT_PATH_MAX];
  SetLastError (ERROR_INVALID_NAME);
  return to_wide (path, wide) != 0
             ? INVALID_HANDLE_VALUE
             : CreateFileW (wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
}

/* The path of an open file.  */
static int path_of (HANDLE handle, char *path, size_t size) {
  WCHAR *found = malloc (INJECT_PATH_MAX * sizeof (*found));
  DWORD n = found == NULL
                ? 0
                : GetFinalPathNameByHandleW (handle, found, INJECT_PATH_MAX, FILE_NAME_NORMALIZED);
  int status = -1;
  if (n != 0 && n < INJECT_PATH_MAX) {
    const WCHAR *begin = wcsncmp (found, L"\\\\?\\", 4) == 0 && found[5] == ':' ? found + 4 : found;
    status = WideCharToMultiByte (CP_UTF8, 0, begin, -1, path, (int) size, NULL, NULL) > 0 ? 0 : -1;
  }
  free (found);
  return status;
}

int inject_file_open_in_place (struct inject_file *file, const char *path, char *resolved,
                               size_t size, struct pe_error *error) {
  HANDLE handle = open_handle (path);
  *file = (struct inject_file) {0};
  if (handle == INVALID_HANDLE_VALUE) return fail (error, "unable to open file", path);
  int status = resolved != NULL && path_of (handle, resolved, size) != 0
                   ? fail (error, "unable to open file", path)
                   : map (file, handle, path, error);
  CloseHandle (handle);
  return status;
}

int inject_file_open (struct inject_file *file, const char *path, struct pe_error *error) {
  return inject_file_open_in_place (file, path, NULL, 0, error);
}

void inject_file_close (struct inject_file *file) {
  if (file->mapping != NULL) UnmapViewOfFile (file->mapping);
  *file = (struct inject_file) {0};
}

int inject_file_read_back (const struct inject_file_new *written, struct inject_file *file,
                           struct pe_error *error) {
  return map (file, written->handle, written->target, error);
}

/* `write` of an edit_output: SELF is a handle.  */
static int write_new (void *self, uint64_t offset, const uint8_t *bytes, size_t n) {
  while (n > 0) {
    OVERLAPPED at = {0};
    DWORD done = 0;
    at.Offset = (DWORD) offset;
    at.OffsetHigh = (DWORD) (offset >> 32);
    if (!WriteFile (self, bytes, (DWORD) n, &done, &at) || done == 0) return -1;
    bytes += done;
    offset += done;
    n -= done;
  }
  return 0;
}

/* The new file inherits the permissions of the folder; ReplaceFile gives it those of the file that
   it replaces.  CREATE_NEW never opens what another user put at the temporary path, and while the
   handle is open nobody can replace the file.  */
int inject_file_write (struct inject_file_new *file, const char *target,
                       const struct inject_file *old, int in_place, struct edit *edit,
                       struct pe_error *error) {
  static const struct edit_output output = {.write = write_new};
  WCHAR wide[INJECT_PATH_MAX];
  (void) old;
  *file = (struct inject_file_new) {.in_place = in_place, .handle = INVALID_HANDLE_VALUE};
  int n = snprintf (file->path, sizeof (file->path), "%s.mir-%lu.tmp", target,
                    (unsigned long) GetCurrentProcessId ());
  snprintf (file->target, sizeof (file->target), "%s", target);
  SetLastError (ERROR_FILENAME_EXCED_RANGE);
  if (n > 0 && (size_t) n < sizeof (file->path) && to_wide (file->path, wide) == 0) {
    DeleteFileW (wide); /* left by a killed process with the same id */
    file->handle = CreateFileW (wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL,
                                CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
  }
  if (file->handle == INVALID_HANDLE_VALUE) return fail (error, "unable to write file", file->path);
  if (edit_write (edit, &output, file->handle) == 0 && FlushFileBuffers (file->handle)) return 0;
  fail (error, "unable to write file", target);
  inject_file_abandon (file);
  return -1;
}

void inject_file_abandon (struct inject_file_new *file) {
  WCHAR wide[INJECT_PATH_MAX];
  if (file->handle != INVALID_HANDLE_VALUE) CloseHandle (file->handle);
  file->handle = INVALID_HANDLE_VALUE;
  if (file->path[0] != 0 && to_wide (file->path, wide) == 0) DeleteFileW (wide);
  file->path[0] = 0;
}

/* ReplaceFile keeps attributes and permissions, but not every file system supports it.  */
static int replace_file (const WCHAR *target, const WCHAR *path, const WCHAR *backup) {
  if (ReplaceFileW (target, path, backup, REPLACEFILE_IGNORE_MERGE_ERRORS, NULL, NULL)) return 0;
  if (GetFileAttributesW (path) == INVALID_FILE_ATTRIBUTES) return -1;
  if (backup != NULL) {
    DeleteFileW (
        backup); /* a symbolic link itself, not its target; the copy does not follow one either */
    if (!CopyFileExW (target, backup, NULL, NULL, NULL,
                      COPY_FILE_FAIL_IF_EXISTS | COPY_FILE_COPY_SYMLINK))
      return -1;
  }
  return MoveFileExW (path, target, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) ? 0 : -1;
}

int inject_file_commit (struct inject_file_new *file, struct inject_file *old, int replace,
                        const char *backup, struct pe_error *error) {
  WCHAR path[INJECT_PATH_MAX], target[INJECT_PATH_MAX], kept[INJECT_PATH_MAX];
  int status = to_wide (file->path, path) != 0 || to_wide (file->target, target) != 0
               || (backup != NULL && to_wide (backup, kept) != 0);
  inject_file_close (old); /* Windows does not replace a mapped file */
  CloseHandle (file->handle);
  file->handle = INVALID_HANDLE_VALUE;
  if (status == 0) {
    int there = GetFileAttributesW (target) != INVALID_FILE_ATTRIBUTES;
    if (replace && there)
      status = replace_file (target, path, backup != NULL ? kept : NULL);
    else
      status = !MoveFileExW (path, target, MOVEFILE_WRITE_THROUGH);
  }
  if (status != 0) {
    fail (error, "unable to write file", file->target);
    inject_file_abandon (file);
    return -1;
  }
  file->path[0] = 0;
  return 0;
}

int inject_file_exists (const char *path) {
  WCHAR wide[INJECT_PATH_MAX];
  return to_wide (path, wide) == 0 && GetFileAttributesW (wide) != INVALID_FILE_ATTRIBUTES;
}

int inject_file_is_special (const char *path) {
  WCHAR wide[INJECT_PATH_MAX];
  if (to_wide (path, wide) != 0) return 0;
  DWORD facts = GetFileAttributesW (wide);
  return facts != INVALID_FILE_ATTRIBUTES
         && (facts & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_DEVICE)) != 0;
}

int inject_file_beside (const char *path, const char *name, char *found, size_t size) {
  int n = snprintf (found, size, "%.*s%s", (int) (inject_file_name_of (path) - path), path, name);
  return n > 0 && (size_t) n < size && inject_file_exists (found) ? 0 : -1;
}

int inject_file_is_terminal (void) {
  DWORD mode; /* _isatty also takes the device NUL for a terminal */
  return GetConsoleMode (GetStdHandle (STD_INPUT_HANDLE), &mode);
}
