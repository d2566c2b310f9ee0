/* Drives PhysFS: mounts a folder of its own, lists it, writes a file and reads it.  */
#include "adapters/mir-physfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guests/guest.h"
#include "guests/record.h"

static void *record_physfs_malloc (PHYSFS_uint64 size) {
  return record_malloc ((size_t) size);
}

static void *record_physfs_realloc (void *ptr, PHYSFS_uint64 size) {
  return record_realloc (ptr, (size_t) size);
}

static int write_file (void) {
  PHYSFS_File *file = PHYSFS_openWrite ("file.txt");
  if (file == NULL) return 0;
  int is_good = PHYSFS_writeBytes (file, "a text", 6) == 6;
  return PHYSFS_close (file) && is_good;
}

static int read_file (void) {
  char text[6];
  PHYSFS_File *file = PHYSFS_openRead ("mounted/file.txt");
  if (file == NULL) return 0;
  int is_good = PHYSFS_setBuffer (file, 1000) && PHYSFS_readBytes (file, text, 6) == 6
                && memcmp (text, "a text", 6) == 0;
  return PHYSFS_close (file) && is_good;
}

static int list (void) {
  char **names = PHYSFS_enumerateFiles ("mounted");
  if (names == NULL) return 0;
  int num = 0;
  while (names[num] != NULL) num++;
  PHYSFS_freeList (names);
  return num == 1;
}

static enum guest_result work (MIR_alloc_t alloc) {
  const PHYSFS_Allocator recorder = {NULL, NULL, record_physfs_malloc, record_physfs_realloc,
                                     record_free};
  char folder[] = "/tmp/guest-physfs-XXXXXX", path[64];
  if (mkdtemp (folder) == NULL) return GUEST_WRONG;
  int is_good = alloc != NULL ? MIR_physfs_use (alloc) : PHYSFS_setAllocator (&recorder);
  is_good = is_good && PHYSFS_init ("guest");
  is_good = is_good && PHYSFS_setWriteDir (folder) && write_file ()
            && PHYSFS_mount (folder, "mounted", 1) && list () && read_file ();
  PHYSFS_ErrorCode error = is_good ? PHYSFS_ERR_OK : PHYSFS_getLastErrorCode ();
  if (PHYSFS_isInit ()) PHYSFS_deinit ();
  snprintf (path, sizeof (path), "%s/file.txt", folder);
  unlink (path);
  rmdir (folder);
  return is_good ? GUEST_RIGHT : error == PHYSFS_ERR_OUT_OF_MEMORY ? GUEST_NO_MEMORY : GUEST_WRONG;
}

const char *guest_version (void) {
  static char text[16];
  PHYSFS_Version version;
  PHYSFS_getLinkedVersion (&version);
  snprintf (text, sizeof (text), "%d.%d.%d", version.major, version.minor, version.patch);
  return text;
}

const struct guest guests[] = {
    {.name = "PhysFS", .run = work, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
