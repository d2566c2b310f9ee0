/* The guest QuickJS: collects cycles by the books that its adapter keeps.  It does not survive every refusal, so a script
   is interrupted before the limit is met.  */
#include "guest.h"

#include <string.h>

#include "adapters/mir-quickjs.h"

/* The engine asks every 10000 jumps and calls of a script whether to go on; with blocks of the usual size these take less
   than half of it.  One larger block is refused, which is an error of the script.  */
enum { MARGIN = 8 << 20 };

static JSRuntime *runtime;
static JSContext *context;

static const char work_script[] =
    "(function () {\n"
    "  var sum = 0, words = [];\n"
    "  for (var i = 0; i < 3000; i++) {\n"
    "    var a = { text: 'number ' + i }, b = { a: a }; a.b = b;\n" /* a circle */
    "    words.push (a.text); sum += b.a.b.a.text.length;\n"
    "  }\n"
    "  globalThis.kept = words.sort ();\n" /* until the next time */
    "  return sum === words.join ('').length && JSON.parse (JSON.stringify (words))[1] === 'number "
    "1';\n"
    "}) ()";

static const char hoard_script[] =
    "var hoard = [];\n"
    "for (;;) hoard.push ({ number: hoard.length, text: 'number ' + hoard.length });";

/* Nonzero ends the script with an error that it cannot catch.  */
static int interrupt (JSRuntime *of, void *arg) {
  (void) of;
  return shared_free (((struct memory *) arg)->shared) < MARGIN / 2;
}

static enum guest_result failure (struct memory *memory) {
  JSValue error = JS_GetException (context);
  const char *text = JS_ToCString (context, error);
  enum guest_result res = GUEST_WRONG;
  if (text != NULL && strstr (text, "out of memory") != NULL) res = GUEST_REFUSED;
  if (text != NULL && strstr (text, "interrupted") != NULL) res = GUEST_STOPPED;
  guest_says (memory, res, text);
  JS_FreeCString (context, text);
  JS_FreeValue (context, error);
  return res;
}

static enum guest_result run (struct memory *memory, const char *script) {
  JSValue value = JS_Eval (context, script, strlen (script), "script", JS_EVAL_TYPE_GLOBAL);
  if (JS_IsException (value)) return failure (memory);
  int is_right = JS_ToBool (context, value);
  JS_FreeValue (context, value);
  return is_right ? GUEST_DONE : guest_says (memory, GUEST_WRONG, "a wrong result");
}

static enum guest_result start (struct memory *memory) {
  runtime = MIR_quickjs_runtime (memory->alloc);
  if (runtime != NULL) context = JS_NewContext (runtime);
  if (context == NULL) return guest_says (memory, GUEST_REFUSED, "no memory for a context");
  JS_SetInterruptHandler (runtime, interrupt, memory);
  return GUEST_DONE;
}

static enum guest_result work (struct memory *memory) {
  return run (memory, work_script);
}

static enum guest_result hoard (struct memory *memory) {
  return run (memory, hoard_script);
}

static void stop (struct memory *memory) {
  (void) memory;
  if (context != NULL) JS_FreeContext (context);
  if (runtime != NULL) JS_FreeRuntime (runtime);
  context = NULL;
  runtime = NULL;
}

const struct guest quickjs_guest = {.name = "quickjs",
                                    .version = "", /* its header has none */
                                    .margin = MARGIN,
                                    .start = start,
                                    .work = work,
                                    .hoard = hoard,
                                    .stop = stop};
