/* Words what the checking allocator finds, in the order of other memory checkers: the call that
   noticed it, the one that freed the block, the one that allocated it.

     mir-alloc: 0x55d0c0a21080: freed twice; block 7, 100 bytes, for the parser
       freed again at:
         ./prog(end_scope+0x1b)[0x55d0c0a0133b]
       freed first for the optimiser at:
         ./prog(drop+0x17)[0x55d0c0a01517]
       allocated for the parser at:
         ./prog(new_node+0x24)[0x55d0c0a01204]  */
#include "heap/check-report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "os/cancel.h"
#include "os/stack.h"
#include "os/symbols.h"

/* What is printed with one call of the system, if it fits.  */
struct check_report {
  size_t len;
  char text[4096];
};

const char *mir_check_text (MIR_check_kind_t kind) {
  static const char *const texts[] = {
      [MIR_CHECK_WRONG_SIZE] = "realloc with a wrong old size",
      [MIR_CHECK_DOUBLE_FREE] = "freed twice",
      [MIR_CHECK_FOREIGN] = "not a block of this allocator",
      [MIR_CHECK_UNDERRUN] = "bytes before the block were overwritten",
      [MIR_CHECK_OVERRUN] = "bytes past the end of the block were overwritten",
      [MIR_CHECK_FREED] = "written to after it was freed",
      [MIR_CHECK_LEAK] = "never freed",
  };
  return texts[kind];
}

/* What the call that noticed a finding did with the block.  */
static const char *noticing_call (MIR_check_kind_t kind) {
  switch (kind) {
    case MIR_CHECK_WRONG_SIZE:
      return "resized";
    case MIR_CHECK_DOUBLE_FREE:
      return "freed again";
    case MIR_CHECK_FOREIGN:
      return "passed";
    default:
      return "noticed";
  }
}

static void send_report (struct check_report *report) {
  fwrite (report->text, 1, report->len, stderr);
  report->len = 0;
}

__attribute__ ((format (printf, 2, 3))) static void add_text (struct check_report *report,
                                                              const char *format, ...) {
  for (int try = 0; try < 2; try++) {
    size_t room = sizeof (report->text) - report->len;
    va_list args;
    va_start (args, format);
    int len = vsnprintf (report->text + report->len, room, format, args);
    va_end (args);
    if (len < 0) return;
    if ((size_t) len < room || report->len == 0) {
      report->len += (size_t) len < room ? (size_t) len : room - 1; /* longer texts are cut */
      return;
    }
    send_report (report);
  }
}

/* In the format of backtrace_symbols_fd (): MODULE(NAME+0xOFFSET)[ADDRESS].  */
static void add_frame_line (struct check_report *report, const void *address) {
  const char *in_call = (const char *) address - 1; /* ADDRESS may be the next function's */
  struct mir_os_symbol symbol;
  struct mir_os_function function;
  add_text (report, "    ");
  if (mir_os_symbol (in_call, &symbol)) {
    if (symbol.name == NULL && mir_os_function (in_call, &function)) {
      symbol.name = function.name;
      symbol.base = function.start;
    }
    add_text (report, "%s(%s+0x%" PRIxPTR ")", symbol.module,
              symbol.name != NULL ? symbol.name : "", (uintptr_t) address - symbol.base);
  }
  add_text (report, "[%p]\n", address);
}

/* What a call DID, for whom, and its stack; nothing if neither is known.  */
static void add_call (struct check_report *report, const char *did, const char *label,
                      void *const *frames, size_t frames_num) {
  if (label == NULL && frames_num == 0) return;
  add_text (report, "  %s%s%s%s\n", did, label != NULL ? " for " : "", label != NULL ? label : "",
            frames_num != 0 ? " at:" : "");
  for (size_t i = 0; i < frames_num; i++) add_frame_line (report, frames[i]);
}

void mir_check_print (void *user_data, const MIR_check_t *check) {
  struct check_report report = {.len = 0};
  int held = mir_os_hold_cancel (); /* stderr has a lock, and the caller may have one */
  (void) user_data;
  add_text (&report, "mir-alloc: %p: %s", check->block, check->text);
  if (check->number != 0)
    add_text (&report, "; block %" PRIu64 ", %" PRIu64 " bytes", check->number,
              (uint64_t) check->size);
  if (check->kind == MIR_CHECK_WRONG_SIZE)
    add_text (&report, ", given %" PRIu64, (uint64_t) check->given);
  if (check->label != NULL) add_text (&report, ", for %s", check->label);
  add_text (&report, "\n");
  add_call (&report, noticing_call (check->kind), check->noticed.label, check->noticed.frames,
            check->noticed.frames_num);
  add_call (&report, check->kind == MIR_CHECK_DOUBLE_FREE ? "freed first" : "freed",
            check->freed.label, check->freed.frames, check->freed.frames_num);
  if (check->frames_num != 0)
    add_call (&report, "allocated", check->label, check->frames, check->frames_num);
  send_report (&report);
  mir_os_let_cancel (held);
}
