#include <algorithm>

#include <tokengate/plugins/cache_storm/operations.h>

namespace tokengate::cache_storm {
namespace {

using clock = std::chrono::steady_clock;

std::optional<pin_status> look_up(const visitor& who, bool alone) {
  if (who.looks_at == nullptr) return std::nullopt;
  const auto pins = who.looks_at->pins();
  const auto mine = std::find_if(pins.begin(), pins.end(),
                                 [key = pinned_as(who.key, alone)](const pin_status& each) { return each.key == key; });
  if (mine == pins.end()) return std::nullopt;
  return *mine;
}

void enter(desk& at) {
  ++at.inside;
  at.most_inside = std::max(at.most_inside, at.inside);
}

visit begin(const visitor& who, bool alone) {
  const auto began = clock::now();
  return {square(who.key), this_token::core(), false, look_up(who, alone), began, {}};
}

void end(visit& mine) {
  mine.moved = this_token::core() != mine.core;
  mine.ended = clock::now();
}

}  // namespace

visit stay(const visitor& who) {
  visit mine = begin(who, false);
  enter(*who.at);
  this_token::sleep_for(who.hold);
  --who.at->inside;
  ++who.at->visits;
  end(mine);
  return mine;
}

visit stay_alone(const visitor& who) {
  visit mine = begin(who, true);
  enter(*who.at);
  const std::uint64_t before = who.at->visits;
  this_token::sleep_for(who.hold);
  who.at->visits = before + 1;
  --who.at->inside;
  end(mine);
  return mine;
}

std::uint64_t pinned_as(std::uint64_t key, bool alone) {
  static constexpr std::uint64_t together_name = anchor_name_hash("storm"), alone_name = anchor_name_hash("strand");
  return anchor_key<hash_policy::standard>::of(alone ? alone_name : together_name, visitor{key, {}, nullptr, nullptr});
}

}  // namespace tokengate::cache_storm
