#include <deque>
#include <map>
#include <mutex>
#include <string>

#include <tokengate/core/stop_reason.h>
#include <tokengate/core/stop_request.h>

namespace tokengate::detail {
namespace {

constexpr std::uint32_t too_many = 1;

struct reasons {
  std::mutex mutex;
  std::deque<std::string> texts{"", "(one of too many different reasons)"};  // a deque, so that texts stay in place
  std::map<std::string_view, std::uint32_t> numbers{{texts[0], 0}, {texts[1], too_many}};

  static reasons& all() {
    static auto* const forever = new reasons;
    return *forever;
  }
};

}  // namespace

std::uint32_t stop_reason_number(std::string_view text) noexcept try {
  auto& [mutex, texts, numbers] = reasons::all();
  const std::scoped_lock lock(mutex);
  if (const auto known = numbers.find(text); known != numbers.end()) return known->second;
  if (texts.size() > stop_request::reason_mask) return too_many;
  const auto number = static_cast<std::uint32_t>(texts.size());
  texts.emplace_back(text);
  try {
    numbers.emplace(texts.back(), number);
  } catch (...) {
    texts.pop_back();
    throw;
  }
  return number;
} catch (...) {
  return too_many;
}

std::string_view stop_reason_text(std::uint32_t number) noexcept {
  auto& [mutex, texts, numbers] = reasons::all();
  const std::scoped_lock lock(mutex);
  return texts[number < texts.size() ? number : too_many];
}

}  // namespace tokengate::detail
