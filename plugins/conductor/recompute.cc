#include <array>
#include <cstdio>

#include <openssl/evp.h>
#include <xxhash.h>

#include <tokengate/core/error.h>
#include <tokengate/plugins/conductor/recompute.h>

namespace tokengate::conductor {
namespace {

template <class Bytes>
std::string hex(const Bytes& bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", unsigned{byte});
    text += digits.data();
  }
  return text;
}

}  // namespace

std::string text_of(std::uint64_t lead, std::string_view operation) {
  return std::to_string(lead).append(":conducted,").append(operation);
}

std::string recomputed(digest_policy policy, std::string_view text) {
  if (policy == digest_policy::fast) {
    std::array<unsigned char, 8> big_endian{};
    const XXH64_hash_t hash = XXH3_64bits(text.data(), text.size());
    for (unsigned i = 0; i < 8; ++i) big_endian[i] = static_cast<unsigned char>(hash >> (56 - 8 * i));
    return hex(big_endian);
  }
  std::array<unsigned char, 32> all{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), all.data(), &size, EVP_sha256(), nullptr) != 1 || size != all.size())
    throw error("OpenSSL does not give SHA-256");
  const std::string digits = hex(all);
  if (policy == digest_policy::full) return digits;
  return digits.substr(0, policy == digest_policy::short_ ? 16 : 8);
}

}  // namespace tokengate::conductor
