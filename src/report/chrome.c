/* Writes trace events ("Trace Event Format", Google): scopes as durations, memory as counters,
   published code as instants.  */
#include "report/chrome.h"

#include <inttypes.h> /* PRIu64 */

#include "report/picture.h"

/* The format has times in microseconds.  */
static void begin_event (struct output *output, const char *phase, uint64_t time, uint64_t thread) {
  output_print (output, ",\n{\"ph\":\"%s\",\"pid\":1,\"tid\":%" PRIu64 ",\"ts\":%" PRIu64 ".%03u",
                phase, thread, time / 1000, (unsigned) (time % 1000));
}

static void write_name (struct output *output, struct names *names, const struct record *record,
                        const char *otherwise) {
  uint32_t name = names_add (names, record->name, record->name_len);
  output_print (output, ",\"name\":");
  output_json (output, names_text_or (names, name, otherwise));
}

static void write_record (struct output *output, struct names *names, const struct record *record) {
  if (record->kind == MIR_TRACE_PUSH) {
    begin_event (output, "B", record->time, record->thread);
    write_name (output, names, record, "(no name)");
    output_print (output, "}");
  } else if (record->kind == MIR_TRACE_POP) {
    begin_event (output, "E", record->time, record->thread);
    output_print (output, "}");
  } else if (record->kind == MIR_TRACE_CODE_PUBLISHED) {
    begin_event (output, "i", record->time, record->thread);
    write_name (output, names, record, "code");
    output_print (output,
                  ",\"s\":\"t\",\"args\":{\"start\":\"0x%" PRIx64 "\",\"bytes\":%" PRIu64 "}}",
                  record->address, record->size);
  }
}

/* The live bytes of each bin, as counters.  */
static void write_counters (struct output *output, const struct picture *picture) {
  const struct timeline *timeline = &picture->timeline;
  for (size_t i = 0; i < timeline->num; i++) {
    const struct amounts *most = &timeline->most[i];
    begin_event (output, "C", i * timeline->width, 0);
    output_print (output, ",\"name\":\"live bytes\",\"args\":{\"bytes\":%" PRIu64 "}}", most->live);
    if (picture->totals.code_mappings == 0) continue;
    begin_event (output, "C", i * timeline->width, 0);
    output_print (output,
                  ",\"name\":\"code bytes\",\"args\":{\"published\":%" PRIu64 ",\"mapped\":%" PRIu64
                  "}}",
                  most->code, most->mapped);
  }
}

int chrome_write (struct output *output, const struct picture *picture, FILE *stream) {
  struct reader reader;
  struct record record;
  struct names names;
  enum reader_result result = READER_ERROR;
  names_init (&names, picture->alloc);
  output_print (output,
                "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":1,"
                "\"name\":\"process_name\",\"args\":{\"name\":");
  output_json (output, picture_title (picture, "trace"));
  output_print (output, "}}");
  if (reader_open (&reader, stream) == 0)
    while ((result = reader_next (&reader, &record)) == READER_RECORD)
      write_record (output, &names, &record);
  write_counters (output, picture);
  output_print (output, "\n]}\n");
  names_finish (&names);
  return result == READER_END || (picture->partial && reader.truncated) ? 0 : -1;
}
