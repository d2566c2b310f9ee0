// An inline function with a static variable, which several objects have: NAME calls it.
inline int next () {
  static int last = 40;
  return ++last;
}
template <typename T>
T twice (T x) {
  return x + x;
}
extern "C" int NAME () {
  return twice (next ());
}
