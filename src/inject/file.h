/* Files that are mapped, and replaced in one step or not at all.

   Paths are UTF-8.  int functions return 0, or -1 with the reason in ERROR, which quotes the
   system.  A new file is written in the folder of its target and flushed to the disk.  It gets its
   name last, so any failure leaves the target as it was.  One thread at a time.

   Another user may be able to rename files in the folder.  So a file is opened once and then
   identified by its descriptor; its name is used only once more, when the new file gets that
   name.  */

#ifndef MIR_INJECT_FILE_H
#define MIR_INJECT_FILE_H

#include <string.h> /* strlen */

#include "inject/edit/edit.h"

enum { INJECT_PATH_MAX = 4096, INJECT_SHOWN_MAX = 120 }; /* bytes; the second in messages */

/* An open file, read only.  */
struct inject_file {
  const uint8_t *bytes; /* valid until inject_file_close */
  size_t size;
  unsigned names; /* number of hard links */
  void *mapping;  /* of BYTES; NULL: none */
  int descriptor; /* POSIX: of the file; -1: none */
  int folder;     /* POSIX, in place: descriptor of the folder; -1: none */
};

/* Open a regular file for reading.  Follows symbolic links.  */
int inject_file_open (struct inject_file *file, const char *path, struct pe_error *error);
/* Open a regular file that will be edited in place.  If PATH is a symbolic link, that is the file
   to which the link leads.  The SIZE bytes at RESOLVED get the path of the file.  */
int inject_file_open_in_place (struct inject_file *file, const char *path, char *resolved,
                               size_t size, struct pe_error *error);
void inject_file_close (struct inject_file *file);

/* A new file that does not have its final name yet.  */
struct inject_file_new {
  char path[INJECT_PATH_MAX];   /* temporary name: POSIX in FOLDER, Windows a path; "": none */
  char target[INJECT_PATH_MAX]; /* path of the final name */
  int descriptor;               /* POSIX: of the file; -1: none */
  int folder;                   /* POSIX: descriptor of the folder of TARGET; -1: none */
  int in_place;                 /* TARGET is the file that was read */
  void *handle;                 /* Windows: of the file */
};

/* Write the result of EDIT to a new file for TARGET, with the permissions of OLD, the file that
   EDIT reads.  Nobody may do more with the new file than with OLD.  IN_PLACE: OLD comes from
   inject_file_open_in_place and TARGET is its path; the new file also gets the owner of OLD if the
   system allows it.  */
int inject_file_write (struct inject_file_new *file, const char *target,
                       const struct inject_file *old, int in_place, struct edit *edit,
                       struct pe_error *error);
/* Map the new file to check what was written.  */
int inject_file_read_back (const struct inject_file_new *written, struct inject_file *file,
                           struct pe_error *error);
/* Give FILE its final name, and close OLD.  If REPLACE, a file with that name is replaced;
   otherwise the name must be free.  BACKUP is the path at which OLD is kept, in the same folder,
   replacing whatever is there; NULL keeps nothing.  In place: fails if the name belongs to another
   file than OLD by now.  On failure the new file is removed.  */
int inject_file_commit (struct inject_file_new *file, struct inject_file *old, int replace,
                        const char *backup, struct pe_error *error);
/* Remove the new file.  */
void inject_file_abandon (struct inject_file_new *file);

/* Whether PATH exists; a symbolic link does even if its target does not.  */
int inject_file_exists (const char *path);
/* Whether PATH exists and must not be replaced by a file: a folder, a device, a pipe.  */
int inject_file_is_special (const char *path);
/* Find the file NAME in the folder of PATH, ignoring case, and put its path into FOUND.  Returns 0
   or -1.  */
int inject_file_beside (const char *path, const char *name, char *found, size_t size);
/* Whether standard input is a terminal, so that the user can be asked.  */
int inject_file_is_terminal (void);
/* PATH, or its end if PATH is too long for a message.  */
static inline const char *inject_file_shown (const char *path) {
  size_t size = strlen (path);
  return size > INJECT_SHOWN_MAX ? path + size - INJECT_SHOWN_MAX : path;
}
/* The last component of PATH.  */
const char *inject_file_name_of (const char *path);

#endif
