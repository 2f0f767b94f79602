// Domains: a lead, its children and theirs, until the last of them has ended.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tokengate::anchors {

/// One open domain, at some instant.
struct open_domain {
  std::uint64_t lead = 0;        ///< id of the token that opened it
  std::uint32_t operation = 0;   ///< number of its operation
  std::uint16_t core = 0;        ///< where it runs
  std::uint64_t pending = 0;     ///< tokens of the domain that have not ended, the lead included
  std::uint64_t made = 0;        ///< tokens that ever belonged to it
  std::uint64_t elsewhere = 0;   ///< of those, ended on other cores
  std::uint64_t undeclared = 0;  ///< calls by the lead that its external_calls do not name
};

/// The domains of one coordinator. Each is counted by the core that its lead runs on, which writes without a lock or a
/// locked instruction; only tokens that are made or end elsewhere (preferred domains, anchors) cost an atomic addition.
/// A domain ends with its last token, wherever that ends; the memory of one whose lead was not the last is found by its
/// core when others are opened.
class conductor {
 public:
  static constexpr std::uint32_t none = 0;
  static constexpr unsigned elsewhere = ~0u;  ///< a thread that is none of the cores

  explicit conductor(unsigned cores);
  conductor(const conductor&) = delete;
  conductor& operator=(const conductor&) = delete;
  ~conductor();

  /// On the thread of `core`: the lead begins. Throws bad_alloc.
  [[nodiscard]] std::uint32_t open(unsigned core, std::uint64_t lead, std::uint32_t operation) {
    part& mine = parts_[core];
    if (mine.spare == none || mine.orphans != 0) [[unlikely]]
      make_spare(core);
    const std::uint32_t domain = std::exchange(mine.spare, none);
    slot& made = at(domain);
    // Release, each: a snapshot that sees one of these after it has seen the lead before sees that lead gone.
    made.ended.store(0, std::memory_order_release);
    made.made.store(1, std::memory_order_release);
    made.undeclared.store(0, std::memory_order_release);
    made.operation.store(operation, std::memory_order_release);
    made.lead.store(lead, std::memory_order_release);
    return domain;
  }
  /// One token more, made on `core` by one of the domain; before anybody else knows it.
  void enter(std::uint32_t domain, unsigned core) noexcept {
    slot& mine = at(domain);
    if (mine.core == core) [[likely]]
      add(mine.made, 1);
    else
      mine.made_elsewhere.fetch_add(1, std::memory_order_relaxed);
  }
  /// One that entered has ended on `core` or elsewhere, or was never made. False: not on the domain's own.
  bool leave(std::uint32_t domain, unsigned core) noexcept {
    slot& mine = at(domain);
    if (mine.core != core) [[unlikely]] {
      // Release: who has seen it ended has seen what it made. The slot may be another's afterwards.
      mine.ended_elsewhere.fetch_add(1, std::memory_order_release);
      return false;
    }
    add(mine.ended, 1);
    return true;
  }
  /// The same if it has ended on the domain's own core; else nothing is done.
  bool leave_own(std::uint32_t domain, unsigned core) noexcept {
    slot& mine = at(domain);
    if (mine.core != core) [[unlikely]]
      return false;
    add(mine.ended, 1);
    return true;
  }
  /// On the lead's core: it has ended, and leaves.
  void end_lead(std::uint32_t domain) noexcept {
    slot& mine = at(domain);
    part& owner = parts_[mine.core];
    // Relaxed is enough: of those that ended here this core knows where they were made. If none was made elsewhere, and
    // as many ended here as were made here, then none ever ran elsewhere that could make one there.
    const bool last = mine.made_elsewhere.load(relaxed) == 0 && mine.made.load(relaxed) == mine.ended.load(relaxed) + 1;
    if (!last || owner.spare != none) [[unlikely]]
      return end_lead_slowly(domain);
    mine.lead.store(0, std::memory_order_release);
    owner.spare = domain;
  }
  /// On the lead's core: it called what it does not declare.
  void note_undeclared(std::uint32_t domain) noexcept { add(at(domain).undeclared, 1); }

  /// Of a domain that the caller has a token in.
  [[nodiscard]] std::uint64_t lead_of(std::uint32_t domain) const noexcept { return at(domain).lead.load(relaxed); }
  [[nodiscard]] std::uint32_t operation_of(std::uint32_t domain) const noexcept {
    return at(domain).operation.load(relaxed);
  }

  /// Those with tokens that have not ended, in no order. Any thread.
  [[nodiscard]] std::vector<open_domain> snapshot() const;
  /// On the thread of `core`, now and then: gives memory back.
  void trim(unsigned core) noexcept;
  /// For how many domains there is memory.
  [[nodiscard]] std::size_t room() const noexcept;

 private:
  static constexpr auto relaxed = std::memory_order_relaxed;
  static constexpr std::size_t slots_a_page = 128, most_pages = 1u << 17;

  struct slot {
    // Written by the core of the domain, so that relaxed loads and stores make a sum; read by snapshot(), too.
    alignas(64) std::atomic<std::uint64_t> lead{0};  // 0: free. Release when it is opened, with snapshot()
    std::atomic<std::uint64_t> made{0}, ended{0};    // release for `ended`, with snapshot()
    std::atomic<std::uint64_t> undeclared{0};
    std::atomic<std::uint32_t> operation{0};
    std::uint16_t core = 0;     // of its page: never changes
    std::uint32_t next = none;  // among those that are free, or orphaned
    // Written by all others; 0 while it is free.
    alignas(64) std::atomic<std::uint64_t> made_elsewhere{0};
    std::atomic<std::uint64_t> ended_elsewhere{0};
  };
  struct page {
    slot slots[slots_a_page];
    std::uint32_t first_free = none;
    std::size_t free = 0;
  };
  /// What a core knows of its own domains; its thread only.
  struct alignas(64) part {
    std::vector<std::uint32_t> pages;                       // that belong to it, by number
    std::uint32_t spare = none;                             // a free slot that its page does not know of
    std::size_t free = 0;                                   // slots that pages know of
    std::size_t with_room = 0;                              // where one with a free slot was found last
    std::uint32_t first_orphan = none, last_orphan = none;  // whose lead has ended before other tokens
    std::size_t orphans = 0;
  };

  static void add(std::atomic<std::uint64_t>& sum, std::uint64_t more) noexcept {
    sum.store(sum.load(relaxed) + more, std::memory_order_release);
  }
  [[nodiscard]] page* page_at(std::size_t number) const noexcept {
    return pages_[number].load(std::memory_order_acquire);
  }
  [[nodiscard]] slot& at(std::uint32_t domain) const noexcept {
    return page_at(domain / slots_a_page)->slots[domain % slots_a_page];
  }
  static std::uint64_t pending(const slot& one) noexcept;
  void make_spare(unsigned core);
  void end_lead_slowly(std::uint32_t domain) noexcept;
  std::uint32_t number_with_room(unsigned core);
  std::uint32_t add_page(unsigned core);
  void close(std::uint32_t domain) noexcept;
  void give_to_page(part& owner, std::uint32_t domain) noexcept;
  void close_orphans(part& mine, std::size_t most) noexcept;

  struct directory_end {
    void operator()(std::atomic<page*>* all) const noexcept { std::free(static_cast<void*>(all)); }
  };
  // Zeros that the system gives when they are touched. Release with a new page, acquire by who has an index in it.
  const std::unique_ptr<std::atomic<page*>[], directory_end> pages_;
  std::vector<part> parts_;
  mutable std::mutex pages_mutex_;     // pages come and go under it
  std::vector<std::uint32_t> unused_;  // numbers of pages that went; guarded by it
  std::uint32_t pages_used_ = 0;       // numbers ever given; guarded by it
};

}  // namespace tokengate::anchors
