/* The memory map of the target: its images and their files.  */
#define PSAPI_VERSION 2 /* GetMappedFileNameW from KERNEL32 */
#include "inject/process/remote.h"

#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/pe/imports.h" /* pe_name_is */
#include "inject/process/utf16.h"

enum { FILE_NAME_MAX = 32768 }; /* UTF-16 units of the longest path */

int remote_each_image (const struct remote *remote, remote_found_t *found, void *user_data) {
  MEMORY_BASIC_INFORMATION info;
  uintptr_t at = 0;
  for (;;) {
    if (VirtualQueryEx (remote->process, (void *) at, &info, sizeof (info)) == 0)
      return GetLastError () == ERROR_INVALID_PARAMETER
                 ? 0
                 : -1; /* no address above this one is valid */
    uintptr_t base = (uintptr_t) info.BaseAddress;
    if (info.State == MEM_COMMIT && info.Type == MEM_IMAGE
        && info.AllocationBase == info.BaseAddress) {
      int result = found (user_data, base);
      if (result != 0) return result;
    }
    if (base + info.RegionSize <= at) return 0; /* the end of the address space */
    at = base + info.RegionSize;
  }
}

/* Set LETTERS to the drive of FILE.  The path of a mapped file begins with a device,
   \Device\HarddiskVolume3\..., but users know its letter.  The length of the part of FILE that
   LETTERS replace; 0 if no drive is that device.  */
static size_t drive_of (const wchar_t *file, wchar_t letters[3]) {
  wchar_t device[MAX_PATH];
  wcscpy (letters, L"A:");
  for (; letters[0] <= L'Z'; letters[0]++) {
    if (QueryDosDeviceW (letters, device, MAX_PATH) == 0) continue;
    size_t len = wcslen (device);
    if (_wcsnicmp (file, device, len) == 0 && file[len] == L'\\') return len;
  }
  return 0;
}

void remote_file_at (const struct remote *remote, uint64_t address, int bare, char *name,
                     size_t size) {
  wchar_t letters[3] = L"", *wide = malloc (FILE_NAME_MAX * sizeof (*wide));
  name[0] = 0;
  if (wide == NULL) return;
  DWORD len =
      GetMappedFileNameW (remote->process, (void *) (uintptr_t) address, wide, FILE_NAME_MAX);
  if (len != 0 && len < FILE_NAME_MAX) {
    size_t skip = 0;
    if (wcsncmp (wide, L"\\??\\", 4) == 0) /* Wine: it has the letter already */
      skip = 4;
    else if (!bare && (skip = drive_of (wide, letters)) == 0)
      letters[0] = 0;
    char *text = utf16_to_utf8 (wide + skip), *slash = text == NULL ? NULL : strrchr (text, '\\');
    if (text != NULL && bare)
      snprintf (name, size, "%s", slash != NULL ? slash + 1 : text);
    else if (text != NULL)
      snprintf (name, size, "%ls%s", letters, text);
    free (text);
  }
  free (wide);
}

/* The image that has NAME: its address, 0 until it is found.  */
struct search {
  const struct remote *remote;
  const char *name;
  uint64_t base;
};

/* remote_found_t: stops at the image that has the name.  */
static int has_name (void *user_data, uint64_t base) {
  struct search *search = user_data;
  char name[MAX_PATH * 4];
  remote_file_at (search->remote, base, 1, name, sizeof (name));
  if (!pe_name_is (name, search->name)) return 0;
  search->base = base;
  return 1;
}

uint64_t remote_find (const struct remote *remote, const char *name) {
  struct search search = {remote, name, 0};
  remote_each_image (remote, has_name, &search);
  return search.base;
}
