// A program that does not know its lanes names one.
#include <tokengate/core/registry.h>

TOKENGATE_OPERATION(int, by_default, (int n)) { return n; }
TOKENGATE_OPERATION(int, named, (int n), lane{"balanced"}) { return n; }  // expect: TG-E205 'named'
TOKENGATE_APPLICATION(all);
