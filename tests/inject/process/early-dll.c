/* A DLL that claims to be mir-ucrt.dll and is stuck in its start-up: its status stays as the file
   has it.  With the environment variable EARLY_HIDES it cannot even be read, as in a process whose
   loader has reserved the place of the DLL and not mapped the section yet.  */

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#define MIR_UCRT_BUILD
#include "mir-ucrt.h"

static MIR_ucrt_status_t status
    __attribute__ ((used, section (MIR_UCRT_STATUS_SECTION), aligned (4096))) = {.magic = 0};

const MIR_ucrt_status_t *MIR_ucrt_status (void) {
  return &status;
}

/* The first offset from BASE, at or behind OFFSET, where nothing is mapped.  */
static DWORD free_place (uint8_t *base, DWORD offset) {
  enum { ROOM = 0x10000 };
  MEMORY_BASIC_INFORMATION found;
  while (VirtualQuery (base + offset, &found, sizeof (found)) != 0
         && (found.State != MEM_FREE || found.RegionSize < ROOM))
    offset += ROOM;
  return offset;
}

/* Move the section, by the headers in memory, behind the image, where nothing is mapped.  */
static void hide (uint8_t *base) {
  DWORD before;
  uint32_t headers;
  __builtin_memcpy (&headers, base + 0x3c, 4);
  IMAGE_NT_HEADERS *nt = (IMAGE_NT_HEADERS *) (base + headers);
  IMAGE_SECTION_HEADER *section = IMAGE_FIRST_SECTION (nt);
  DWORD place = free_place (base, nt->OptionalHeader.SizeOfImage + 0x100000);
  if (!VirtualProtect (base, 4096, PAGE_READWRITE, &before)) return;
  for (unsigned i = 0; i < nt->FileHeader.NumberOfSections; i++)
    if (base + section[i].VirtualAddress == (uint8_t *) &status) section[i].VirtualAddress = place;
  nt->OptionalHeader.SizeOfImage = place + 0x100000;
}

BOOL WINAPI early_entry (HINSTANCE self, DWORD why, void *reserved);

BOOL WINAPI early_entry (HINSTANCE self, DWORD why, void *reserved) {
  (void) reserved;
  if (why != DLL_PROCESS_ATTACH) return TRUE;
  if (GetEnvironmentVariableA ("EARLY_HIDES", NULL, 0) != 0) hide ((uint8_t *) self);
  Sleep (60000);
  return FALSE;
}
