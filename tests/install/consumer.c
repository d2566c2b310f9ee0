/* A program of a user: contexts, a function, and the default vtables included as text.  */
#include <mir.h>
#include <mir-htab.h>

#include <string.h>

#include "mir-alloc-default.c"
#include "mir-code-alloc-default.c"

DEF_VARR (uint8_t)

int main (void) {
  MIR_context_t contexts[] = {MIR_init (), MIR_init2 (&default_alloc, &default_code_alloc)};
  for (int i = 0; i < 2; i++) {
    VARR (uint8_t) *code;
    if (contexts[i] == NULL) return 1;
    VARR_CREATE (uint8_t, code, MIR_get_alloc (contexts[i]), 0);
    VARR_PUSH (uint8_t, code, 0xc3);
    uint8_t *addr = _MIR_publish_code (contexts[i], VARR_ADDR (uint8_t, code), 1);
    if (addr == NULL || *addr != 0xc3) return 1;
    VARR_DESTROY (uint8_t, code);
    MIR_finish (contexts[i]);
  }
  puts ("consumer: two contexts came and went");
  return 0;
}
