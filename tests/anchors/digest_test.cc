// Seeds in text, as other tools compute them too.
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/anchors/digest.h>

namespace tokengate {
namespace {

using names = std::vector<std::string_view>;

TEST(digest, texts_of_seeds_name_the_lead_and_what_it_calls) {
  EXPECT_EQ(seed_text(281474976710657, names{"prime_check"}), "281474976710657:prime_check");
  EXPECT_EQ(seed_text(7, names{"a", "b"}), "7:a,b");
  EXPECT_EQ(seed_text(7, {}), "7:");
}

// printf '7:a,b' | sha256sum, and xxhsum -H3
TEST(digest, is_what_other_tools_say) {
  const std::string whole = "881c38ea67b64e08234098f0df2b2a88a89c2d0d9888af36816615be48a67d80";
  EXPECT_EQ(digest(digest_policy::full, "7:a,b"), whole);
  EXPECT_EQ(digest(digest_policy::short_, "7:a,b"), whole.substr(0, 16));
  EXPECT_EQ(digest(digest_policy::minimal, "7:a,b"), whole.substr(0, 8));
  EXPECT_EQ(digest(digest_policy::fast, "7:a,b"), "64e458ad6f1e4414");
  EXPECT_EQ(digest(digest_policy::full, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(digest, by_several_threads_at_once_stays_right) {
  const std::string text(1000, 'x'), right = digest(digest_policy::full, text);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) ASSERT_EQ(digest(digest_policy::full, text), right);
    });
}

}  // namespace
}  // namespace tokengate
