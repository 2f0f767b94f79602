#include <algorithm>
#include <new>

#include <tokengate/anchors/conductor.h>

namespace tokengate::anchors {

conductor::conductor(unsigned cores)
    : pages_(static_cast<std::atomic<page*>*>(std::calloc(most_pages, sizeof(std::atomic<page*>)))), parts_(cores) {
  if (pages_ == nullptr) throw std::bad_alloc();
}

conductor::~conductor() {
  for (std::uint32_t i = 0; i < pages_used_; ++i) delete page_at(i);
}

void conductor::make_spare(unsigned core) {
  part& mine = parts_[core];
  // More than one for each that is opened: they cannot pile up.
  constexpr std::size_t orphans_an_opening = 2;
  if (mine.orphans != 0) close_orphans(mine, orphans_an_opening);
  if (mine.spare != none) return;
  page& chosen = *page_at(number_with_room(core));
  mine.spare = chosen.first_free;
  chosen.first_free = at(mine.spare).next;
  --chosen.free;
  --mine.free;
}

void conductor::end_lead_slowly(std::uint32_t domain) noexcept {
  slot& mine = at(domain);
  add(mine.ended, 1);
  if (pending(mine) == 0) return close(domain);
  part& own = parts_[mine.core];
  mine.next = none;
  (own.first_orphan == none ? own.first_orphan : at(own.last_orphan).next) = domain;
  own.last_orphan = domain;
  ++own.orphans;
}

/// A token is counted as made before it is counted as ended, and nobody but those pending makes more. So if those that
/// have ended, looked at first, are as many as were made, there are none left.
std::uint64_t conductor::pending(const slot& one) noexcept {
  const auto ended = one.ended_elsewhere.load(std::memory_order_acquire) + one.ended.load(std::memory_order_acquire);
  return one.made.load(std::memory_order_acquire) + one.made_elsewhere.load(std::memory_order_acquire) - ended;
}

std::uint32_t conductor::number_with_room(unsigned core) {
  part& mine = parts_[core];
  if (mine.free == 0) return add_page(core);
  while (page_at(mine.pages[mine.with_room])->free == 0) mine.with_room = (mine.with_room + 1) % mine.pages.size();
  return mine.pages[mine.with_room];
}

std::uint32_t conductor::add_page(unsigned core) {
  part& mine = parts_[core];
  mine.pages.reserve(mine.pages.size() + 1);
  auto made = std::make_unique<page>();
  const std::scoped_lock lock(pages_mutex_);
  if (unused_.empty()) {
    if (pages_used_ == most_pages) throw std::bad_alloc();
    unused_.reserve(pages_used_ + 1);  // so that trim() cannot fail
    unused_.push_back(pages_used_++);
  }
  const std::uint32_t number = unused_.back();
  unused_.pop_back();
  for (std::uint32_t i = slots_a_page; i-- > 0;) {
    const auto domain = static_cast<std::uint32_t>(number * slots_a_page + i);
    if (domain == none) continue;
    made->slots[i].core = static_cast<std::uint16_t>(core);
    made->slots[i].next = made->first_free;
    made->first_free = domain;
    ++made->free;
  }
  mine.free += made->free;
  pages_[number].store(made.release(), std::memory_order_release);
  mine.with_room = mine.pages.size();
  mine.pages.push_back(number);
  return number;
}

/// The slot that was closed last is kept at hand: leads that come one by one need no page.
void conductor::close(std::uint32_t domain) noexcept {
  slot& mine = at(domain);
  // Release, as in open().
  mine.lead.store(0, std::memory_order_release);
  mine.ended_elsewhere.store(0, std::memory_order_release);
  mine.made_elsewhere.store(0, std::memory_order_release);
  part& owner = parts_[mine.core];
  if (owner.spare == none)
    owner.spare = domain;
  else
    give_to_page(owner, domain);
}

void conductor::give_to_page(part& owner, std::uint32_t domain) noexcept {
  page& its = *page_at(domain / slots_a_page);
  at(domain).next = its.first_free;
  its.first_free = domain;
  ++its.free;
  ++owner.free;
}

void conductor::close_orphans(part& mine, std::size_t most) noexcept {
  for (std::size_t left = std::min(most, mine.orphans); left != 0; --left) {
    const std::uint32_t domain = mine.first_orphan;
    slot& oldest = at(domain);
    mine.first_orphan = oldest.next;
    if (pending(oldest) == 0) {
      --mine.orphans;
      close(domain);
      continue;
    }
    oldest.next = none;
    (mine.first_orphan == none ? mine.first_orphan : at(mine.last_orphan).next) = domain;
    mine.last_orphan = domain;
  }
}

std::vector<open_domain> conductor::snapshot() const {
  std::vector<open_domain> all;
  const std::scoped_lock lock(pages_mutex_);
  for (std::uint32_t number = 0; number < pages_used_; ++number) {
    const page* const each = page_at(number);
    if (each == nullptr) continue;
    for (const slot& one : each->slots) {
      open_domain seen;
      seen.lead = one.lead.load(std::memory_order_acquire);
      if (seen.lead == 0) continue;
      seen.pending = pending(one);
      seen.elsewhere = one.ended_elsewhere.load(std::memory_order_acquire);
      seen.made = one.made.load(std::memory_order_acquire) + one.made_elsewhere.load(std::memory_order_acquire);
      seen.undeclared = one.undeclared.load(std::memory_order_acquire);
      seen.operation = one.operation.load(std::memory_order_acquire);
      seen.core = one.core;
      const bool another = one.lead.load(std::memory_order_acquire) != seen.lead;
      if (!another && seen.pending != 0) all.push_back(seen);
    }
  }
  return all;
}

/// One page is kept, so that few leads cost no allocation.
void conductor::trim(unsigned core) noexcept {
  part& mine = parts_[core];
  close_orphans(mine, mine.orphans);
  if (mine.spare != none) give_to_page(mine, std::exchange(mine.spare, none));
  std::erase_if(mine.pages, [&](std::uint32_t number) {
    page* const each = page_at(number);
    const std::size_t all = number == 0 ? slots_a_page - 1 : slots_a_page;
    if (each->free != all || number == mine.pages.front()) return false;
    const std::scoped_lock lock(pages_mutex_);
    pages_[number].store(nullptr, std::memory_order_relaxed);
    unused_.push_back(number);
    mine.free -= all;
    delete each;
    return true;
  });
  mine.with_room = 0;
}

std::size_t conductor::room() const noexcept {
  const std::scoped_lock lock(pages_mutex_);
  return (pages_used_ - unused_.size()) * slots_a_page;
}

}  // namespace tokengate::anchors
