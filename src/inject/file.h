/* Files: looked at without being read whole, and replaced in one step or not at all.

   Paths are UTF-8.  int functions return 0, or -1 with the reason, which has the system's words.  A
   new file is written beside its target, brought to the disk, and gets its name last: whatever
   happens before that leaves the target as it was.  One thread at a time.  */

#ifndef MIR_INJECT_FILE_H
#define MIR_INJECT_FILE_H

#include <string.h> /* strlen */
#include "inject/edit/edit.h"

enum { INJECT_PATH_MAX = 4096, INJECT_SHOWN_MAX = 120 };

struct inject_file {
  const uint8_t *bytes; /* until inject_file_close */
  size_t size;
  unsigned names; /* hard links to it; 0 if that is not known */
  void *mapping;  /* the system's */
  int descriptor; /* the system's, -1: none */
  int folder;     /* of a file to be edited in place, -1: none */
};

/* Open a regular file, read only.  Symbolic links are followed.  */
int inject_file_open (struct inject_file *file, const char *path, struct pe_error *error);
/* Open a regular file that will be edited in place.  Where PATH is a symbolic link, this is the file
   it leads to, whose path is put into the SIZE bytes at RESOLVED.  From here on the file is known by
   its descriptor, not by its name: others may be able to rename things in its folder.  */
int inject_file_open_in_place (struct inject_file *file, const char *path, char *resolved,
                               size_t size, struct pe_error *error);
void inject_file_close (struct inject_file *file);

/* One which has no name yet, or not its own.  */
struct inject_file_new {
  char path[INJECT_PATH_MAX]; /* "": it has none */
  char target[INJECT_PATH_MAX];
  int descriptor; /* -1: none */
  int folder;     /* in which TARGET is and PATH lies, -1: none */
  int in_place;   /* TARGET is the old file */
  void *handle;   /* the system's */
};

/* Write the result of EDIT to a new file for TARGET, with the permissions of OLD, the file which is
   edited.  IN_PLACE: TARGET is the path of OLD, which inject_file_open_in_place opened; the new file gets
   its owner too as far as that is allowed.  Nobody may do more with the new file than with OLD.  */
int inject_file_write (struct inject_file_new *file, const char *target,
                       const struct inject_file *old, int in_place, struct edit *edit,
                       struct pe_error *error);
/* Look at what was written.  */
int inject_file_read_back (const struct inject_file_new *written, struct inject_file *file,
                           struct pe_error *error);
/* Give it its name, and close OLD.  REPLACE: whatever has that name goes, else it must be free.
   BACKUP: the name under which the old file stays, in the same folder, free or to be replaced; NULL:
   none.  In place this is refused if the name now belongs to another file than OLD.  The new file is
   gone if this fails.  */
int inject_file_commit (struct inject_file_new *file, struct inject_file *old, int replace,
                        const char *backup, struct pe_error *error);
void inject_file_abandon (struct inject_file_new *file);

/* Whether something has this name.  */
int inject_file_exists (const char *path);
/* Whether it is there and cannot be replaced by a file: a folder, a device, a pipe.  */
int inject_file_is_special (const char *path);
/* The file called NAME, case ignored, in the folder of PATH; -1 without a reason if there is none.  */
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
