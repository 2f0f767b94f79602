#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <span>

#include <openssl/evp.h>
#include <xxhash.h>

#include <tokengate/core/error.h>
#include <tokengate/plugins/workbench/original.h>

namespace tokengate::workbench {
namespace {

constexpr std::size_t letters = 300;
constexpr std::uint32_t largest_number = 100'000;

bool is_prime(std::uint32_t number) {
  for (std::uint32_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return number > 1;
}

// A fetch walks OpenSSL's providers and takes their locks: once in the process, and never freed.
const EVP_MD* sha256() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  if (fetched == nullptr) throw error("OpenSSL has no SHA-256 here: run the workload with --operations no-op");
  return fetched;
}

template <class T>
std::uint64_t fingerprint(std::span<const T> values) {
  return XXH3_64bits(values.data(), values.size_bytes());
}

}  // namespace

std::uint64_t prime_sum(std::uint32_t end) {
  std::uint64_t sum = 0;
  for (std::uint32_t number = 2; number < end; ++number) sum += is_prime(number) ? number : 0;
  return sum;
}

std::string mangled_text(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> letter(0, 2 * 26 - 1);
  std::string text;
  for (std::size_t i = 0; i < letters; ++i) {
    const int drawn = letter(random);
    text += static_cast<char>(drawn < 26 ? 'a' + drawn : 'A' + drawn - 26);
  }
  std::reverse(text.begin(), text.end());
  for (char& c : text) {
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'A') c = '4';
    if (c == 'E') c = '3';
    if (c == 'I') c = '1';
  }
  return text;
}

std::vector<std::uint32_t> sorted_numbers(std::uint32_t count) {
  std::mt19937 random(count);
  std::uniform_int_distribution<std::uint32_t> number(0, largest_number);
  std::vector<std::uint32_t> numbers(count);
  for (auto& each : numbers) each = number(random);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::array<unsigned char, 32> hash_chain(std::string_view seed, unsigned iterations) {
  const EVP_MD* const algorithm = sha256();
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (context == nullptr) throw std::bad_alloc();
  std::array<unsigned char, 32> digest{};
  for (unsigned i = 0; i < iterations; ++i) {
    const bool done = EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                      EVP_DigestUpdate(context.get(), seed.data(), seed.size()) == 1 &&
                      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    if (!done) throw error("OpenSSL failed to compute a SHA-256");
    seed = {reinterpret_cast<const char*>(digest.data()), digest.size()};
  }
  return digest;
}

std::uint64_t do_work(work kind, std::uint64_t number) {
  switch (kind) {
    case work::primes:
      return prime_sum(static_cast<std::uint32_t>(60 + number % 25));
    case work::text:
      return fingerprint(std::span<const char>(mangled_text(static_cast<std::uint32_t>(number * 31))));
    case work::sorting:
      return fingerprint(
          std::span<const std::uint32_t>(sorted_numbers(static_cast<std::uint32_t>(400 + number % 300))));
    case work::hashes: {
      const auto digest = hash_chain("wave_seed_" + std::to_string(number), static_cast<unsigned>(120 + number % 80));
      std::uint64_t first = 0;
      std::memcpy(&first, digest.data(), sizeof first);
      return first;
    }
  }
  throw misuse("do_work: there is no such kind of work");
}

}  // namespace tokengate::workbench
