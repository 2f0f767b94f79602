#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include <tokengate/core/baton.h>
#include <tokengate/core/node.h>
#include <tokengate/core/waiter.h>

namespace tokengate::detail {
namespace {

struct known_batons {
  std::mutex mutex;
  std::vector<std::shared_ptr<baton>> all;
  std::uint64_t numbers = 0;

  static known_batons& instance() {
    static auto* const forever = new known_batons;
    return *forever;
  }
};

// By number, for the object may be gone.
thread_local constinit std::uint64_t used_last = 0;

}  // namespace

/// The threads that use a simulation, and those of them that wait.
struct baton::parties {
  struct wait {
    waiter* party;
    clock::time_point until;
    bool until_idle;
  };

  [[nodiscard]] std::size_t open_waits() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(waits.begin(), waits.end(), [](const wait& each) { return !each.party->decided(); }));
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<wait> waits;  // guarded by the mutex, as is what follows
  std::vector<std::thread::id> threads;
  bool held = false, ended = false;
};

baton::baton(std::uint16_t realm, std::uint64_t number, std::uint64_t seed)
    : realm_(realm), number_(number), seed_(seed), parties_(std::make_unique<parties>()) {}

baton::~baton() = default;

std::shared_ptr<baton> baton::make(std::uint16_t realm, std::uint64_t seed) {
  auto& known = known_batons::instance();
  const std::scoped_lock lock(known.mutex);
  std::shared_ptr<baton> made(new baton(realm, ++known.numbers, seed));
  made->set_now(clock::now());
  known.all.push_back(made);
  live_.store(static_cast<int>(known.all.size()), std::memory_order_relaxed);
  return made;
}

void baton::close() noexcept {
  auto& known = known_batons::instance();
  const std::scoped_lock lock(known.mutex);
  std::erase_if(known.all, [this](const auto& each) { return each.get() == this; });
  live_.store(static_cast<int>(known.all.size()), std::memory_order_relaxed);
}

std::shared_ptr<baton> baton::find(const waiter* party) noexcept {
  auto& known = known_batons::instance();
  const std::scoped_lock lock(known.mutex);
  const bool for_token = party != nullptr && party->awaited_count != 0;
  for (const auto& each : known.all)
    if (for_token ? each->realm_ == party->awaited[0]->realm : each->number_ == used_last) return each;
  return nullptr;
}

void baton::adopt_thread() {
  if (used_last == number_) return;
  used_last = number_;
  const std::scoped_lock lock(parties_->mutex);
  const auto id = std::this_thread::get_id();
  if (std::find(parties_->threads.begin(), parties_->threads.end(), id) == parties_->threads.end())
    parties_->threads.push_back(id);
}

void baton::enter(waiter& party, clock::time_point until, bool until_idle) noexcept {
  {
    const std::scoped_lock lock(parties_->mutex);
    parties_->waits.push_back({&party, until, until_idle});
  }
  parties_->changed.notify_all();
}

void baton::leave(const waiter& party) noexcept {
  const std::scoped_lock lock(parties_->mutex);
  std::erase_if(parties_->waits, [&party](const parties::wait& each) { return each.party == &party; });
}

void baton::wait_until_held() noexcept {
  std::unique_lock lock(parties_->mutex);
  parties_->changed.wait(lock, [this] { return parties_->held || parties_->ended || parties_->open_waits() != 0; });
}

void baton::end() noexcept {
  {
    const std::scoped_lock lock(parties_->mutex);
    parties_->ended = true;
  }
  parties_->changed.notify_all();
}

void baton::hold() noexcept {
  std::unique_lock lock(parties_->mutex);
  if (parties_->ended || parties_->open_waits() != 0) return;
  parties_->held = true;
  parties_->changed.notify_all();
  parties_->changed.wait(lock, [this] { return parties_->ended || parties_->open_waits() != 0; });
  parties_->held = false;
}

baton::clock::time_point baton::first_timeout() const noexcept {
  auto first = clock::time_point::max();
  const std::scoped_lock lock(parties_->mutex);
  for (const parties::wait& each : parties_->waits)
    if (!each.party->decided()) first = std::min(first, each.until);
  return first;
}

void baton::time_out(clock::time_point time) noexcept {
  const std::scoped_lock lock(parties_->mutex);
  for (const parties::wait& each : parties_->waits)
    if (each.until <= time) each.party->end_as_thread(wake_reason::timed_out);
}

bool baton::awaited_idle() const noexcept {
  const std::scoped_lock lock(parties_->mutex);
  return std::any_of(parties_->waits.begin(), parties_->waits.end(),
                     [](const parties::wait& each) { return each.until_idle && !each.party->decided(); });
}

void baton::tell_idle() noexcept {
  const std::scoped_lock lock(parties_->mutex);
  for (const parties::wait& each : parties_->waits)
    if (each.until_idle) each.party->end_as_thread(wake_reason::notified);
}

bool baton::everybody_waits() const noexcept {
  const std::scoped_lock lock(parties_->mutex);
  return parties_->open_waits() != 0 && parties_->open_waits() >= parties_->threads.size();
}

void baton::give_up() noexcept {
  const std::scoped_lock lock(parties_->mutex);
  for (const parties::wait& each : parties_->waits) each.party->end_as_thread(wake_reason::cancelled);
}

}  // namespace tokengate::detail
