/* The bytes of a jump, per CPU: what is there, what goes there, whether it fits.

   Nothing here knows Windows or the machine it runs on: code is a span of bytes which stands for
   some address, so that the arithmetic of every CPU is tested on any.

   entry   the address which an export leads to
   marker  an instruction which must stay the first of its function (endbr, bti): indirect calls may
   demand it jump    what is written behind the marker: one instruction, to the hook or to a relay
   relay   a jump of any reach, in memory near the CRT

   x86-64  [ endbr64? | e9 rel32 | the rest of the old function ... ]   relay: [ ff 25 0 | address ]
   arm64   [ bti c?   | b imm26  | the rest of the old function ... ]   relay: [ ldr x16 | br x16 |
   address ]  */

#ifndef MIR_UCRT_PATCH_H
#define MIR_UCRT_PATCH_H

#include <stddef.h> /* size_t */
#include <stdint.h>

enum { UCRT_JUMP_MAX = 8, UCRT_STUB_SIZE = 16 }; /* bytes */

/* Code bytes which stand at ADDRESS.  */
struct ucrt_span {
  const uint8_t *bytes;
  size_t size;
  uint64_t address;
};

enum ucrt_code_kind {
  UCRT_CODE_PLAIN = 0,        /* no jump, or none that we know */
  UCRT_CODE_JUMP = 1,         /* goes to TARGET */
  UCRT_CODE_JUMP_THROUGH = 2, /* goes to where the pointer at TARGET leads */
  UCRT_CODE_CALL = 3,         /* begins with a call of TARGET */
  UCRT_CODE_TRAP = 4          /* a breakpoint */
};

struct ucrt_code {
  enum ucrt_code_kind kind;
  unsigned marker; /* bytes */
  uint64_t target;
};

/* One CPU.  */
struct ucrt_cpu {
  uint16_t machine;      /* as an image's headers name it */
  unsigned pointer_size; /* bytes */
  unsigned jump_size;    /* bytes which a jump replaces */
  uint64_t reach;        /* a jump between addresses that are less than this apart can be encoded */
  /* What stands at the beginning of CODE, which has at least one byte.  */
  struct ucrt_code (*decode) (const struct ucrt_span *code);
  /* Write a jump which will stand at FROM; -1 if TARGET is out of reach.  */
  int (*encode_jump) (uint8_t to[UCRT_JUMP_MAX], uint64_t from, uint64_t target);
  /* Write a relay which will stand at FROM, a multiple of UCRT_STUB_SIZE.  */
  void (*encode_stub) (uint8_t to[UCRT_STUB_SIZE], uint64_t from, uint64_t target);
};

extern const struct ucrt_cpu ucrt_cpu_x86_64, ucrt_cpu_x86, ucrt_cpu_aarch64;

/* Of the CPU which this is compiled for.  */
#if defined(__x86_64__)
#define UCRT_CPU ucrt_cpu_x86_64
#elif defined(__i386__)
#define UCRT_CPU ucrt_cpu_x86
#elif defined(__aarch64__)
#define UCRT_CPU ucrt_cpu_aarch64
#endif

enum ucrt_way {
  UCRT_STAYS = 0,   /* in the image: its own code, which may be replaced */
  UCRT_LEAVES = 1,  /* END is outside */
  UCRT_TRAPPED = 2, /* a breakpoint at END */
  UCRT_ENDLESS = 3  /* END jumps in a circle, or through too many jumps to be a stub */
};

/* Follow the jumps from ADDRESS, which is in IMAGE, and say where they end.  A C runtime's own
   stubs jump within its image; whoever hooked the function before us leads out of it.  */
enum ucrt_way ucrt_follow (const struct ucrt_cpu *cpu, const struct ucrt_span *image,
                           uint64_t address, uint64_t *end);

/* How many bytes from ENTRY, which is in IMAGE, the jump must be written, when ROOM bytes from
   ENTRY on belong to the function; -1 if it does not fit.  */
int ucrt_place_of_jump (const struct ucrt_cpu *cpu, const struct ucrt_span *image, uint64_t entry,
                        size_t room);

#endif
