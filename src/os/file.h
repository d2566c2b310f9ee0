/* Files which only this process appends to, for POSIX systems: nobody can slip it another one, and
   none grows beyond what a process may write.

   Any thread may call any of these; none of them allocates.  */
#ifndef MIR_OS_FILE_H
#define MIR_OS_FILE_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */
#include <sys/stat.h>

/* Make the file PATH, which must not be there, not even as a link.  Its descriptor, or -1 and
 * errno.  */
int mir_os_file_create (const char *path);
/* Whether ST is of a plain file of this user's which has this one name.  */
int mir_os_file_is_ours (const struct stat *st);
/* 0, or why not all LEN bytes were appended, an errno; errno itself, the program's, is as it was.
 */
int mir_os_file_append (int fd, const uint8_t *bytes, size_t len);

#endif /* MIR_OS_FILE_H */
