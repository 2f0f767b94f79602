// Hashing one file: the work itself, apart from how it is divided into tokens.
#pragma once

#include <cstdint>
#include <memory>

#include <tokengate/plugins/treehash/big_file.h>
#include <tokengate/plugins/treehash/digest.h>
#include <tokengate/plugins/treehash/job.h>

namespace tokengate::treehash {

/// A file to be hashed. Whoever makes the request keeps the path and the directory until it is answered.
struct file_request {
  job* shared;
  const io::file* directory;  ///< null: the current one
  const char* path;           ///< relative to the directory
  links symbolic;
  bool streams = false;  ///< whether FIFOs and devices are read, too
};

/// What became of a file: a digest, or a problem, or a big file that is opened and waits for hash_big_file; none of
/// them if it is not to be listed, or if the run is to end.
struct file_outcome {
  digest value;                   ///< of size 0 if there is none
  std::uint64_t bytes = 0;        ///< hashed, but not counted in job::done yet
  const char* problem = nullptr;  ///< why there is no digest; lives for ever
  bool missing = false;           ///< the problem is that there is no such file
  std::shared_ptr<big_file> big;

  [[nodiscard]] bool hashed() const noexcept { return value.size != 0; }
};

/// Opens and hashes the file. One that is so big that reading had better overlap hashing is only opened, if there are
/// buffers for it. For a token; suspends it for what is not in memory.
file_outcome hash_or_defer(const file_request& request);

/// Hashes a FIFO, a device or standard input by plain reads to its end. For a token; meanwhile it holds no core.
/// Borrows the descriptor.
file_outcome hash_stream(job& shared, int descriptor);

/// Ends a hash: the digest, unless the file changed while it was read.
file_outcome finished(const source& file, hasher& hash);

/// The reason in an error, without the name of the file.
[[nodiscard]] const char* reason_of(int error_number) noexcept;

}  // namespace tokengate::treehash
