// A C++ program's small objects: nodes of a map and of lists, strings of both kinds, unique_ptr;
// each pass replaces every one of them.  new and delete are libstdc++'s, which call malloc and
// free.

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "subjects.h"

namespace {

constexpr std::size_t entries = 10000;

struct Shape {
  virtual ~Shape () = default;
  virtual int corners () const = 0;
};
struct Triangle : Shape {
  int points[6] = {};
  int corners () const override { return 3; }
};
struct Square : Shape {
  double points[8] = {};
  int corners () const override { return 4; }
};

std::map<std::uint64_t, std::string> names;
std::vector<std::unique_ptr<Shape>> shapes;
std::list<std::vector<int>> lists;
std::uint64_t state = 88172645463325252u;

std::string name () {
  return std::string (4 + static_cast<std::size_t> (random_next (&state) % 40), 'x');
}

std::unique_ptr<Shape> shape () {
  if (random_next (&state) % 2 == 0) return std::make_unique<Triangle> ();
  return std::make_unique<Square> ();
}

std::vector<int> list () {
  return std::vector<int> (1 + static_cast<std::size_t> (random_next (&state) % 30));
}

void prepare () {
  for (std::size_t i = 0; i < entries; i++) {
    names.emplace (random_next (&state), name ());
    shapes.push_back (shape ());
    lists.push_back (list ());
  }
}

size_t pass (int) {
  int corners = 0;
  for (std::size_t i = 0; i < entries; i++) {
    names.erase (names.begin ());
    names.emplace (random_next (&state), name ());
    corners += shapes[i]->corners ();
    shapes[i] = shape ();
    lists.pop_front ();
    lists.push_back (list ());
  }
  if (names.size () != entries || corners < 3) fail ("churn: lost something");
  return 3 * entries;
}

}  // namespace

extern "C" const struct subject churn = {"objects", prepare, pass};
