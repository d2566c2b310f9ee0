// A static object that is made by its first user, and a switch that compilers turn into a table.
extern "C" {
int program_add (int x);
int statics_made;

struct made {
  explicit made (int x) : value (program_add (x)) { statics_made++; }
  int value;
};

int statics (int x) {
  static made once (x);
  return once.value;
}

int statics_switch (int x) {
  switch (x) {
    case 0:
      return 17;
    case 1:
      return statics_made;
    case 2:
      return program_add (7);
    case 3:
      return 2 * x + statics_made;
    case 4:
      return 99;
    case 5:
      return program_add (statics_made);
    case 6:
      return -x;
    default:
      return -1;
  }
}
}
