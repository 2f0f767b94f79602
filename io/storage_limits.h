// How many tokens touch each speed class of storage at once.
#pragma once

namespace tokengate::io {

/// How many tokens of each tier run at once to begin with; each at least 1.
struct storage_limits {
  unsigned slow = 10, moderate = 25, fast = 50, insane = 70;
};

}  // namespace tokengate::io
