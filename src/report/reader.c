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
  reader->offset = reader->buffer_offset + (uint64_t) (reader->at - reader->buffer);
  snprintf (reader->error, sizeof (reader->error), "byte %llu: %s",
            (unsigned long long) reader->offset, what);
  return -1;
}

/* The error at the end of the file.  -1.  */
static int too_short (struct reader *reader) {
  reader->at = reader->bound;
  if (ferror (reader->stream)) return bad (reader, "the file cannot be read");
  reader->truncated = 1;
  bad (reader, "the file ends here, before the trace does");
  if (reader->offset == 0)
    snprintf (reader->error, sizeof (reader->error), "the file is empty: no trace was begun in it");
  return -1;
}

/* How many bytes there are to decode, at least NUM unless the file ends before them; NUM is at most
   READER_BUFFER.  */
static size_t look_ahead (struct reader *reader, size_t num) {
  size_t rest = (size_t) (reader->bound - reader->at);
  if (rest >= num || reader->exhausted) return rest;
  reader->buffer_offset += (uint64_t) (reader->at - reader->buffer);
  memmove (reader->buffer, reader->at, rest);
  reader->at = reader->buffer;
  rest += fread (reader->buffer + rest, 1, READER_BUFFER - rest, reader->stream);
  reader->bound = reader->buffer + rest;
  reader->exhausted = rest < READER_BUFFER;
  return rest;
}

/* The get functions read one thing (trace/format.h).  0, or -1 with the error set.  */

static int get_byte (struct reader *reader, unsigned *byte) {
  if (look_ahead (reader, 1) == 0) return too_short (reader);
  *byte = *reader->at++;
  return 0;
}

static int get_long_number (struct reader *reader, uint64_t *number) {
  unsigned byte = 0;
  *number = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (get_byte (reader, &byte) != 0) return -1;
    if (shift == 63 && byte > 1) return bad (reader, "a number has more than 64 bits");
    *number |= (uint64_t) (byte & 0x7f) << shift;
    if (byte < 0x80) return 0;
  }
}

/* Decode the number at *AT, where 8 bytes can be read, and move *AT behind it.  0: it is longer.
   Neighbours have lengths that a CPU predicts well, so decoding 8 bytes as one word, without a
   branch, took longer.  */
static inline int decode_short (const uint8_t **at, uint64_t *number) {
  const uint8_t *p = *at;
  uint64_t value = *p & 0x7f;
  for (unsigned shift = 7; *p++ >= 0x80; shift += 7) {
    if (shift == 56) return 0;
    value |= (uint64_t) (*p & 0x7f) << shift;
  }
  *at = p;
  *number = value;
  return 1;
}

static inline int get_number (struct reader *reader, uint64_t *number) {
  if (look_ahead (reader, 8) >= 8 && decode_short (&reader->at, number)) return 0;
  return get_long_number (reader, number);
}

static inline uint64_t decode_difference (uint64_t coded) {
  return coded >> 1 ^ (0 - (coded & 1));
}

/* Add the coded difference to *LAST, the last address of its sort.  */
static inline int get_address (struct reader *reader, uint64_t *last) {
  uint64_t coded;
  if (get_number (reader, &coded) != 0) return -1;
  *last += decode_difference (coded);
  return 0;
}

/* Read a text.  TEXT has room for MIR_TRACE_NAME_MAX bytes and the 0.  */
static int get_text (struct reader *reader, char *text, size_t *len) {
  uint64_t number;
  if (get_number (reader, &number) != 0) return -1;
  if (number > MIR_TRACE_NAME_MAX) return bad (reader, "a name is too long");
  if (look_ahead (reader, (size_t) number) < number) return too_short (reader);
  *len = (size_t) number;
  memcpy (text, reader->at, *len);
  text[*len] = '\0';
  reader->at += *len;
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
  memset (reader, 0, offsetof (struct reader, buffer));
  reader->stream = stream;
  reader->at = reader->bound = reader->buffer;
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

static inline uint64_t hash_address (uint64_t hash, uint64_t address) {
  hash = (hash ^ address) * 0x9e3779b97f4a7c15u; /* as hash_bits, report/hash.h */
  return hash ^ hash >> 29;
}

/* Read addresses of a stack as long as they are short and the end of the file is far.  Returns how
   many these were.  */
static size_t get_short_addresses (struct reader *reader, struct record *record, size_t num) {
  size_t i = 0;
  if (look_ahead (reader, 8 * MIR_TRACE_STACK_MAX) < 8 * MIR_TRACE_STACK_MAX) return 0;
  const uint8_t *at = reader->at;
  uint64_t pc = reader->pc, hash = record->stack_hash, coded;
  for (; i < num && decode_short (&at, &coded); i++) {
    record->stack[i] = pc += decode_difference (coded);
    hash = hash_address (hash, pc);
  }
  reader->at = at;
  reader->pc = pc;
  record->stack_hash = hash;
  return i;
}

static int get_stack (struct reader *reader, struct record *record) {
  uint64_t num;
  if (get_number (reader, &num) != 0) return -1;
  if (num > MIR_TRACE_STACK_MAX) return bad (reader, "a stack is too deep");
  record->stack_hash = num;
  for (size_t i = get_short_addresses (reader, record, (size_t) num); i < num; i++) {
    if (get_address (reader, &reader->pc) != 0) return -1;
    record->stack[i] = reader->pc;
    record->stack_hash = hash_address (record->stack_hash, reader->pc);
  }
  record->stack_num = (size_t) num;
  return 0;
}

static int get_end (struct reader *reader, struct record *record) {
  if (get_number (reader, &record->events) != 0) return -1;
  if (record->events != reader->events) return bad (reader, "events are missing");
  if (look_ahead (reader, 1) > 0) return bad (reader, "there is data behind the end");
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

/* Read the kind of a record.  A program that dies early leaves a head without events.  */
static int get_kind (struct reader *reader, unsigned *kind) {
  if (get_byte (reader, kind) == 0) return 0;
  if (!reader->truncated || reader->events > 0) return -1;
  return bad (reader, "the file ends here, before its first event (see MIR_trace_flush)");
}

enum reader_result reader_next (struct reader *reader, struct record *record) {
  unsigned kind = 0;
  record->size = record->old_size = record->address = 0;
  record->name_len = record->stack_num = 0;
  record->name[0] = '\0';
  /* A thread and a stack belong to the record behind them.  Each takes bytes, so the loop ends.  */
  for (;;) {
    if (get_kind (reader, &kind) != 0) return READER_ERROR;
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
  reader->offset = reader->buffer_offset + (uint64_t) (reader->at - reader->buffer);
  if (reader->ended) return READER_END;
  reader->events += kind != MIR_TRACE_SYMBOL;
  return READER_RECORD;
}
