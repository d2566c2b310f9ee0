/* A take-over in which one system call fails, each call in turn: either all functions are taken
   over, or none, and then the C runtime is as before, to the byte and to the protection of each
   page.  */

#include <string.h>

#include "ucrt/fake/fake-take-over.h"
#include "ucrt/crt-image.h"
#include "ucrt/nt.h"
#include "support/tap.h"

enum { PAGE = 0x1000, PAGES_MAX = 64, CALLS_MAX = 2000 };

struct picture {
  size_t size;
  uint8_t bytes[PAGES_MAX * PAGE];
  DWORD protection[PAGES_MAX];
};

static void take_picture (struct picture *picture, HMODULE dll, size_t size) {
  REQUIRE (size <= sizeof (picture->bytes));
  picture->size = size;
  memcpy (picture->bytes, dll, size);
  for (size_t i = 0; i < size / PAGE; i++) {
    MEMORY_BASIC_INFORMATION info;
    REQUIRE (VirtualQuery ((char *) dll + i * PAGE, &info, sizeof (info)) != 0);
    picture->protection[i] = info.Protect;
  }
}

/* A page that was written has no copy to make any more.  */
static DWORD plain (DWORD protection) {
  if (protection == PAGE_WRITECOPY) return PAGE_READWRITE;
  return protection == PAGE_EXECUTE_WRITECOPY ? PAGE_EXECUTE_READWRITE : protection;
}

static int has_same_protection (const struct picture *a, const struct picture *b) {
  for (size_t i = 0; i < a->size / PAGE; i++)
    if (plain (a->protection[i]) != plain (b->protection[i])) {
      tap_note ("page %u: %lx, not %lx", (unsigned) i, b->protection[i], a->protection[i]);
      return 0;
    }
  return 1;
}

static size_t size_of (HMODULE dll) {
  struct ucrt_image image;
  const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *) dll;
  const IMAGE_NT_HEADERS *headers = (const IMAGE_NT_HEADERS *) ((const char *) dll + dos->e_lfanew);
  REQUIRE (ucrt_open_image (&image, (const uint8_t *) dll, headers->OptionalHeader.SizeOfImage)
           == 0);
  return image.size;
}

static int none_of_the_functions_is_ours (HMODULE dll) {
  for (const struct fake_name *name = fake_names; name->name != NULL; name++)
    if (fixture_call (dll, name->name) != name->number) return 0;
  return 1;
}

static int all_of_the_functions_are_ours (HMODULE dll) {
  for (const struct fake_name *name = fake_names; name->name != NULL; name++)
    if (fixture_call (dll, name->name) != name->number + MARK) return 0;
  return 1;
}

static volatile int stop;

static DWORD WINAPI idle (void *unused) {
  (void) unused;
  while (!stop) Sleep (1);
  return 0;
}

static int free_regions (void) {
  MEMORY_BASIC_INFORMATION info;
  int num = 0;
  for (char *at = NULL; VirtualQuery (at, &info, sizeof (info)) != 0;
       at = (char *) info.BaseAddress + info.RegionSize)
    num +=
        info.State == MEM_COMMIT && info.Protect == PAGE_EXECUTE_READ && info.Type == MEM_PRIVATE;
  return num;
}

static void fail_at_every_call (const char *name) {
  static struct picture before, after;
  int n, failures = 0;
  for (n = 0; n < CALLS_MAX; n++) {
    HMODULE dll = fixture_load (name);
    size_t size = size_of (dll);
    take_picture (&before, dll, size);
    int regions = free_regions ();
    fixture_reset (name);
    fixture_fail_at (n);
    int result = ucrt_find_crts ();
    int has_failed = fixture_has_failed ();
    fixture_fail_at (-1);
    take_picture (&after, dll, size);
    CHECK (has_same_protection (&before, &after));
    if (result == 1) {
      CHECK (all_of_the_functions_are_ours (dll));
    } else {
      failures++;
      CHECK (has_failed);
      CHECK (none_of_the_functions_is_ours (dll));
      CHECK (memcmp (before.bytes, after.bytes, size) == 0);
      CHECK_INT (free_regions (), regions); /* no jump stubs are left */
      CHECK (ucrt_status.crts[0].state != MIR_UCRT_ACTIVE);
      CHECK (ucrt_status.crts[0].reason[0] != 0);
    }
    fixture_unload (dll);
    if (!has_failed) break;
  }
  tap_note ("%d calls, %d of them end the take-over", n, failures);
  CHECK (n > 0 && n < CALLS_MAX);
  CHECK (failures > 0);
}

static void nothing_is_left_behind_at_any_failure (void) {
  fail_at_every_call ("fake-shapes");
}

#ifdef __x86_64__
/* Every jump needs a stub.  */
static void nothing_is_left_behind_far_away (void) {
  fail_at_every_call ("fake-far");
}
#endif

static void nothing_is_left_behind_with_other_threads (void) {
  HANDLE threads[3];
  stop = 0;
  for (int i = 0; i < 3; i++) threads[i] = CreateThread (NULL, 0, idle, NULL, 0, NULL);
  fail_at_every_call ("fake-shapes");
  stop = 1;
  /* All threads run again.  */
  CHECK_INT (WaitForMultipleObjects (3, threads, TRUE, 10000), WAIT_OBJECT_0);
  for (int i = 0; i < 3; i++) CloseHandle (threads[i]);
}

/* Refuse every call that would make memory executable, as ProcessDynamicCodePolicy does.  */
static LONG (NTAPI *real_protect) (HANDLE, void **, SIZE_T *, ULONG, ULONG *);
static int refusals;

static LONG NTAPI protect_without_code (HANDLE process, void **at, SIZE_T *size, ULONG protection,
                                        ULONG *old) {
  if (protection
      & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) {
    refusals++;
    return (LONG) 0xC0000604; /* STATUS_DYNAMIC_CODE_BLOCKED */
  }
  return real_protect (process, at, size, protection, old);
}

static void without_leave_to_make_code_nothing_is_touched (void) {
  static struct picture before, after;
  HMODULE dll = fixture_load ("fake-shapes");
  take_picture (&before, dll, size_of (dll));
  fixture_reset ("fake-shapes");
  real_protect = ucrt_nt.protect;
  ucrt_nt.protect = protect_without_code;
  refusals = 0;
  CHECK_INT (ucrt_find_crts (), -1);
  ucrt_nt.protect = real_protect;
  CHECK_INT (refusals, 1);
  take_picture (&after, dll, size_of (dll));
  CHECK (memcmp (before.bytes, after.bytes, before.size) == 0);
  CHECK (has_same_protection (&before, &after));
  CHECK_INT (ucrt_status.crts[0].state, MIR_UCRT_FAILED);
  fixture_unload (dll);
}

/* Count calls that ask for a page of the C runtime to be writable and executable at once.  */
static int both;

static LONG NTAPI watching_protect (HANDLE process, void **at, SIZE_T *size, ULONG protection,
                                    ULONG *old) {
  both += (protection & (PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) != 0;
  return real_protect (process, at, size, protection, old);
}

static void no_page_is_writable_and_executable (void) {
  HMODULE dll = fixture_load ("fake-shapes");
  fixture_reset ("fake-shapes");
  real_protect = ucrt_nt.protect;
  ucrt_nt.protect = watching_protect;
  both = 0;
  CHECK_INT (ucrt_find_crts (), 1);
  ucrt_nt.protect = real_protect;
  CHECK_INT (both, 0);
  fixture_unload (dll);
}

int main (int argc, char **argv) {
  fixture_folder (argc > 1 ? argv[1] : NULL);
  TEST_RUN (nothing_is_left_behind_at_any_failure);
#ifdef __x86_64__
  TEST_RUN (nothing_is_left_behind_far_away);
#endif
  TEST_RUN (nothing_is_left_behind_with_other_threads);
  TEST_RUN (without_leave_to_make_code_nothing_is_touched);
  TEST_RUN (no_page_is_writable_and_executable);
  return tap_done ();
}
