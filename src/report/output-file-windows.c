/* Opens and replaces mir-report's files on Windows.  */
#include "report/output-file.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <string.h>
#include <sys/stat.h>
#include <windows.h>

enum { TEMPORARIES = 100 }; /* names that are tried */

/* Whether FD, if there is one, is a regular file.  */
static int is_regular (int fd) {
  struct _stat64 st;
  return fd >= 0 && _fstat64 (fd, &st) == 0 && (st.st_mode & _S_IFMT) == _S_IFREG;
}

/* A stream over FD, which the stream owns; FD is closed on failure.  */
static FILE *stream_of (int fd, const char *mode) {
  FILE *stream = fd < 0 ? NULL : _fdopen (fd, mode);
  if (fd >= 0 && stream == NULL) _close (fd);
  return stream;
}

void output_file_begin (void) {
  _setmode (_fileno (stdin), _O_BINARY);
  _setmode (_fileno (stdout), _O_BINARY);
}

FILE *output_file_read (const char *path, const char **why) {
  int fd = _open (path, _O_RDONLY | _O_BINARY);
  FILE *stream = NULL;
  if (fd < 0 || is_regular (fd)) {
    stream = stream_of (fd, "rb");
    if (stream == NULL) *why = strerror (errno);
  } else {
    _close (fd);
    *why = "not a regular file";
  }
  return stream;
}

FILE *output_file_private (void) {
  char folder[MAX_PATH + 1], path[MAX_PATH];
  DWORD len = GetTempPathA (sizeof (folder), folder);
  int fd = -1;
  if (len == 0 || len > MAX_PATH || GetTempFileNameA (folder, "mir", 0, path) == 0) {
    errno = EACCES;
    return NULL;
  }
  /* Without sharing: the file is new, and its owner's in a folder of this user.  */
  (void) _sopen_s (&fd, path, _O_RDWR | _O_BINARY | _O_TRUNC | _O_TEMPORARY, _SH_DENYRW,
                   _S_IREAD | _S_IWRITE);
  if (fd < 0) remove (path);
  return stream_of (fd, "w+b");
}

/*---------------- Comparing -----------------------------*/

/* Whether HANDLE is STREAM's file.  */
static int is_handle_of (FILE *stream, HANDLE handle) {
  BY_HANDLE_FILE_INFORMATION a, b;
  return GetFileInformationByHandle ((HANDLE) _get_osfhandle (_fileno (stream)), &a)
         && GetFileInformationByHandle (handle, &b)
         && a.dwVolumeSerialNumber == b.dwVolumeSerialNumber && a.nFileIndexHigh == b.nFileIndexHigh
         && a.nFileIndexLow == b.nFileIndexLow;
}

int output_file_same (FILE *a, FILE *b) {
  return a == b || is_handle_of (a, (HANDLE) _get_osfhandle (_fileno (b)));
}

int output_file_named (FILE *stream, const char *path) {
  HANDLE handle =
      CreateFileA (path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                   OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
  int is_same = handle != INVALID_HANDLE_VALUE && is_handle_of (stream, handle);
  if (handle != INVALID_HANDLE_VALUE) CloseHandle (handle);
  return is_same;
}

/*---------------- Outputs -----------------------------*/

FILE *output_file_special (const char *path) {
  int fd = _open (path, _O_WRONLY | _O_BINARY);
  if (fd >= 0 && !is_regular (fd)) return stream_of (fd, "wb");
  if (fd >= 0) _close (fd);
  errno = 0;
  return NULL;
}

/* _O_EXCL: only if nothing has the name.  */
FILE *output_file_beside (const char *path, FILE *trace, FILE *old,
                          char temporary[OUTPUT_PATH_MAX]) {
  int fd = -1;
  FILE *stream;
  (void) trace;
  (void) old;
  errno = EEXIST;
  for (int i = 0; i < TEMPORARIES && fd < 0 && errno == EEXIST; i++) {
    int len = snprintf (temporary, OUTPUT_PATH_MAX, "%s.new%d", path, i);
    if (len < 0 || len >= OUTPUT_PATH_MAX)
      errno = ENAMETOOLONG;
    else
      fd = _open (temporary, _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY, _S_IREAD | _S_IWRITE);
  }
  stream = stream_of (fd, "wb");
  if (fd >= 0 && stream == NULL) remove (temporary);
  return stream;
}

int output_file_replace (const char *temporary, const char *path) {
  if (MoveFileExA (temporary, path, MOVEFILE_REPLACE_EXISTING)) return 0;
  errno = EACCES;
  return -1;
}
