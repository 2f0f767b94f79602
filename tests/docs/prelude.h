#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>

#include <tokengate/tokengate.h>

using namespace tokengate;
