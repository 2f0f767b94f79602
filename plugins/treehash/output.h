// Where a list goes: what plugins/report has for it.
#pragma once

#include <tokengate/plugins/report/output.h>

namespace tokengate::treehash {

using report::buffered_writer;
using report::replaced_file;

}  // namespace tokengate::treehash
