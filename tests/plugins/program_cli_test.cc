// What is common to all commands of the program: help, versions, wrong usage, interrupts, the terminal.
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tokengate/tests/plugins/command.h>

namespace tokengate::test {
namespace {

TEST(program, help_teaches) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"-h"},
                                             {"run", "--help"},
                                             {"run", "treehash", "--help"},
                                             {"run", "mixed", "--help"},
                                             {"run", "endurance", "--help"},
                                             {"run", "saturation", "--help"},
                                             {"run", "chains", "--help"},
                                             {"run", "cache-storm", "--help"},
                                             {"run", "conductor", "--help"},
                                             {"operations", "--help"},
                                             {"topology", "--help"}}) {
    const result help = tokengate(arguments);
    EXPECT_EQ(help.code, 0);
    EXPECT_EQ(help.err, "");
    EXPECT_NE(help.out.find("Usage: tokengate"), std::string::npos) << help.out;
  }
  const std::string help = tokengate({"run", "treehash", "--help"}).out;
  for (const char* const word :
       {"PATH", "--algorithm", "--storage", "--output", "--check", "Examples:", "Exit codes:", "--stats"}) {
    EXPECT_NE(help.find(word), std::string::npos) << word;
  }
}

TEST(program, jobs_are_listed) {
  const std::string help = tokengate({"run", "--help"}).out;
  const std::string refusal = tokengate({"run"}).err;
  for (const char* const name :
       {"treehash", "mixed", "endurance", "saturation", "chains", "cache-storm", "conductor"}) {
    EXPECT_NE(help.find("\n  " + std::string(name) + ' '), std::string::npos) << help;
    EXPECT_NE(refusal.find(name), std::string::npos) << refusal;
  }
}

TEST(program, version) {
  const result version = tokengate({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_TRUE(version.out.starts_with("tokengate ")) << version.out;
}

TEST(program, wrong_usage_is_one_sentence_and_code_2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"run"},
                                             {"fly"},
                                             {"--fast"},
                                             {"run", "treehush"},
                                             {"run", "treehash"},
                                             {"run", "treehash", "--depth", "3", "."},
                                             {"run", "treehash", "--algorithm", "md5", "."},
                                             {"run", "treehash", "--algorithm", "0", "."},
                                             {"run", "treehash", "--algorithm"},
                                             {"run", "treehash", "--storage", "warp", "."},
                                             {"run", "treehash", "--check", "list", "."},
                                             {"run", "treehash", "--quiet", "."},
                                             {"run", "treehash", "--check", "list", "--output", "x"},
                                             {"run", "treehash", ""},
                                             {"run", "treehash", ".", "--output", ""},
                                             {"run", "treehash", "--check", ""},
                                             {"run", "treehash", "--cores", "0", "."},
                                             {"run", "treehash", "--cores", "many", "."},
                                             {"operations", "--json", "--graph"},
                                             {"operations", "--lanes", "--graph"},
                                             {"operations", "x"},
                                             {"topology", "--json"}}) {
    const result refused = tokengate(arguments);
    EXPECT_EQ(refused.code, 2) << refused.err;
    EXPECT_EQ(refused.out, "");
    EXPECT_TRUE(refused.err.starts_with("tokengate: ")) << refused.err;
    EXPECT_EQ(refused.err.find('\n'), refused.err.size() - 1) << refused.err;
    EXPECT_NE(refused.err.find("--help'"), std::string::npos) << refused.err;
  }
}

TEST(program, paths_that_look_like_something_else) {
  const scratch dir;
  for (const char* const name : {"run", "operations", "[a,b]", "a=b", "-n", "--stats", "treehash"})
    dir.write(name, "1");
  const result mine = tokengate(
      {"run", "treehash", "run", "operations", "treehash", "[a,b]", "a=b", "--", "-n", "--stats"}, {dir.path()});
  EXPECT_EQ(mine.code, 0) << mine.err;
  EXPECT_EQ(mine.out, shell("sha256sum -- --stats -n '[a,b]' a=b operations run treehash", {dir.path()}).out);
}

TEST(program, operations) {
  const std::string text = tokengate({"operations"}).out;
  const std::string json = tokengate({"operations", "--json"}).out;
  const std::string graph = tokengate({"operations", "--graph"}).out;
  const std::string lanes = tokengate({"operations", "--lanes"}).out;
  for (const char* const name :
       {"hash_file_slow", "hash_file_insane", "read_block_fast", "hash_directory_moderate", "verify_list"}) {
    EXPECT_NE(text.find(name), std::string::npos);
    EXPECT_NE(json.find('"' + std::string(name) + '"'), std::string::npos);
    EXPECT_NE(graph.find(name), std::string::npos);
    EXPECT_NE(lanes.find(" --> operation_" + std::string(name) + '\n'), std::string::npos);
  }
  const std::string filter = text.substr(text.find("chain_filter"));
  EXPECT_NE(filter.substr(0, filter.find('\n')).find(" 100 ms "), std::string::npos) << "its budget:\n" << text;
  EXPECT_NE(graph.find("  subgraph namespace_0[\"tokengate::treehash\"]\n"), std::string::npos);
  EXPECT_NE(lanes.find("([\"staggered\"])\n"), std::string::npos) << "linked, though no operation names it";
  EXPECT_EQ(shell("python3 -m json.tool >/dev/null 2>&1 || ! command -v python3 >/dev/null", {"", json}).code, 0);
}

TEST(program, topology) {
  const result shown = tokengate({"topology"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_NE(shown.out.find("core"), std::string::npos) << shown.out;
  EXPECT_NE(shell("taskset -c 0 \"$TOKENGATE_PROGRAM\" topology").out.find("1 to use"), std::string::npos);
}

TEST(program, statistics_on_request) {
  const scratch dir;
  for (int i = 0; i < 200; ++i) dir.write("tree/" + std::to_string(i), "1");
  const result mine = tokengate({"run", "treehash", "tree", "--stats"}, {dir.path()});
  EXPECT_EQ(mine.code, 0);
  EXPECT_NE(mine.err.find("200 files (200 B) hashed in "), std::string::npos) << mine.err;
  EXPECT_NE(mine.err.find("\nhash_file_fast "), std::string::npos) << mine.err;
  EXPECT_EQ(mine.err.find("hash_file_slow"), std::string::npos) << "was not used";
}

class long_run : public testing::Test {
 protected:
  // Zeros that take no place on the disk, and seconds to hash.
  long_run() {
    dir.write("tree/long", "");
    EXPECT_EQ(::truncate((dir / "tree/long").c_str(), 3'000'000'000), 0);
    EXPECT_EQ(::mkdir((dir / "out").c_str(), 0777), 0);
  }

  void expect_quick_end(const std::vector<std::string>& arguments, int signal) {
    using clock = std::chrono::steady_clock;
    running program(arguments, running::output::pipe, dir.path());
    program.wait_for_work(std::chrono::milliseconds(100));
    const auto asked = clock::now();
    program.kill(signal);
    const result ended = program.finish();
    EXPECT_LT(clock::now() - asked, std::chrono::seconds(1));
    EXPECT_EQ(ended.code, 128 + signal) << ended.out;
    EXPECT_NE(ended.out.find("interrupted; "), std::string::npos) << ended.out;
    EXPECT_EQ(shell("ls -A out", {dir.path()}).out, "");
  }

  const scratch dir;
};

TEST_F(long_run, interrupts_stop_it_and_leave_no_output) {
  for (const int signal : {SIGINT, SIGTERM}) {
    expect_quick_end({"run", "treehash", "tree", "-a", "sha512", "--output", "out/list"}, signal);
  }
  dir.write("list", std::string(128, '0') + "  tree/long\n");
  expect_quick_end({"run", "treehash", "--check", "list", "-a", "sha512"}, SIGINT);
}

TEST_F(long_run, a_sudden_end_leaves_no_output) {
  running program({"run", "treehash", "tree", "-a", "sha512", "--output", "out/list"}, running::output::pipe,
                  dir.path());
  program.wait_for_work(std::chrono::milliseconds(100));
  program.kill(SIGKILL);
  EXPECT_EQ(program.finish().code, 128 + SIGKILL);
  EXPECT_EQ(shell("ls -A out", {dir.path()}).out, "");
}

TEST_F(long_run, a_terminal_sees_progress_and_time_left) {
  running program({"run", "treehash", "tree", "-a", "sha512"}, running::output::terminal, dir.path());
  EXPECT_TRUE(program.wait_for(" files, "));
  EXPECT_TRUE(program.wait_for("B/s"));
  EXPECT_TRUE(program.wait_for(" of 1 files, "));
  EXPECT_TRUE(program.wait_for(" left"));
  program.kill(SIGINT);
  EXPECT_EQ(program.finish().code, 130);
}

TEST(program, a_terminal_sees_the_statistics) {
  const scratch dir;
  dir.write("tree/file", "1");
  running program({"run", "treehash", "tree"}, running::output::terminal, dir.path());
  const result ended = program.finish();
  EXPECT_EQ(ended.code, 0);
  EXPECT_NE(ended.out.find("hash_file_fast"), std::string::npos) << ended.out;
  running quiet({"run", "treehash", "tree", "--no-stats"}, running::output::terminal, dir.path());
  EXPECT_EQ(quiet.finish().out.find("hash_file_fast"), std::string::npos);
}

TEST(program, the_last_executions_are_written_if_wanted) {
  const scratch dir;
  dir.write("tree/file", "1");
  dir.write("history/before", "");
  running program({"run", "treehash", "tree", "--history", "history"}, running::output::terminal, dir.path());
  const result ended = program.finish();
  EXPECT_EQ(ended.code, 0) << ended.out;
  EXPECT_NE(ended.out.find("history/execution_history_"), std::string::npos) << ended.out;
  EXPECT_NE(shell("cat history/*.json", {dir.path()}).out.find("\"method_name\":"), std::string::npos);
  running refused({"run", "treehash", "tree", "--history", "missing"}, running::output::terminal, dir.path());
  EXPECT_EQ(refused.finish().code, 2);
}

}  // namespace
}  // namespace tokengate::test
