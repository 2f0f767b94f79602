// What anchors buy: tokens that walk through their key's part of some data, with the key anchored and without. The data
// as a whole is larger than the second-level cache of one core, and each core's share of it is not.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::locality {

/// One cache line of a part: where the walk goes next, and what it may write.
struct alignas(64) line {
  std::uint32_t next = 0;
  /// Two tokens of a key may write at once if it is not anchored. Relaxed, and no read-modify-write, so that both kinds
  /// run the very same instructions; what is lost then is lost.
  std::atomic<std::uint32_t> visits{0};
};
constexpr std::uint32_t lines_of_a_part = 128;

/// What a token is given: its key, and the part that belongs to it.
struct place {
  std::uint32_t key;
  line* part;
  friend void fingerprint_append(auto& to, const place& each) { to(each.key); }
};

/// Goes through all lines of the part in an order that only the lines know. Returns where it ends: where it began.
template <bool Write>
std::uint32_t walk(const place& here) {
  std::uint32_t at = here.key % lines_of_a_part;
  for (std::uint32_t i = 0; i < lines_of_a_part; ++i) {
    line& now = here.part[at];
    if constexpr (Write) now.visits.store(now.visits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    at = now.next;
  }
  return at;
}

struct lock_of_key {
  alignas(64) std::mutex mutex;
};
std::unique_ptr<lock_of_key[]> locks;  // by key

TOKENGATE_OPERATION(std::uint32_t, read_anchored, (const place& here), sticky_anchor{"part"}) {
  return walk<false>(here);
}
TOKENGATE_OPERATION(std::uint32_t, read_anywhere, (const place& here)) { return walk<false>(here); }
TOKENGATE_OPERATION(std::uint32_t, write_anchored, (const place& here), sticky_anchor{"part"}) {
  return walk<true>(here);
}
TOKENGATE_OPERATION(std::uint32_t, write_anywhere, (const place& here)) { return walk<true>(here); }
/// What it takes without an anchor if no visit may be lost.
TOKENGATE_OPERATION(std::uint32_t, write_locked, (const place& here)) {
  const std::scoped_lock lock(locks[here.key].mutex);
  return walk<true>(here);
}
TOKENGATE_APPLICATION(application);

namespace {

std::size_t second_level_cache() {
  const long size = ::sysconf(_SC_LEVEL2_CACHE_SIZE);
  return size > 0 ? static_cast<std::size_t>(size) : std::size_t{1} << 20;
}

/// Parts of `times` the second-level cache in all.
std::vector<line> make_data(double times) {
  const auto size = static_cast<std::size_t>(times * static_cast<double>(second_level_cache()));
  std::vector<line> data(std::max<std::size_t>(size / (sizeof(line) * lines_of_a_part), 2) * lines_of_a_part);
  std::mt19937 random(1);
  std::vector<std::uint32_t> order(lines_of_a_part);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t part = 0; part < data.size(); part += lines_of_a_part) {
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t i = 0; i < lines_of_a_part; ++i) data[part + order[i]].next = order[(i + 1) % lines_of_a_part];
  }
  return data;
}

/// The keys of the tokens, so many for each, in some order; `again` gives another one of the same kind.
enum class order { random, in_turn, grouped };
std::vector<std::uint32_t> make_order(order kind, std::uint32_t keys, std::uint32_t each, unsigned again) {
  constexpr std::uint32_t group = 8;
  std::mt19937 random(again);
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < each; ++i)
    for (std::uint32_t key = 0; key < keys; ++key) all.push_back(key);
  if (kind == order::random) std::shuffle(all.begin(), all.end(), random);
  if (kind != order::grouped) return all;
  std::vector<std::uint32_t> groups(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / group));
  std::shuffle(groups.begin(), groups.end(), random);
  all.clear();
  for (const std::uint32_t key : groups) all.insert(all.end(), group, key);
  return all;
}

template <class Operation>
void enter_one(const std::string& row, const std::string& name, double times, order kind, const Operation& operation) {
  enter(row, name, [times, kind, &operation](benchmark::State& state) {
    std::vector<line> data = make_data(times);
    const auto keys = static_cast<std::uint32_t>(data.size() / lines_of_a_part);
    locks = std::make_unique<lock_of_key[]>(keys);
    const auto each = static_cast<std::uint32_t>(std::max<std::size_t>(items(40'000) / keys / 8 * 8, 8));
    started cores(2);
    std::vector<token<std::uint32_t>> tokens;
    unsigned round = 0;
    bool right = true;
    std::vector<std::uint32_t> next = make_order(kind, keys, each, round);
    tokens.reserve(next.size());
    const auto work = [&] {
      for (const std::uint32_t key : next) tokens.push_back(operation(place{key, &data[key * lines_of_a_part]}));
      for (std::size_t i = 0; i < next.size(); ++i) right = right && tokens[i].get() == next[i] % lines_of_a_part;
      tokens.clear();
    };
    measure(state, next.size(), [&] {
      work();
      // Another order for the next round; some 0.1 ms in 30.
      next = make_order(kind, keys, each, ++round);
    });
    if (!right) state.SkipWithError("a walk ended in the wrong place");
  });
}

void enter_row(const std::string& row, double times, order kind, bool write) {
  if (!write) {
    enter_one(row, "tokengate", times, kind, read_anchored);
    enter_one(row, "unanchored", times, kind, read_anywhere);
    return;
  }
  enter_one(row, "tokengate", times, kind, write_anchored);
  enter_one(row, "unanchored", times, kind, write_anywhere);
  enter_one(row, "unanchored_locked", times, kind, write_locked);
}

const bool entered = [] {
  enter_row("locality_read", 1.5, order::random, false);
  enter_row("locality_write", 1.5, order::random, true);
  enter_row("locality_write_in_turn", 1.5, order::in_turn, true);
  enter_row("locality_write_grouped", 1.5, order::grouped, true);
  enter_row("locality_write_small", 0.25, order::random, true);
  enter_row("locality_write_large", 8, order::random, true);
  enter_row("locality_read_large", 8, order::random, false);
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::locality
