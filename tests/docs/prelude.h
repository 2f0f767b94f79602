#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>

#include <tokengate/tokengate.h>

using namespace tokengate;
