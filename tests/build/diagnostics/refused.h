#pragma once
#include "tests/build/diagnostics/contract.h"

EVEN(nine, 9);  // expect: TG-E901 'nine'
