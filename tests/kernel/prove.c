/* Proves that a switch of the kernel is on, by what the kernel then does: prove WHAT...  Prints what it saw as comments of TAP; status 0 if
   all is as WHAT says.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, HUGE_PAGE = 2 << 20, MANY = 64 << 20 };
#define MEMFD_EXEC 0x10u /* MFD_EXEC, Linux 6.3, memfd_create(2) */

static void *map (size_t len, int access, int flags) {
  void *memory = mmap (NULL, len, access, flags, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static int saw (int ok, const char *what, int error) {
  printf ("# %s%s%s\n", what, error == 0 ? "" : ": ", error == 0 ? "" : strerror (error));
  return ok;
}

/*---------------- Executable memory -----------------------------*/

static int can_execute (void) {
  uint8_t *page = map (PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  if (page == NULL) return saw (0, "mmap", errno);
  page[0] = 1; /* SELinux asks for execmod or execmem where memory was written */
  int result = mprotect (page, PAGE, PROT_READ | PROT_EXEC);
  return saw (result == 0, "mprotect to executable", result == 0 ? 0 : errno);
}

static int memfd_with (unsigned flags) {
  return (int) syscall (SYS_memfd_create, "prove", flags);
}

static int no_executable_memfd (void) {
  int fd = memfd_with (MEMFD_EXEC);
  return saw (fd < 0 && errno == EACCES, "memfd_create with MFD_EXEC", fd < 0 ? errno : 0);
}

/* On aarch64: a page with PROT_BTI ends a program that jumps to a `ret` in it by a pointer, and not one that jumps to
   `bti c`.  */
static int can_enter (uint32_t first) {
  int status;
  void (*func) (void);
  uint32_t *code = map (PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  if (code == NULL) return -1;
  code[0] = first;
  code[1] = 0xd65f03c0u; /* ret */
  __builtin___clear_cache ((char *) code, (char *) (code + 2));
  if (mprotect (code, PAGE, PROT_READ | PROT_EXEC | 0x10 /* PROT_BTI */) != 0) return -1;
  memcpy (&func, &code, sizeof (func));
  pid_t pid = fork ();
  if (pid == 0) {
    func ();
    _exit (0);
  }
  waitpid (pid, &status, 0);
  munmap (code, PAGE);
  return !(WIFSIGNALED (status) && WTERMSIG (status) == SIGILL);
}

static int landing_pads (void) {
  int with = can_enter (0xd503245fu /* bti c */), without = can_enter (0xd65f03c0u);
  printf ("# enters at bti c: %d, at ret: %d\n", with, without);
  return with == 1 && without == 0;
}

/*---------------- Amounts -----------------------------*/

/* In mode 2 of vm.overcommit_memory, and no other, is a private writable mapping charged although
   MAP_NORESERVE says not to.  */
static int commit_limited (void) {
  void *memory =
      map ((size_t) 1 << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
  return saw (memory == NULL && errno == ENOMEM, "1 TiB without reserve",
              memory == NULL ? errno : 0);
}

/* A child that uses 64 MiB is killed.  */
static int memory_limited (void) {
  int status = 0;
  pid_t pid = fork ();
  if (pid == 0) {
    char *memory = map (MANY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    if (memory == NULL) _exit (2);
    for (size_t i = 0; i < MANY; i += PAGE) memory[i] = 1;
    _exit (0);
  }
  waitpid (pid, &status, 0);
  printf ("# a child with 64 MiB: signal %d, status %d\n",
          WIFSIGNALED (status) ? WTERMSIG (status) : 0,
          WIFEXITED (status) ? WEXITSTATUS (status) : 0);
  return WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL;
}

/* A thousand mappings cannot be had.  */
static int few_mappings (void) {
  char *area = map ((size_t) 2000 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
  int n = 0;
  if (area == NULL) return saw (0, "mmap", errno);
  while (n < 1000 && mprotect (area + (size_t) 2 * n * PAGE, PAGE, PROT_READ) == 0) n++;
  int error = n < 1000 ? errno : 0;
  printf ("# %d pages split off: %s\n", n, strerror (error));
  return n < 1000 && error == ENOMEM;
}

static int full_directories (void) {
  const char *const names[] = {"/tmp/prove", "/dev/shm/prove", "/var/tmp/prove", "/run/prove"};
  static const char page[PAGE];
  int ok = 1;
  for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
    int fd = open (names[i], O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ssize_t written = fd < 0 ? -1 : write (fd, page, PAGE);
    ok &= saw (written < 0 && errno == ENOSPC, names[i], written < 0 ? errno : 0);
    if (fd >= 0) close (fd);
    unlink (names[i]);
  }
  return ok;
}

/*---------------- Huge pages -----------------------------*/

/* The kB in all lines NAME of /proc/self/smaps.  */
static long kilobytes (const char *name) {
  char line[512];
  long sum = 0;
  FILE *file = fopen ("/proc/self/smaps", "r");
  if (file == NULL) return -1;
  while (fgets (line, sizeof (line), file) != NULL)
    if (strncmp (line, name, strlen (name)) == 0) sum += strtol (line + strlen (name), NULL, 10);
  fclose (file);
  return sum;
}

static long huge_after_use (int flags, const char *name) {
  char *memory = map (MANY, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS);
  if (memory == NULL) return -1;
  for (size_t i = 0; i < MANY; i += PAGE) memory[i] = 1;
  long result = kilobytes (name);
  printf ("# %s %ld kB of %d used\n", name, result, MANY / 1024);
  munmap (memory, MANY);
  return result;
}

static int huge_private (void) {
  return huge_after_use (MAP_PRIVATE, "AnonHugePages:") > 0;
}
static int small_private (void) {
  return huge_after_use (MAP_PRIVATE, "AnonHugePages:") == 0;
}
static int huge_shared (void) {
  return huge_after_use (MAP_SHARED, "ShmemPmdMapped:") > 0;
}
static int small_shared (void) {
  return huge_after_use (MAP_SHARED, "ShmemPmdMapped:") == 0;
}

/*---------------- Processes -----------------------------*/

/* Where ptrace is off even for root, a process cannot attach to its own child.  */
static int no_ptrace (void) {
  int status;
  pid_t pid = fork ();
  if (pid == 0) {
    pause ();
    _exit (0);
  }
  long result = ptrace (PTRACE_ATTACH, pid, NULL, NULL);
  int error = result == 0 ? 0 : errno;
  kill (pid, SIGKILL);
  waitpid (pid, &status, 0);
  return saw (result != 0 && error == EPERM, "ptrace of a child", error);
}

static const struct {
  const char *name;
  int (*is_so) (void);
} proofs[] = {
    {"can-execute", can_execute},       {"no-executable-memfd", no_executable_memfd},
    {"commit-limited", commit_limited}, {"memory-limited", memory_limited},
    {"few-mappings", few_mappings},     {"full-directories", full_directories},
    {"huge-private", huge_private},     {"small-private", small_private},
    {"huge-shared", huge_shared},       {"small-shared", small_shared},
    {"no-ptrace", no_ptrace},           {"landing-pads", landing_pads},
};

static int prove (const char *name) {
  for (size_t i = 0; i < sizeof (proofs) / sizeof (proofs[0]); i++)
    if (strcmp (proofs[i].name, name) == 0) return proofs[i].is_so ();
  fprintf (stderr, "prove: no such proof: %s\n", name);
  return 0;
}

int main (int argc, char **argv) {
  int ok = argc > 1;
  setvbuf (stdout, NULL, _IONBF, 0);
  for (int i = 1; i < argc; i++) ok &= prove (argv[i]);
  return !ok;
}
