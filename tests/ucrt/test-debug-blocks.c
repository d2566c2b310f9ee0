/* Blocks of the debug C runtime, by all its functions, and their errors; as test-debug.c.  */

#include <string.h>

#include "ucrt/debug-calls.h"
#include "support/tap.h"

/*---------------- Blocks -----------------------------*/

/* "Debug versions of heap allocation functions": malloc is _malloc_dbg; all of them go where it
   goes.  */
static void all_functions_allocate_from_one_heap (void) {
  void *blocks[] = {
      debug.malloc (100),
      debug.calloc (10, 10),
      debug.realloc (NULL, 100),
      debug._recalloc (NULL, 10, 10),
      debug._malloc_dbg (100, NORMAL_BLOCK, __FILE__, __LINE__),
      debug._calloc_dbg (10, 10, CLIENT_BLOCK, __FILE__, __LINE__),
      debug._realloc_dbg (NULL, 100, NORMAL_BLOCK, NULL, 0),
      debug._recalloc_dbg (NULL, 10, 10, CLIENT_BLOCK | 4 << 16, NULL, 0),
      debug._malloc_dbg (100, CRT_BLOCK, NULL, 0),
  };
  for (size_t i = 0; i < sizeof (blocks) / sizeof (blocks[0]); i++) {
    CHECK (debug_is_made (blocks[i], 100));
    /* _msize_dbg: "returns the size (in bytes) of the specified memory block" */
    CHECK_INT (debug._msize_dbg (blocks[i], NORMAL_BLOCK), 100);
    CHECK_INT (debug._msize (blocks[i]), 100);
  }
  /* _free_dbg, free: blocks of any of these */
  for (size_t i = 0; i < sizeof (blocks) / sizeof (blocks[0]); i++)
    if (i % 2 == 0)
      debug.free (blocks[i]);
    else
      debug._free_dbg (blocks[i], CLIENT_BLOCK);
  debug.free (NULL);
  debug._free_dbg (NULL, NORMAL_BLOCK);
}

static void blocks_of_no_bytes_are_blocks (void) {
  void *block = debug.malloc (0);
  CHECK (block != NULL); /* malloc: "a zero-length item in the heap and ... a valid pointer" */
  CHECK_INT (debug._msize (block), 0);
  CHECK_PTR (debug._expand_dbg (block, 0, NORMAL_BLOCK, NULL, 0), block);
  CHECK_INT (debug._msize_dbg (block, NORMAL_BLOCK), 0);
  debug.free (block);
}

static void contents_are_zero_where_promised (void) {
  unsigned char *block = debug._calloc_dbg (7, 9, NORMAL_BLOCK, NULL, 0);
  CHECK (block != NULL && debug_is_filled (block, 0, 0, 63)); /* calloc: "initialized to zero" */
  memset (block, 3, 63);
  block = debug._recalloc_dbg (block, 100, 9, NORMAL_BLOCK, NULL, 0);
  CHECK (block != NULL && debug_is_filled (block, 3, 0, 63));
  CHECK (debug_is_filled (block, 0, 63, 900)); /* _recalloc_dbg: "initializes its elements to 0" */
  block = debug._recalloc (block, 1000, 9);
  CHECK (block != NULL && debug_is_filled (block, 3, 0, 63)
         && debug_is_filled (block, 0, 63, 9000));
  debug._free_dbg (block, NORMAL_BLOCK);
}

static void reallocation_keeps_contents (void) {
  unsigned char *block = debug._malloc_dbg (50, CLIENT_BLOCK, NULL, 0);
  REQUIRE (block != NULL);
  memset (block, 9, 50);
  for (size_t n = 51; n < 100000; n = n * 3 / 2) {
    unsigned char *moved =
        n % 2 ? debug._realloc_dbg (block, n, CLIENT_BLOCK, NULL, 0) : debug.realloc (block, n);
    REQUIRE (moved != NULL);
    block = moved;
    CHECK (debug_is_filled (block, 9, 0, 50));
    CHECK_INT (debug._msize_dbg (block, CLIENT_BLOCK), n);
  }
  /* _expand_dbg: "the memory isn't moved", "contracted until the new size is obtained" */
  size_t size = debug._msize (block);
  CHECK_PTR (debug._expand_dbg (block, size - 10, CLIENT_BLOCK, NULL, 0), block);
  CHECK_INT (debug._msize (block), size - 10);
  /* "if the memory block can't be expanded ... NULL is returned" */
  CHECK_PTR (debug._expand_dbg (block, 10000000, CLIENT_BLOCK, NULL, 0), NULL);
  CHECK_INT (debug._msize (block), size - 10);
  /* realloc: "If size is zero, then the block pointed to by memblock is freed; the return value is
     NULL" */
  CHECK_PTR (debug._realloc_dbg (block, 0, CLIENT_BLOCK, NULL, 0), NULL);
}

static void aligned_blocks_are_aligned (void) {
  void *blocks[] = {
      debug._aligned_malloc (200, 64),
      debug._aligned_malloc_dbg (200, 64, __FILE__, __LINE__),
      debug._aligned_realloc_dbg (NULL, 200, 64, NULL, 0),
      debug._aligned_recalloc_dbg (NULL, 20, 10, 64, NULL, 0),
      debug._aligned_offset_malloc_dbg (200, 64, 0, NULL, 0),
      debug._aligned_offset_realloc_dbg (NULL, 200, 64, 0, NULL, 0),
      debug._aligned_offset_recalloc_dbg (NULL, 20, 10, 64, 0, NULL, 0),
  };
  for (size_t i = 0; i < sizeof (blocks) / sizeof (blocks[0]); i++) {
    CHECK_INT ((uintptr_t) blocks[i] % 64, 0);
    CHECK (debug_is_made (blocks[i], 200));
    CHECK_INT (debug._aligned_msize_dbg (blocks[i], 64, 0), 200); /* _aligned_msize_dbg */
    void *moved = i % 2 ? debug._aligned_realloc_dbg (blocks[i], 3000, 128, NULL, 0)
                        : debug._aligned_recalloc (blocks[i], 300, 10, 64);
    CHECK_INT ((uintptr_t) moved % (i % 2 ? 128 : 64), 0);
    CHECK (moved != NULL && debug_is_filled (moved, 0x5a, 0, 200));
    if (i % 2 == 0) CHECK (debug_is_filled (moved, 0, 200, 3000));
    if (i % 3 == 0)
      debug._aligned_free (moved);
    else
      debug._aligned_free_dbg (moved);
  }
  unsigned char *offset = debug._aligned_offset_malloc_dbg (100, 128, 32, NULL, 0);
  CHECK_INT (((uintptr_t) offset + 32) % 128, 0); /* _aligned_offset_malloc_dbg */
  offset = debug._aligned_offset_recalloc_dbg (offset, 50, 10, 128, 32, NULL, 0);
  CHECK_INT (((uintptr_t) offset + 32) % 128, 0);
  CHECK (offset != NULL && debug_is_filled (offset, 0, 100, 500));
  CHECK_PTR (debug._aligned_offset_realloc_dbg (offset, 0, 128, 32, NULL, 0), NULL);
  debug._aligned_free_dbg (NULL);
}

/* All of these "use the debug version of malloc" (their pages), and reach our blocks that way.  */
static void strings_are_in_blocks_like_others (void) {
  size_t n = 0, wide_n = 0;
  char *variable = NULL;
  wchar_t *wide = NULL;
  SetEnvironmentVariableA ("TEST_DEBUG", "value");
  CHECK_INT (debug._dupenv_s_dbg (&variable, &n, "TEST_DEBUG", NORMAL_BLOCK, NULL, 0), 0);
  CHECK_INT (debug._wdupenv_s_dbg (&wide, &wide_n, L"TEST_DEBUG", NORMAL_BLOCK, NULL, 0), 0);
  CHECK (variable != NULL && strcmp (variable, "value") == 0 && n == 6 && wide_n == 6);
  void *blocks[] = {
      variable,
      wide,
      debug._strdup ("text"),
      debug._strdup_dbg ("text", CLIENT_BLOCK, __FILE__, __LINE__),
      debug._mbsdup_dbg ("text", NORMAL_BLOCK, NULL, 0),
      debug._wcsdup_dbg (L"text", NORMAL_BLOCK, NULL, 0),
      debug._getcwd_dbg (NULL, 0, NORMAL_BLOCK, NULL, 0),
      debug._wgetcwd_dbg (NULL, 0, NORMAL_BLOCK, NULL, 0),
      debug._getdcwd_dbg (0, NULL, 0, NORMAL_BLOCK, NULL, 0),
      debug._wgetdcwd_dbg (0, NULL, 0, NORMAL_BLOCK, NULL, 0),
      debug._fullpath_dbg (NULL, "x", 0, NORMAL_BLOCK, NULL, 0),
      debug._wfullpath_dbg (NULL, L"x", 0, NORMAL_BLOCK, NULL, 0),
      debug._tempnam_dbg ("c:\\", "x", NORMAL_BLOCK, NULL, 0),
      debug._wtempnam_dbg (L"c:\\", L"x", NORMAL_BLOCK, NULL, 0),
  };
  for (size_t i = 0; i < sizeof (blocks) / sizeof (blocks[0]); i++) {
    CHECK (debug_is_made (blocks[i], 1));
    debug.free (
        blocks[i]); /* _strdup: "a good practice always to release this memory by ... free" */
  }
}

/*---------------- Errors -----------------------------*/

static int asked;

static int __cdecl give_up (size_t n) {
  (void) n;
  asked++;
  return asked < 3;
}

static void errors_are_those_of_the_pages (void) {
  debug._set_invalid_parameter_handler (debug_count_invalid);
  *debug._errno () = debug_invalid = 0;
  /* _msize_dbg: NULL "invokes an invalid parameter handler ... EINVAL and returns -1" */
  CHECK_INT ((intptr_t) debug._msize_dbg (NULL, NORMAL_BLOCK), -1);
  CHECK (debug_error_is (CRT_EINVAL));
  /* _expand_dbg: "if userData is a null pointer ..." */
  CHECK_PTR (debug._expand_dbg (NULL, 10, NORMAL_BLOCK, NULL, 0), NULL);
  CHECK (debug_error_is (CRT_EINVAL));
  /* _aligned_malloc_dbg: "if alignment isn't a power of 2 ..." */
  CHECK_PTR (debug._aligned_malloc_dbg (10, 3, NULL, 0), NULL);
  CHECK (debug_error_is (CRT_EINVAL));
  /* _aligned_offset_malloc_dbg: "or if offset is non-zero and greater than or equal to size" */
  CHECK_PTR (debug._aligned_offset_malloc_dbg (10, 16, 10, NULL, 0), NULL);
  CHECK (debug_error_is (CRT_EINVAL));
  /* _aligned_msize_dbg: "if memblock is a null pointer ..." */
  CHECK_INT ((intptr_t) debug._aligned_msize_dbg (NULL, 16, 0), -1);
  CHECK (debug_error_is (CRT_EINVAL));
  CHECK_INT (debug_invalid, 5);
  debug._set_invalid_parameter_handler (NULL);
  /* _malloc_dbg, _realloc_dbg: "ENOMEM if a memory allocation fails"; the block stays */
  CHECK_PTR (debug._malloc_dbg ((size_t) -100, NORMAL_BLOCK, NULL, 0), NULL);
  CHECK (debug_error_is (CRT_ENOMEM));
  CHECK_PTR (debug._calloc_dbg ((size_t) -1 / 2, 3, NORMAL_BLOCK, NULL, 0), NULL);
  CHECK (debug_error_is (CRT_ENOMEM));
  void *block = debug._malloc_dbg (10, NORMAL_BLOCK, NULL, 0);
  CHECK_PTR (debug._realloc_dbg (block, (size_t) -100, NORMAL_BLOCK, NULL, 0), NULL);
  CHECK (debug_error_is (CRT_ENOMEM));
  CHECK_PTR (debug._recalloc_dbg (block, (size_t) -1 / 2, 3, NORMAL_BLOCK, NULL, 0), NULL);
  CHECK (debug_error_is (CRT_ENOMEM));
  CHECK_INT (debug._msize_dbg (block, NORMAL_BLOCK), 10);
  debug._free_dbg (block, NORMAL_BLOCK);
}

/* _malloc_dbg: "calls the new handler function"; _set_new_mode.  */
static void new_handler_is_asked (void) {
  size_t much = (size_t) -1 / 2; /* not refused at once, but never there */
  asked = 0;
  debug._set_new_handler (give_up);
  CHECK_PTR (debug._malloc_dbg (much, NORMAL_BLOCK, NULL, 0), NULL);
  CHECK_INT (asked, 0);
  debug._set_new_mode (1);
  CHECK_PTR (debug._malloc_dbg (much, NORMAL_BLOCK, NULL, 0), NULL);
  CHECK_INT (asked, 3);
  CHECK (debug_error_is (CRT_ENOMEM));
  debug._set_new_mode (0);
  debug._set_new_handler (NULL);
}

/* Nothing that a real debug runtime would stop the program for.  */
static void runtime_found_no_fault (void) {
  CHECK_INT (debug._CrtCheckMemory () != 0, 1);
  CHECK_INT (debug.fake_faults (), 0);
  CHECK_INT (debug._CrtDumpMemoryLeaks (), 0); /* every block was freed */
}

int main (void) {
  if (debug_begin () != 0) return 1;
  TEST_RUN (all_functions_allocate_from_one_heap);
  TEST_RUN (blocks_of_no_bytes_are_blocks);
  TEST_RUN (contents_are_zero_where_promised);
  TEST_RUN (reallocation_keeps_contents);
  TEST_RUN (aligned_blocks_are_aligned);
  TEST_RUN (strings_are_in_blocks_like_others);
  TEST_RUN (errors_are_those_of_the_pages);
  TEST_RUN (new_handler_is_asked);
  TEST_RUN (runtime_found_no_fault);
  return tap_done ();
}
