#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <tokengate/io/error.h>
#include <tokengate/plugins/history/history.h>
#include <tokengate/tokengate.h>

namespace tokengate {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

TOKENGATE_OPERATION(int, doubled, (int x)) { return 2 * x; }
TOKENGATE_OPERATION(void, breaks, ()) { throw std::runtime_error("as planned"); }
TOKENGATE_APPLICATION(history_application);

class history_dump : public ::testing::Test {
 protected:
  history_dump() {
    std::string name = ::testing::TempDir() + "history_XXXXXX";
    folder = ::mkdtemp(name.data());
    options wanted;
    wanted.cores = 2;
    wanted.timing = timing::exact;
    system = std::make_unique<coordinator>(wanted);
    system->start();
  }
  ~history_dump() override {
    system.reset();
    fs::remove_all(folder);
  }
  [[nodiscard]] int refusal(const std::string& where) const {
    try {
      history::dump(*system, where);
    } catch (const io::io_error& refused) {
      return refused.code();
    }
    return 0;
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
  }

  fs::path folder;
  std::unique_ptr<coordinator> system;
};

TEST_F(history_dump, has_the_shape_of_the_predecessor) {
  for (int i = 0; i < 5; ++i) doubled(i).get();
  auto last = breaks();
  const auto id = last.id();
  EXPECT_THROW(last.get(), std::runtime_error);
  const auto path = history::dump(*system, folder);
  EXPECT_EQ(fs::path(path).parent_path(), folder);
  EXPECT_TRUE(fs::path(path).filename().string().starts_with("execution_history_1"));
  EXPECT_TRUE(path.ends_with(".json"));
  EXPECT_EQ(entries(), 1u);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const json::value all = json::parse(text.str());
  EXPECT_GT(all.at("timestamp").as_double(), 1.6e9);
  EXPECT_EQ(all.at("total_executions").to_number<int>(), 6);
  const auto& executions = all.at("executions").as_array();
  ASSERT_EQ(executions.size(), 6u);
  const auto& failed = executions[0].as_object();
  EXPECT_EQ(failed.at("token_id").as_string(), std::to_string(id));
  EXPECT_EQ(failed.at("method_name").as_string(), "breaks");
  EXPECT_EQ(failed.at("operation_type").as_string(), "breaks");
  EXPECT_EQ(failed.at("state").as_string(), "failed");
  EXPECT_FALSE(failed.at("success").as_bool());
  EXPECT_GE(failed.at("execution_time").as_double(), 0.0);
  EXPECT_LT(failed.at("execution_time").as_double(), 60.0) << "seconds";
  EXPECT_NEAR(failed.at("timestamp").as_double(), all.at("timestamp").as_double(), 60.0);
  const auto core = failed.at("core_id").to_number<int>();
  const std::string worker(failed.at("worker_id").as_string());
  EXPECT_TRUE(worker.starts_with("worker_") && worker.ends_with("_core_" + std::to_string(core))) << worker;
  EXPECT_TRUE(executions[5].at("success").as_bool());
  EXPECT_EQ(executions[5].at("method_name").as_string(), "doubled");
}

TEST_F(history_dump, of_nothing_is_a_file_too) {
  EXPECT_EQ(history::to_json({}, {}), R"({"timestamp":0E0,"total_executions":0,"executions":[]})"
                                      "\n");
}

TEST_F(history_dump, a_folder_that_cannot_be_written_is_named) {
  EXPECT_EQ(refusal(folder / "missing"), ENOENT);
  std::ofstream(folder / "file") << "no folder";
  EXPECT_EQ(refusal(folder / "file"), ENOTDIR);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(history_dump, without_room_nothing_is_left_behind) {
  doubled(1).get();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit ten_bytes{10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &ten_bytes), 0);
  const int code = refusal(folder);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(code, EFBIG);
  EXPECT_EQ(entries(), 0u);
}

}  // namespace
}  // namespace tokengate
