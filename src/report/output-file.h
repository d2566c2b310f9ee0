/* The files that mir-report reads and writes: each is opened once and looked at by its descriptor.

   Between two calls another process may put something else in the place of a name.  So no decision
   rests on a name: the file that was opened is looked at, and an output gets its name by a rename,
   which replaces a link and never follows it.  One thread at a time.  */
#ifndef MIR_REPORT_OUTPUT_FILE_H
#define MIR_REPORT_OUTPUT_FILE_H

#include <stdio.h>

enum { OUTPUT_PATH_MAX = 4096 /* bytes */ };

/* Prepare the process, before anything is opened.  No file takes the place of a standard stream that
   is closed; a pipe without a reader and a file that may not grow are errors of writing; standard
   input and output carry bytes.  */
void output_file_begin (void);

/* Open the regular file PATH for reading.  NULL on failure; then *WHY is the reason, for the user.
   The caller closes the stream.  */
FILE *output_file_read (const char *path, const char **why);

/* Create a file without a name, for reading and writing, that nobody else can open.  It is gone when
   the stream is closed or the program ends.  NULL with errno on failure.  */
FILE *output_file_private (void);

/* Whether A and B are one file, pipe or device.  */
int output_file_same (FILE *a, FILE *b);
/* Whether PATH is a name of STREAM's file; a link that leads to it is none.  */
int output_file_named (FILE *stream, const char *path);

/* Open the pipe or the device PATH for writing.  NULL with errno on failure; with errno 0 if
   nothing, a regular file or a link has this name, which output_file_replace may replace.  A link
   is followed only if it is the system's, as /dev/fd/63.  Another user's pipe is refused with
   EPERM.  */
FILE *output_file_special (const char *path);

/* Create a file beside PATH and store its path in TEMPORARY.  Its permissions are those of TRACE's
   file less what the umask takes away, never wider; if OLD is not NULL, what both of them allow; its
   owner's alone if one of them has an access control list, or if TRACE is NULL.  On Windows they are
   the folder's.  NULL with errno on failure.  */
FILE *output_file_beside (const char *path, FILE *trace, FILE *old,
                          char temporary[OUTPUT_PATH_MAX]);

/* Rename TEMPORARY to PATH, whatever has that name.  Returns 0, or -1 with errno and PATH as it
   was.  */
int output_file_replace (const char *temporary, const char *path);

#endif /* MIR_REPORT_OUTPUT_FILE_H */
