#include <fcntl.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tokengate/tokengate.h>

using namespace tokengate;

