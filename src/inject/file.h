/* Files: looked at without being read whole, and replaced in one step or not at all.

   Paths are UTF-8.  int functions return 0, or -1 with the reason, which has the system's words.  A
   new file is written beside its target, brought to the disk, and gets its name last: whatever
   happens before that leaves the target as it was.  One thread at a time.  */

#ifndef MIR_INJECT_FILE_H
#define MIR_INJECT_FILE_H

#include <string.h> /* strlen */
#include "inject/edit/edit.h"

enum { INJECT_PATH_MAX = 4096, INJECT_SHOWN_MAX = 120 };

typedef struct {
  const uint8_t *bytes; /* until inject_file_close */
  size_t size;
  unsigned names; /* hard links to it; 0 if that is not known */
  void *mapping;  /* the system's */
  int descriptor; /* the system's, -1: none */
  int folder;     /* of a file to be edited in place, -1: none */
} file_t;

/* Open a regular file, read only.  Symbolic links are followed.  */
int inject_file_open (file_t *file, const char *path, pe_error_t *error);
/* Open a regular file that will be edited in place.  Where PATH is a symbolic link, this is the file
   it leads to, whose path is put into the SIZE bytes at RESOLVED.  From here on the file is known by
   its descriptor, not by its name: others may be able to rename things in its folder.  */
int inject_file_open_in_place (file_t *file, const char *path, char *resolved, size_t size,
                               pe_error_t *error);
void inject_file_close (file_t *file);

/* One which has no name yet, or not its own.  */
typedef struct {
  char path[INJECT_PATH_MAX]; /* "": it has none */
  char target[INJECT_PATH_MAX];
  int descriptor; /* -1: none */
  int folder;     /* in which TARGET is and PATH lies, -1: none */
  int in_place;   /* TARGET is the old file */
  void *handle;   /* the system's */
} file_new_t;

/* Write the result of EDIT to a new file for TARGET, with the permissions of OLD, the file which is
   edited.  IN_PLACE: TARGET is the path of OLD, which inject_file_open_in_place opened; the new file gets
   its owner too as far as that is allowed.  Nobody may do more with the new file than with OLD.  */
int inject_file_write (file_new_t *file, const char *target, const file_t *old, int in_place,
                       edit_t *edit, pe_error_t *error);
/* Look at what was written.  */
int inject_file_read_back (const file_new_t *written, file_t *file, pe_error_t *error);
/* Give it its name, and close OLD.  REPLACE: whatever has that name goes, else it must be free.
   BACKUP: the name under which the old file stays, in the same folder, free or to be replaced; NULL:
   none.  In place this is refused if the name now belongs to another file than OLD.  The new file is
   gone if this fails.  */
int inject_file_commit (file_new_t *file, file_t *old, int replace, const char *backup,
                        pe_error_t *error);
void inject_file_abandon (file_new_t *file);

/* Whether something has this name.  */
int inject_file_exists (const char *path);
/* Whether it is there and cannot be replaced by a file: a folder, a device, a pipe.  */
int inject_file_is_special (const char *path);
/* The file called NAME, case ignored, in the folder of PATH; -1 without a reason if there is none.
 */
int inject_file_beside (const char *path, const char *name, char *found, size_t size);
/* Ask at the terminal: 1 yes, 0 no, -1: there is no terminal to ask at.  */
int inject_file_ask (const char *question);
/* The end of PATH, which says most, where it is too long for a message.  */
static inline const char *inject_file_shown (const char *path) {
  size_t size = strlen (path);
  return size > INJECT_SHOWN_MAX ? path + size - INJECT_SHOWN_MAX : path;
}
/* Where the last part of PATH begins.  */
const char *inject_file_name_of (const char *path);

#endif
