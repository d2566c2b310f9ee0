/* Closes and opens the gate: an endless loop at the entry point of a program.  */
#include "inject/process/launch-gate.h"

/* Jumps to themselves: jmp $; b #0.  */
static const uint8_t x86_loop[] = {0xeb, 0xfe}, arm64_loop[] = {0x00, 0x00, 0x00, 0x14};

int launch_gate_close (const struct remote *remote, struct launch_gate *gate) {
  struct remote_image image;
  int is_arm = remote->machine == PE_ARM64;
  *gate = (struct launch_gate) {.size = is_arm ? sizeof (arm64_loop) : sizeof (x86_loop)};
  if (remote_image (remote, remote->program, &image) != 0) return -1;
  uint32_t entry = image.pe.entry, size = image.pe.image_size;
  remote_image_close (&image);
  if (entry == 0 || entry >= size || size - entry < gate->size) {
    SetLastError (ERROR_BAD_EXE_FORMAT);
    return -1;
  }
  uint64_t at = remote->program + entry;
  if (remote_read (remote, at, gate->before, gate->size) != 0
      || remote_write (remote, at, is_arm ? arm64_loop : x86_loop, gate->size) != 0)
    return -1;
  gate->entry = at;
  return 0;
}

/* The bytes may lie in two cache lines, so the thread must not run while they change.  */
int launch_gate_open (const struct remote *remote, struct launch_gate *gate, HANDLE thread) {
  CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
  if (gate->entry == 0) return 0;
  if (SuspendThread (thread) == (DWORD) -1) return -1;
  GetThreadContext (thread, &context); /* waits: SuspendThread only requests the suspension */
  int result = remote_write (remote, gate->entry, gate->before, gate->size);
  ResumeThread (thread);
  if (result == 0) gate->entry = 0;
  return result;
}
