// A native thread-local variable, which other objects may see, so that the general model is used for it.
thread_local int native_variable = 3;
extern "C" int *native_thread_local () {
  return &native_variable;
}
