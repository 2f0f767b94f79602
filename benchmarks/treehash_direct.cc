#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <tokengate/benchmarks/treehash_direct.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

namespace tokengate::benchmarks {
namespace {

constexpr std::size_t block = std::size_t{256} << 10;

[[noreturn]] void give_up(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

struct state {
  explicit state(const std::string& algorithm) : fast(algorithm == "xxh3") {
    static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
    if (fast) {
      XXH3_64bits_reset(xxh3);
    } else {
      EVP_DigestInit_ex2(evp, sha256, nullptr);
    }
  }
  ~state() {
    XXH3_freeState(xxh3);
    EVP_MD_CTX_free(evp);
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  void whole(const std::byte* data, std::size_t size) {
    if (fast) {
      sink = XXH3_64bits(data, size);
    } else {
      update(data, size);
      finish();
    }
  }
  void update(const std::byte* data, std::size_t size) {
    if (fast) {
      XXH3_64bits_update(xxh3, data, size);
    } else {
      EVP_DigestUpdate(evp, data, size);
    }
  }
  void finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    if (fast) {
      sink = XXH3_64bits_digest(xxh3);
      XXH3_64bits_reset(xxh3);
    } else {
      EVP_DigestFinal_ex(evp, digest.data(), nullptr);
      EVP_DigestInit_ex2(evp, nullptr, nullptr);
    }
  }

  bool fast;
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  XXH3_state_t* xxh3 = XXH3_createState();
  volatile std::uint64_t sink = 0;
};

void hash_one(const std::string& path, state& hash, std::byte* buffer) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || ::fstat(file, &status) != 0) give_up(path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size <= block) {
    if (::read(file, buffer, size) != static_cast<ssize_t>(size)) give_up(path);
    hash.whole(buffer, size);
  } else {
    for (ssize_t got = 0; (got = ::read(file, buffer, block)) > 0;) hash.update(buffer, static_cast<std::size_t>(got));
    hash.finish();
  }
  ::close(file);
}

}  // namespace

void hash_directly(const std::vector<std::string>& paths, const std::string& algorithm, unsigned threads) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    state hash(algorithm);
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(block);
    for (std::size_t i = 0; (i = next.fetch_add(1, std::memory_order_relaxed)) < paths.size();) {
      hash_one(paths[i], hash, buffer.get());
    }
  };
  std::vector<std::jthread> team;
  for (unsigned i = 1; i < threads; ++i) team.emplace_back(work);
  work();
}

void hash_with_reader(const std::string& path, const std::string& algorithm) {
  constexpr std::uint64_t depth = 8;
  const auto buffers = std::make_unique_for_overwrite<std::byte[]>(depth * block);
  std::array<std::size_t, depth> sizes{};
  // Release by who filled or emptied a buffer, acquire by the other.
  std::atomic<std::uint64_t> filled{0}, emptied{0};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) give_up(path);
  std::jthread reader([&] {
    for (std::uint64_t number = 0;; ++number) {
      while (number - emptied.load(std::memory_order_acquire) == depth) std::this_thread::yield();
      const auto got = ::read(file, buffers.get() + number % depth * block, block);
      if (got < 0) give_up(path);
      sizes[number % depth] = static_cast<std::size_t>(got);
      filled.store(number + 1, std::memory_order_release);
      if (got == 0) return;
    }
  });
  state hash(algorithm);
  for (std::uint64_t number = 0;; ++number) {
    while (filled.load(std::memory_order_acquire) == number) std::this_thread::yield();
    if (sizes[number % depth] == 0) break;
    hash.update(buffers.get() + number % depth * block, sizes[number % depth]);
    emptied.store(number + 1, std::memory_order_release);
  }
  hash.finish();
  reader.join();
  ::close(file);
}

}  // namespace tokengate::benchmarks
