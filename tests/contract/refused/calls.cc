// A call that does not fit is one error at the call, with what the operation takes.
#include <memory>
#include <string>
#include <vector>

#include <tokengate/core/registry.h>

struct counter {
  int add(int more) { return more; }
};

TOKENGATE_OPERATION(int, copy, (const std::string& from, int times = 1)) {
  return static_cast<int>(from.size()) * times;
}
TOKENGATE_OPERATION(int, consume, (std::unique_ptr<int> n)) { return *n; }
TOKENGATE_OPERATION(void, nothing, ()) {}
TOKENGATE_INSTANCE(add, &counter::add);
TOKENGATE_APPLICATION(all);

void run(std::unique_ptr<int> pointer) {
  // expect@+1: TG-E301 operation 'copy': the arguments do not fit; it takes (const std::string& from, int times = 1)
  int result = copy(42).get();
  result += copy("a", 1, 2).get();   // expect: TG-E301 'copy'
  result += copy().get();            // expect: TG-E301 'copy'
  result += copy("a", "b").get();    // expect: TG-E301 'copy'
  result += consume(pointer).get();  // expect: TG-E301 'consume'
  nothing(result).get();             // expect: TG-E301 'nothing': ... it takes ()
  add(1, 2).get();                   // expect: TG-E301 'add': ... what &counter::add takes
  const auto local = [] { return 1; };
  result += copy(local).get();  // expect: TG-E301 'copy'
  result += consume(std::move(pointer)).get() + copy({'a', 'b'}, 2).get();
}
