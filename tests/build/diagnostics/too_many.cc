#include "tests/build/diagnostics/contract.h"

EVEN(one, 1);  // expect: TG-E901 'one'
EVEN(three, 3);
