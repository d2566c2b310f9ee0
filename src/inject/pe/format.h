/* The layout of PE files, for mir-inject and for mir-ucrt.dll: offsets, sizes and flags from
   Microsoft's "PE Format" and winnt.h.

   An offset is in bytes from the beginning of the structure that its name starts with.  The name of
   a structure alone is its size; _PLUS: in PE32+.  */

#ifndef MIR_INJECT_PE_FORMAT_H
#define MIR_INJECT_PE_FORMAT_H

/* The DOS header.  */
enum { PE_DOS_NT = 0x3c, PE_DOS_HEADER = 64, PE_DOS_MAGIC = 0x5a4d };

/* The signature "PE\0\0" and the file header; the optional header follows.  */
enum { PE_SIGNATURE = 0x4550 };
enum { PE_NT_MACHINE = 4, PE_NT_SECTIONS_NUM = 6, PE_NT_SYMBOLS = 12, PE_NT_SYMBOLS_NUM = 16 };
enum { PE_NT_OPTIONAL_SIZE = 20, PE_NT_FLAGS = 22, PE_NT_OPTIONAL = 24 };

/* The optional header.  PE32+ moves the image base and everything behind DLL_FLAGS.  */
enum { PE_OPTIONAL_MAGIC = 0, PE_OPTIONAL_DATA_SIZE = 8, PE_OPTIONAL_ENTRY = 16 };
enum { PE_OPTIONAL_BASE = 28, PE_OPTIONAL_BASE_PLUS = 24, PE_OPTIONAL_SECTION_ALIGNMENT = 32 };
enum { PE_OPTIONAL_FILE_ALIGNMENT = 36, PE_OPTIONAL_IMAGE_SIZE = 56 };
enum { PE_OPTIONAL_HEADERS_SIZE = 60, PE_OPTIONAL_CHECKSUM = 64, PE_OPTIONAL_SUBSYSTEM = 68 };
enum { PE_OPTIONAL_DLL_FLAGS = 70, PE_OPTIONAL_DIRECTORIES_NUM = 92 };
enum { PE_OPTIONAL_DIRECTORIES_NUM_PLUS = 108, PE_OPTIONAL_DIRECTORIES = 96 };
enum { PE_OPTIONAL_DIRECTORIES_PLUS = 112 };
enum { PE_MAGIC = 0x10b, PE_MAGIC_PLUS = 0x20b };
enum { PE_DLL_FORCE_INTEGRITY = 0x80 }; /* in DLL_FLAGS */

enum { PE_NUMBER_X86 = 0x14c, PE_NUMBER_X64 = 0x8664, PE_NUMBER_ARM64 = 0xaa64 };
enum { PE_NUMBER_ARM64EC = 0xa641, PE_NUMBER_ARM64X = 0xa64e };

/* The data directories: the index of each, then the layout of one.  */
enum {
  PE_EXPORT = 0,
  PE_IMPORT = 1,
  PE_RESOURCE = 2,
  PE_UNWIND = 3,
  PE_CERTIFICATE = 4,
  PE_DEBUG = 6,
  PE_LOAD_CONFIG = 10
};
enum { PE_BOUND_IMPORT = 11, PE_IAT = 12, PE_DELAY_IMPORT = 13, PE_CLR = 14 };
enum { PE_DIRECTORY_RVA = 0, PE_DIRECTORY_SIZE = 4, PE_DIRECTORY = 8, PE_DIRECTORIES_MAX = 16 };

/* One header in the section table.  */
enum { PE_SECTION_NAME = 0, PE_SECTION_VIRTUAL_SIZE = 8, PE_SECTION_RVA = 12 };
enum { PE_SECTION_RAW_SIZE = 16, PE_SECTION_RAW = 20, PE_SECTION_RELOCATIONS = 24 };
enum { PE_SECTION_LINES = 28, PE_SECTION_FLAGS = 36, PE_SECTION_HEADER = 40 };
enum { PE_SECTION_NAME_MAX = 8 }; /* bytes; only a shorter name ends with 0 */
enum { PE_SCN_DATA = 0x40, PE_SCN_CONTENTS = 0xe0, PE_SCN_READ = 0x40000000 };
#define PE_SCN_WRITE 0x80000000u

/* A descriptor in the import table, and one in the table of delay-loaded DLLs.  */
enum { PE_DESCRIPTOR_LOOKUP = 0, PE_DESCRIPTOR_TIME_STAMP = 4, PE_DESCRIPTOR_FORWARDER = 8 };
enum { PE_DESCRIPTOR_NAME = 12, PE_DESCRIPTOR_ADDRESS = 16, PE_DESCRIPTOR = 20 };
enum { PE_DELAY_FLAGS = 0, PE_DELAY_NAME = 4, PE_DELAY_ADDRESS = 12, PE_DELAY_LOOKUP = 16 };
enum { PE_DELAY_TIME_STAMP = 28, PE_DELAY_DESCRIPTOR = 32 };
enum { PE_DELAY_RVAS = 1 }; /* in FLAGS: the other fields are RVAs, not addresses */
enum { PE_HINT = 2 };       /* bytes in front of the name of a function */

/* The export table.  */
enum { PE_EXPORT_NAME = 12 }; /* RVA of the name that the DLL was linked with */
enum { PE_EXPORT_FUNCTIONS_NUM = 20, PE_EXPORT_NAMES_NUM = 24, PE_EXPORT_FUNCTIONS = 28 };
enum { PE_EXPORT_NAMES = 32, PE_EXPORT_ORDINALS = 36, PE_EXPORT_TABLE = 40 };

/* One entry of the debug directory.  */
enum { PE_DEBUG_RAW = 24, PE_DEBUG_ENTRY = 28 };

/* The load configuration: DependentLoadFlags, GuardFlags and CHPEMetadataPointer.  */
enum { PE_CONFIG_LOAD_FLAGS = 0x36, PE_CONFIG_LOAD_FLAGS_PLUS = 0x4e };
enum { PE_CONFIG_GUARD_FLAGS = 0x58, PE_CONFIG_GUARD_FLAGS_PLUS = 0x90 };
enum { PE_CONFIG_HYBRID = 0x7c, PE_CONFIG_HYBRID_PLUS = 0xc8 };

/* The .NET header.  */
enum { PE_CLR_FLAGS = 16, PE_CLR_HEADER = 72 };
enum { PE_CLR_IL_ONLY = 1, PE_CLR_READY_TO_RUN = 4 }; /* in FLAGS: the second is IL_LIBRARY */

enum { PE_SYMBOL = 18 }; /* bytes of a COFF symbol */

#endif
