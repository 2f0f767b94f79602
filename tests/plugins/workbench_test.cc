// What the workloads that measure share: the work, the check of results, the report.
#include <chrono>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <tokengate/plugins/chains/operations.h>
#include <tokengate/plugins/mixed/wave.h>
#include <tokengate/plugins/saturation/operations.h>
#include <tokengate/plugins/workbench/checker.h>
#include <tokengate/plugins/workbench/experiment.h>
#include <tokengate/plugins/workbench/flight.h>
#include <tokengate/plugins/workbench/measurements.h>
#include <tokengate/plugins/workbench/original.h>
#include <tokengate/plugins/workbench/percentiles.h>
#include <tokengate/tokengate.h>

namespace tokengate::workbench {
namespace {

using namespace std::chrono_literals;

TOKENGATE_APPLICATION(application, chains::registry, saturation::registry);

int never() noexcept { return 0; }
int always() noexcept { return 2; }

std::string hex(const auto& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) (text += digits[byte >> 4]) += digits[byte & 15];
  return text;
}

TEST(original_work, known_answers) {
  EXPECT_EQ(prime_sum(10), 17u);
  EXPECT_EQ(prime_sum(60), 440u);
  EXPECT_EQ(prime_sum(84), 874u);
  EXPECT_EQ(hex(hash_chain("abc", 1)), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(hash_chain("abc", 2)), "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358");
}

TEST(original_work, texts_and_numbers_are_what_they_should_be) {
  const std::string text = mangled_text(31);
  EXPECT_EQ(text.size(), 300u);
  EXPECT_EQ(text.find_first_not_of("BCDFGHJKLMNOPQRSTUVWXYZ431"), std::string::npos) << text;
  EXPECT_NE(text, mangled_text(62));
  const auto numbers = sorted_numbers(500);
  EXPECT_EQ(numbers.size(), 500u);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  EXPECT_LE(numbers.back(), 100'000u);
  EXPECT_NE(numbers.front(), numbers.back());
}

TEST(original_work, every_number_has_its_own_result) {
  EXPECT_EQ(do_work(0), prime_sum(60));
  EXPECT_EQ(do_work(24), prime_sum(84));
  EXPECT_EQ(do_work(5), do_work(work::text, 5));
  EXPECT_NE(do_work(5), do_work(9));
  EXPECT_NE(do_work(6), do_work(10));
  EXPECT_NE(do_work(7), do_work(11));
  EXPECT_EQ(do_work(7), do_work(7));
}

TEST(saturation_work, known_answers) {
  saturation::crowd all;
  EXPECT_EQ(saturation::compute_in(&all, 100).value, 25u);
  EXPECT_EQ(saturation::compute_in(&all, saturation::computed_end).value, saturation::computed_primes);
  EXPECT_EQ(all.most(), 1u);
}

TEST(chain_work, known_answers) {
  // Of the predecessor's documents: 77 gives 2130, 200 gives 3310, 55 gives 9920, all even.
  EXPECT_EQ(chains::steps_value(77), 2u * 2130);
  EXPECT_EQ(chains::steps_value(200), 2u * 3310);
  EXPECT_EQ(chains::steps_value(55), 2u * 9920);
  EXPECT_EQ(chains::family_value(3, 4), 10u + 17 + 26 + 37);
  coordinator cores;
  cores.start();
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    ASSERT_EQ(chains::chain_of_steps(seed).get().value, chains::steps_value(seed)) << seed;
  }
  chains::head_count count(cores.cores());
  EXPECT_EQ(chains::chain_lead(3, 4, &count).get().value, chains::family_value(3, 4));
  EXPECT_EQ(count.total(), 4u);
}

TEST(checker, right_results_pass) {
  checker judge;
  judge.compare("wave", 0, 7, 7);
  judge.require(true, "no");
  EXPECT_TRUE(judge.passed());
  EXPECT_EQ(judge.complaint(), "");
  EXPECT_EQ(judge.right(), 1u);
}

TEST(checker, wrong_results_are_counted_and_the_first_is_named) {
  checker judge;
  judge.compare("wave of 8", 3, 5, 7);
  judge.compare("wave of 8", 4, 6, 7);
  judge.note_failure("wave of 8", 5, std::make_exception_ptr(std::runtime_error("broken")));
  EXPECT_FALSE(judge.passed());
  EXPECT_EQ(judge.wrong(), 2u);
  EXPECT_EQ(judge.failed(), 1u);
  EXPECT_EQ(judge.complaint(),
            "2 wrong results and 1 failed tokens; the first: wave of 8, token 3 returned 5, right is 7");
}

TEST(checker, failures_and_broken_rules) {
  checker failed;
  failed.note_failure("load", 1'000, std::make_exception_ptr(std::runtime_error("broken")));
  EXPECT_EQ(failed.complaint(), "0 wrong results and 1 failed tokens; the first: load, token 1,000 threw: broken");
  checker odd;
  odd.note_failure("load", 1, std::make_exception_ptr(1));
  EXPECT_FALSE(odd.passed());
  checker rule;
  rule.require(false, "4 children were made, but 3 ran");
  EXPECT_EQ(rule.complaint(), "4 children were made, but 3 ran");
}

TEST(flight, takes_all_in_order_and_never_has_too_many) {
  coordinator cores;
  cores.start();
  for (const std::size_t most : {1u, 2u, 3u, 8u, 100u}) {
    flight<std::uint64_t> under_way(most, never);
    std::vector<std::uint64_t> numbers, values;
    const auto take = [&](std::uint64_t number, outcome<std::uint64_t> result) {
      numbers.push_back(number);
      values.push_back(result.value());
    };
    for (std::uint64_t i = 0; i < 50; ++i) {
      ASSERT_TRUE(under_way.make_room(take));
      ASSERT_LT(under_way.added() - under_way.taken(), most);
      under_way.add(submit([](std::uint64_t value) { return value; }, i));
    }
    ASSERT_TRUE(under_way.drain(take));
    std::vector<std::uint64_t> all(50);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(numbers, all);
    EXPECT_EQ(values, all);
  }
}

TEST(flight, gives_up_after_an_interrupt) {
  coordinator cores;
  cores.start();
  std::atomic<bool> open{false};
  flight<void> under_way(1, always);
  const auto take = [](std::uint64_t, outcome<void>) { FAIL() << "has not ended"; };
  ASSERT_TRUE(under_way.make_room(take));
  under_way.add(submit([&open] {
    while (!open.load(std::memory_order_relaxed)) this_token::sleep_for(1ms);
  }));
  EXPECT_FALSE(under_way.make_room(take));
  EXPECT_FALSE(under_way.drain(take));
  open.store(true, std::memory_order_relaxed);
  cores.stop();
}

TEST(percentiles, of_kept_durations) {
  std::vector<std::chrono::nanoseconds> none;
  EXPECT_EQ(spread_of(none).max, 0ns);
  std::vector<std::chrono::nanoseconds> values;
  for (int i = 101; i > 0; --i) values.emplace_back(i);
  const spread found = spread_of(values);
  EXPECT_EQ(found.p50, 51ns);
  EXPECT_EQ(found.p99, 100ns);
  EXPECT_EQ(found.max, 101ns);
}

TEST(options, lengths_of_time) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1.5m"), 90s);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("1us"), 1us);
  for (const char* const bad : {"", "1", "ms", "-1s", "0s", "1 s", "1sec", "infs", "nans", "0.5us", "1e9h"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(options, waves) {
  const auto all = mixed::parse_waves("4..65536");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->first, 4u);
  EXPECT_EQ(all->last, 65'536u);
  const auto one = mixed::parse_waves("1000");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->last, 1'000u);
}

TEST(measurements, numbers_as_people_read_them) {
  EXPECT_EQ(shown(4'548, unit::count), "4,548");
  EXPECT_EQ(shown(0.0000523, unit::seconds), "0.0000523");
  EXPECT_EQ(shown(0.9999, unit::times), "1.00");
  EXPECT_EQ(shown(12.34, unit::times), "12.3");
  EXPECT_EQ(shown(99.96, unit::times), "100");
  EXPECT_EQ(shown(12'345.6, unit::per_second), "12,346");
  EXPECT_EQ(shown(723e6, unit::bytes), "723 MB");
  EXPECT_EQ(shown(0.0011, unit::duration), "1.10 ms");
  EXPECT_EQ(shown(0, unit::seconds), "0");
  EXPECT_EQ(shown(figure{6'300, 8'200}, unit::per_second), "6,300 to 8,200");
  EXPECT_EQ(shown(figure{2.3, 2.9}, unit::times), "2.30 to 2.90");
}

TEST(measurements, a_ratio_takes_the_better_end) {
  EXPECT_DOUBLE_EQ((comparison{8'000, figure{2'000, 4'000}}.ratio().value()), 2);
  EXPECT_DOUBLE_EQ((comparison{0.1, figure{0.6, 0.9, better::less}}.ratio().value()), 6);
  EXPECT_FALSE((comparison{8'000}.ratio()));
  EXPECT_FALSE((comparison{0, figure{1, 2}}.ratio()));
}

TEST(measurements, table_and_json_say_the_same) {
  measurements found("test", {{"name", "what", unit::text}, {"tokens", "tokens", unit::count}}, unit::per_second);
  EXPECT_EQ(found.text(), "");
  found.set("seed", 7.0);
  found.set("sleep", 0.001);
  found.add_row({std::string("a \"quoted\" name"), 1'234.0}, {1e6, figure{4'000, 5'000}});
  found.add_row({std::string("b"), cell{}});
  EXPECT_THROW(found.add_row({1.0}), misuse);
  found.summarise("p50", "median", unit::duration, {1e-6, figure{6e-4, 9e-4, better::less}});
  found.remark("That is all.");
  EXPECT_EQ(found.text(),
            "what             tokens    Py-TokenGate  times better\n"
            "a \"quoted\" name   1,234  4,000 to 5,000           200\n"
            "b                     -               -             -\n"
            "\n"
            "           here      Py-TokenGate  times better\n"
            "median  1.00 us  600 us to 900 us           600\n"
            "\n"
            "That is all.\n");
  const auto all = boost::json::parse(found.json(true, "")).as_object();
  EXPECT_EQ(all.at("workload"), "test");
  EXPECT_TRUE(all.at("complete").as_bool());
  EXPECT_TRUE(all.at("correct").as_bool());
  EXPECT_EQ(all.at("settings").at("seed").as_int64(), 7);
  EXPECT_EQ(all.at("settings").at("sleep").as_double(), 0.001);
  const auto& rows = all.at("rows").as_array();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("name"), "a \"quoted\" name");
  EXPECT_EQ(rows[0].at("tokens").as_int64(), 1'234);
  EXPECT_EQ(rows[0].at("predecessor").at("low").as_double(), 4'000);
  EXPECT_EQ(rows[0].at("times_better").as_double(), 200);
  EXPECT_TRUE(rows[1].at("tokens").is_null());
  EXPECT_TRUE(rows[1].at("predecessor").is_null());
  EXPECT_EQ(all.at("summary").at("p50").at("value").as_double(), 1e-6);
  const auto failed = boost::json::parse(found.json(false, "wrong")).as_object();
  EXPECT_FALSE(failed.at("complete").as_bool());
  EXPECT_FALSE(failed.at("correct").as_bool());
  EXPECT_EQ(failed.at("complaint"), "wrong");
}

TEST(measurements, without_a_predecessor_there_are_no_columns_for_it) {
  measurements found("test", {{"tokens", "tokens", unit::count}}, std::nullopt);
  found.add_row({1'234.0});
  found.summarise("p50", "median", unit::duration, {1e-6});
  const std::vector<measure> columns{{"name", "what", unit::text}, {"age", "age", unit::count}};
  found.list("things", "Things", columns, {{std::string("x"), 1.0}}, 2);
  found.list("things", "Things", columns, {{std::string("a"), 1.0}, {std::string("b"), cell{}}, {cell{}, 3.0}}, 2);
  EXPECT_THROW(found.list("more", "More", columns, {{1.0}}, 2), misuse);
  EXPECT_EQ(found.text(),
            "tokens\n"
            " 1,234\n"
            "\n"
            "           here\n"
            "median  1.00 us\n"
            "\n"
            "Things\n"
            "what  age\n"
            "a       1\n"
            "b       -\n"
            "... and 1 more\n");
  const auto all = boost::json::parse(found.json(true, "")).as_object();
  EXPECT_FALSE(all.at("rows").as_array().front().as_object().contains("predecessor"));
  EXPECT_FALSE(all.at("summary").at("p50").as_object().contains("times_better"));
  const auto& things = all.at("things").as_array();
  ASSERT_EQ(things.size(), 3u);
  EXPECT_EQ(things[0].at("name"), "a");
  EXPECT_EQ(things[2].at("age").as_int64(), 3);
}

}  // namespace
}  // namespace tokengate::workbench
