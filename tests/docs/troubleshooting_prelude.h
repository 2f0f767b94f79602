#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include <tokengate/lanes/by_weight.h>
#include <tokengate/lanes/gated_mailbox.h>
#include <tokengate/lanes/lane_adapter.h>
#include <tokengate/plugins/budgets/budget.h>
#include <tokengate/tokengate.h>

using namespace tokengate;
using namespace std::chrono_literals;
