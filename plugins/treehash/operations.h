// The operations of treehash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tokengate/core/registry.h>
#include <tokengate/core/storage_choice.h>
#include <tokengate/plugins/treehash/file_hash.h>
#include <tokengate/plugins/treehash/forest.h>
#include <tokengate/plugins/treehash/listing.h>
#include <tokengate/plugins/treehash/survey.h>
#include <tokengate/plugins/treehash/verification.h>

namespace tokengate::treehash {

struct block_request {
  std::shared_ptr<big_file> file;
  std::uint64_t block;  ///< its number
};

struct big_file_request {
  job* shared;
  std::shared_ptr<big_file> file;
};

struct directory_request {
  job* shared;
  const tree_root* root;  ///< stays until the request is answered
  std::string path;       ///< below the root; empty means the root itself
};

struct forest_request {
  job* shared;
  std::vector<std::string> paths;  ///< as the user spelled them
};

// What touches storage exists once for each of its tiers, called as name(tier, request). The work is the same for all;
// the tier decides how much of it is done at once.

/// Reads one block of a big file into its buffer; returns how much there was.
std::size_t read_into_buffer(const block_request& request);
template <storage_speed Tier>
std::size_t read_block_on(block_request request) {
  return read_into_buffer(request);
}
TOKENGATE_STORAGE_INSTANCES(read_block, read_block_on, weight::light)

/// Opens and hashes one file; see hash_or_defer.
template <storage_speed Tier>
file_outcome hash_file_on(file_request request) {
  return hash_or_defer(request);
}
TOKENGATE_STORAGE_INSTANCES(hash_file, hash_file_on)

/// Hashes one block after the other while its children read the next ones.
file_outcome hash_overlapped(const big_file_request& request);
template <storage_speed Tier>
file_outcome hash_big_file_on(big_file_request request) {
  return hash_overlapped(request);
}
/// Hashes the files of one directory by children, and names the directories in it. Null if nothing is to be listed.
std::unique_ptr<listing> hash_entries(const directory_request& request);
template <storage_speed Tier>
std::unique_ptr<listing> hash_directory_on(directory_request request) {
  return hash_entries(request);
}
// A lead of one tier has its children on the same.
#define TOKENGATE_TREEHASH_LEADS(tier)                                                                     \
  TOKENGATE_INSTANCE(hash_big_file_##tier, (hash_big_file_on<storage_speed::tier>), storage_speed::tier,   \
                     external_calls{read_block_##tier}, domain::preferred)                                 \
  TOKENGATE_INSTANCE(hash_directory_##tier, (hash_directory_on<storage_speed::tier>), storage_speed::tier, \
                     external_calls{hash_file_##tier, hash_big_file_##tier}, domain::preferred)
TOKENGATE_TREEHASH_LEADS(slow)
TOKENGATE_TREEHASH_LEADS(moderate)
TOKENGATE_TREEHASH_LEADS(fast)
TOKENGATE_TREEHASH_LEADS(insane)
#undef TOKENGATE_TREEHASH_LEADS
inline constexpr storage_choice hash_big_file{hash_big_file_slow, hash_big_file_moderate, hash_big_file_fast,
                                              hash_big_file_insane};
inline constexpr storage_choice hash_directory{hash_directory_slow, hash_directory_moderate, hash_directory_fast,
                                               hash_directory_insane};

/// Hashes all files below all paths: sends out for one directory after the other.
TOKENGATE_DECLARE(forest, hash_forest, (forest_request request),
                  external_calls{hash_directory, hash_file, hash_big_file}, domain::preferred)

/// Verifies the files that a list names and writes what sha256sum would.
TOKENGATE_DECLARE(verdict, verify_list, (verification_request request), external_calls{hash_file, hash_big_file},
                  domain::preferred)

TOKENGATE_PLUGIN(registry)

}  // namespace tokengate::treehash
