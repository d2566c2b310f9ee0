/* The file of a trace on Windows.  */
#include "trace/trace-file.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* Without FILE_FLAG_OPEN_REPARSE_POINT, CREATE_NEW would follow a link whose target does not exist,
   and create the target.  */
static HANDLE open_new (const char *path) {
  return CreateFileA (path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_NEW,
                      FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
}

static int is_plain_file (const char *path) {
  DWORD attributes = GetFileAttributesA (path);
  return attributes != INVALID_FILE_ATTRIBUTES
         && (attributes
             & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE))
                == 0;
}

/* The file inherits the access rights of its directory.  */
MIR_trace_status_t mir_trace_file_create (const char *path, mir_trace_file_t *file) {
  *file = open_new (path);
  if (*file == INVALID_HANDLE_VALUE && GetLastError () == ERROR_FILE_EXISTS) {
    if (!is_plain_file (path)) {
      SetLastError (ERROR_FILE_EXISTS);
      return MIR_TRACE_UNSAFE_FILE;
    }
    if (DeleteFileA (path)) *file = open_new (path);
  }
  return *file != INVALID_HANDLE_VALUE ? MIR_TRACE_OK : MIR_TRACE_FILE_REFUSED;
}

int mir_trace_file_write (mir_trace_file_t file, const uint8_t *bytes, size_t len) {
  DWORD saved = GetLastError ();
  int error = 0;
  while (len > 0 && error == 0) {
    DWORD written, part = len < 1 << 20 ? (DWORD) len : 1 << 20;
    if (!WriteFile (file, bytes, part, &written, NULL)) {
      error = (int) GetLastError ();
    } else if (written == 0) {
      error = ERROR_WRITE_FAULT;
    } else {
      bytes += written;
      len -= written;
    }
  }
  SetLastError (saved);
  return error;
}

int mir_trace_file_close (mir_trace_file_t file) {
  return CloseHandle (file) ? 0 : (int) GetLastError ();
}

/* Nobody can put another file at PATH while FILE is open.  */
void mir_trace_file_drop (const char *path, mir_trace_file_t file) {
  (void) CloseHandle (file);
  (void) DeleteFileA (path);
}
