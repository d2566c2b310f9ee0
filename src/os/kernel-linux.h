/* The kernel's numbers for what the library asks of futex(2) and membarrier(2), from linux/futex.h
   and linux/membarrier.h: compilers for musl come without these headers.  */
#ifndef MIR_OS_KERNEL_LINUX_H
#define MIR_OS_KERNEL_LINUX_H

/* All for words that only this process waits for.  */
enum {
  MIR_FUTEX_PRIVATE = 128,
  MIR_FUTEX_WAIT = 0 | MIR_FUTEX_PRIVATE,
  MIR_FUTEX_WAKE = 1 | MIR_FUTEX_PRIVATE,
  MIR_FUTEX_WAKE_OP = 5 | MIR_FUTEX_PRIVATE
};

/* The argument of MIR_FUTEX_WAKE_OP for the operation `or` with 0.  Whoever waits is woken if the
   word was 0.  */
enum { MIR_FUTEX_OR_0 = 2 << 28 };

enum {
  MIR_MEMBARRIER_SYNC_CORE = 1 << 5,         /* MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE */
  MIR_MEMBARRIER_REGISTER_SYNC_CORE = 1 << 6 /* MEMBARRIER_CMD_REGISTER_..., the same */
};

#endif /* MIR_OS_KERNEL_LINUX_H */
