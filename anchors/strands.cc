#include <tokengate/anchors/strands.h>

namespace tokengate::anchors {

using detail::node;

node* strands::holder_of(const node& token) const noexcept {
  node* holder = chains_[chain_of(token)];
  while (holder != nullptr && extra(*holder).key != extra(token).key) holder = extra(*holder).chain;
  return holder;
}

bool strands::vacant(const node& token) const noexcept { return holder_of(token) == nullptr; }

bool strands::enter(node& token) noexcept {
  auto& own = extra(token);
  node* const holder = holder_of(token);
  if (holder == &token) return true;
  own.next = own.ahead = nullptr;
  if (holder == nullptr) {
    node*& chain = chains_[chain_of(token)];
    own.chain = chain;
    chain = &token;
    return true;
  }
  auto& first = extra(*holder);
  (first.next == nullptr ? first.next : extra(*first.ahead).next) = &token;
  first.ahead = &token;
  return false;
}

void strands::leave(node& token) noexcept {
  auto& own = extra(token);
  node** link = &chains_[chain_of(token)];
  while (*link != &token) link = &extra(**link).chain;
  node* const next = own.next;
  if (next == nullptr) {
    *link = own.chain;
    return;
  }
  auto& its = extra(*next);
  its.chain = own.chain;
  its.ahead = next == own.ahead ? nullptr : own.ahead;
  *link = next;
  its.turn = nullptr;
  (first_turn_ == nullptr ? first_turn_ : extra(*last_turn_).turn) = next;
  last_turn_ = next;
}

node* strands::pop() noexcept {
  node* const token = first_turn_;
  if (token != nullptr) first_turn_ = extra(*token).turn;
  return token;
}

}  // namespace tokengate::anchors
