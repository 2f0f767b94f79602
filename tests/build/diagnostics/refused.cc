// Every form an expectation can take; both compilers report each of them.
#include "tests/build/diagnostics/refused.h"

#include "tests/build/diagnostics/contract.h"

EVEN(one, 1);  // expect: TG-E901 'one'
EVEN(two, 2);
// expect@+1: TG-E901 number 'three' ... Remedy: add one
EVEN(three,  // the macro's first line is blamed
     3);
BOTH_EVEN(five, 5, seven, 7);  // expect: TG-E901 'five' // expect: TG-E901 'seven'
int text = "text";             // expect: error
