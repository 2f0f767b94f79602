// Digests of bytes: in one go for what fits a buffer, or fed block by block.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <tokengate/plugins/treehash/algorithm.h>

struct XXH3_state_s;
struct evp_md_ctx_st;

namespace tokengate::treehash {

/// A digest of any of the algorithms; bytes beyond `size` are zero.
struct digest {
  std::array<std::uint8_t, longest_digest> bytes{};
  std::uint8_t size = 0;

  [[nodiscard]] std::span<const std::uint8_t> view() const noexcept { return {bytes.data(), size}; }
  friend bool operator==(const digest&, const digest&) = default;
};

/// Computes one digest from blocks in order, then starts anew. Not thread-safe; making one is slow (OpenSSL), reusing
/// one is not. Throws tokengate::error when OpenSSL refuses the algorithm.
class hasher {
 public:
  explicit hasher(algorithm kind);

  void update(std::span<const std::byte> block);
  /// The digest of all blocks since construction or the last finish().
  [[nodiscard]] digest finish();
  /// The digest of one block alone; nothing may have been fed before. For short blocks faster than the two.
  [[nodiscard]] digest digest_of(std::span<const std::byte> block);

 private:
  struct free_evp {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  struct free_xxh3 {
    void operator()(XXH3_state_s* state) const noexcept;
  };

  void start_anew();

  algorithm kind_;
  std::unique_ptr<evp_md_ctx_st, free_evp> evp_;  // all but xxh3
  std::unique_ptr<XXH3_state_s, free_xxh3> xxh3_;
};

}  // namespace tokengate::treehash
