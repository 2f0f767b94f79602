// The limit that treehash is measured against: threads that do nothing but open, fstat, read and hash.
#pragma once

#include <string>
#include <vector>

namespace tokengate::benchmarks {

/// Hashes all files with so many threads that take the next path from one counter. `algorithm` is sha256 or xxh3.
void hash_directly(const std::vector<std::string>& paths, const std::string& algorithm, unsigned threads);

/// Hashes one file while a second thread reads ahead into a ring of buffers.
void hash_with_reader(const std::string& path, const std::string& algorithm);

}  // namespace tokengate::benchmarks
