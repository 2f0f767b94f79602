// What only shows when a registry closes: the error stands at the operation that is wrong.
#include <tokengate/anchors/anchor_key.h>
#include <tokengate/core/registry.h>

TOKENGATE_OPERATION(int, anchored, (int n), sticky_anchor{"a"}) { return n; }
TOKENGATE_OPERATION(int, child, (int n)) { return n; }
// expect@+1: TG-E202 operation 'misspelt': external_calls names an operation ... external_calls{"chidl"} ... correct the name
TOKENGATE_OPERATION(int, misspelt, (int n), weight::light, external_calls{"chidl"}) { return n; }
// expect@+1: TG-E202 'two_unknown' // expect@+1: TG-E202 'two_unknown'
TOKENGATE_OPERATION(int, two_unknown, (int n), external_calls{"first", "child", "second"}) { return n; }
TOKENGATE_OPERATION(int, lead, (int n), external_calls{"child", anchored}) { return n; }  // expect: TG-E203 'lead'
// The repetition is one mistake, the unknown name another.
// expect@+1: TG-E108 'again' // expect@+1: TG-E202 'again'
TOKENGATE_OPERATION(int, again, (int n), external_calls{"nobody", "nobody"}) { return n; }

namespace other {
TOKENGATE_OPERATION(int, elsewhere, (int n)) { return n; }
}  // namespace other
TOKENGATE_OPERATION(int, abroad, (int n), external_calls{other::elsewhere}) { return n; }  // expect: TG-E202 'abroad'

TOKENGATE_APPLICATION(all);
static_assert(all.size() == 7);
