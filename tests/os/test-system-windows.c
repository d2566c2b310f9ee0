/* What the code layer asks Windows: what is mapped and what is writable, why a mapping was refused,
   and for a range near the program.  */
#include <pthread.h>

#include "os/mappings.h"
#include "os/os.h"
#include "os/refusal.h"

#include "code/cpu.h"
#include "code/space-fixture.h"
#include "support/maps-windows.h"

enum { UNIT = 64 * 1024, PAGE = 4096 };

static uint8_t *alloc_at (uint8_t *at, size_t len, DWORD type, DWORD protection) {
  return (uint8_t *) VirtualAlloc (at, len, type, protection);
}

/*---------------- Mappings -----------------------------*/

/* Which bytes of a span are told, and whether in ascending order.  */
struct told {
  uintptr_t first, last, previous;
  size_t bytes;
  int descends, tells_end;
};

static void note (void *user_data, uintptr_t start, uintptr_t last) {
  struct told *told = (struct told *) user_data;
  told->descends |= start < told->previous || last < start;
  told->previous = start;
  told->tells_end |= last == UINTPTR_MAX;
  if (last < told->first || start > told->last) return;
  uintptr_t from = start > told->first ? start : told->first;
  uintptr_t to = last < told->last ? last : told->last;
  told->bytes += to - from + 1;
}

/* The bytes of [START, START + LEN) that mir_os_each_mapping tells when asked for that span, and for
   all addresses.  */
static size_t bytes_told (const uint8_t *start, size_t len) {
  struct told told = {.first = (uintptr_t) start, .last = (uintptr_t) start + len - 1};
  struct told told_all = told;
  CHECK_INT (mir_os_each_mapping (told.first, told.last, note, &told), 0);
  CHECK_INT (mir_os_each_mapping (0, UINTPTR_MAX, note, &told_all), 0);
  CHECK (!told.descends && !told_all.descends);
  CHECK (told_all.tells_end);
  CHECK_INT (told_all.bytes, told.bytes);
  return told.bytes;
}

static void what_is_taken_is_told (void) {
  uint8_t *start = alloc_at (NULL, 4 * UNIT, MEM_RESERVE, PAGE_NOACCESS);
  REQUIRE (start != NULL);
  CHECK_INT (bytes_told (start, 4 * UNIT), 4 * UNIT);
  REQUIRE (alloc_at (start + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL);
  CHECK_INT (bytes_told (start, 4 * UNIT), 4 * UNIT);
  CHECK_INT (bytes_told (start + 100, PAGE), PAGE);
  VirtualFree (start, 0, MEM_RELEASE);
  CHECK_INT (bytes_told (start, 4 * UNIT), 0);
  REQUIRE (alloc_at (start + 2 * UNIT, UNIT, MEM_RESERVE, PAGE_NOACCESS) != NULL);
  CHECK_INT (bytes_told (start, 4 * UNIT), UNIT);
  VirtualFree (start + 2 * UNIT, 0, MEM_RELEASE);
}

static void addresses_of_no_program_are_taken (void) {
  SYSTEM_INFO system;
  GetSystemInfo (&system);
  uintptr_t lowest = (uintptr_t) system.lpMinimumApplicationAddress;
  uintptr_t highest = (uintptr_t) system.lpMaximumApplicationAddress;
  CHECK_INT (bytes_told (NULL, lowest), lowest);
  CHECK_INT (bytes_told ((uint8_t *) highest + 1, UNIT), UNIT);
}

/*---------------- Writable memory -----------------------------*/

static void only_committed_writable_memory_is_writable (void) {
  DWORD old;
  uint8_t *start = alloc_at (NULL, UNIT, MEM_RESERVE, PAGE_NOACCESS);
  REQUIRE (start != NULL);
  CHECK (!mir_os_is_writable (start, 1));
  REQUIRE (alloc_at (start, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL);
  CHECK (mir_os_is_writable (start, 1));
  CHECK (mir_os_is_writable (start + 100, 3 * PAGE - 100));
  CHECK (!mir_os_is_writable (start, 3 * PAGE + 1)); /* the rest is only reserved */
  const DWORD protections[] = {PAGE_NOACCESS, PAGE_READONLY, PAGE_EXECUTE_READ,
                               PAGE_EXECUTE_READWRITE};
  for (int i = 0; i < 4; i++) {
    int writable = protections[i] == PAGE_EXECUTE_READWRITE;
    REQUIRE (VirtualProtect (start + PAGE, PAGE, protections[i], &old));
    CHECK_INT (mir_os_is_writable (start + PAGE, PAGE), writable);
    CHECK_INT (mir_os_is_writable (start + PAGE - 1, 2), writable);
    CHECK_INT (mir_os_is_writable (start, 3 * PAGE), writable);
    CHECK (mir_os_is_writable (start, PAGE));
    CHECK (mir_os_is_writable (start + 2 * PAGE, PAGE));
  }
  VirtualFree (start, 0, MEM_RELEASE);
  CHECK (!mir_os_is_writable (start, 1));
}

/*---------------- Refusals -----------------------------*/

/* The cause for LEN bytes after ERROR.  The error stays, and so do the mappings.  */
static int cause_of (DWORD error, size_t len) {
  struct taken before = look_around ();
  SetLastError (error);
  int cause = mir_os_refusal (len);
  CHECK_INT (GetLastError (), error);
  CHECK_INT (look_around ().bytes, before.bytes);
  return cause;
}

static void only_a_lack_of_addresses_is_named (void) {
  const size_t too_long = SIZE_MAX / 4;
  CHECK_INT (cause_of (ERROR_SUCCESS, too_long), MIR_REFUSED_OTHERWISE);
  CHECK_INT (cause_of (ERROR_COMMITMENT_LIMIT, too_long), MIR_REFUSED_OTHERWISE);
  CHECK_INT (cause_of (ERROR_ACCESS_DENIED, too_long), MIR_REFUSED_OTHERWISE);
  CHECK_INT (cause_of (ERROR_NOT_ENOUGH_MEMORY, UNIT), MIR_REFUSED_OTHERWISE);
  CHECK_INT (cause_of (ERROR_NOT_ENOUGH_MEMORY, too_long), MIR_REFUSED_ADDRESSES);
}

/*---------------- Ranges near the program -----------------------------*/

enum { MAX_BLOCKS = 4096, RESERVE = 16 * UNIT };

/* What take_all_within has reserved.  */
static struct block {
  uint8_t *start;
  size_t len;
} blocks[MAX_BLOCKS];
static int blocks_num;

/* Reserve what is free less than REACH bytes from ADDR.  Wine calls some addresses free that it
   cannot give; they stay.  */
static void take_all_within (const void *addr, size_t reach) {
  const uintptr_t near_addr = (uintptr_t) addr;
  uintptr_t at = near_addr > reach ? near_addr - reach : UNIT, bound = near_addr + reach;
  MEMORY_BASIC_INFORMATION info;
  while (at < bound && blocks_num < MAX_BLOCKS
         && VirtualQuery ((void *) at, &info, sizeof (info)) != 0) {
    uintptr_t next = (uintptr_t) info.BaseAddress + info.RegionSize;
    uintptr_t start = (at + UNIT - 1) & ~(uintptr_t) (UNIT - 1);
    uintptr_t end = (next < bound ? next : bound) & ~(uintptr_t) (UNIT - 1);
    at = next;
    if (info.State != MEM_FREE || end <= start) continue;
    uint8_t *block = alloc_at ((uint8_t *) start, end - start, MEM_RESERVE, PAGE_NOACCESS);
    if (block != NULL) blocks[blocks_num++] = (struct block) {.start = block, .len = end - start};
  }
}

/* The longest block, taken out of the list.  */
static struct block longest_block (void) {
  int longest = 0;
  for (int i = 1; i < blocks_num; i++)
    if (blocks[i].len > blocks[longest].len) longest = i;
  struct block res = blocks[longest];
  blocks[longest] = blocks[--blocks_num];
  return res;
}

/* Where no place is left the status says so, and with one gap the range is in it.  */
static void a_space_near_the_program_takes_the_only_gap (void) {
  void (*func) (void) = a_space_near_the_program_takes_the_only_gap;
  const void *addr;
  memcpy (&addr, &func, sizeof (addr));
  set_defaults ();
  options.reserve = RESERVE;
  options.near_addr = addr;
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  MIR_code_space_finish (space);
  take_all_within (addr, mir_cpu.reach);
  CHECK_INT (MIR_code_space_create (&options, &space), MIR_CODE_NO_RANGE);
  REQUIRE (blocks_num > 0);
  struct block longest = longest_block ();
  tap_note ("%d blocks, the longest has %zu KiB", blocks_num + 1, longest.len / 1024);
  REQUIRE (longest.len >= RESERVE + 2 * UNIT);
  uint8_t *gap = longest.start + UNIT, *bound = longest.start + longest.len;
  VirtualFree (longest.start, 0, MEM_RELEASE);
  REQUIRE (alloc_at (longest.start, UNIT, MEM_RESERVE, PAGE_NOACCESS) != NULL);
  REQUIRE (alloc_at (gap + RESERVE, (size_t) (bound - gap) - RESERVE, MEM_RESERVE, PAGE_NOACCESS)
           != NULL);
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  while (blocks_num > 0) VirtualFree (blocks[--blocks_num].start, 0, MEM_RELEASE);
  VirtualFree (longest.start, 0, MEM_RELEASE);
  VirtualFree (gap + RESERVE, 0, MEM_RELEASE);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  uint8_t *code = publish (9);
  CHECK (code >= gap && code < gap + RESERVE);
  CHECK_INT (code_call (code), 9);
  finish ();
  CHECK_STR (access_of (gap), "free");
}

/*---------------- Locks -----------------------------*/

enum { THREADS = 4, TIMES = 20000 };

static mir_os_lock_t lock = MIR_OS_LOCK_INITIALIZER;
static volatile unsigned count;

static void *count_up (void *arg) {
  (void) arg;
  for (int i = 0; i < TIMES; i++) {
    mir_os_lock (&lock);
    count++;
    mir_os_unlock (&lock);
  }
  return NULL;
}

static void a_lock_is_held_by_one_thread (void) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    REQUIRE (pthread_create (&threads[i], NULL, count_up, NULL) == 0);
  for (int i = 0; i < THREADS; i++) pthread_join (threads[i], NULL);
  CHECK_INT (count, THREADS * TIMES);
}

int main (void) {
  TEST_RUN (what_is_taken_is_told);
  TEST_RUN (addresses_of_no_program_are_taken);
  TEST_RUN (only_committed_writable_memory_is_writable);
  TEST_RUN (only_a_lack_of_addresses_is_named);
  TEST_RUN (a_space_near_the_program_takes_the_only_gap);
  TEST_RUN (a_lock_is_held_by_one_thread);
  return tap_done ();
}
