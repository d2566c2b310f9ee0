// A function with constants, a variable and a call to the program.
extern "C" {
int program_add (int x);
static const int table[4] = {10, 20, 30, 40};
static int calls = 5;
const int *plain_table = table;
int *plain_calls () {
  return &calls;
}
int plain (int x) {
  calls++;
  return program_add (x) + plain_table[x & 3];
}
}
