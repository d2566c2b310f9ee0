/* A DLL that claims to be mir-ucrt.dll but takes nothing over.  The environment variable STAND_IN
   chooses its status, so that mir-inject gets to see every kind.  */

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdint.h>
#include <string.h>
#define MIR_UCRT_BUILD
#include "../../../mir-ucrt.h"

#ifndef STATUS_BYTES
#define STATUS_BYTES sizeof (MIR_ucrt_status_t)
#endif

#ifdef NEEDS
/* From a DLL that the test removes.  */
__declspec (dllimport) int needed_function (void);
#endif

/* The whole section; with STATUS_BYTES it is too short for a status.  */
static union {
  uint8_t bytes[STATUS_BYTES];
  uint32_t first;
} section __attribute__ ((used, section (MIR_UCRT_STATUS_SECTION))) = {{0}};

static MIR_ucrt_status_t status;

const MIR_ucrt_status_t *MIR_ucrt_status (void) {
  return &status;
}
int MIR_ucrt_check (void) {
  return 0;
}

static void hook (void) {}

/* Make an entry in a page of its own: e9 to a jump stub, which is ff 25 through a pointer to the
   hook.  mir-ucrt.dll does the same if the hook is far away.  */
static uint64_t make_entry (void) {
  uint8_t *page = VirtualAlloc (NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
  static const uint8_t jump[] = {0xe9, 0x0b, 0, 0, 0}; /* to byte 16 */
  uintptr_t pointer = (uintptr_t) hook, at = sizeof (pointer) == 8 ? 0 : (uintptr_t) page + 24;
  if (page == NULL) return 0;
  memcpy (page, jump, sizeof (jump));
  page[16] = 0xff;
  page[17] = 0x25;
  at = sizeof (pointer) == 8 ? 2 : at; /* x64: relative to the end of the jump, byte 22 */
  memcpy (page + 18, &at, 4);
  memcpy (page + 24, &pointer, sizeof (pointer));
  return (uintptr_t) page;
}

static MIR_ucrt_function_t *add_function (const char *name, uint32_t state, uint64_t address) {
  MIR_ucrt_function_t *function = &status.functions[status.functions_num++];
  strncpy (function->name, name, sizeof (function->name) - 1);
  function->state = state;
  function->address = address;
  function->target = (uintptr_t) hook;
  function->intact = function->state == MIR_UCRT_TAKEN;
  function->test = function->state == MIR_UCRT_TAKEN ? MIR_UCRT_PASSED : MIR_UCRT_UNTESTED;
  return function;
}

static void fill (void) {
  status.magic = MIR_UCRT_STATUS_MAGIC;
  status.version = MIR_UCRT_STATUS_VERSION;
  status.size = sizeof (status);
  status.state = MIR_UCRT_ACTIVE;
  status.process = GetCurrentProcessId ();
  status.bits = 8 * sizeof (void *);
  status.mimalloc_version = 30403;
  status.crts_num = 1;
  strcpy (status.crts[0].name, "ucrtbase.dll");
  status.crts[0].base = 0x12340000;
  status.crts[0].state = MIR_UCRT_ACTIVE;
  add_function ("malloc", MIR_UCRT_TAKEN, make_entry ())->calls = 41;
  add_function ("free", MIR_UCRT_TAKEN, make_entry ())->calls = 1;
  add_function ("_o_malloc", MIR_UCRT_ALIAS, 0x12340010);
  add_function ("_strdup", MIR_UCRT_REACHED, 0x12340020);
  add_function ("_aligned_recalloc", MIR_UCRT_ABSENT, 0);
  for (unsigned i = 0; i < MIR_UCRT_STRIPES; i++) status.counters[i].migrated = i;
}

static int is (const char *kind, const char *name) {
  return strcmp (kind, name) == 0;
}

static void change (const char *kind) {
  if (is (kind, "refused")) {
    status.state = MIR_UCRT_REFUSED;
    strcpy (status.reason, "page heap is on");
  }
  if (is (kind, "waiting")) status.state = MIR_UCRT_WAITING;
  if (is (kind, "disabled")) status.state = MIR_UCRT_DISABLED;
  if (is (kind, "waiting") || is (kind, "disabled")) status.crts_num = status.functions_num = 0;
  if (is (kind, "failed")) status.state = MIR_UCRT_FAILED;
  if (is (kind, "counting")) status.counting = 1;
  if (is (kind, "overwritten")) status.functions[1].address = (uintptr_t) GetProcessHeap;
  if (is (kind, "unreadable")) status.functions[1].address = 16;
  if (is (kind, "wrong")) status.functions[0].test = MIR_UCRT_WRONG;
  if (is (kind, "magic")) status.magic = 0x11111111;
  if (is (kind, "silent")) status.magic = 0;
  if (is (kind, "starting")) status.state = MIR_UCRT_STARTING;
  if (is (kind, "version")) status.version = 2;
  if (is (kind, "size")) status.size = 12;
  if (is (kind, "huge")) status.functions_num = 0xffffffff;
  if (is (kind, "crts")) status.crts_num = 5;
  if (is (kind, "owner")) status.functions[1].crt = 1;
  if (is (kind, "unended")) memset (status.reason, 'x', sizeof (status.reason));
  if (is (kind, "controls")) strcpy (status.reason, "a\033[31mb\nc\xff\"\\");
}

BOOL WINAPI DllMain (HINSTANCE module, DWORD reason,
                     void *reserved); /* not declared in any header */

BOOL WINAPI DllMain (HINSTANCE module, DWORD reason, void *reserved) {
  char kind[32] = "";
  (void) module;
  (void) reserved;
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
#ifdef NEEDS
  needed_function ();
#endif
  GetEnvironmentVariableA ("STAND_IN", kind, sizeof (kind));
  if (is (kind, "false")) return FALSE;
  if (is (kind, "hangs")) Sleep (5000);
  if (is (kind, "raises")) RaiseException (EXCEPTION_ACCESS_VIOLATION, 0, 0, NULL);
  if (is (kind, "ends")) ExitProcess (7);
  fill ();
  change (kind);
  memcpy (section.bytes, &status,
          sizeof (section) < sizeof (status) ? sizeof (section) : sizeof (status));
  return TRUE;
}
