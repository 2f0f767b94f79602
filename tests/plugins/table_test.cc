#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/plugins/report/table.h>

namespace tokengate::report {
namespace {

TEST(table, columns_are_as_wide_as_their_longest_cell) {
  table counts({{"operation", align::left}, {"tokens"}, {"note", align::left}});
  counts.add_row({"a", "1,000", "x"});
  counts.add_row({"long_operation", "7"});
  EXPECT_EQ(counts.text(),
            "operation       tokens  note\n"
            "a                1,000  x\n"
            "long_operation       7\n");
}

TEST(table, headings_alone) { EXPECT_EQ(table({{"a"}, {"b"}}).text(), "a  b\n"); }

TEST(table, a_cell_without_a_column_is_refused) {
  table narrow({{"only"}});
  EXPECT_THROW(narrow.add_row({"1", "2"}), misuse);
}

}  // namespace
}  // namespace tokengate::report
