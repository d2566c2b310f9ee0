/* Tests the default allocators in two units of one program: each unit's copy accepts the other's memory.  The
   default heap is mimalloc's, or libc's if MIR_ALLOC_LIBC is defined.  */
#include "mir-code-alloc-default.c"
#include "mir-alloc-default.c"

#include <stdlib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "default-unit.h"
#include "support/tap.h"

static void blocks_are_freed_through_another_copy (void) {
  MIR_alloc_t other = other_unit_alloc ();
  CHECK (other != &default_alloc);
  char *block = (char *) MIR_malloc (&default_alloc, 100);
  REQUIRE (block != NULL);
  memset (block, 'x', 100);
  block = (char *) MIR_realloc (other, block, 100, 5000);
  REQUIRE (block != NULL);
  CHECK_INT (block[99], 'x');
  MIR_free (&default_alloc, block);
}

static void pages_are_unmapped_through_another_copy (void) {
  size_t page = (size_t) sysconf (_SC_PAGESIZE);
  MIR_code_alloc_t other = other_unit_code_alloc ();
  unsigned char *start = (unsigned char *) MIR_mem_map (&default_code_alloc, 4 * page);
  REQUIRE (!MIR_mem_map_failed (start));
  REQUIRE (MIR_mem_protect (other, start, page, PROT_WRITE_EXEC) == 0);
  CHECK_INT (start[0], 0);
  CHECK_INT (start[page - 1], 0);
  start[0] = 1;
  CHECK_INT (MIR_mem_protect (&default_code_alloc, start, page, PROT_READ_EXEC), 0);
  CHECK_INT (start[0], 1);
  CHECK_INT (MIR_mem_unmap (other, start, 4 * page), 0);
}

/* Whether a forked child that runs FUNC on PAGE dies of a memory fault.  */
static int faults (void (*func) (volatile unsigned char *page), volatile unsigned char *page) {
  int status;
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    signal (SIGSEGV, SIG_DFL); /* a sanitizer's handler would exit */
    signal (SIGBUS, SIG_DFL);
    func (page);
    _exit (0);
  }
  REQUIRE (waitpid (pid, &status, 0) == pid);
  return WIFSIGNALED (status) && (WTERMSIG (status) == SIGSEGV || WTERMSIG (status) == SIGBUS);
}

static void read_page (volatile unsigned char *page) {
  (void) page[0];
}

static void write_page (volatile unsigned char *page) {
  page[0] = 1;
}

static void pages_have_the_access_they_were_given (void) {
  size_t page = (size_t) sysconf (_SC_PAGESIZE);
  unsigned char *start = (unsigned char *) MIR_mem_map (&default_code_alloc, page);
  REQUIRE (!MIR_mem_map_failed (start));
  CHECK (faults (read_page, start) && faults (write_page, start));
  CHECK_INT (MIR_mem_protect (&default_code_alloc, start, 5, PROT_WRITE_EXEC), 0);
  CHECK (!faults (read_page, start) && !faults (write_page, start));
  CHECK_INT (MIR_mem_protect (&default_code_alloc, start, 5, PROT_READ_EXEC), 0);
  CHECK (!faults (read_page, start) && faults (write_page, start));
  CHECK_INT (MIR_mem_unmap (&default_code_alloc, start, page), 0);
}

static void impossible_requests_are_failures (void) {
  CHECK (MIR_malloc (&default_alloc, SIZE_MAX / 2) == NULL);
  CHECK (MIR_calloc (&default_alloc, SIZE_MAX / 4, 8) == NULL);
  CHECK (MIR_mem_map_failed (MIR_mem_map (&default_code_alloc, SIZE_MAX / 4096 * 4096)));
  CHECK (MIR_mem_map_failed (MIR_mem_map (&default_code_alloc, 0)));
  CHECK (MIR_mem_protect (&default_code_alloc, NULL, 4096, PROT_READ_EXEC) != 0);
}

static void failed_realloc_keeps_the_block (void) {
  char *block = (char *) MIR_malloc (&default_alloc, 64);
  REQUIRE (block != NULL);
  memset (block, 'y', 64);
  CHECK (MIR_realloc (&default_alloc, block, 64, SIZE_MAX / 2) == NULL);
  CHECK_INT (block[63], 'y');
  MIR_free (&default_alloc, block);
}

#ifdef MIR_ALLOC_LIBC
static void the_heap_is_the_asked_one (void) {
  void *block = MIR_malloc (&default_alloc, 100);
  REQUIRE (block != NULL);
  free (block);
  block = malloc (100);
  REQUIRE (block != NULL);
  MIR_free (&default_alloc, block);
}
#else
static void the_heap_is_the_asked_one (void) {
  void *volatile block = malloc (100); /* volatile: else the compiler drops the pair */
  CHECK (block != NULL && !mi_is_in_heap_region (block));
  free (block);
  block = MIR_malloc (&default_alloc, 100);
  CHECK (block != NULL && mi_is_in_heap_region (block));
  MIR_free (&default_alloc, block);
}
#endif

static void blocks_are_aligned_for_any_type (void) {
  for (size_t size = 1; size < 100; size++) {
    void *block = MIR_malloc (&default_alloc, size), *zeros = MIR_calloc (&default_alloc, 1, size);
    CHECK_INT ((uintptr_t) block % _Alignof (max_align_t), 0);
    CHECK_INT ((uintptr_t) zeros % _Alignof (max_align_t), 0);
    MIR_free (&default_alloc, block);
    MIR_free (&default_alloc, zeros);
  }
}

int main (void) {
  TEST_RUN (the_heap_is_the_asked_one);
  TEST_RUN (blocks_are_aligned_for_any_type);
  TEST_RUN (blocks_are_freed_through_another_copy);
  TEST_RUN (pages_are_unmapped_through_another_copy);
  TEST_RUN (pages_have_the_access_they_were_given);
  TEST_RUN (impossible_requests_are_failures);
  TEST_RUN (failed_realloc_keeps_the_block);
  return tap_done ();
}
