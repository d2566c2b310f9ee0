/* The bytes of a jump, per CPU: what is there, what to write, whether it fits.

   Nothing here knows Windows or the machine it runs on: code is a span of bytes that stands for
   some address, so the arithmetic of every CPU is tested on any.  Any thread; nothing is written
   but the results.

   entry   the address that an export leads to
   marker  an instruction that must stay first, because indirect calls may demand it (endbr, bti)
   jump    what is written behind the marker: one instruction, to the hook or to a jump stub
   stub    jump stub: a jump of any reach, in memory near the CRT
   thunk   a function of the CRT that is one jump, to the implementation

   x86-64  [ endbr64? | e9 rel32 | rest of the function ]   stub: [ ff 25 0 | address ]
   arm64   [ bti c?   | b imm26  | rest of the function ]   stub: [ ldr x16 | br x16 | address ]

   arm64ec is arm64 behind a fast-forward sequence: an export leads to x64 code for x64 callers, which
   only jumps to the function.  The sequence stays, the function gets the jump: all callers end there.

           [ mov rax, rsp | mov [rax+32], rbx | push rbp | pop rbp | jmp function ]  */

#ifndef MIR_UCRT_PATCH_H
#define MIR_UCRT_PATCH_H

#include <stddef.h> /* size_t */
#include <stdint.h>

enum { UCRT_JUMP_MAX = 8, UCRT_STUB_SIZE = 16 }; /* bytes */

/* Code bytes that stand at ADDRESS.  */
struct ucrt_span {
  const uint8_t *bytes;
  size_t size;
  uint64_t address;
};

enum ucrt_code_kind {
  UCRT_CODE_PLAIN = 0,        /* no jump, or none that is known */
  UCRT_CODE_JUMP = 1,         /* jumps to TARGET */
  UCRT_CODE_JUMP_THROUGH = 2, /* jumps to the address stored at TARGET */
  UCRT_CODE_CALL = 3,         /* begins with a call of TARGET */
  UCRT_CODE_TRAP = 4          /* a breakpoint */
};

/* What stands at an entry.  */
struct ucrt_code {
  enum ucrt_code_kind kind;
  unsigned marker; /* bytes */
  uint64_t target; /* an address, as far as KIND has one */
};

/* One CPU.  */
struct ucrt_cpu {
  uint16_t machine;      /* as an image's headers name it */
  unsigned pointer_size; /* bytes */
  unsigned jump_size;    /* bytes that a jump replaces */
  uint64_t reach;        /* the jump reaches addresses less than this apart */
  /* Decode the beginning of CODE, which has at least one byte.  */
  struct ucrt_code (*decode) (const struct ucrt_span *code);
  /* Encode a jump that will stand at FROM.  Returns 0, or -1 if TARGET is out of reach.  */
  int (*encode_jump) (uint8_t to[UCRT_JUMP_MAX], uint64_t from, uint64_t target);
  /* Encode a stub that will stand at FROM, a multiple of UCRT_STUB_SIZE.  */
  void (*encode_stub) (uint8_t to[UCRT_STUB_SIZE], uint64_t from, uint64_t target);
};

extern const struct ucrt_cpu ucrt_cpu_x86_64, ucrt_cpu_x86, ucrt_cpu_aarch64;

/* The CPU that this is compiled for.  For arm64ec compilers define __x86_64__ too.  */
#if defined(__arm64ec__)
#define UCRT_CPU ucrt_cpu_aarch64
#elif defined(__x86_64__)
#define UCRT_CPU ucrt_cpu_x86_64
#elif defined(__i386__)
#define UCRT_CPU ucrt_cpu_x86
#elif defined(__aarch64__)
#define UCRT_CPU ucrt_cpu_aarch64
#endif

enum ucrt_way {
  UCRT_STAYS = 0,   /* in the image: the CRT's own code, which may be replaced */
  UCRT_LEAVES = 1,  /* END is outside */
  UCRT_TRAPPED = 2, /* a breakpoint at END */
  UCRT_ENDLESS = 3  /* END jumps in a circle, or through more jumps than a thunk has */
};

/* Follow the jumps from ADDRESS in IMAGE to their END.  A C runtime's own thunks jump within its
   image; the jump of another hooker leads out of it.  */
enum ucrt_way ucrt_follow (const struct ucrt_cpu *cpu, const struct ucrt_span *image,
                           uint64_t address, uint64_t *end);

/* The offset from ENTRY in IMAGE at which to write the jump, when ROOM bytes from ENTRY on belong
   to the function; -1 if it does not fit.  */
int ucrt_place_of_jump (const struct ucrt_cpu *cpu, const struct ucrt_span *image, uint64_t entry,
                        size_t room);

/*---------------- patch-arm64ec.c -----------------------------*/

/* Whether CODE begins with an unchanged fast-forward sequence; *FUNCTION is where it leads.  */
int ucrt_fast_forward (const struct ucrt_span *code, uint64_t *function);

#endif
