/* A child process whose end is looked at: POSIX.  */
#ifndef CHILD_H
#define CHILD_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* What the child process which runs FAILING prints to stderr; its exit status in *STATUS.  */
static inline void run_child (void (*failing) (void), char *text, size_t text_size, int *status) {
  int ends[2];
  ssize_t len, all = 0;
  REQUIRE (pipe (ends) == 0);
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    dup2 (ends[1], 2);
    close (ends[0]);
    failing ();
    _exit (99);
  }
  close (ends[1]);
  while ((len = read (ends[0], text + all, text_size - 1 - (size_t) all)) > 0) all += len;
  text[all] = '\0';
  close (ends[0]);
  waitpid (pid, status, 0);
}

#endif /* CHILD_H */
