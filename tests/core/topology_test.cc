#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <tokengate/core/topology.h>

namespace tokengate {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A file system of our own: /proc and /sys/fs/cgroup as the test wants them.
class topology_quota : public testing::Test {
 protected:
  topology_quota() {
    std::string pattern = testing::TempDir() + "topology_XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~topology_quota() override { fs::remove_all(root_); }

  void write(std::string_view path, std::string_view text) const {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream{file} << text;
  }

  void mounted(std::string_view lines) const {
    write("proc/self/mountinfo", "22 27 0:21 / /proc rw - proc proc rw\n" + std::string{lines});
  }
  void member_of(std::string_view lines) const { write("proc/self/cgroup", lines); }

  [[nodiscard]] topology detect() const {
    topology::sources sources;
    sources.root = root_;
    sources.hwloc = false;
    sources.allowed = {0, 1, 2, 3, 4, 5, 6, 7};
    topology found = topology::detect(sources);
    EXPECT_EQ(found.notes.front(), "hwloc found nothing out: every core is taken for a physical one");
    found.notes.erase(found.notes.begin());
    return found;
  }

  static constexpr std::string_view v2 =
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
  static constexpr std::string_view v1 =
      "31 23 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
      "32 23 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 master:1 - cgroup cgroup rw,cpu,cpuacct\n";

  fs::path root_;
};

TEST_F(topology_quota, version_two) {
  mounted(v2);
  member_of("0::/service\n");
  write("sys/fs/cgroup/service/cpu.max", "250000 100000\n");
  const topology found = detect();
  EXPECT_EQ(found.quota, 2.5);
  EXPECT_EQ(found.quota_source, (root_ / "sys/fs/cgroup/service/cpu.max").string());
  EXPECT_EQ(found.effective_cores(), 3u);
  EXPECT_THAT(found.notes, IsEmpty());
}

TEST_F(topology_quota, version_two_without_limit) {
  mounted(v2);
  member_of("0::/service\n");
  write("sys/fs/cgroup/service/cpu.max", "max 100000\n");
  EXPECT_EQ(detect().quota, std::nullopt);
  EXPECT_EQ(detect().effective_cores(), 8u);
  EXPECT_THAT(detect().notes, IsEmpty());
}

TEST_F(topology_quota, the_tightest_ancestor_counts) {
  mounted(v2);
  member_of("0::/top/middle/leaf\n");
  write("sys/fs/cgroup/top/cpu.max", "600000 100000\n");
  write("sys/fs/cgroup/top/middle/cpu.max", "150000 50000\n");
  write("sys/fs/cgroup/top/middle/leaf/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/top/other/cpu.max", "1000 100000\n");
  EXPECT_EQ(detect().quota, 3.0);
  EXPECT_THAT(detect().quota_source, HasSubstr("top/middle/cpu.max"));
}

TEST_F(topology_quota, version_one) {
  mounted(v1);
  member_of("5:cpuset:/elsewhere\n4:cpu,cpuacct:/job/step\n1:name=systemd:/\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "400000\n");
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu,cpuacct/job/step/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/job/step/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpuset/elsewhere/cpu.cfs_quota_us", "1000\n");
  EXPECT_EQ(detect().quota, 4.0);
  EXPECT_THAT(detect().notes, IsEmpty());
}

TEST_F(topology_quota, both_versions_at_once) {
  mounted(std::string{v1} + "41 23 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  member_of("4:cpu,cpuacct:/job\n0::/job\n");
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "200000\n");
  write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(detect().quota, 2.0) << "version 2 has no cpu controller here";
  write("sys/fs/cgroup/unified/job/cpu.max", "100000 100000\n");
  EXPECT_EQ(detect().quota, 1.0);
}

// A container with its own cgroup namespace is at "/", and so is what it has mounted.
TEST_F(topology_quota, container_that_sees_itself_as_root) {
  mounted(v2);
  member_of("0::/\n");
  write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(detect().quota, 0.5);
  EXPECT_EQ(detect().effective_cores(), 1u);
}

// A container without one sees the path on the host, but only its own part of the hierarchy is mounted.
TEST_F(topology_quota, container_that_sees_the_path_of_the_host) {
  mounted("32 23 0:29 /docker/c0ffee /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  member_of("4:cpu:/docker/c0ffee/inner\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(detect().quota, 3.0) << "the root of the mount is an ancestor";
  write("sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us", "100000\n");
  write("sys/fs/cgroup/cpu/inner/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(detect().quota, 1.0);
}

TEST_F(topology_quota, a_path_that_is_not_visible_falls_back_to_the_root_of_the_mount) {
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  mounted(v2);
  member_of("0::/kubepods/pod1/c0ffee\n");
  EXPECT_EQ(detect().quota, 2.0);
  member_of("0::/../sibling\n");
  EXPECT_EQ(detect().quota, 2.0);
  mounted("30 23 0:26 /docker/c0ffee /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  member_of("0::/docker/c0ff\n");
  EXPECT_EQ(detect().quota, 2.0);
}

TEST_F(topology_quota, the_mount_that_shows_the_group_is_preferred) {
  mounted("29 23 0:26 /other /mnt/other rw - cgroup2 cgroup2 rw\n" + std::string{v2});
  member_of("0::/service\n");
  write("mnt/other/cpu.max", "100000 100000\n");
  write("sys/fs/cgroup/service/cpu.max", "500000 100000\n");
  EXPECT_EQ(detect().quota, 5.0);
}

TEST_F(topology_quota, mount_points_with_escaped_characters) {
  mounted("30 23 0:26 / /mnt/control\\040groups\\134 rw - cgroup2 cgroup2 rw\n");
  member_of("0::/service\n");
  write("mnt/control groups\\/service/cpu.max", "100000 100000\n");
  EXPECT_EQ(detect().quota, 1.0);
}

TEST_F(topology_quota, malformed_files_are_left_out_with_a_note) {
  mounted(v2);
  member_of("0::/service\n");
  write("sys/fs/cgroup/cpu.max", "700000 100000\n");
  for (const std::string_view text : {"", "plenty", "100000", "100000 0", "-5 100000", "0 100000", "1e5 100000",
                                      "100000 100000 100000", "99999999999999999999 100000"}) {
    write("sys/fs/cgroup/service/cpu.max", text);
    const topology found = detect();
    EXPECT_EQ(found.quota, 7.0) << text;
    EXPECT_THAT(found.notes, ElementsAre(HasSubstr("service/cpu.max is malformed and was ignored"))) << text;
  }
}

TEST_F(topology_quota, malformed_files_of_version_one) {
  mounted(v1);
  member_of("4:cpu,cpuacct:/\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
  EXPECT_EQ(detect().quota, std::nullopt) << "no period";
  EXPECT_THAT(detect().notes, ElementsAre(HasSubstr("cpu.cfs_quota_us is malformed")));
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(detect().quota, 2.0);
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "all\n");
  EXPECT_EQ(detect().quota, std::nullopt);
  EXPECT_THAT(detect().notes, ElementsAre(HasSubstr("cpu.cfs_quota_us is malformed")));
}

TEST_F(topology_quota, garbage_in_proc_means_no_quota) {
  mounted("cgroup2\n\n30 23 0:26 / -\n31 23 0:27 / /sys rw - cgroup2\n-\n1 2 3 4 5 6 7 8 9 10\n");
  member_of("0\n\n::\nnonsense\n0::\n4:cpu\n");
  write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(detect().quota, std::nullopt);
}

TEST_F(topology_quota, a_missing_proc_is_noted) {
  const topology found = detect();
  EXPECT_EQ(found.quota, std::nullopt);
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("proc/self/mountinfo cannot be read")));
}

TEST_F(topology_quota, more_quota_than_cores_changes_nothing) {
  mounted(v2);
  member_of("0::/\n");
  write("sys/fs/cgroup/cpu.max", "6400000 100000\n");
  EXPECT_EQ(detect().effective_cores(), 8u);
}

// hwloc builds the machine it is told to.
class topology_hardware : public testing::Test {
 protected:
  explicit topology_hardware(const char* machine = "pack:2 numa:1 l3:1 l2:2 core:1 pu:2") {
    ::setenv("HWLOC_SYNTHETIC", machine, 1);
  }
  ~topology_hardware() override { ::unsetenv("HWLOC_SYNTHETIC"); }

  [[nodiscard]] static topology detect(std::vector<unsigned> allowed) {
    topology::sources sources;
    sources.root = testing::TempDir() + "no such root";
    sources.allowed = std::move(allowed);
    topology found = topology::detect(sources);
    found.notes.pop_back();  // there is no proc
    return found;
  }
};

TEST_F(topology_hardware, threads_caches_sockets_and_nodes) {
  const topology found = detect({0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(found.notes, IsEmpty());
  ASSERT_EQ(found.allowed.size(), 8u);
  EXPECT_EQ(found.allowed[0],
            (logical_core{.os_index = 0, .physical_core = 0, .socket = 0, .numa_node = 0, .l2 = 0, .l3 = 0}));
  EXPECT_EQ(found.allowed[3],
            (logical_core{.os_index = 3, .physical_core = 1, .socket = 0, .numa_node = 0, .l2 = 1, .l3 = 0}));
  EXPECT_EQ(found.allowed[7],
            (logical_core{.os_index = 7, .physical_core = 3, .socket = 1, .numa_node = 1, .l2 = 3, .l3 = 1}));
  EXPECT_EQ(found.smt, 2u);
  EXPECT_EQ(found.sockets, 2u);
  EXPECT_EQ(found.numa_nodes, 2u);
  EXPECT_EQ(found.effective_cores(hardware_threads::all), 8u);
  EXPECT_EQ(found.effective_cores(hardware_threads::one_per_core), 4u);
}

TEST_F(topology_hardware, one_thread_of_each_physical_core) {
  const topology found = detect({7, 1, 2, 3, 6, 3});
  std::vector<unsigned> threads;
  for (const logical_core& core : found.cores()) threads.push_back(core.os_index);
  EXPECT_THAT(threads, ElementsAre(1, 2, 3, 6, 7)) << "sorted, each once";
  std::vector<unsigned> physical;
  for (const logical_core& core : found.cores(hardware_threads::one_per_core)) physical.push_back(core.os_index);
  EXPECT_THAT(physical, ElementsAre(1, 2, 6)) << "the first allowed thread stands for its core";
  EXPECT_EQ(found.smt, 2u);
}

TEST_F(topology_hardware, a_mask_within_one_socket) {
  const topology found = detect({4, 6});
  EXPECT_EQ(found.smt, 1u) << "only one thread of each core is allowed";
  EXPECT_EQ(found.sockets, 1u);
  EXPECT_EQ(found.numa_nodes, 1u);
}

TEST_F(topology_hardware, a_core_that_hwloc_does_not_know) {
  const topology found = detect({0, 64});
  EXPECT_THAT(found.notes, ElementsAre("hwloc does not know core 64"));
  EXPECT_EQ(found.allowed[1], logical_core{.os_index = 64});
  EXPECT_EQ(found.physical.size(), 2u) << "it counts as a physical core of its own";
}

TEST(topology, without_hwloc_every_core_stands_alone) {
  topology::sources sources;
  sources.hwloc = false;
  sources.allowed = {3, 5};
  const topology found = topology::detect(sources);
  EXPECT_THAT(found.allowed, ElementsAre(logical_core{.os_index = 3}, logical_core{.os_index = 5}));
  EXPECT_EQ(found.physical, found.allowed);
  EXPECT_EQ(found.smt, 1u);
  EXPECT_THAT(found.notes.front(), HasSubstr("hwloc"));
}

TEST(topology, follows_the_affinity_mask_of_the_calling_thread) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  const topology found = topology::detect();
  ASSERT_EQ(found.allowed.size(), static_cast<std::size_t>(CPU_COUNT(&before)));
  for (const logical_core& core : found.allowed) EXPECT_TRUE(CPU_ISSET(core.os_index, &before));

  const unsigned last = found.allowed.back().os_index;
  std::thread{[last] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    const topology narrowed = topology::detect();
    ASSERT_EQ(narrowed.allowed.size(), 1u);
    EXPECT_EQ(narrowed.allowed.front().os_index, last);
    EXPECT_EQ(narrowed.effective_cores(), 1u);
  }}.join();

  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after)) << "looking around must not leave the thread bound";
}

TEST(topology, reads_well) {
  topology machine;
  machine.allowed = {{.os_index = 2, .physical_core = 1, .socket = 0, .numa_node = 0, .l2 = 1, .l3 = 0},
                     {.os_index = 9}};
  machine.physical = machine.allowed;
  EXPECT_EQ(to_string(machine),
            "cores   2 to use, 2 allowed: 2 physical cores, 1 socket, 1 NUMA node, 1 hardware thread a core\n"
            "quota   none\n"
            "\n"
            "      core  physical    socket      NUMA        L2        L3\n"
            "         2         1         0         0         1         0\n"
            "         9         -         -         -         -         -\n");
  machine.quota = 1.5;
  machine.quota_source = "/sys/fs/cgroup/cpu.max";
  machine.notes = {"something was odd"};
  std::ostringstream out;
  out << std::hex << machine;
  EXPECT_THAT(out.str(), HasSubstr("quota   1.5 cores of processor time (/sys/fs/cgroup/cpu.max)\n"));
  EXPECT_THAT(out.str(), testing::EndsWith("note    something was odd\n"));
}

}  // namespace
}  // namespace tokengate
