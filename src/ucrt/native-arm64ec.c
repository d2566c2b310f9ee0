/* ARM64EC: an x64 process runs x64 code in an emulator and ARM64 code without.  Which memory has
   which, the system keeps in a bitmap: that of an image from its code map, any other memory as it
   was allocated.  ARM64 code elsewhere would be taken for x64's.  */

#include "ucrt/native.h"

#include "ucrt/crt-arm64ec.h"
#include "ucrt/nt.h"

/* In ntdll since Windows 10 1803; ARM64EC came with Windows 11.  */
LONG NTAPI NtAllocateVirtualMemoryEx (HANDLE process, void **base, SIZE_T *size, ULONG type,
                                      ULONG protection, MEM_EXTENDED_PARAMETER *parameters,
                                      ULONG parameters_num);

const char *ucrt_native_open (struct ucrt_image *image) {
  if (!ucrt_is_hybrid (image))
    return "the C runtime is not ARM64EC, but emulated or for another CPU";
  return ucrt_open_arm64ec (image) == 0 ? NULL
                                        : "the C runtime's hybrid metadata is not understood";
}

uint32_t ucrt_native_function (const struct ucrt_image *image, uint32_t offset) {
  return ucrt_arm64ec_function (image, offset);
}

/* Allocated as code, and writable only then: so the memory counts as ARM64 code from its allocation
   on.  */
void *ucrt_native_page (void *wanted) {
  MEM_EXTENDED_PARAMETER parameter = {0};
  SIZE_T size = UCRT_NT_PAGE, whole = 0;
  ULONG old;
  void *page = wanted;
  parameter.Type = MemExtendedParameterAttributeFlags;
  parameter.ULong64 = MEM_EXTENDED_PARAMETER_EC_CODE;
  if (NtAllocateVirtualMemoryEx (UCRT_NT_THIS_PROCESS, &page, &size, MEM_COMMIT | MEM_RESERVE,
                                 PAGE_EXECUTE_READ, &parameter, 1)
      < 0)
    return NULL;
  void *begin = page;
  size = UCRT_NT_PAGE;
  if (RtlIsEcCode ((DWORD64) (uintptr_t) page)
      && ucrt_nt.protect (UCRT_NT_THIS_PROCESS, &begin, &size, PAGE_READWRITE, &old) >= 0)
    return page;
  ucrt_nt.release (UCRT_NT_THIS_PROCESS, &page, &whole, MEM_RELEASE);
  return NULL;
}
