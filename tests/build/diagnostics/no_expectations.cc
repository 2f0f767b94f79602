#include "tests/build/diagnostics/contract.h"

EVEN(one, 1);
