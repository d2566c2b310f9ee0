// A link of a chain of objects: NAME calls NEXT.
extern "C" int NEXT (int x);
extern "C" int NAME (int x) {
  return NEXT (x) + 1;
}
