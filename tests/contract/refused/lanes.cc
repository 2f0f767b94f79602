// A lane that the program does not link. This one links `balanced` and `priority`.
#include <tokengate/core/registry.h>
#include <tokengate/linked_lanes.h>

TOKENGATE_OPERATION(int, by_default, (int n)) { return n; }
TOKENGATE_OPERATION(int, linked, (int n), weight::light, lane{"priority"}) { return n; }
// expect@+1: TG-E205 operation 'not_linked': its lane is not linked ... lane{"staggered"} ... tokengate_lane_set
TOKENGATE_OPERATION(int, not_linked, (int n), lane{"staggered"}, weight::heavy) { return n; }
TOKENGATE_OPERATION(int, misspelt, (int n), lane{"ballanced"}) { return n; }  // expect: TG-E205 'misspelt'
// A name that is part of a linked one is another name.
TOKENGATE_OPERATION(int, in_part, (int n), lane{"balance"}) { return n; }  // expect: TG-E205 'in_part'
// expect@+1: TG-E119 'nameless': lane has an empty name
TOKENGATE_OPERATION(int, nameless, (int n), lane{""}) { return n; }
TOKENGATE_OPERATION(int, two, (int n), lane{"priority"}, lane{"balanced"}) { return n; }  // expect: TG-E102 'two'

namespace elsewhere {
TOKENGATE_OPERATION(int, of_a_plugin, (int n), lane{"staggered"}) { return n; }  // expect: TG-E205 'of_a_plugin'
TOKENGATE_PLUGIN(operations)
}  // namespace elsewhere

TOKENGATE_APPLICATION(all, elsewhere::operations);
static_assert(all.size() == 8);
