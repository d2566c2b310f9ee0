/* Every CPU but ARM64EC: a process runs the code of one.  */

#include "ucrt/native.h"

#include "ucrt/nt.h"
#include "ucrt/patch.h"

const char *ucrt_native_open (struct ucrt_image *image) {
  if (ucrt_is_hybrid (image))
    return "the C runtime is ARM64EC, made for two CPUs: its exports do not lead to its functions";
  return image->machine == UCRT_CPU.machine ? NULL : "the C runtime is for another CPU";
}

uint32_t ucrt_native_function (const struct ucrt_image *image, uint32_t offset) {
  return offset < image->size ? offset : 0;
}

void *ucrt_native_page (void *wanted) {
  SIZE_T size = UCRT_NT_PAGE;
  void *page = wanted;
  if (ucrt_nt.allocate (UCRT_NT_THIS_PROCESS, &page, 0, &size, MEM_COMMIT | MEM_RESERVE,
                        PAGE_READWRITE)
      < 0)
    return NULL;
  return page;
}
