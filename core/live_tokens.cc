#include <algorithm>
#include <utility>

#include <tokengate/core/kill.h>
#include <tokengate/core/live_tokens.h>
#include <tokengate/core/node_arena.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/place.h>
#include <tokengate/core/stop_reason.h>

namespace tokengate::detail {

void for_each_live(std::uint16_t realm, void (*look)(node&, std::uint64_t, void*), void* context) {
  struct what {
    std::uint16_t realm;
    void (*look)(node&, std::uint64_t, void*);
    void* context;
  } wanted{realm, look, context};
  node_arena::instance().for_each(
      [](void* block, void* passed) {
        const auto& mine = *static_cast<const what*>(passed);
        auto& each = *static_cast<node*>(block);
        const auto word = each.word();
        const auto state = node::state_of(word);
        if (word == 0 || state == token_state::created || is_terminal(state) || each.realm != mine.realm) return;
        mine.look(each, word >> node::id_shift, mine.context);
      },
      &wanted);
}

namespace {

/// Tokens that are dealt with once the arena's locks are free again: who is told of their end may call anything. By
/// then they may be gone, but their memory is there.
class found_tokens {
 public:
  found_tokens() = default;
  found_tokens(const found_tokens&) = delete;
  found_tokens& operator=(const found_tokens&) = delete;
  ~found_tokens() {
    auto& arena = node_arena::instance();
    for (const auto& [each, id] : all_)
      if (!arena.contains(each)) arena.deallocate_large(each);
  }

  void add(node& each, std::uint64_t id) {
    all_.emplace_back(&each, id);
    if (!node_arena::instance().contains(&each)) node_arena::hold_large(&each);
  }
  /// By age: in which order tokens end is seen by those that wait for them, and addresses differ from run to run.
  const auto& sorted() {
    std::sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return all_;
  }

 private:
  std::vector<std::pair<node*, std::uint64_t>> all_;
};

}  // namespace

std::size_t request_stops(std::uint16_t realm, const stop_order& order) {
  found_tokens asked;
  for_each_live(realm, [&](node& each, std::uint64_t id) {
    if (order.id != 0 && id != order.id) return;
    if (order.operation >= 0 && each.operation != static_cast<std::uint32_t>(order.operation)) return;
    asked.add(each, id);
  });
  std::size_t count = 0;
  for (const auto& [subject, id] : asked.sorted())
    count += request_stop(*subject, id, order.cause, order.reason) ? 1 : 0;
  const place::pinned home(realm);
  if (count != 0 && home.get() != nullptr) home.get()->attend();
  return count;
}

void release_waiters(std::uint16_t realm) {
  found_tokens given_up;
  for_each_live(realm, [&](node& each, std::uint64_t id) {
    if (each.request.abandoned()) given_up.add(each, id);
  });
  for (const auto& [each, id] : given_up.sorted()) each->release_waiter(id);
}

token_status snapshot_of(const node& each, std::uint64_t id) {
  token_status made;
  made.id = id;
  made.operation = operation_name(each.operation);
  made.state = each.state();
  made.creator = each.creator;
  made.stop_requested = each.request.made();
  if (made.stop_requested) made.reason = stop_reason_text(each.request.reason());
  return made;
}

std::vector<token_status> live_tokens(std::uint16_t realm, std::size_t most) {
  std::vector<token_status> all;
  for_each_live(realm, [&](node& each, std::uint64_t id) {
    if (all.size() >= most) return;
    all.push_back(snapshot_of(each, id));
  });
  return all;
}

}  // namespace tokengate::detail
