#include "tests/build/diagnostics/contract.h"

EVEN(one, 1);  // expect: TG-E90 'one'
