// A plug-in in C++, whose exceptions pass through code of the program that loads it.
#include "unwind-plug-in.h"

static int calls;  // keeps the call from being a tail call

static void throw_42 () {
  throw 42;
}

int catch_through (void (*func) (void (*callback) (void))) {
  try {
    func (throw_42);
    calls++;
  } catch (int thrown) {
    return thrown;
  }
  return calls - 1;
}
