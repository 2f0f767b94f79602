#pragma once

#include <tokengate/core/registry.h>

namespace plugin {

TOKENGATE_DECLARE(int, scan, (int n), external_calls{"report"});  // expect: TG-E202 'scan'
TOKENGATE_DECLARE(int, shared_name, (int n));                     // expect: TG-E201 'shared_name'
TOKENGATE_PLUGIN(operations);

}  // namespace plugin
