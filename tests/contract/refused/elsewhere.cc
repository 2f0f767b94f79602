// The mistakes of a plugin in another package are told at its lines, those of the application at its own.
#include <tokengate/tests/contract/elsewhere/stock/ledger.h>

TOKENGATE_OPERATION(int, order, (int n), external_calls{"length", "nobody"}) { return n; }  // expect: TG-E202 'order'
TOKENGATE_APPLICATION(program, stock::operations);
