/* The files of tools: opened safely, buffered, never shared with a child.  */
#include "tools/tool-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/file.h"

/*---------------- Opening -----------------------------*/

/* Since the beginning of the clock of T.  */
static int64_t nanoseconds (struct timespec t) {
  return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t clock_now (clockid_t clock) {
  struct timespec now;
  clock_gettime (clock, &now);
  return nanoseconds (now);
}

/* When this process started, on the clock that dates files; -1 if unknown.  Field 22 of
   /proc/self/stat has it in ticks since boot (proc(5)).  */
static int64_t process_start (void) {
  char text[1024], *p;
  unsigned long long ticks;
  ssize_t len;
  int fd = open ("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  len = read (fd, text, sizeof (text) - 1);
  close (fd);
  if (len <= 0) return -1;
  text[len] = '\0';
  p = strrchr (text, ')'); /* ends field 2, the program's name, which may contain anything */
  for (int field = 2; p != NULL && field < 22; field++) p = strchr (p + 1, ' ');
  if (p == NULL || sscanf (p, "%llu", &ticks) != 1) return -1;
  return clock_now (CLOCK_REALTIME) - clock_now (CLOCK_BOOTTIME)
         + (int64_t) ticks * (1000000000 / sysconf (_SC_CLK_TCK));
}

/* Whether the file is left from an earlier process with the same ID: containers reuse the same IDs
   each time they start.  20 ms: two ticks.  */
static int is_stale (const struct stat *st) {
  int64_t start = process_start ();
  return start >= 0 && nanoseconds (st->st_mtim) < start - 20000000;
}

/* Whether this user owns the file and no other may write to it.  */
static int is_ours_alone (const struct stat *st) {
  return mir_os_file_is_ours (st) && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Open PATH, which exists: replace it if it is stale, share it if that is allowed.  A descriptor,
   or -1.  The check before the open avoids opening devices; the check of the descriptor is the one
   that counts.  */
static int open_existing (const char *path, int shared) {
  struct stat st, opened;
  int fd;
  if (lstat (path, &st) != 0 || !is_ours_alone (&st)) return -1;
  if (is_stale (&st)) return unlink (path) == 0 ? mir_os_file_create (path) : -1;
  if (!shared) return -1;
  fd = open (path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0 && (fstat (fd, &opened) != 0 || !is_ours_alone (&opened))) {
    close (fd);
    fd = -1;
  }
  return fd;
}

MIR_code_tool_status_t mir_tool_file_open (struct mir_tool_file *file, int shared, int *error) {
  file->pid = getpid ();
  file->forks = mir_tool_forks ();
  file->waiting = 0;
  file->used = 0;
  *error = 0;
  file->fd = mir_os_file_create (file->path);
  if (file->fd >= 0) return MIR_CODE_TOOL_OK;
  *error = errno;
  if (errno != EEXIST) return MIR_CODE_TOOL_FILE_REFUSED;
  file->fd = open_existing (file->path, shared);
  if (file->fd < 0) return MIR_CODE_TOOL_UNSAFE_FILE;
  *error = 0;
  return MIR_CODE_TOOL_OK;
}

int mir_tool_file_is_parents (struct mir_tool_file *file) {
  if (file->forks == mir_tool_forks ()) return 0; /* the usual case, without a system call */
  file->forks = mir_tool_forks ();
  return file->pid != getpid ();
}

int mir_tool_file_follow_fork (struct mir_tool *tool, struct mir_tool_file *file,
                               MIR_code_tool_status_t (*reopen) (struct mir_tool *tool)) {
  if (!mir_tool_file_is_parents (file)) return 0;
  tool->state.events -= file->waiting;
  MIR_code_tool_status_t status = reopen (tool);
  if (status == MIR_CODE_TOOL_OK) return 0;
  mir_tool_stop (tool, status, tool->state.error);
  return -1;
}

void mir_tool_file_close (struct mir_tool_file *file) {
  if (file->fd >= 0) close (file->fd);
  file->fd = -1;
}

/*---------------- Writing -----------------------------*/

/* Write LEN bytes now.  0, or -1: the tool has stopped, and what waited is lost.  */
static int write_or_stop (struct mir_tool *tool, struct mir_tool_file *file, const uint8_t *bytes,
                          size_t len) {
  int error = mir_os_file_append (file->fd, bytes, len);
  if (error == 0) return 0;
  tool->state.events -= file->waiting;
  tool->state.lost += file->waiting;
  mir_tool_stop (tool, MIR_CODE_TOOL_FILE_REFUSED, error);
  return -1;
}

int mir_tool_file_flush (struct mir_tool *tool, struct mir_tool_file *file) {
  if (write_or_stop (tool, file, file->buffer, file->used) != 0) return -1;
  file->used = 0;
  file->waiting = 0;
  return 0;
}

int mir_tool_file_append (struct mir_tool *tool, struct mir_tool_file *file, const void *bytes,
                          size_t len) {
  if (len > sizeof (file->buffer) - file->used && mir_tool_file_flush (tool, file) != 0) return -1;
  if (len > sizeof (file->buffer)) return write_or_stop (tool, file, (const uint8_t *) bytes, len);
  memcpy (file->buffer + file->used, bytes, len);
  file->used += len;
  return 0;
}
