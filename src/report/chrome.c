/* Writes trace events ("Trace Event Format", Google): scopes as durations, memory as counters,
   published code as instants.  */
#include "report/chrome.h"

#include <inttypes.h> /* PRIu64 */

#include "report/output.h"
#include "report/picture.h"

/* The format has times in microseconds.  */
static void begin_event (FILE *out, const char *phase, uint64_t time, uint64_t thread) {
  fprintf (out, ",\n{\"ph\":\"%s\",\"pid\":1,\"tid\":%" PRIu64 ",\"ts\":%" PRIu64 ".%03u", phase,
           thread, time / 1000, (unsigned) (time % 1000));
}

static void write_name (FILE *out, struct names *names, const struct record *record,
                        const char *otherwise) {
  uint32_t name = names_add (names, record->name, record->name_len);
  fprintf (out, ",\"name\":");
  output_json (out, names_text_or (names, name, otherwise));
}

static void write_record (FILE *out, struct names *names, const struct record *record) {
  if (record->kind == MIR_TRACE_PUSH) {
    begin_event (out, "B", record->time, record->thread);
    write_name (out, names, record, "(no name)");
    fprintf (out, "}");
  } else if (record->kind == MIR_TRACE_POP) {
    begin_event (out, "E", record->time, record->thread);
    fprintf (out, "}");
  } else if (record->kind == MIR_TRACE_CODE_PUBLISHED) {
    begin_event (out, "i", record->time, record->thread);
    write_name (out, names, record, "code");
    fprintf (out, ",\"s\":\"t\",\"args\":{\"start\":\"0x%" PRIx64 "\",\"bytes\":%" PRIu64 "}}",
             record->address, record->size);
  }
}

/* The live bytes of each bin, as counters.  */
static void write_counters (FILE *out, const struct picture *picture) {
  const struct timeline *timeline = &picture->timeline;
  for (size_t i = 0; i < timeline->num; i++) {
    const struct amounts *most = &timeline->most[i];
    begin_event (out, "C", i * timeline->width, 0);
    fprintf (out, ",\"name\":\"live bytes\",\"args\":{\"bytes\":%" PRIu64 "}}", most->live);
    if (picture->totals.code_mappings == 0) continue;
    begin_event (out, "C", i * timeline->width, 0);
    fprintf (out,
             ",\"name\":\"code bytes\",\"args\":{\"published\":%" PRIu64 ",\"mapped\":%" PRIu64
             "}}",
             most->code, most->mapped);
  }
}

/* Write the events that PICTURE has counted.  Returns 0, or -1 if STREAM does not have them.  */
static int write_records (FILE *out, const struct picture *picture, FILE *stream,
                          struct names *names) {
  struct reader reader;
  struct record record;
  if (fseek (stream, 0, SEEK_SET) != 0 || reader_open (&reader, stream) != 0) return -1;
  while (reader.events < picture->totals.events) {
    if (reader_next (&reader, &record) != READER_RECORD) return -1;
    write_record (out, names, &record);
  }
  return 0;
}

int chrome_write (FILE *out, const struct picture *picture, FILE *stream) {
  struct names names;
  int result;
  names_init (&names, picture->alloc);
  fprintf (out,
           "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":1,"
           "\"name\":\"process_name\",\"args\":{\"name\":");
  output_json (out, picture_title (picture, "trace"));
  fprintf (out, "}}");
  result = write_records (out, picture, stream, &names);
  write_counters (out, picture);
  fprintf (out, "\n]}\n");
  names_finish (&names);
  return result;
}
