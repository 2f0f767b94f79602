// One core with the backend under test: whoever blocks it, blocks every other token of the test.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <tokengate/core/submit.h>
#include <tokengate/core/token.h>
#include <tokengate/io/poller.h>
#include <tokengate/lanes/coordinator.h>

#include "tests/io/backends.h"

namespace tokengate::io {

class on_coordinator : public on_backend {
 protected:
  void SetUp() override {
    on_backend::SetUp();
    if (!IsSkipped()) coordinator_.start();
  }

  /// The result of `body()`, called inside a token.
  template <class Body>
  static auto in_token(Body body) {
    return submit(std::move(body)).get();
  }

  /// How many requests and blocking calls have left the core, by the way that is under test; inside a token.
  [[nodiscard]] static std::uint64_t requests() {
    const auto counted = core_poller::here()->counters();
    EXPECT_EQ(GetParam() == backend::uring ? counted.offloaded : counted.ring, 0u) << "the other way was taken";
    return counted.ring + counted.offloaded;
  }

  coordinator coordinator_{{.cores = 1, .io_backend = GetParam()}};
};

/// A file name in the test's directory; the file goes with it.
class scratch {
 public:
  scratch() {
    const char* const directory = std::getenv("TEST_TMPDIR");
    path_ = std::string(directory != nullptr ? directory : "/tmp") + "/tokengate_io_XXXXXX";
    const int made = ::mkstemp(path_.data());
    EXPECT_GE(made, 0);
    ::close(made);
  }
  explicit scratch(std::span<const std::byte> content) : scratch() { write(content); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() { ::unlink(path()); }

  [[nodiscard]] const char* path() const noexcept { return path_.c_str(); }

  /// Writes beside what is under test.
  void write(std::span<const std::byte> content, off_t offset = 0) const {
    const int out = ::open(path(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(out, 0);
    for (std::size_t done = 0; done < content.size();) {
      const auto written =
          ::pwrite(out, content.data() + done, content.size() - done, offset + static_cast<off_t>(done));
      ASSERT_GT(written, 0);
      done += static_cast<std::size_t>(written);
    }
    ::close(out);
  }

  /// Takes the content out of memory. False where the file system keeps it there.
  [[nodiscard]] bool chill() const {
    const int in = ::open(path(), O_RDONLY | O_CLOEXEC);
    ::fsync(in);
    ::posix_fadvise(in, 0, 0, POSIX_FADV_DONTNEED);
    std::byte first{};
    const iovec where{&first, 1};
    const bool cold = ::preadv2(in, &where, 1, 0, RWF_NOWAIT) < 0 && errno == EAGAIN;
    // That look has started to read ahead: out with it, too.
    ::fsync(in);
    ::posix_fadvise(in, 0, 0, POSIX_FADV_DONTNEED);
    ::close(in);
    return cold;
  }

 private:
  std::string path_;
};

/// Bytes of which every short stretch says where it belongs.
inline std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::uint64_t state = 1;
  for (auto& each : bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    each = static_cast<std::byte>(state >> 56);
  }
  return bytes;
}

}  // namespace tokengate::io
