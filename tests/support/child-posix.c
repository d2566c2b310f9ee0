/* Child processes on POSIX systems, by fork.  */
#define _DEFAULT_SOURCE
#include "support/child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/tap.h"

/* Restore the default handlers: a sanitizer's would turn the signal into an exit.  */
static void set_default_handlers (void) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};
  for (size_t i = 0; i < sizeof (signals) / sizeof (signals[0]); i++) signal (signals[i], SIG_DFL);
}

/* FUNC may have refused addresses, of which valgrind needs some to end the process.  */
static void allow_address_space (void) {
  struct rlimit limit;
  if (getrlimit (RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void) setrlimit (RLIMIT_AS, &limit);
}

static void read_all (int end, char *text, size_t text_size) {
  size_t all = 0;
  ssize_t len;
  while ((len = read (end, text + all, text_size - 1 - all)) > 0) all += (size_t) len;
  text[all] = '\0';
}

/* qemu-user has a last word of its own.  */
static void cut_emulators_words (char *text) {
  char *of_qemu = strstr (text, "qemu: uncaught target signal");
  if (of_qemu != NULL) *of_qemu = '\0';
}

struct child_end run_child (int (*func) (void), char *text, size_t text_size) {
  struct child_end end = {-1, 0};
  int ends[2], status;
  REQUIRE (pipe (ends) == 0);
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    set_default_handlers ();
    if (text != NULL) dup2 (ends[1], 2);
    close (ends[0]);
    int res = func ();
    allow_address_space ();
    _exit (res);
  }
  close (ends[1]);
  if (text != NULL) {
    read_all (ends[0], text, text_size);
    cut_emulators_words (text);
  }
  close (ends[0]);
  REQUIRE (waitpid (pid, &status, 0) == pid);
  if (WIFEXITED (status)) end.status = WEXITSTATUS (status);
  if (WIFSIGNALED (status)) end.signal = WTERMSIG (status);
  return end;
}

int refuse_address_space (void) {
  struct rlimit limit;
  if (getrlimit (RLIMIT_AS, &limit) != 0) return -1;
  limit.rlim_cur = 0;
  if (setrlimit (RLIMIT_AS, &limit) != 0) return -1;
  void *page = mmap (NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? 0 : -1; /* qemu-user 10 reports success without setting the limit */
}

int is_trap (struct child_end end) {
  return end.signal == SIGTRAP || end.signal == SIGILL;
}
