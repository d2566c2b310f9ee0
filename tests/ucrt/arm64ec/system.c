/* Functions of KERNEL32 and ntdll with the parameters that Microsoft documents, or phnt for those of
   ntdll, as far as mir-ucrt.dll looks at them.  */

#define _GNU_SOURCE
#include "ucrt/arm64ec/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "ucrt/arm64ec/loader.h"

enum { PAGE = 4096, GRAIN = 0x10000, AREAS_MAX = 256 };
enum { COMMIT = 0x1000, RESERVE = 0x2000, RELEASE = 0x8000, FREE = 0x10000 };
enum { NO_ACCESS = 1, READ = 2, WRITE = 4, EXECUTE = 0x20, ALL = 0x40 };
enum { ZERO_MEMORY = 8, IN_PLACE = 16 };
enum { NOT_FOUND = 203, NO_MEMORY = 8 }; /* errors */

struct system_notes system_notes;

/* Reserved memory.  */
static struct area {
  uint64_t begin, size;
  int is_code; /* ARM64EC */
} areas[AREAS_MAX];
static unsigned areas_num;

static int modules[2]; /* their addresses are the handles of ntdll and KERNEL32 */

void system_lacks (void) {
  fprintf (stderr, "a function of the system is not made up\n");
  exit (1);
}

static struct area *area_at (uint64_t address) {
  for (unsigned i = 0; i < areas_num; i++)
    if (address - areas[i].begin < areas[i].size) return &areas[i];
  return NULL;
}

int system_is_code (uint64_t address) {
  const struct area *area = area_at (address);
  return area != NULL ? area->is_code : !loader_is_image (address);
}

/*---------------- Memory -----------------------------*/

/* PROTECTION of Windows as Linux names it.  */
static int access_of (uint32_t protection) {
  switch (protection & 0xff) {
    case READ:
      return PROT_READ;
    case WRITE:
      return PROT_READ | PROT_WRITE;
    case EXECUTE:
      return PROT_READ | PROT_EXEC;
    case ALL:
      return PROT_READ | PROT_WRITE | PROT_EXEC;
    default:
      return PROT_NONE;
  }
}

static int set_access (uint64_t address, uint64_t size, uint32_t protection) {
  system_notes.both += (protection & 0xff) == ALL;
  return mprotect ((void *) address, size, access_of (protection));
}

/* Reserve SIZE bytes at WANTED, or at a multiple of GRAIN if WANTED is 0.  0 on failure.  */
static uint64_t reserve (uint64_t wanted, uint64_t size) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (wanted != 0) {
    void *at = mmap ((void *) wanted, size, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
    if (at == (void *) wanted) return wanted;
    if (at != MAP_FAILED) munmap (at, size);
    return 0;
  }
  void *room = mmap (NULL, size + GRAIN, PROT_NONE, flags, -1, 0);
  if (room == MAP_FAILED) return 0;
  uint64_t begin = (uintptr_t) room, at = (begin + GRAIN - 1) & ~(uint64_t) (GRAIN - 1);
  if (at > begin) munmap (room, at - begin);
  munmap ((void *) (at + size), begin + GRAIN - at);
  return at;
}

/* Reserve or commit memory, or both.  0 on failure.  */
static uint64_t allocate (uint64_t at, uint64_t size, uint32_t type, uint32_t protection,
                          int is_code) {
  size = (size + PAGE - 1) & ~(uint64_t) (PAGE - 1);
  if ((type & RESERVE) != 0 || at == 0) {
    if (areas_num == AREAS_MAX || (at = reserve (at, size)) == 0) return 0;
    areas[areas_num++] = (struct area) {.begin = at, .size = size, .is_code = is_code};
    system_notes.code_pages += is_code != 0;
  }
  if ((type & COMMIT) != 0 && set_access (at, size, protection) != 0) return 0;
  return at;
}

static int release (uint64_t at, uint64_t size, uint32_t type) {
  struct area *area = area_at (at);
  if ((type & RELEASE) == 0)
    return mmap ((void *) at, size, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0)
           != MAP_FAILED;
  if (area == NULL || area->begin != at) return 0;
  munmap ((void *) at, area->size);
  system_notes.code_pages -= area->is_code != 0;
  *area = areas[--areas_num];
  return 1;
}

static uint64_t virtual_alloc (uint64_t at, uint64_t size, uint32_t type, uint32_t protection) {
  uint64_t result = allocate (at, size, type, protection, 0);
  if (result == 0) *loader_last_error () = NO_MEMORY;
  return result;
}

static int nt_allocate (uint64_t process, uint64_t *at, uint64_t zero_bits, uint64_t *size,
                        uint32_t type, uint32_t protection) {
  (void) process;
  (void) zero_bits;
  uint64_t result = allocate (*at, *size, type, protection, 0);
  if (result != 0) *at = result;
  return result != 0 ? 0 : -1;
}

/* The only parameter that is known is MemExtendedParameterAttributeFlags with
   MEM_EXTENDED_PARAMETER_EC_CODE.  */
static int nt_allocate_ex (uint64_t process, uint64_t *at, uint64_t *size, uint32_t type,
                           uint32_t protection, const uint64_t *parameters, uint32_t num) {
  (void) process;
  if (system_notes.refuse_code || num != 1 || (parameters[0] & 0xff) != 5 || parameters[1] != 0x40)
    return -1;
  uint64_t result = allocate (*at, *size, type, protection, 1);
  if (result != 0) *at = result;
  return result != 0 ? 0 : -1;
}

static int nt_free (uint64_t process, const uint64_t *at, const uint64_t *size, uint32_t type) {
  (void) process;
  return release (*at, *size, type) ? 0 : -1;
}

/* The mapping at ADDRESS or behind it: BEGIN, END and ACCESS, "r-x" and so on.  0 if there is
   none.  */
static int mapping_at (uint64_t address, uint64_t *begin, uint64_t *end, char access[8]) {
  char line[512];
  int is_found = 0;
  FILE *maps = fopen ("/proc/self/maps", "r");
  if (maps == NULL) return 0;
  while (!is_found && fgets (line, sizeof (line), maps) != NULL)
    is_found = sscanf (line, "%lx-%lx %7s", begin, end, access) == 3 && *end > address;
  fclose (maps);
  return is_found;
}

/* MEMORY_BASIC_INFORMATION */
struct memory_info {
  uint64_t base, allocation_base;
  uint32_t allocation_protection, partition;
  uint64_t size;
  uint32_t state, protection, type, unused;
};

static int nt_query (uint64_t process, uint64_t address, int what, struct memory_info *info,
                     uint64_t size, uint64_t *done) {
  uint64_t begin = 0, end = 0;
  char access[8] = "";
  (void) process;
  (void) what;
  (void) size;
  (void) done;
  memset (info, 0, sizeof (*info));
  int is_there = mapping_at (address, &begin, &end, access) && begin <= address;
  info->base = address & ~(uint64_t) (PAGE - 1);
  info->size = (is_there ? end : begin != 0 ? begin : (uint64_t) 1 << 47) - info->base;
  info->state = is_there ? COMMIT : FREE;
  info->allocation_base = is_there ? begin : 0;
  info->protection = access[2] == 'x'   ? access[1] == 'w' ? ALL : EXECUTE
                     : access[1] == 'w' ? WRITE
                     : access[0] == 'r' ? READ
                                        : NO_ACCESS;
  return 0;
}

static int nt_protect (uint64_t process, const uint64_t *at, const uint64_t *size,
                       uint32_t protection, uint32_t *old) {
  struct memory_info info;
  uint64_t begin = *at & ~(uint64_t) (PAGE - 1);
  nt_query (process, begin, 0, &info, sizeof (info), NULL);
  *old = info.protection;
  system_notes.code_opened += info.protection == EXECUTE && protection == WRITE;
  return set_access (begin, (*at + *size - begin + PAGE - 1) & ~(uint64_t) (PAGE - 1), protection);
}

static int virtual_protect (uint64_t at, uint64_t size, uint32_t protection, uint32_t *old) {
  return nt_protect (0, &at, &size, protection, old) == 0;
}

static int nt_flush (uint64_t process, char *at, uint64_t size) {
  (void) process;
  __builtin___clear_cache (at, at + size);
  return 0;
}

static int is_ec_code (uint64_t address) {
  const struct area *area = area_at (address);
  return area != NULL ? area->is_code && !system_notes.forget_code : loader_is_code (address);
}

/*---------------- The process heap -----------------------------*/

/* The block's size stands 16 bytes before it.  */
static void *heap_alloc (uint64_t heap, uint32_t flags, uint64_t n) {
  (void) heap;
  uint64_t *block = flags & ZERO_MEMORY ? calloc (1, n + 16) : malloc (n + 16);
  system_notes.heap_requests++;
  if (block == NULL) return NULL;
  system_notes.heap_blocks++;
  block[0] = n;
  return block + 2;
}

static int heap_free (uint64_t heap, uint32_t flags, uint64_t *block) {
  (void) heap;
  (void) flags;
  if (block != NULL) {
    free (block - 2);
    system_notes.heap_blocks--;
  }
  return 1;
}

static uint64_t heap_size (uint64_t heap, uint32_t flags, const uint64_t *block) {
  (void) heap;
  (void) flags;
  return block[-2];
}

static void *heap_realloc (uint64_t heap, uint32_t flags, uint64_t *block, uint64_t n) {
  (void) heap;
  uint64_t *result = flags & IN_PLACE ? NULL : realloc (block - 2, n + 16);
  if (result == NULL) return NULL;
  result[0] = n;
  return result + 2;
}

/*---------------- Another thread -----------------------------*/

enum { OTHER_THREAD = 42, STILL_RUNS = 0x103 };

static int next_thread (uint64_t process, uint64_t thread, uint32_t access, uint32_t attributes,
                        uint32_t flags, uint64_t *next) {
  (void) process;
  (void) access;
  (void) attributes;
  (void) flags;
  *next = OTHER_THREAD;
  return thread == 0 && system_notes.inside != 0 ? 0 : (int) 0x8000001a; /* no more entries */
}

/* THREAD_BASIC_INFORMATION */
static int query_thread (uint64_t thread, int what, uint64_t info[6]) {
  (void) what;
  memset (info, 0, 6 * sizeof (*info));
  info[0] = STILL_RUNS;
  info[1] = (uintptr_t) loader_process; /* any address will do */
  info[3] = thread;
  return 0;
}

/* A context of x64, as an x64 process has those of ARM64EC: Rsp, Rip, and the link register in the
   first x87 register.  */
static int get_context (uint64_t thread, uint8_t *context) {
  enum { SP = 0x98, PC = 0xf8, LR = 0x120 };
  static uint64_t frame[PAGE / 8] __attribute__ ((aligned (PAGE)));
  const uint64_t elsewhere = (uintptr_t) get_context, stack = (uintptr_t) frame;
  const uint64_t inside = system_notes.inside;
  unsigned step = system_notes.resumed;
  (void) thread;
  frame[100] = step == 2 ? inside : 0;
  memcpy (context + SP, &stack, 8);
  memcpy (context + PC, step == 0 ? &inside : &elsewhere, 8);
  memcpy (context + LR, step == 1 ? &inside : &elsewhere, 8);
  return 0;
}

static int resume_thread (uint64_t thread) {
  (void) thread;
  system_notes.resumed++;
  return 0;
}

/*---------------- Everything else -----------------------------*/

static uint64_t zero (void) {
  return 0;
}
static uint64_t one (void) {
  return 1;
}
static uint64_t minus_one (void) {
  return UINT64_MAX;
}
static void *process_block (void) {
  return loader_process;
}
static uint32_t last_error (void) {
  return *loader_last_error ();
}
static void set_last_error (uint32_t error) {
  *loader_last_error () = error;
}

static uint32_t variable (const char *name, char *value, uint32_t size) {
  const char *text = getenv (name);
  size_t length = text != NULL ? strlen (text) : 0;
  if (text == NULL) *loader_last_error () = NOT_FOUND;
  if (length >= size) return (uint32_t) length + 1;
  memcpy (value, text != NULL ? text : "", length + 1);
  return (uint32_t) length;
}

static void *module_handle (const uint16_t *name) {
  char text[32] = "";
  for (size_t i = 0; name[i] != 0 && i + 1 < sizeof (text); i++) text[i] = (char) name[i];
  return strcasecmp (text, "ntdll.dll") == 0      ? &modules[0]
         : strcasecmp (text, "kernel32.dll") == 0 ? &modules[1]
                                                  : NULL;
}

static int module_handle_ex (uint32_t flags, const uint16_t *name, void **module) {
  const uint32_t from_address = 4;
  *module = flags & from_address ? &modules[0] : module_handle (name);
  return *module != NULL;
}

static uint64_t procedure (void *module, const char *name) {
  (void) module;
  return system_stub (name);
}

/* SYSTEM_INFO */
static void system_info (uint8_t info[48]) {
  const uint32_t page = PAGE, processors = 1, grain = GRAIN;
  const uint64_t first = GRAIN, last = 0x7ffffffeffff;
  memset (info, 0, 48);
  memcpy (info + 4, &page, 4);
  memcpy (info + 8, &first, 8);
  memcpy (info + 16, &last, 8);
  memcpy (info + 32, &processors, 4);
  memcpy (info + 40, &grain, 4);
}

static int counter (uint64_t *ticks) {
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  *ticks = (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
  return 1;
}

static int frequency (uint64_t *ticks) {
  *ticks = 1000000000;
  return 1;
}

static void file_time (uint64_t *now) {
  *now = (uint64_t) time (NULL) * 10000000;
}

static int write_file (uint64_t file, const char *text, uint32_t size, uint32_t *done,
                       void *unused) {
  (void) file;
  (void) unused;
  *done = size;
  return write (STDERR_FILENO, text, size) >= 0;
}

static uint64_t wide_length (const uint16_t *text) {
  uint64_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

static void end (void) {
  fprintf (stderr, "the process was ended\n");
  exit (1);
}

#define FUNCTION(name_, function_) {.name = name_, .function = (void *) (uintptr_t) function_}

static const struct {
  const char *name;
  void *function;
} functions[] = {
    FUNCTION ("AcquireSRWLockExclusive", zero),
    FUNCTION ("CloseHandle", one),
    FUNCTION ("FreeLibrary", one),
    FUNCTION ("GetConsoleScreenBufferInfo", zero),
    FUNCTION ("GetCurrentProcess", minus_one),
    FUNCTION ("GetCurrentProcessId", one),
    FUNCTION ("GetCurrentProcessorNumber", zero),
    FUNCTION ("GetCurrentThreadId", one),
    FUNCTION ("GetEnvironmentVariableA", variable),
    FUNCTION ("GetLastError", last_error),
    FUNCTION ("GetModuleHandleExW", module_handle_ex),
    FUNCTION ("GetModuleHandleW", module_handle),
    FUNCTION ("GetProcAddress", procedure),
    FUNCTION ("GetProcessHeap", one),
    FUNCTION ("GetProcessTimes", zero),
    FUNCTION ("GetStdHandle", one),
    FUNCTION ("GetSystemInfo", system_info),
    FUNCTION ("GetSystemTimeAsFileTime", file_time),
    FUNCTION ("HeapAlloc", heap_alloc),
    FUNCTION ("HeapFree", heap_free),
    FUNCTION ("HeapReAlloc", heap_realloc),
    FUNCTION ("HeapSize", heap_size),
    FUNCTION ("InitializeSRWLock", zero),
    FUNCTION ("IsDebuggerPresent", zero),
    FUNCTION ("LdrAddRefDll", zero),
    FUNCTION ("LdrLockLoaderLock", zero),
    FUNCTION ("LdrRegisterDllNotification", zero),
    FUNCTION ("LdrUnlockLoaderLock", zero),
    FUNCTION ("LoadLibraryExW", zero),
    FUNCTION ("NtAdjustPrivilegesToken", minus_one),
    FUNCTION ("NtAllocateVirtualMemory", nt_allocate),
    FUNCTION ("NtAllocateVirtualMemoryEx", nt_allocate_ex),
    FUNCTION ("NtClose", zero),
    FUNCTION ("NtDelayExecution", zero),
    FUNCTION ("NtFlushInstructionCache", nt_flush),
    FUNCTION ("NtFreeVirtualMemory", nt_free),
    FUNCTION ("NtGetContextThread", get_context),
    FUNCTION ("NtGetNextThread", next_thread),
    FUNCTION ("NtOpenProcessToken", minus_one),
    FUNCTION ("NtProtectVirtualMemory", nt_protect),
    FUNCTION ("NtQueryInformationProcess", minus_one),
    FUNCTION ("NtQueryInformationThread", query_thread),
    FUNCTION ("NtQueryVirtualMemory", nt_query),
    FUNCTION ("NtResumeThread", resume_thread),
    FUNCTION ("NtSuspendThread", zero),
    FUNCTION ("QueryPerformanceCounter", counter),
    FUNCTION ("QueryPerformanceFrequency", frequency),
    FUNCTION ("RaiseFailFastException", end),
    FUNCTION ("ReleaseSRWLockExclusive", zero),
    FUNCTION ("ReleaseSRWLockShared", zero),
    FUNCTION ("RtlDllShutdownInProgress", zero),
    FUNCTION ("RtlGetCurrentPeb", process_block),
    FUNCTION ("RtlIsEcCode", is_ec_code),
    FUNCTION ("RtlVirtualUnwind", zero),
    FUNCTION ("SetLastError", set_last_error),
    FUNCTION ("Sleep", zero),
    FUNCTION ("SwitchToThread", zero),
    FUNCTION ("TerminateProcess", end),
    FUNCTION ("TlsAlloc", one),
    FUNCTION ("TlsFree", one),
    FUNCTION ("TlsSetValue", one),
    FUNCTION ("TryAcquireSRWLockExclusive", one),
    FUNCTION ("TryAcquireSRWLockShared", one),
    FUNCTION ("VirtualAlloc", virtual_alloc),
    FUNCTION ("VirtualFree", release),
    FUNCTION ("VirtualProtect", virtual_protect),
    FUNCTION ("WriteConsoleA", write_file),
    FUNCTION ("WriteFile", write_file),
    FUNCTION ("memcmp", memcmp),
    FUNCTION ("memcpy", memcpy),
    FUNCTION ("memmove", memmove),
    FUNCTION ("memset", memset),
    FUNCTION ("strlen", strlen),
    FUNCTION ("strtol", strtol),
    FUNCTION ("wcslen", wide_length),
};

void *system_function (const char *name) {
  for (size_t i = 0; i < sizeof (functions) / sizeof (functions[0]); i++)
    if (strcmp (functions[i].name, name) == 0) return functions[i].function;
  return NULL;
}
