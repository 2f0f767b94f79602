#include <tokengate/core/registry.h>
#include <tokengate/plugins/budgets/budget.h>
#include <tokengate/plugins/program/application.h>
#include <tokengate/plugins/program/workload_list.h>  // made by BUILD.bazel of the list there

namespace tokengate::program {

#define TOKENGATE_REGISTRY_OF(name, command) , name::registry
#define TOKENGATE_CLOSE(...) TOKENGATE_APPLICATION(__VA_ARGS__)
TOKENGATE_CLOSE(application TOKENGATE_WORKLOADS(TOKENGATE_REGISTRY_OF))

std::span<const workload_entry> workloads() noexcept {
#define TOKENGATE_ENTRY_OF(name, command) {command, name::summary, name::make_workload},
  static constexpr workload_entry entries[] = {TOKENGATE_WORKLOADS(TOKENGATE_ENTRY_OF)};
  return entries;
}

std::span<const operation_info* const> operations() noexcept { return application.infos(); }

std::span<const std::chrono::nanoseconds> operation_budgets() noexcept {
  static constexpr auto limits = budgets::budgets_of(application);
  return limits;
}

}  // namespace tokengate::program
