#include <utility>

#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/workbench/checker.h>

namespace tokengate::workbench {
namespace {

std::string reason_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

std::string name_of(std::string_view what, std::uint64_t number) {
  return std::string(what).append(", token ").append(report::count_text(number));
}

}  // namespace

void checker::note_wrong(std::string_view what, std::uint64_t number, std::uint64_t got, std::uint64_t right) {
  ++wrong_;
  complain(name_of(what, number) + " returned " + std::to_string(got) + ", right is " + std::to_string(right));
}

void checker::note_failure(std::string_view what, std::uint64_t number, const std::exception_ptr& reason) {
  ++failed_;
  complain(name_of(what, number) + " threw: " + reason_of(reason));
}

void checker::require(bool holds, std::string_view otherwise) {
  if (!holds) complain(std::string(otherwise));
}

void checker::complain(std::string sentence) {
  if (complaint_.empty()) complaint_ = std::move(sentence);
}

std::string checker::complaint() const {
  if (passed()) return {};
  if (wrong_ + failed_ == 0) return complaint_;
  return report::count_text(wrong_) + " wrong results and " + report::count_text(failed_) +
         " failed tokens; the first: " + complaint_;
}

}  // namespace tokengate::workbench
