/* Drives protobuf-c: packs a message of numbers and texts and unpacks it.  */
#include "adapters/mir-protobuf-c.h"

#include <stddef.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { ITEMS = 200 };

/* message Message { repeated int32 numbers = 1; repeated string texts = 2; }, as protoc would write
   it.  */
struct message {
  ProtobufCMessage base;
  size_t n_numbers;
  int32_t *numbers;
  size_t n_texts;
  char **texts;
};

static const ProtobufCFieldDescriptor fields[] = {
    {.name = "numbers",
     .id = 1,
     .label = PROTOBUF_C_LABEL_REPEATED,
     .type = PROTOBUF_C_TYPE_INT32,
     .quantifier_offset = offsetof (struct message, n_numbers),
     .offset = offsetof (struct message, numbers)},
    {.name = "texts",
     .id = 2,
     .label = PROTOBUF_C_LABEL_REPEATED,
     .type = PROTOBUF_C_TYPE_STRING,
     .quantifier_offset = offsetof (struct message, n_texts),
     .offset = offsetof (struct message, texts)},
};
static const unsigned by_name[] = {0, 1};
static const ProtobufCIntRange ranges[] = {{1, 0}, {0, 2}};
static const ProtobufCMessageDescriptor descriptor = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                                      .name = "Message",
                                                      .short_name = "Message",
                                                      .c_name = "Message",
                                                      .package_name = "",
                                                      .sizeof_message = sizeof (struct message),
                                                      .n_fields = 2,
                                                      .fields = fields,
                                                      .fields_sorted_by_name = by_name,
                                                      .n_field_ranges = 1,
                                                      .field_ranges = ranges};

static size_t pack (uint8_t *bytes) {
  static int32_t numbers[ITEMS];
  static char *texts[ITEMS];
  static char text[] = "a text of a message";
  struct message message = {.base = PROTOBUF_C_MESSAGE_INIT (&descriptor),
                            .n_numbers = ITEMS,
                            .numbers = numbers,
                            .n_texts = ITEMS,
                            .texts = texts};
  for (int i = 0; i < ITEMS; i++) {
    numbers[i] = i * i;
    texts[i] = text;
  }
  return protobuf_c_message_pack (&message.base, bytes);
}

static enum guest_result there_and_back (MIR_alloc_t alloc) {
  static uint8_t bytes[1 << 14];
  ProtobufCAllocator allocator = {record_opaque_malloc, record_opaque_free, NULL};
  if (alloc != NULL) allocator = MIR_protobuf_c_allocator (alloc);
  struct message *message =
      (struct message *) protobuf_c_message_unpack (&descriptor, &allocator, pack (bytes), bytes);
  if (message == NULL) return GUEST_NO_MEMORY;
  enum guest_result res =
      message->n_numbers == ITEMS && message->numbers[ITEMS - 1] == (ITEMS - 1) * (ITEMS - 1)
              && message->n_texts == ITEMS && strcmp (message->texts[7], "a text of a message") == 0
          ? GUEST_RIGHT
          : GUEST_WRONG;
  protobuf_c_message_free_unpacked (&message->base, &allocator);
  return res;
}

const char *guest_version (void) {
  return protobuf_c_version ();
}

const struct guest guests[] = {
    {.name = "protobuf-c", .run = there_and_back, .refusals = GUEST_FAILS_CLEANLY},
    {.name = NULL},
};
