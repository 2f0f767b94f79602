
#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include <tokengate/core/cpu_quota.h>

namespace tokengate::detail {
namespace {

namespace fs = std::filesystem;

enum class version { one, two };

// A place where a hierarchy of control groups can be seen.
struct mount {
  version kind;
  std::string top;  // the group that the mount point shows
  fs::path point;
};

// Where this process is in the hierarchies that may limit its processor time.
struct membership {
  version kind;
  std::string group;
};

std::optional<std::string> read_text(const fs::path& file) {
  std::ifstream stream{file};
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream{text};
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(std::move(word));
  return result;
}

bool lists(std::string_view comma_separated, std::string_view wanted) {
  for (;;) {
    const std::size_t end = comma_separated.find(',');
    if (comma_separated.substr(0, end) == wanted) return true;
    if (end == std::string_view::npos) return false;
    comma_separated.remove_prefix(end + 1);
  }
}

// mountinfo writes blanks, tabs, newlines and backslashes as three octal digits.
std::string unescape(std::string_view text) {
  const auto octal = [](char digit) { return digit >= '0' && digit <= '7'; };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) && octal(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::optional<long long> whole_number(std::string_view text) {
  long long value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class reader {
 public:
  explicit reader(const fs::path& root) : root_(root) {}

  cpu_quota read() && {
    const std::vector<mount> mounts = read_mounts();
    for (const membership& member : read_memberships()) {
      const auto same_kind = [&](const mount& m) { return m.kind == member.kind; };
      const auto shows_group = [&](const mount& m) { return same_kind(m) && below(m, member.group); };
      auto found = std::find_if(mounts.begin(), mounts.end(), shows_group);
      if (found == mounts.end()) found = std::find_if(mounts.begin(), mounts.end(), same_kind);
      if (found != mounts.end()) read_group_and_ancestors(*found, below(*found, member.group).value_or(fs::path{}));
    }
    return std::move(result_);
  }

 private:
  // "36 25 0:30 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu": the lone hyphen ends the optional fields.
  std::vector<mount> read_mounts() {
    std::vector<mount> mounts;
    const fs::path file = root_ / "proc/self/mountinfo";
    const std::optional<std::string> text = read_text(file);
    if (!text) {
      result_.notes.push_back(file.string() + " cannot be read: a processor quota would go unnoticed");
      return mounts;
    }
    std::istringstream lines{*text};
    for (std::string line; std::getline(lines, line);) {
      const std::vector<std::string> fields = words(line);
      const auto hyphen =
          std::find(fields.begin() + std::min<std::ptrdiff_t>(6, std::ssize(fields)), fields.end(), "-");
      if (fields.end() - hyphen < 4) continue;
      const bool two = hyphen[1] == "cgroup2";
      if (!two && !(hyphen[1] == "cgroup" && lists(hyphen[3], "cpu"))) continue;
      const fs::path point = root_ / fs::path{unescape(fields[4])}.relative_path();
      mounts.push_back({two ? version::two : version::one, unescape(fields[3]), point});
    }
    return mounts;
  }

  // "4:cpu,cpuacct:/user.slice" in version 1, "0::/user.slice" in version 2.
  std::vector<membership> read_memberships() const {
    std::vector<membership> memberships;
    std::istringstream lines{read_text(root_ / "proc/self/cgroup").value_or("")};
    for (std::string line; std::getline(lines, line);) {
      const std::size_t first = line.find(':');
      const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
      if (second == line.npos) continue;
      const std::string controllers = line.substr(first + 1, second - first - 1);
      if (controllers.empty() && line.starts_with("0:")) {
        memberships.push_back({version::two, line.substr(second + 1)});
      } else if (lists(controllers, "cpu")) {
        memberships.push_back({version::one, line.substr(second + 1)});
      }
    }
    return memberships;
  }

  // The way from the mount point to the group, or nothing where the mount does not show it: the group lies beside the
  // part that is mounted, or (as "/../sibling") outside of the process's own cgroup namespace.
  static std::optional<fs::path> below(const mount& mount, std::string_view group) {
    const fs::path way = fs::path{group}.lexically_relative(mount.top);
    if (way.empty() || *way.begin() == "..") return std::nullopt;
    return way == "." ? fs::path{} : way;
  }

  void read_group_and_ancestors(const mount& mount, fs::path way) {
    for (;; way = way.parent_path()) {
      const fs::path group = way.empty() ? mount.point : mount.point / way;
      mount.kind == version::two ? read_two(group) : read_one(group);
      if (way.empty()) return;
    }
  }

  void read_two(const fs::path& group) {
    const fs::path file = group / "cpu.max";
    const std::optional<std::string> text = read_text(file);
    if (!text) return;  // the root of a hierarchy, or one without the cpu controller
    const std::vector<std::string> fields = words(*text);
    if (fields.size() == 2 && fields[0] == "max") return;
    if (fields.size() == 2) {
      tighten(whole_number(fields[0]), whole_number(fields[1]), file);
    } else {
      tighten(std::nullopt, std::nullopt, file);
    }
  }

  void read_one(const fs::path& group) {
    const fs::path file = group / "cpu.cfs_quota_us";
    const std::optional<std::string> quota = read_text(file);
    if (!quota) return;
    const std::vector<std::string> fields = words(*quota);
    if (fields.size() == 1 && fields[0] == "-1") return;
    const std::vector<std::string> period = words(read_text(group / "cpu.cfs_period_us").value_or(""));
    tighten(fields.size() == 1 ? whole_number(fields[0]) : std::nullopt,
            period.size() == 1 ? whole_number(period[0]) : std::nullopt, file);
  }

  void tighten(std::optional<long long> quota, std::optional<long long> period, const fs::path& file) {
    if (!quota || !period || *quota <= 0 || *period <= 0) {
      result_.notes.push_back(file.string() + " is malformed and was ignored");
      return;
    }
    const double cores = static_cast<double>(*quota) / static_cast<double>(*period);
    if (result_.cores && *result_.cores <= cores) return;
    result_.cores = cores;
    result_.source = file.string();
  }

  fs::path root_;
  cpu_quota result_;
};

}  // namespace

cpu_quota read_cpu_quota(const fs::path& root) { return reader{root}.read(); }

}  // namespace tokengate::detail
