// The same where the plugin's header is a system header, of which compilers report no warnings.
#include <stock/ledger.h>

TOKENGATE_OPERATION(int, order, (int n), external_calls{"length", "nobody"}) { return n; }  // expect: TG-E202 'order'
TOKENGATE_APPLICATION(program, stock::operations);
