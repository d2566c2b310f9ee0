/* A test harness of one page: TAP on standard output, the verdict in the exit status.

   A test is a function without arguments; TEST_RUN (name) runs it and prints one "ok" or "not ok"
   line.  CHECK notes a failure and goes on; REQUIRE leaves the test.  Failures print both values,
   the file and the line.  The exit status is 1 if a test failed or the output is lost, else 0, even
   if all tests were skipped: meson reads skips from the output and takes any other status for an
   error.  One thread at a time: worker threads count their own failures, and the test checks the
   count.

   The other files of this folder:
     probe        an allocator, or its pages, that checks its caller and fails on demand
     conformance  the contract of mir-alloc.h, checked on any allocator
     child        a function run in a child process, and how it ended
     refused-calls the system calls of the library, refused on demand
     restrictions what hardened systems forbid, put on the calling process
     maps         the mappings of this process
     imports      Windows functions that fail on demand
     machine-code, frame-code  functions to publish, per CPU
     error-trap   an error function that leaves by longjmp  */
#ifndef MIR_TESTS_SUPPORT_TAP_H
#define MIR_TESTS_SUPPORT_TAP_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint64_t */

#ifdef __cplusplus
extern "C" {
#endif

void tap_run (const char *name, void (*test) (void));
/* Mark the running test as skipped and leave it.  */
void tap_skip (const char *format, ...);
/* One "# ..." line.  */
void tap_note (const char *format, ...);
/* Print the plan and the summary; return the exit status for main.  */
int tap_done (void);

/* 64 random bits of a sequence whose seed is printed on the first call and can be set by the
   environment variable TAP_SEED.  */
uint64_t tap_random (void);
/* N times SCALE, where the environment variable TAP_SCALE is a percentage (valgrind runs set it
   low); at least 1.  */
size_t tap_scaled (size_t n);

void tap_check (int ok, const char *file, int line, const char *what);
void tap_check_int (long long actual, long long expected, const char *file, int line,
                    const char *what);
void tap_check_ptr (const void *actual, const void *expected, const char *file, int line,
                    const char *what);
void tap_check_str (const char *actual, const char *expected, const char *file, int line,
                    const char *what);
void tap_require (int ok, const char *file, int line, const char *what);

#ifdef __cplusplus
}
#endif

#define TEST_RUN(NAME) tap_run (#NAME, NAME)
#define CHECK(COND) tap_check ((COND) != 0, __FILE__, __LINE__, #COND)
#define CHECK_INT(ACTUAL, EXPECTED) \
  tap_check_int ((long long) (ACTUAL), (long long) (EXPECTED), __FILE__, __LINE__, #ACTUAL)
#define CHECK_PTR(ACTUAL, EXPECTED) tap_check_ptr (ACTUAL, EXPECTED, __FILE__, __LINE__, #ACTUAL)
#define CHECK_STR(ACTUAL, EXPECTED) tap_check_str (ACTUAL, EXPECTED, __FILE__, __LINE__, #ACTUAL)
#define REQUIRE(COND) tap_require ((COND) != 0, __FILE__, __LINE__, #COND)

#endif /* MIR_TESTS_SUPPORT_TAP_H */
