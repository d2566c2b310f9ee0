// Throws exceptions: they depend on tables that an edit must leave alone.
#include <cstdio>
#include <string>
#include <vector>

static int depth (const std::vector<std::string> &words, size_t i) {
  if (i == words.size ()) throw std::string ("the end");
  return depth (words, i + 1) + 1;
}

int main (int argc, char **argv) {
  std::vector<std::string> words (argv + 1, argv + argc);
  try {
    depth (words, 0);
  } catch (const std::string &what) {
    std::printf ("%s after %zu\n", what.c_str (), words.size ());
  }
  return argc;
}
