/* The debug C runtime, on one made for tests (fake/debug-debug.h): alone, taken over at start-up, and
   running already when the DLL comes, which then leaves it alone.

   Comments at assertions name the pages of Microsoft Learn, "C runtime library reference", that
   promise what is asserted; where blocks of ours differ from the page, the assertion says so.  */

#include <stdio.h>
#include <string.h>

#include "ucrt/debug-calls.h"
#include "ucrt/fixture.h"
#include "support/tap.h"

/* crtdbg.h */
enum { ALLOC_MEM = 1, DELAY_FREE = 2, CHECK_ALWAYS = 4, CHECK_CRT = 16, LEAK_CHECK = 32 };
enum { REPORT_FLAG = -1 };

static void *block_of_crt, *block_of_base;

/*---------------- The take-over -----------------------------*/

static const MIR_ucrt_crt_t *status_of_debug (const MIR_ucrt_status_t *status) {
  for (uint32_t i = 0; status != NULL && i < status->crts_num; i++)
    if (strcmp (status->crts[i].name, "ucrtbased.dll") == 0) return &status->crts[i];
  REQUIRE (!"the status lists ucrtbased.dll");
  return NULL;
}

static void it_is_taken_over_at_start_up_only (void) {
  const MIR_ucrt_status_t *status = fixture_status ();
  if (!fixture_expects_dll ()) tap_skip ("without the DLL");
  const MIR_ucrt_crt_t *runtime = status_of_debug (status);
  if (debug_is_ours) {
    CHECK_INT (runtime->state, MIR_UCRT_ACTIVE);
    CHECK_INT (runtime->late, 0);
    CHECK_STR (runtime->reason,
               "its block types, leak checks and allocation hooks do not see our blocks");
  } else {
    CHECK_INT (runtime->state, MIR_UCRT_REFUSED);
    CHECK_STR (runtime->reason,
               "it is a debug C runtime that is already running: only its own "
               "functions can take its older blocks out of their list");
  }
}

static void every_function_is_taken_over_and_right (void) {
  const MIR_ucrt_status_t *status = fixture_status ();
  int taken = 0, forms = 0;
  if (!debug_is_ours) tap_skip ("only at start-up");
  REQUIRE (status != NULL);
  uint32_t index = (uint32_t) (status_of_debug (status) - status->crts);
  for (uint32_t i = 0; i < status->functions_num; i++) {
    const MIR_ucrt_function_t *function = &status->functions[i];
    if (function->crt != index || function->state != MIR_UCRT_TAKEN) continue;
    taken++;
    forms += strstr (function->name, "_dbg") != NULL;
    if (strcmp (function->name, "_heapmin") == 0) continue; /* works on the runtime's heap */
    if (function->test != MIR_UCRT_PASSED) tap_note ("%s", function->name);
    CHECK_INT (function->test, MIR_UCRT_PASSED);
  }
  CHECK_INT (taken, 18 + 15 + 4);
  CHECK_INT (forms, 15);
  CHECK_INT (fixture_check (), 0);
}

/* The counted calls of the function NAME of ucrtbased.dll.  */
static uint64_t calls_of (const char *name) {
  const MIR_ucrt_status_t *status = fixture_status ();
  uint32_t index = (uint32_t) (status_of_debug (status) - status->crts);
  for (uint32_t i = 0; i < status->functions_num; i++)
    if (status->functions[i].crt == index && strcmp (status->functions[i].name, name) == 0)
      return status->functions[i].calls;
  REQUIRE (!"there is such a function");
  return 0;
}

static void debug_forms_are_counted_by_their_names (void) {
  const MIR_ucrt_status_t *status = fixture_status ();
  if (!debug_is_ours || !status->counting) tap_skip ("only at start-up, with MIR_UCRT_COUNT=1");
  uint64_t plain = calls_of ("malloc"), form = calls_of ("_malloc_dbg"),
           asked = calls_of ("_CrtIsValidHeapPointer");
  void *block = debug._malloc_dbg (10, CLIENT_BLOCK, NULL, 0);
  CHECK_INT (debug._CrtIsValidHeapPointer (block), 1);
  debug.free (block);
  CHECK_INT (calls_of ("_malloc_dbg") - form, 1);
  CHECK_INT (calls_of ("malloc") - plain, 0);
  CHECK_INT (calls_of ("_CrtIsValidHeapPointer") - asked, 1);
}

/*---------------- What the runtime says of a block -----------------------------*/

static void blocks_are_valid_heap_pointers (void) {
  char on_stack[100], *block = debug.malloc (300),
                      *client = debug._malloc_dbg (300, CLIENT_BLOCK, __FILE__, __LINE__);
  REQUIRE (block != NULL && client != NULL);
  /* _CrtIsValidHeapPointer: "TRUE if the specified pointer is in the heap shared by all CRT library
     instances"; userData: "pointer to the beginning of an allocated memory block" */
  CHECK_INT (debug._CrtIsValidHeapPointer (block) != 0, 1);
  CHECK_INT (debug._CrtIsValidHeapPointer (client) != 0, 1);
  CHECK_INT (debug._CrtIsValidHeapPointer (block + 16) != 0, 0);
  CHECK_INT (debug._CrtIsValidHeapPointer (on_stack + 50) != 0, 0);
  CHECK_INT (debug._CrtIsValidHeapPointer (NULL) != 0, 0);
  /* A block of the base functions is in that heap, too.  A debug runtime itself looks at what is
     where its header would be, and may find anything.  */
  void *base = debug._malloc_base (100);
  if (debug_is_ours) CHECK_INT (debug._CrtIsValidHeapPointer (base) != 0, 1);
  debug._free_base (base);
  debug.free (block);
  debug.free (client);
}

static void blocks_are_memory_blocks_of_their_size (void) {
  char here = 0, *file = &here, name[] = "file.c";
  long number = -5;
  int line = -5;
  void *block = debug._malloc_dbg (123, NORMAL_BLOCK, name, 77);
  /* _CrtIsMemoryBlock: TRUE "if the specified memory block is located within the local heap and has
     a valid debug heap block type identifier" */
  CHECK_INT (debug._CrtIsMemoryBlock (block, 123, &number, &file, &line) != 0, 1);
  if (debug_is_ours) { /* without a header these are as for a block without a file, and number 0 */
    CHECK_PTR (file, NULL);
    CHECK_INT (line, 0);
    CHECK_INT (number, 0);
  } else {
    CHECK_PTR (file, name);
    CHECK_INT (line, 77);
    CHECK (number > 0);
  }
  CHECK_INT (debug._CrtIsMemoryBlock (block, 123, NULL, NULL, NULL) != 0, 1);
  /* "If _CrtIsMemoryBlock fails, it returns FALSE, and ... requestNumber and lineNumber are set to 0
     and filename is set to NULL" */
  number = line = 5;
  file = &here;
  CHECK_INT (debug._CrtIsMemoryBlock (block, 122, &number, &file, &line), 0);
  CHECK (number == 0 && line == 0 && file == NULL);
  CHECK_INT (debug._CrtIsMemoryBlock ((char *) block + 8, 123, NULL, NULL, NULL), 0);
  CHECK_INT (debug._CrtIsMemoryBlock (&line, 4, NULL, NULL, NULL), 0);
  CHECK_INT (debug._CrtIsMemoryBlock (NULL, 0, NULL, NULL, NULL), 0);
  debug.free (block);
}

static void blocks_have_a_type (void) {
  int local = 0;
  void *normal = debug.malloc (10),
       *client = debug._malloc_dbg (10, CLIENT_BLOCK | 4 << 16, NULL, 0);
  /* _CrtReportBlockType: "the block type and subtype"; ours are all _NORMAL_BLOCK */
  CHECK_INT (debug._CrtReportBlockType (normal), NORMAL_BLOCK);
  CHECK_INT (debug._CrtReportBlockType (client),
             debug_is_ours ? NORMAL_BLOCK : CLIENT_BLOCK | 4 << 16);
  /* "When passed an invalid pointer, the function returns -1" */
  CHECK_INT (debug._CrtReportBlockType (NULL), -1);
  CHECK_INT (debug._CrtReportBlockType (&local), -1);
  debug._free_dbg (normal, NORMAL_BLOCK);
  debug._free_dbg (client, CLIENT_BLOCK);
}

/* _aligned_malloc_dbg: "Aligned allocations will appear as a _NORMAL_BLOCK block type".  */
static void aligned_blocks_are_normal_blocks (void) {
  if (!debug_is_ours) tap_skip ("a debug runtime itself knows only the block around one");
  for (size_t alignment = 1; alignment <= 4 * 1024 * 1024; alignment *= 2) {
    void *block = debug._aligned_malloc_dbg (300, alignment, NULL, 0),
         *offset = debug._aligned_offset_malloc_dbg (300, alignment, 24, NULL, 0);
    CHECK_INT (debug._CrtReportBlockType (block), NORMAL_BLOCK);
    CHECK_INT (debug._CrtIsValidHeapPointer (block), 1);
    CHECK_INT (debug._CrtIsMemoryBlock (block, 300, NULL, NULL, NULL), 1);
    if (fixture_is_ours (offset)) CHECK_INT (debug._CrtIsValidHeapPointer (offset), 1);
    debug._aligned_free_dbg (block);
    debug._aligned_free_dbg (offset);
  }
}

/* The runtime's own function would write the type in front of a block, where the one before it
   ends.  */
static void setting_a_type_changes_no_other_block (void) {
  enum { NUM = 64, SIZE = 48 };
  unsigned char *blocks[NUM];
  for (int i = 0; i < NUM; i++) {
    blocks[i] = debug.malloc (SIZE);
    REQUIRE (blocks[i] != NULL);
    memset (blocks[i], i, SIZE);
  }
  for (int i = 0; i < NUM; i++) debug._CrtSetDbgBlockType (blocks[i], CLIENT_BLOCK);
  debug._CrtSetDbgBlockType (NULL, CLIENT_BLOCK);
  for (int i = 0; i < NUM; i++) {
    CHECK (debug_is_filled (blocks[i], i, 0, SIZE));
    CHECK_INT (debug._msize (blocks[i]), SIZE);
    CHECK_INT (debug._CrtReportBlockType (blocks[i]), debug_is_ours ? NORMAL_BLOCK : CLIENT_BLOCK);
    debug.free (blocks[i]);
  }
}

/*---------------- What the runtime says of all blocks -----------------------------*/

/* _CrtMemCheckpoint, _CrtMemDifference, _CrtMemDumpAllObjectsSince, _CrtDumpMemoryLeaks: of what is
   in the runtime's list, in which no block of ours is.  */
static void reports_are_of_the_list (void) {
  struct debug_state before, after, difference;
  debug._CrtMemCheckpoint (&before);
  void *normal = debug.malloc (30), *client = debug._malloc_dbg (40, CLIENT_BLOCK, NULL, 0);
  debug._CrtMemCheckpoint (&after);
  CHECK_INT (debug._CrtMemDifference (&difference, &before, &after) != 0, !debug_is_ours);
  CHECK_INT (difference.counts[NORMAL_BLOCK], !debug_is_ours);
  CHECK_INT (difference.sizes[CLIENT_BLOCK], debug_is_ours ? 0 : 40);
  int reports = debug.fake_reports ();
  debug._CrtMemDumpAllObjectsSince (&before);
  CHECK_INT (debug.fake_reports () - reports, debug_is_ours ? 0 : 2);
  CHECK_INT (debug._CrtDumpMemoryLeaks () != 0, !debug_is_ours);
  CHECK_INT (debug._CrtCheckMemory () != 0, 1); /* "If successful, ... returns TRUE" */
  reports = debug.fake_reports ();
  debug._CrtMemDumpStatistics (&difference);
  CHECK_INT (debug.fake_reports () - reports, 1);
  debug.free (normal);
  debug._free_dbg (client, CLIENT_BLOCK);
  debug._CrtMemCheckpoint (&after);
  CHECK_INT (debug._CrtMemDifference (&difference, &before, &after), 0);
  CHECK_INT (debug._CrtDumpMemoryLeaks (), 0);
  CHECK_INT (after.counts[CRT_BLOCK], !debug_is_ours); /* the one that its DllMain makes */
}

static void checkpoint_without_a_state_is_invalid (void) {
  debug._set_invalid_parameter_handler (debug_count_invalid);
  *debug._errno () = debug_invalid = 0;
  debug._CrtMemCheckpoint (NULL); /* "If state is NULL, the invalid parameter handler is invoked" */
  CHECK (debug_error_is (CRT_EINVAL));
  CHECK_INT (debug_invalid, 1);
  debug._set_invalid_parameter_handler (NULL);
}

/* _CrtSetDbgFlag: "Returns the previous state of _crtDbgFlag"; the flags of a runtime that is taken
   over are kept and do nothing.  */
static void flags_are_kept (void) {
  static const int sets[] = {ALLOC_MEM | DELAY_FREE,
                             ALLOC_MEM | CHECK_ALWAYS,
                             ALLOC_MEM | CHECK_CRT,
                             ALLOC_MEM | LEAK_CHECK,
                             0,
                             ALLOC_MEM | 16 << 16};
  int old = debug._CrtSetDbgFlag (REPORT_FLAG);
  CHECK_INT (old, ALLOC_MEM); /* "_CRTDBG_ALLOC_MEM_DF: ON", the others off */
  for (size_t i = 0; i < sizeof (sets) / sizeof (sets[0]); i++) {
    debug._CrtSetDbgFlag (sets[i]);
    CHECK_INT (debug._CrtSetDbgFlag (REPORT_FLAG), sets[i]);
    void *block = debug._malloc_dbg (1000, NORMAL_BLOCK, NULL, 0);
    CHECK (debug_is_made (block, 1000));
    block = debug._realloc_dbg (block, 3000, NORMAL_BLOCK, NULL, 0);
    CHECK (block != NULL && debug_is_filled (block, 0x5a, 0, 1000));
    CHECK_INT (debug._msize (block), 3000);
    CHECK_INT (debug._CrtIsValidHeapPointer (block) != 0, 1);
    debug._free_dbg (block, NORMAL_BLOCK);
  }
  CHECK_INT (debug._CrtSetDbgFlag (old), sets[5]);
}

static int visited, hooked;

static void __cdecl visit (void *block, void *context) {
  visited += block == context;
}

static int __cdecl hook (int what, void *block, size_t n, int type, long number,
                         const unsigned char *file, int line) {
  (void) what;
  (void) block;
  (void) n;
  (void) type;
  (void) number;
  (void) file;
  (void) line;
  hooked++;
  return 1;
}

static void __cdecl dump (void *block, size_t n) {
  (void) block;
  (void) n;
  visited++;
}

/* _CrtDoForAllClientObjects, _CrtSetAllocHook, _CrtSetDumpClient, _CrtSetBreakAlloc: setting and
   asking work; blocks of ours are not seen.  */
static void hooks_are_kept (void) {
  void *client = debug._malloc_dbg (10, CLIENT_BLOCK, NULL, 0);
  visited = hooked = 0;
  debug._CrtDoForAllClientObjects (visit, client);
  CHECK_INT (visited, !debug_is_ours);
  debug_hook_t none = debug._CrtSetAllocHook (hook);
  CHECK (debug._CrtGetAllocHook () == hook); /* "Returns the currently defined hook function" */
  debug.free (debug.malloc (10));
  CHECK_INT (hooked, debug_is_ours ? 0 : 2);
  CHECK (debug._CrtSetAllocHook (none) == hook);
  visited = 0;
  debug_dump_t no_dump = debug._CrtSetDumpClient (dump);
  debug._CrtMemDumpAllObjectsSince (NULL);
  CHECK_INT (visited, !debug_is_ours);
  CHECK (debug._CrtSetDumpClient (no_dump) == dump);
  long number = debug._CrtSetBreakAlloc (123456); /* "Returns the previous ... number" */
  CHECK_INT (debug._CrtSetBreakAlloc (number), 123456);
  debug._free_dbg (client, CLIENT_BLOCK);
}

/*---------------- Blocks of others -----------------------------*/

/* The base functions allocate from the process heap; their blocks have no header.  */
static void base_blocks_go_back_to_their_heap (void) {
  void *block = debug._malloc_base (100), *zero = debug._calloc_base (10, 10);
  REQUIRE (block != NULL && zero != NULL);
  CHECK (fixture_is_ours (block) <= 0 && fixture_is_ours (zero) <= 0);
  CHECK (debug_is_filled (zero, 0, 0, 100));
  if (!debug_is_ours) { /* there the debug functions are not for such blocks */
    debug._free_base (block);
    debug._free_base (zero);
    return;
  }
  CHECK_INT (debug._msize_dbg (block, CRT_BLOCK), 100);
  CHECK_INT (debug._CrtReportBlockType (block), -1); /* not a block of the debug heap */
  CHECK_INT (debug._CrtIsMemoryBlock (block, 100, NULL, NULL, NULL), 0);
  debug._CrtSetDbgBlockType (block, CLIENT_BLOCK);
  uint64_t freed = fixture_counter (offsetof (MIR_ucrt_counters_t, foreign_freed)),
           migrated = fixture_counter (offsetof (MIR_ucrt_counters_t, migrated));
  debug._free_dbg (block, CRT_BLOCK);
  memset (zero, 7, 100);
  zero = debug._realloc_dbg (zero, 2000, CRT_BLOCK, NULL, 0);
  CHECK (zero != NULL && fixture_is_ours (zero) && debug_is_filled (zero, 7, 0, 100));
  CHECK_INT (fixture_counter (offsetof (MIR_ucrt_counters_t, foreign_freed)) - freed, 2);
  CHECK_INT (fixture_counter (offsetof (MIR_ucrt_counters_t, migrated)) - migrated, 1);
  debug._free_base (zero); /* one of ours may reach it */
  block = debug._realloc_base (debug._malloc_base (10), 20);
  CHECK (block != NULL && fixture_is_ours (block) <= 0);
  debug._free_base (block);
}

/* The blocks that the runtime's own DllMain has made, before main.  */
static void blocks_of_the_runtime_are_usable (void) {
  CHECK (block_of_crt != NULL && block_of_base != NULL);
  CHECK_INT (fixture_is_ours (block_of_crt) > 0, debug_is_ours);
  CHECK (fixture_is_ours (block_of_base) <= 0);
  CHECK_INT (debug._msize_dbg (block_of_crt, CRT_BLOCK), 40);
  CHECK_INT (debug._CrtIsValidHeapPointer (block_of_crt) != 0, 1);
}

/* _CrtIsValidHeapPointer: "in a heap allocated by some C run-time library, but not necessarily by the
   caller's".  */
static void blocks_of_the_other_runtime_are_valid (void) {
  void *(__cdecl * release_malloc) (size_t);
  void (__cdecl * release_free) (void *);
  if (!debug_is_ours) tap_skip ("only at start-up");
  HMODULE dll = LoadLibraryA ("ucrtbase.dll");
  REQUIRE (dll != NULL);
  FARPROC found = GetProcAddress (dll, "malloc");
  memcpy ((void *) &release_malloc, &found, sizeof (found));
  found = GetProcAddress (dll, "free");
  memcpy ((void *) &release_free, &found, sizeof (found));
  void *block = release_malloc (100), *other = debug._malloc_dbg (100, NORMAL_BLOCK, NULL, 0);
  CHECK_INT (fixture_is_ours (block), 1);
  CHECK_INT (debug._CrtIsValidHeapPointer (block), 1);
  CHECK_INT (debug._msize_dbg (block, NORMAL_BLOCK), 100);
  debug._free_dbg (block, NORMAL_BLOCK);
  release_free (other);
}

/* A second debug runtime that nobody has taken over: its blocks have headers.  Given to the one
   that is taken over, which cannot know its list, they stay as they are.  */
static void blocks_of_another_debug_runtime_are_left_alone (void) {
  struct debug_crt other;
  char path[MAX_PATH];
  if (!debug_is_ours) tap_skip ("only at start-up");
  HMODULE dll = GetModuleHandleA ("ucrtbased.dll");
  REQUIRE (GetModuleFileNameA (dll, path, sizeof (path)) != 0);
  REQUIRE (CopyFileA (path, "other.dll", FALSE));
  dll = LoadLibraryA ("other.dll");
  REQUIRE (dll != NULL);
  debug_find (dll, &other);
  unsigned char *block = other.malloc (100), *aligned = other._aligned_malloc (100, 64);
  REQUIRE (block != NULL && aligned != NULL && fixture_is_ours (block) <= 0);
  memset (block, 5, 100);
  *debug._errno () = 0;
  SetLastError (12345);
  debug._free_dbg (block, NORMAL_BLOCK);
  CHECK (debug_error_is (CRT_EINVAL));
  CHECK_INT (GetLastError (), 12345); /* the heap was not asked to free what it does not know */
  debug.free (block);
  CHECK (debug_error_is (CRT_EINVAL));
  debug._aligned_free_dbg (aligned);
  CHECK (debug_error_is (CRT_EINVAL));
  CHECK_PTR (debug._realloc_dbg (block, 200, NORMAL_BLOCK, NULL, 0), NULL);
  CHECK (debug_error_is (CRT_EINVAL));
  CHECK_INT ((intptr_t) debug._msize_dbg (block, NORMAL_BLOCK), -1);
  CHECK_INT (debug._CrtIsValidHeapPointer (block), 0);
  CHECK_INT (debug._CrtReportBlockType (block), -1);
  debug._CrtSetDbgBlockType (block, CLIENT_BLOCK);
  CHECK (debug_is_filled (block, 5, 0, 100));
  CHECK_INT (other._CrtReportBlockType (block), NORMAL_BLOCK);
  other.free (block);
  other._aligned_free (aligned);
  CHECK_INT (other.fake_faults (), 0);
  FreeLibrary (dll);
}

/* Loaded by name, after the DLL, in whatever way that came.  */
static void one_that_is_loaded_later_is_taken_over (void) {
  struct debug_crt later;
  char path[MAX_PATH];
  if (!fixture_expects_dll ()) tap_skip ("without the DLL");
  REQUIRE (GetModuleFileNameA (GetModuleHandleA ("ucrtbased.dll"), path, sizeof (path)) != 0);
  CreateDirectoryA ("later", NULL);
  REQUIRE (CopyFileA (path, "later\\ucrtbased.dll", FALSE));
  REQUIRE (GetFullPathNameA ("later\\ucrtbased.dll", sizeof (path), path, NULL) != 0);
  HMODULE dll = LoadLibraryExA (path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  REQUIRE (dll != NULL && dll != GetModuleHandleA ("ucrtbased.dll"));
  debug_find (dll, &later);
  int faults = -1, **at_end = (int **) (void *) GetProcAddress (dll, "fake_faults_at_end");
  REQUIRE (at_end != NULL);
  *at_end = &faults;
  void *own, *made = later._malloc_dbg (10, NORMAL_BLOCK, NULL, 0);
  memcpy (&own, (void *) GetProcAddress (dll, "fake_of_crt"), sizeof (own));
  CHECK (fixture_is_ours (own) > 0); /* made by its DllMain */
  CHECK (fixture_is_ours (made) > 0);
  CHECK_INT (later._CrtIsValidHeapPointer (made), 1);
  later._free_dbg (made, NORMAL_BLOCK);
  FreeLibrary (dll);
  CHECK_INT (faults, 0);
}

static void unfit_ones_are_refused (void) {
  char path[MAX_PATH];
  if (!fixture_expects_dll ()) tap_skip ("without the DLL");
  REQUIRE (GetModuleFileNameA (GetModuleHandleA ("ucrtbased.dll"), path, sizeof (path)) != 0);
  strcpy (strrchr (path, '\\') + 1, "fake-without-types.dll");
  CreateDirectoryA ("unfit", NULL);
  REQUIRE (CopyFileA (path, "unfit\\ucrtbased.dll", FALSE));
  REQUIRE (GetFullPathNameA ("unfit\\ucrtbased.dll", sizeof (path), path, NULL) != 0);
  HMODULE dll = LoadLibraryExA (path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  REQUIRE (dll != NULL);
  const MIR_ucrt_status_t *status = fixture_status ();
  const MIR_ucrt_crt_t *own = NULL;
  for (uint32_t i = 0; i < status->crts_num; i++)
    if (status->crts[i].base == (uintptr_t) dll) own = &status->crts[i];
  REQUIRE (own != NULL);
  CHECK_INT (own->state, MIR_UCRT_REFUSED);
  CHECK_STR (own->reason, "_CrtSetDbgBlockType is missing");
  FreeLibrary (dll);
}

/* Nothing that a real debug runtime would stop the program for, and all memory is in order.  */
static void runtime_found_no_fault (void) {
  int done = debug._heapmin ();
  CHECK (done == 0 || done == -1); /* _heapmin: 0 "if successful; otherwise, ... -1"; Wine cannot */
  CHECK_INT (debug._CrtCheckMemory () != 0, 1);
  CHECK_INT (debug.fake_faults (), 0);
  if (debug_is_ours) CHECK_INT (fixture_check (), 0);
}

int main (void) {
  if (debug_begin () != 0) return 1;
  HMODULE dll = GetModuleHandleA ("ucrtbased.dll");
  memcpy (&block_of_crt, (void *) GetProcAddress (dll, "fake_of_crt"), sizeof (void *));
  memcpy (&block_of_base, (void *) GetProcAddress (dll, "fake_of_base"), sizeof (void *));
  TEST_RUN (it_is_taken_over_at_start_up_only);
  TEST_RUN (every_function_is_taken_over_and_right);
  TEST_RUN (debug_forms_are_counted_by_their_names);
  TEST_RUN (blocks_are_valid_heap_pointers);
  TEST_RUN (blocks_are_memory_blocks_of_their_size);
  TEST_RUN (blocks_have_a_type);
  TEST_RUN (aligned_blocks_are_normal_blocks);
  TEST_RUN (setting_a_type_changes_no_other_block);
  TEST_RUN (reports_are_of_the_list);
  TEST_RUN (checkpoint_without_a_state_is_invalid);
  TEST_RUN (flags_are_kept);
  TEST_RUN (hooks_are_kept);
  TEST_RUN (base_blocks_go_back_to_their_heap);
  TEST_RUN (blocks_of_the_runtime_are_usable);
  TEST_RUN (blocks_of_the_other_runtime_are_valid);
  TEST_RUN (blocks_of_another_debug_runtime_are_left_alone);
  TEST_RUN (one_that_is_loaded_later_is_taken_over);
  TEST_RUN (unfit_ones_are_refused);
  TEST_RUN (runtime_found_no_fault);
  return tap_done ();
}
