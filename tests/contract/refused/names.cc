// Names that are taken, and definitions that do not fit their declaration.
#include <map>

#include <tokengate/core/registry.h>

TOKENGATE_OPERATION(int, twice, (int n)) { return 2 * n; }
TOKENGATE_OPERATION(double, twice, (double n)) { return 2 * n; }   // expect: TG-E116 operation 'twice': ... overloaded
TOKENGATE_OPERATION(int, twice, (int n, int m)) { return n * m; }  // expect: TG-E116 'twice'
TOKENGATE_OPERATION(int, once, (int n)) { return n; }
// expect@+1: TG-E201 operation 'once': another operation
TOKENGATE_OPERATION(int, once, (int n), weight::heavy) { return n; }
TOKENGATE_DECLARE(int, declared, (int n));
TOKENGATE_OPERATION(int, declared, (int n)) { return n; }  // expect: TG-E201 'declared' ... TOKENGATE_DEFINE
TOKENGATE_INSTANCE(once, (+[](int n) { return n; }));      // expect: TG-E201 'once'

TOKENGATE_DEFINE(int, undeclared, (int n)) { return n; }  // expect: TG-E117 'undeclared'
TOKENGATE_DECLARE((std::map<int, int>), differs, (int n));
TOKENGATE_DEFINE((std::map<int, int>), differs, (long n)) { return {{1, static_cast<int>(n)}}; }  // expect: TG-E118
TOKENGATE_DECLARE(int, answers, (int n));
TOKENGATE_DEFINE(long, answers, (int n)) { return n; }  // expect: TG-E118 'answers'

namespace elsewhere {
TOKENGATE_OPERATION(int, twice, (double n)) { return static_cast<int>(n); }  // another namespace, another registry
TOKENGATE_APPLICATION(all);
}  // namespace elsewhere

namespace around {
TOKENGATE_OPERATION(int, same, (int n)) { return n; }
inline namespace v1 {
TOKENGATE_OPERATION(int, same, (int n)) { return n; }  // expect: TG-E201 'same'
}  // namespace v1
TOKENGATE_APPLICATION(all);
}  // namespace around

TOKENGATE_APPLICATION(all);

// A name stands for its first declaration.
static_assert(twice.info.line == 6 && all.size() == 5);
int run() { return twice(1).get() + once(2).get(); }
