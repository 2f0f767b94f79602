// Where tokens go that are made outside a token: the coordinator that is current for the calling thread.
#pragma once

namespace tokengate::detail {

class node;

/// What core/ knows of a running coordinator.
class place {
 public:
  /// The place named by the innermost coordinator::scope of this thread, else the only one that is open. Throws
  /// no_coordinator when there is none, or several.
  [[nodiscard]] static place& current();

  /// Takes a token from a thread that is not one of its cores to current(). May block the thread while the gate is
  /// full. Throws no_coordinator or coordinator_stopped; then the node is still the caller's.
  static void submit_from_outside(node& token);

  /// Makes this place one that current() may find, and undoes it. Any thread; takes a lock.
  void open();
  void close() noexcept;

  /// Returns when no thread is inside submit_from_outside() to this place that entered before the call. Who has closed
  /// the place, and then calls this, may destroy it. Not from inside submit().
  void wait_until_left() const noexcept;

  /// Makes `next` the current place of this thread (null: none named) and returns the previous one.
  static place* exchange_scope(place* next) noexcept;

 protected:
  ~place() = default;

 private:
  virtual void submit(node& token) = 0;
};

}  // namespace tokengate::detail
