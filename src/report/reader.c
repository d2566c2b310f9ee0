/* Decodes traces and refuses whatever is outside the format.  */
#include "report/reader.h"

#include <stdarg.h>
#include <string.h>

/*---------------- Bytes -----------------------------*/

/* Set the error: the place, and what is wrong there.  -1.  */
static int bad (struct reader *reader, const char *format, ...) {
  char what[80];
  va_list args;
  va_start (args, format);
  vsnprintf (what, sizeof (what), format, args);
  va_end (args);
  snprintf (reader->error, sizeof (reader->error), "byte %llu: %s",
            (unsigned long long) reader->offset, what);
  return -1;
}

/* The error at the end of the file.  -1.  */
static int too_short (struct reader *reader) {
  if (ferror (reader->stream)) return bad (reader, "the file cannot be read");
  reader->truncated = 1;
  return bad (reader, "the file ends here, before the trace does");
}

/* The get functions read one thing (trace/format.h).  0, or -1 with the error set.  */

static int get_byte (struct reader *reader, unsigned *byte) {
  int c = getc (reader->stream);
  if (c == EOF) return too_short (reader);
  reader->offset++;
  *byte = (unsigned) c;
  return 0;
}

static int get_number (struct reader *reader, uint64_t *number) {
  unsigned byte = 0;
  *number = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (get_byte (reader, &byte) != 0) return -1;
    if (shift == 63 && byte > 1) return bad (reader, "a number has more than 64 bits");
    *number |= (uint64_t) (byte & 0x7f) << shift;
    if (byte < 0x80) return 0;
  }
}

/* Add the coded difference to *LAST, the last address of its sort.  */
static int get_address (struct reader *reader, uint64_t *last) {
  uint64_t coded;
  if (get_number (reader, &coded) != 0) return -1;
  *last += coded >> 1 ^ ((coded & 1) == 0 ? 0 : UINT64_MAX);
  return 0;
}

/* Read a text.  TEXT has room for MIR_TRACE_NAME_MAX bytes and the 0.  */
static int get_text (struct reader *reader, char *text, size_t *len) {
  uint64_t number;
  size_t got;
  if (get_number (reader, &number) != 0) return -1;
  if (number > MIR_TRACE_NAME_MAX) return bad (reader, "a name is too long");
  got = fread (text, 1, (size_t) number, reader->stream);
  reader->offset += got;
  if (got < number) return too_short (reader);
  text[got] = '\0';
  *len = got;
  return 0;
}

/* Read the size of a block or of code that exists.  */
static int get_size (struct reader *reader, uint64_t *size) {
  if (get_number (reader, size) != 0) return -1;
  return *size < READER_MAX_SIZE ? 0 : bad (reader, "a size that nothing can have");
}

/*---------------- The head -----------------------------*/

int reader_open (struct reader *reader, FILE *stream) {
  static const char magic[] = MIR_TRACE_MAGIC;
  unsigned byte = 0;
  memset (reader, 0, sizeof (*reader));
  reader->stream = stream;
  for (size_t i = 0; i < sizeof (magic) - 1; i++) {
    if (get_byte (reader, &byte) != 0) return -1;
    if (byte != (unsigned char) magic[i]) return bad (reader, "this is not a trace");
  }
  if (get_byte (reader, &byte) != 0) return -1;
  if (byte != MIR_TRACE_VERSION)
    return bad (reader, "the trace has version %u; only version %d is known", byte,
                MIR_TRACE_VERSION);
  if (get_byte (reader, &reader->pointer_size) != 0) return -1;
  if (reader->pointer_size != 4 && reader->pointer_size != 8)
    return bad (reader, "the pointers have %u bytes, not 4 or 8", reader->pointer_size);
  if (get_number (reader, &reader->seconds) != 0 || get_number (reader, &reader->process) != 0)
    return -1;
  return get_text (reader, reader->title, &reader->title_len);
}

/*---------------- Records -----------------------------*/

static int get_time (struct reader *reader, struct record *record) {
  uint64_t passed;
  if (get_number (reader, &passed) != 0) return -1;
  if (passed >= READER_MAX_SIZE - reader->time) return bad (reader, "a time is out of range");
  record->time = reader->time += passed;
  return 0;
}

static int get_block (struct reader *reader, struct record *record) {
  if (get_address (reader, &reader->block) != 0) return -1;
  record->address = reader->block;
  return 0;
}

static int get_code (struct reader *reader, struct record *record) {
  if (get_address (reader, &reader->code) != 0 || get_size (reader, &record->size) != 0) return -1;
  record->address = reader->code;
  if (record->size > UINT64_MAX - record->address)
    return bad (reader, "code extends beyond the end of the address space");
  return 0;
}

/* Read the product of two numbers.  If the call failed, these may be any numbers.  */
static int get_product (struct reader *reader, struct record *record) {
  uint64_t num, size;
  if (get_number (reader, &num) != 0 || get_number (reader, &size) != 0) return -1;
  record->size = size != 0 && num > UINT64_MAX / size ? UINT64_MAX : num * size;
  if (record->kind == MIR_TRACE_CALLOC && record->size >= READER_MAX_SIZE)
    return bad (reader, "a size that nothing can have");
  return 0;
}

static int get_stack (struct reader *reader, struct record *record) {
  uint64_t num;
  if (get_number (reader, &num) != 0) return -1;
  if (num > MIR_TRACE_STACK_MAX) return bad (reader, "a stack is too deep");
  for (size_t i = 0; i < num; i++) {
    if (get_address (reader, &reader->pc) != 0) return -1;
    record->stack[i] = reader->pc;
  }
  record->stack_num = (size_t) num;
  return 0;
}

static int get_end (struct reader *reader, struct record *record) {
  if (get_number (reader, &record->events) != 0) return -1;
  if (record->events != reader->events) return bad (reader, "events are missing");
  if (getc (reader->stream) != EOF) return bad (reader, "there is data behind the end");
  reader->ended = 1;
  return 0;
}

/* Read what is behind the kind of a record.  */
static int get_fields (struct reader *reader, struct record *record) {
  if (record->kind == 0 || record->kind >= MIR_TRACE_KINDS)
    return bad (reader, "a record has the unknown kind %u", (unsigned) record->kind);
  if (record->kind != MIR_TRACE_SYMBOL && get_time (reader, record) != 0) return -1;
  switch (record->kind) {
    case MIR_TRACE_MALLOC:
    case MIR_TRACE_REALLOC_NEW:
      return get_size (reader, &record->size) || get_block (reader, record);
    case MIR_TRACE_MALLOC_FAILED:
    case MIR_TRACE_REALLOC_NEW_FAILED:
      return get_number (reader, &record->size);
    case MIR_TRACE_CALLOC:
      return get_product (reader, record) || get_block (reader, record);
    case MIR_TRACE_CALLOC_FAILED:
      return get_product (reader, record);
    case MIR_TRACE_REALLOC:
      return get_block (reader, record) || get_number (reader, &record->old_size)
             || get_number (reader, &record->size);
    case MIR_TRACE_REALLOC_DONE:
    case MIR_TRACE_FREE:
      return get_block (reader, record);
    case MIR_TRACE_SYMBOL:
      if (get_address (reader, &reader->pc) != 0) return -1;
      record->address = reader->pc;
      return get_text (reader, record->name, &record->name_len);
    case MIR_TRACE_PUSH:
      return get_text (reader, record->name, &record->name_len);
    case MIR_TRACE_CODE_MAPPED:
    case MIR_TRACE_CODE_UNMAPPED:
    case MIR_TRACE_CODE_FREED:
      return get_code (reader, record);
    case MIR_TRACE_CODE_PUBLISHED:
      return get_code (reader, record) || get_text (reader, record->name, &record->name_len);
    case MIR_TRACE_END:
      return get_end (reader, record);
    default: /* only the time */
      return 0;
  }
}

enum reader_result reader_next (struct reader *reader, struct record *record) {
  unsigned kind = 0;
  record->size = record->old_size = record->address = 0;
  record->name_len = record->stack_num = 0;
  record->name[0] = '\0';
  /* A thread and a stack belong to the record behind them.  Each takes bytes, so the loop ends.  */
  for (;;) {
    if (get_byte (reader, &kind) != 0) return READER_ERROR;
    if (kind == MIR_TRACE_THREAD) {
      if (get_number (reader, &reader->thread) != 0) return READER_ERROR;
    } else if (kind == MIR_TRACE_STACK) {
      if (get_stack (reader, record) != 0) return READER_ERROR;
    } else {
      break;
    }
  }
  record->kind = (enum mir_trace_kind) kind;
  record->time = reader->time;
  record->thread = reader->thread;
  if (get_fields (reader, record) != 0) return READER_ERROR;
  if (reader->ended) return READER_END;
  reader->events += kind != MIR_TRACE_SYMBOL;
  return READER_RECORD;
}
