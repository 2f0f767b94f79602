#include <openssl/err.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <tokengate/plugins/treehash/digest.h>

// Debian's xxHash picks the widest vector unit at run time behind this header, on x86 only.
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif

#include <algorithm>
#include <new>
#include <string>

#include <tokengate/core/error.h>

namespace tokengate::treehash {
namespace {

[[noreturn]] void refuse(algorithm kind) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  throw error("OpenSSL cannot compute " + std::string(facts(kind).name) + " (" + reason.data() +
              "): choose another --algorithm");
}

EVP_MD* fetch(algorithm kind) {
  static constexpr std::array names{"SHA2-256", "SHA2-512", "BLAKE2B-512"};
  return EVP_MD_fetch(nullptr, names[static_cast<std::size_t>(kind)], nullptr);
}

// A fetch walks OpenSSL's providers and takes their locks: once per algorithm and process. Never freed, as hashers of
// other threads may outlive static destruction.
const EVP_MD* implementation(algorithm kind) {
  const EVP_MD* found = nullptr;
  switch (kind) {
    case algorithm::sha256: {
      static const EVP_MD* const sha256 = fetch(kind);
      found = sha256;
      break;
    }
    case algorithm::sha512: {
      static const EVP_MD* const sha512 = fetch(kind);
      found = sha512;
      break;
    }
    case algorithm::blake2b512: {
      static const EVP_MD* const blake2b512 = fetch(kind);
      found = blake2b512;
      break;
    }
    case algorithm::xxh3:
      break;
  }
  if (found == nullptr) refuse(kind);
  return found;
}

digest canonical(XXH64_hash_t hash) {
  XXH64_canonical_t big_endian;
  XXH64_canonicalFromHash(&big_endian, hash);
  digest result;
  result.size = sizeof big_endian.digest;
  std::copy_n(big_endian.digest, result.size, result.bytes.begin());
  return result;
}

}  // namespace

void hasher::free_evp::operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
void hasher::free_xxh3::operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }

hasher::hasher(algorithm kind) : kind_(kind) {
  if (kind == algorithm::xxh3) {
    xxh3_.reset(XXH3_createState());
    if (xxh3_ == nullptr) throw std::bad_alloc();
    XXH3_64bits_reset(xxh3_.get());
  } else {
    evp_.reset(EVP_MD_CTX_new());
    if (evp_ == nullptr) throw std::bad_alloc();
    if (EVP_DigestInit_ex2(evp_.get(), implementation(kind), nullptr) != 1) refuse(kind);
  }
}

void hasher::start_anew() {
  if (xxh3_ != nullptr) {
    XXH3_64bits_reset(xxh3_.get());
  } else if (EVP_DigestInit_ex2(evp_.get(), nullptr, nullptr) != 1) {  // the same algorithm again, no look-up
    refuse(kind_);
  }
}

void hasher::update(std::span<const std::byte> block) {
  if (xxh3_ != nullptr) {
    XXH3_64bits_update(xxh3_.get(), block.data(), block.size());
  } else if (EVP_DigestUpdate(evp_.get(), block.data(), block.size()) != 1) {
    refuse(kind_);
  }
}

digest hasher::finish() {
  digest result;
  if (xxh3_ != nullptr) {
    result = canonical(XXH3_64bits_digest(xxh3_.get()));
  } else {
    unsigned size = 0;
    if (EVP_DigestFinal_ex(evp_.get(), result.bytes.data(), &size) != 1) refuse(kind_);
    result.size = static_cast<std::uint8_t>(size);
  }
  start_anew();
  return result;
}

digest hasher::digest_of(std::span<const std::byte> block) {
  if (xxh3_ != nullptr) return canonical(XXH3_64bits(block.data(), block.size()));
  update(block);
  return finish();
}

}  // namespace tokengate::treehash
