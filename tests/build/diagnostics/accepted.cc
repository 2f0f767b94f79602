#include "tests/build/diagnostics/contract.h"

EVEN(two, 2);
