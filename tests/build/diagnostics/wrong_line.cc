#include "tests/build/diagnostics/contract.h"

// expect: TG-E901 'one'
EVEN(one, 1);
