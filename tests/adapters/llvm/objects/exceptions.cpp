// Exceptions through this object and inside it, and what is cleaned up on the way.
extern "C" {
void program_throw (int x);
int exceptions_cleaned;

struct cleaner {
  ~cleaner () { exceptions_cleaned++; }
};

int exceptions_through (int x) {
  cleaner c;
  program_throw (x);
  return -1;
}

int exceptions_inside (int x) {
  try {
    cleaner c;
    if (x > 0) throw x;
    program_throw (x);
  } catch (int i) {
    return i + 1000;
  } catch (long l) {
    return static_cast<int> (l) + 2000;
  }
  return -1;
}
}
