// Where tokens go that are made outside a token: the coordinator that is current for the calling thread.
#pragma once

#include <cstdint>

#include <tokengate/core/token_state.h>

namespace tokengate::detail {

class node;

/// What core/ knows of a running coordinator.
class place {
 public:
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  /// Known to tokens by a number. The place with it, while the object lives (nobody may destroy it meanwhile); null
  /// when it is gone.
  class pinned;
  [[nodiscard]] std::uint16_t realm() const noexcept { return realm_; }

  /// The place named by the innermost coordinator::scope of this thread, else the only one that is open. Throws
  /// no_coordinator when there is none, or several.
  [[nodiscard]] static place& current();

  /// Takes a token from a thread that is not one of its cores to current(). May block the thread while the gate is
  /// full. Throws no_coordinator or coordinator_stopped; then the node is still the caller's.
  static void submit_from_outside(node& token, std::uint64_t id);

  /// Makes this place one that current() may find, and undoes it. Any thread; takes a lock.
  void open();
  void close() noexcept;

  /// Returns when no thread is inside submit_from_outside() to this place that entered before the call. Who has closed
  /// the place, and then calls this, may destroy it. Not from inside submit().
  void wait_until_left() const noexcept;

  /// Makes `next` the current place of this thread (null: none named) and returns the previous one.
  static place* exchange_scope(place* next) noexcept;

  /// A token of this place is ended while it is queued, by nobody of this place. Any thread.
  virtual void note_ended_outside(const node& token, token_state end) noexcept = 0;
  /// Stop requests were made: the cores shall look at what they suspended, soon. Any thread.
  virtual void attend() noexcept = 0;

 protected:
  /// Throws misuse when too many exist.
  place();
  ~place();

 private:
  virtual void submit(node& token, std::uint64_t id) = 0;

  std::uint16_t realm_;
};

class [[nodiscard]] place::pinned {
 public:
  explicit pinned(std::uint16_t realm) noexcept;
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;
  ~pinned();
  [[nodiscard]] place* get() const noexcept { return found_; }

 private:
  place* found_;
};

}  // namespace tokengate::detail
