/* Names for images of other CPUs, subsystems and systems, by the numbers of Microsoft's "PE
   Format"; knows .NET assemblies.  */
#include "inject/pe/kind.h"

struct kind {
  uint16_t number;
  const char *name;
};

/* The name of NUMBER; NULL if it is not among the NUM KINDS.  */
static const char *find (const struct kind *kinds, size_t num, uint16_t number) {
  for (size_t i = 0; i < num; i++)
    if (kinds[i].number == number) return kinds[i].name;
  return NULL;
}

/* .NET precompiles its DLLs for each system, and says so by a mask on the number of the CPU.  */
static const char *other_system (uint16_t machine) {
  static const struct kind masks[] = {{0x7b79, "a .NET image that is precompiled for Linux"},
                                      {0x4644, "a .NET image that is precompiled for macOS"},
                                      {0xadc4, "a .NET image that is precompiled for FreeBSD"},
                                      {0x1993, "a .NET image that is precompiled for NetBSD"}};
  static const uint16_t machines[] = {PE_NUMBER_X86, PE_NUMBER_X64, PE_NUMBER_ARM64, 0x1c4};
  for (size_t i = 0; i < sizeof (machines) / sizeof (machines[0]); i++) {
    const char *name =
        find (masks, sizeof (masks) / sizeof (masks[0]), (uint16_t) (machine ^ machines[i]));
    if (name != NULL) return name;
  }
  return NULL;
}

static const char *other_machine (uint16_t machine) {
  static const struct kind machines[] = {{0x1c0, "an image for ARM32"},
                                         {0x1c2, "an image for ARM32 (Thumb)"},
                                         {0x1c4, "an image for ARM32 (Thumb-2)"},
                                         {0x200, "an image for Itanium"},
                                         {0x184, "an image for Alpha"},
                                         {0x284, "an image for 64-bit Alpha"},
                                         {0x162, "an image for MIPS"},
                                         {0x166, "an image for MIPS"},
                                         {0x168, "an image for MIPS"},
                                         {0x169, "an image for MIPS"},
                                         {0x266, "an image for MIPS"},
                                         {0x366, "an image for MIPS"},
                                         {0x466, "an image for MIPS"},
                                         {0x1f0, "an image for PowerPC"},
                                         {0x1f1, "an image for PowerPC"},
                                         {0x1a2, "an image for SuperH"},
                                         {0x1a3, "an image for SuperH"},
                                         {0x1a6, "an image for SuperH"},
                                         {0x1a8, "an image for SuperH"},
                                         {0x5032, "an image for RISC-V"},
                                         {0x5064, "an image for RISC-V"},
                                         {0x5128, "an image for RISC-V"},
                                         {0x6232, "an image for LoongArch"},
                                         {0x6264, "an image for LoongArch"},
                                         {0xebc, "an image of EFI byte code"}};
  const char *name = find (machines, sizeof (machines) / sizeof (machines[0]), machine);
  if (name == NULL) name = other_system (machine);
  return name != NULL ? name : "an image for an unknown CPU";
}

/* An image without a subsystem, 0, may be a DLL like any other.  */
static const char *other_subsystem (uint16_t subsystem) {
  static const struct kind subsystems[] = {
      {1, "a driver or another program of the native subsystem"},
      {5, "a program for OS/2"},
      {7, "a program for POSIX"},
      {8, "a driver for Windows 9x"},
      {9, "a program for Windows CE"},
      {10, "an EFI application"},
      {11, "an EFI driver"},
      {12, "an EFI driver"},
      {13, "an EFI image for a ROM"},
      {14, "a program for the Xbox"},
      {16, "a boot application"}};
  return find (subsystems, sizeof (subsystems) / sizeof (subsystems[0]), subsystem);
}

/* The subsystem first: it says more of an EFI application for ARM32 than the CPU does.  */
const char *pe_stranger (const struct pe *pe) {
  const char *name = other_subsystem (pe->subsystem);
  return name != NULL || pe->machine != PE_OTHER ? name : other_machine (pe->machine_number);
}

int pe_is_assembly (const struct pe *pe) {
  struct pe_directory clr = pe_directory (pe, PE_CLR);
  uint32_t flags;
  return clr.rva != 0 && pe_read32 (pe, (uint64_t) clr.rva + PE_CLR_FLAGS, &flags) == 0
         && (flags & (PE_CLR_IL_ONLY | PE_CLR_READY_TO_RUN)) != 0;
}
