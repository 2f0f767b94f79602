// Wrong usage of the command line.
#pragma once

#include <tokengate/core/error.h>

namespace tokengate::program {

/// One clear sentence without a full stop; the program adds where to read more, and ends with code 2.
class usage_error : public error {
 public:
  using error::error;
};

}  // namespace tokengate::program
