/* Own files, on POSIX systems: only this process appends to them.  No other user can substitute
   another file, and none grows beyond what the process may write.

   Any thread may call any of these functions; none of them allocates.  */
#ifndef MIR_OS_FILE_H
#define MIR_OS_FILE_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */
#include <sys/stat.h>

/* Create the file PATH, which this user alone can read and write.  PATH must not exist, not even as
   a link.  Returns a descriptor, which the caller closes; -1 on failure, with errno set.  */
int mir_os_file_create (const char *path);
/* Whether ST describes a plain file that this user owns and that has only one name.  */
int mir_os_file_is_ours (const struct stat *st);
/* Append LEN bytes.  0, or an errno value that says why not all of them were appended; errno itself
   belongs to the program and does not change.  */
int mir_os_file_append (int fd, const uint8_t *bytes, size_t len);

#endif /* MIR_OS_FILE_H */
