// The error is in the header, which is not among the files under test here.
#include "tests/build/diagnostics/refused.h"

EVEN(one, 1);  // expect: TG-E901 'one'
