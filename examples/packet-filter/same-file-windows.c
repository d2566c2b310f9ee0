/* Compares files by their volume and index: stat has no numbers here.  */
#include "same-file.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static HANDLE open_for_its_name (const char *path) {
  return CreateFileA (path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                      OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

static int are_same (HANDLE a, HANDLE b) {
  BY_HANDLE_FILE_INFORMATION x, y;
  return GetFileInformationByHandle (a, &x) && GetFileInformationByHandle (b, &y)
         && x.dwVolumeSerialNumber == y.dwVolumeSerialNumber && x.nFileIndexHigh == y.nFileIndexHigh
         && x.nFileIndexLow == y.nFileIndexLow;
}

/* Both are open while they are compared: an index may be another file's later.  */
int is_same_file (const char *a, const char *b) {
  HANDLE x = open_for_its_name (a), y = open_for_its_name (b);
  int is_same = x != INVALID_HANDLE_VALUE && y != INVALID_HANDLE_VALUE && are_same (x, y);
  if (x != INVALID_HANDLE_VALUE) CloseHandle (x);
  if (y != INVALID_HANDLE_VALUE) CloseHandle (y);
  return is_same;
}
