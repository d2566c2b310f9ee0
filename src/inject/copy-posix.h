/* What a new file gets of an old one on POSIX systems: bytes and permissions.

   int functions return 0, or -1 with errno.  */

#ifndef MIR_INJECT_COPY_POSIX_H
#define MIR_INJECT_COPY_POSIX_H

#include "inject/file.h"

/* Write the result of EDIT, which reads OLD, to the descriptor TO.  */
int copy_result (struct edit *edit, const struct inject_file *old, int to);
/* Give TO the permissions of FROM and, if OWNER, its owner and group as far as the system allows
   it.  With another owner or group the file does not get set-user-ID and set-group-ID, and another
   group only gets the rights that everyone has.  */
int copy_permissions (int from, int to, int owner);

#endif
