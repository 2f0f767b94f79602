// An application and its plugins are checked as a whole, also where they stand in headers.
#include "tests/contract/refused/plugin.h"

TOKENGATE_OPERATION(int, shared_name, (int n)) { return n; }

namespace late {
TOKENGATE_OPERATION(int, report, (int n)) { return n; }
}  // namespace late

namespace twins {
namespace one {
TOKENGATE_OPERATION(int, same, (int n)) { return n; }
TOKENGATE_PLUGIN(operations);
}  // namespace one
namespace two {
TOKENGATE_OPERATION(int, same, (double n)) { return static_cast<int>(n); }  // expect: TG-E201 'same'
TOKENGATE_PLUGIN(operations);
}  // namespace two
TOKENGATE_APPLICATION(all, one::operations, two::operations);
}  // namespace twins

namespace mistaken {
constexpr int number = 1;
TOKENGATE_APPLICATION(all, number);  // expect: TG-E204 application 'all': ... (number) is a plugin
}  // namespace mistaken

TOKENGATE_APPLICATION(all, plugin::operations);
