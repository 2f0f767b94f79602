#include <array>
#include <memory>
#include <utility>

#include <openssl/evp.h>
#include <xxhash.h>

#include <tokengate/anchors/digest.h>
#include <tokengate/core/error.h>

namespace tokengate {
namespace {

std::string hexadecimal(std::span<const unsigned char> bytes, std::size_t digits) {
  constexpr std::string_view figures = "0123456789abcdef";
  std::string text(digits, '0');
  for (std::size_t i = 0; i < digits; ++i) text[i] = figures[bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
  return text;
}

using context = std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)>;

/// Found and prepared once: looking the algorithm up costs more than using it.
const EVP_MD_CTX* prepared_sha256() {
  static const auto prepared = [] {
    context made(::EVP_MD_CTX_new(), &::EVP_MD_CTX_free);
    EVP_MD* const algorithm = ::EVP_MD_fetch(nullptr, "SHA256", nullptr);
    const bool ready =
        made != nullptr && algorithm != nullptr && ::EVP_DigestInit_ex2(made.get(), algorithm, nullptr) == 1;
    ::EVP_MD_free(algorithm);  // the context keeps it
    if (!ready) throw error("OpenSSL offers no SHA-256, which seeds of leads are digested with; check its providers");
    return made;
  }();
  return prepared.get();
}

std::array<unsigned char, 32> sha256(std::string_view text) {
  const EVP_MD_CTX* const prepared = prepared_sha256();
  // Nothing in here suspends, so the fibers of a thread can share it.
  static thread_local const context scratch(::EVP_MD_CTX_new(), &::EVP_MD_CTX_free);
  std::array<unsigned char, 32> sum{};
  if (scratch == nullptr || ::EVP_MD_CTX_copy_ex(scratch.get(), prepared) != 1 ||
      ::EVP_DigestUpdate(scratch.get(), text.data(), text.size()) != 1 ||
      ::EVP_DigestFinal_ex(scratch.get(), sum.data(), nullptr) != 1)
    throw error("OpenSSL could not compute a SHA-256 digest; is there memory?");
  return sum;
}

}  // namespace

std::string seed_text(std::uint64_t lead, std::span<const std::string_view> calls) {
  std::string text = std::to_string(lead);
  char separator = ':';
  for (const std::string_view name : calls) {
    text += std::exchange(separator, ',');
    text += name;
  }
  if (calls.empty()) text += separator;
  return text;
}

std::string digest(digest_policy policy, std::string_view text) {
  if (policy == digest_policy::fast) {
    XXH64_canonical_t canonical;
    ::XXH64_canonicalFromHash(&canonical, ::XXH3_64bits(text.data(), text.size()));
    return hexadecimal(canonical.digest, 16);
  }
  return hexadecimal(sha256(text), policy == digest_policy::full ? 64 : policy == digest_policy::short_ ? 16 : 8);
}

}  // namespace tokengate
