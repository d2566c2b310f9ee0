/* Our verifier against that of the Linux kernel, which is asked by attaching filters to a
   socket.  */
#include "bpf.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "random-program.h"
#include "support/tap.h"

enum { LEN_MAX = 24 };

static int socket_fd = -1;

static void verify (void *arg) {
  program_verify ((const struct program *) arg);
}

/* Whether our verifier accepts the LEN instructions; FAILURE says why not.  */
static int we_accept (MIR_alloc_t alloc, const struct insn *insns, size_t len,
                      struct failure *failure) {
  struct program program = {.path = "random", .first_line = 1};
  int accepted;
  VARR_CREATE (insn_t, program.insns, alloc, len);
  VARR_PUSH_ARR (insn_t, program.insns, insns, len);
  accepted = catch_failure (failure, verify, &program) == 0;
  VARR_DESTROY (insn_t, program.insns);
  return accepted;
}

/* Whether the kernel accepts it: 1, 0, or -1 if the kernel cannot be asked.  */
static int kernel_accepts (const struct insn *insns, size_t len) {
  struct sock_filter filter[LEN_MAX];
  struct sock_fprog program = {.len = (unsigned short) len, .filter = filter};
  for (size_t i = 0; i < len; i++)
    filter[i] = (struct sock_filter) {insns[i].code, insns[i].jt, insns[i].jf, insns[i].k};
  if (setsockopt (socket_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof (program)) == 0)
    return 1;
  return errno == EINVAL ? 0 : -1;
}

/* The kernel knows some offsets from SKF_AD_OFF and refuses others.  */
static void keep_off_facts (struct insn *insn) {
  if ((insn->code == LD_W_ABS || insn->code == LD_H_ABS || insn->code == LD_B_ABS)
      && insn->k >= (uint32_t) SKF_AD_OFF)
    insn->k -= (uint32_t) SKF_AD_OFF;
}

/* Change a valid program so that it may be invalid.  */
static void damage (struct insn *insn) {
  switch (tap_random () % 6) {
    case 0:
      insn->code ^= (uint16_t) (1 << tap_random () % 10);
      break;
    case 1:
      insn->jt = (uint8_t) (tap_random () % 16);
      break;
    case 2:
      insn->k = (uint32_t) (tap_random () % 40);
      break;
    case 3:
      insn->code = tap_random () % 2 ? LD_MEM : LDX_MEM;
      insn->k = (uint32_t) (tap_random () % 4);
      break;
    case 4:
      insn->code = tap_random () % 2 ? ST : STX;
      insn->k = (uint32_t) (tap_random () % 4);
      break;
    default:
      break;
  }
}

static void accepts_exactly_what_the_kernel_accepts (void) {
  size_t accepted = 0, refused = 0;
  MIR_context_t ctx;
  if ((socket_fd = socket (AF_UNIX, SOCK_DGRAM, 0)) < 0)
    tap_skip ("no socket: %s", strerror (errno));
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  for (size_t n = tap_scaled (50000); n > 0; n--) {
    struct insn insns[LEN_MAX];
    size_t len = 1 + (size_t) (tap_random () % LEN_MAX);
    struct failure failure = {.message = "accepted"};
    int ours, kernels;
    random_program (insns, len);
    for (uint64_t damages = tap_random () % 4; damages > 0; damages--)
      damage (&insns[tap_random () % len]);
    for (size_t i = 0; i < len; i++) keep_off_facts (&insns[i]);
    kernels = kernel_accepts (insns, len);
    if (kernels < 0) tap_skip ("no filters for sockets: %s", strerror (errno));
    ours = we_accept (MIR_get_alloc (ctx), insns, len, &failure);
    CHECK_INT (ours, kernels);
    if (ours != kernels) tap_note ("ours: %s", failure.message);
    if (kernels) accepted++;
    if (!kernels) refused++;
  }
  tap_note ("%zu accepted, %zu refused", accepted, refused);
  CHECK (accepted > 0 && refused > 0);
  MIR_finish (ctx);
  close (socket_fd);
}

int main (void) {
  TEST_RUN (accepts_exactly_what_the_kernel_accepts);
  return tap_done ();
}
