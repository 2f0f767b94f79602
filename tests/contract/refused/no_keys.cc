// The core headers alone know no keys of anchors.
#include <tokengate/core/registry.h>

// expect@+1: TG-E123 operation 'anchored': a sticky_anchor ... include <tokengate/tokengate.h>
TOKENGATE_OPERATION(int, anchored, (int n), sticky_anchor{"a"}) { return n; }
TOKENGATE_OPERATION(int, by_name, (int n), sticky_anchor{"b"}, hash_policy::none) { return n; }  // expect: TG-E123
TOKENGATE_OPERATION(int, plain, (int n)) { return n; }
TOKENGATE_APPLICATION(all);

int run() { return anchored(1).get() + anchored(2).get() + by_name(3).get() + plain(4).get(); }
