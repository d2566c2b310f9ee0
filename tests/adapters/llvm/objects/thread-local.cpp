// A native thread-local variable.
static thread_local int variable = 3;
extern "C" int *native_thread_local () {
  return &variable;
}
