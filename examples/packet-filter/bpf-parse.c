/* Reads programs as tcpdump -ddd prints them.  */
#include <ctype.h>
#include <string.h>

#include "bpf.h"

/* A position in the text.  */
struct reader {
  const char *path;
  const char *at, *end;
  int line;
};

static int at_end_of_line (const struct reader *r) {
  return r->at == r->end || *r->at == '\n';
}

static void next_line (struct reader *r) {
  if (r->at == r->end) return;
  r->at++;
  r->line++;
}

static void skip_blanks (struct reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')) r->at++;
}

/* Quote the next word for a message of one line; the text may contain anything.  */
static const char *quote_word (const struct reader *r, char quoted[24]) {
  size_t len = 0;
  for (const char *p = r->at; p < r->end && !isspace ((unsigned char) *p) && len < 20; p++)
    quoted[len++] = isprint ((unsigned char) *p) ? *p : '?';
  if (len == 20) memcpy (quoted + 17, "...", 3);
  quoted[len] = '\0';
  return quoted;
}

static void expect_end_of_line (struct reader *r) {
  char quoted[24];
  skip_blanks (r);
  if (!at_end_of_line (r))
    fail (MIR_syntax_error, "%s:%d: '%s' after the end of the line", r->path, r->line,
          quote_word (r, quoted));
  next_line (r);
}

/* Read the next number of the line.  Messages call it WHAT.  */
static uint32_t expect_number (struct reader *r, const char *what, uint32_t max) {
  const char *start;
  uint64_t number = 0;
  char quoted[24];
  skip_blanks (r);
  if (at_end_of_line (r)) fail (MIR_syntax_error, "%s:%d: %s is missing", r->path, r->line, what);
  start = r->at;
  while (r->at < r->end && isdigit ((unsigned char) *r->at)) {
    number = number * 10 + (uint64_t) (*r->at++ - '0');
    if (number > max) {
      r->at = start;
      fail (MIR_syntax_error, "%s:%d: %s '%s' is too large, the limit is %lu", r->path, r->line,
            what, quote_word (r, quoted), (unsigned long) max);
    }
  }
  if (r->at == start || (r->at < r->end && !isspace ((unsigned char) *r->at))) {
    r->at = start;
    fail (MIR_syntax_error, "%s:%d: %s '%s' is not a decimal number", r->path, r->line, what,
          quote_word (r, quoted));
  }
  return (uint32_t) number;
}

static void skip_comments (struct reader *r) {
  while (r->at < r->end && *r->at == '#') {
    while (!at_end_of_line (r)) r->at++;
    next_line (r);
  }
}

static struct insn expect_insn (struct reader *r) {
  struct insn insn;
  insn.code = (uint16_t) expect_number (r, "the opcode", UINT16_MAX);
  insn.jt = (uint8_t) expect_number (r, "the jump if true", UINT8_MAX);
  insn.jf = (uint8_t) expect_number (r, "the jump if false", UINT8_MAX);
  insn.k = expect_number (r, "the constant", UINT32_MAX);
  expect_end_of_line (r);
  return insn;
}

void program_parse (struct program *program, const char *text, size_t len) {
  struct reader r = {program->path, text, text + len, 1};
  uint32_t count, i;
  char quoted[24];
  skip_comments (&r);
  count = expect_number (&r, "the number of instructions", BPF_INSNS_MAX);
  if (count == 0)
    fail (MIR_syntax_error, "%s:%d: a program has at least one instruction", r.path, r.line);
  expect_end_of_line (&r);

  program->first_line = r.line;
  for (i = 0; i < count; i++) {
    if (r.at == r.end)
      fail (MIR_syntax_error, "%s:%d: the file ends after %lu of %lu instructions", r.path, r.line,
            (unsigned long) i, (unsigned long) count);
    VARR_PUSH (insn_t, program->insns, expect_insn (&r));
  }

  while (r.at < r.end && isspace ((unsigned char) *r.at)) r.line += *r.at++ == '\n';
  if (r.at < r.end)
    fail (MIR_syntax_error, "%s:%d: '%s' after the last of %lu instructions", r.path, r.line,
          quote_word (&r, quoted), (unsigned long) count);
}
