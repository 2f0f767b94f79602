#include "tests/build/diagnostics/contract.h"

EVEN(two, 2);  // expect: TG-E901 'two'
