#include "pecia/child/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "pecia/child/child.hpp"
#include "support/confined.hpp"
#include "support/temp_folder.hpp"

namespace pecia::child {
namespace sandbox_test {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
constexpr milliseconds patience{20'000};

/// tests/child/sandbox_child, in the sandbox or out of it.
class Tried {
 public:
  explicit Tried(const std::string& how) {
    std::filesystem::create_directories(folder_.path() / "readable");
    std::filesystem::create_directories(folder_.path() / "other");
    std::ofstream{folder_.path() / "readable" / "file"} << "to be read\n";
    std::ofstream{folder_.path() / "other" / "file"} << "not to be read\n";
    const auto other = (folder_.path() / "other").string();
    Program program;
    program.executable = PECIA_SANDBOX_CHILD;
    program.arguments = {other, other + "/file", (folder_.path() / "readable").string(), how};
    child_.emplace(program);
    held_ = answer();
  }

  /// What of the sandbox holds.
  [[nodiscard]] const std::string& held() const { return held_; }

  [[nodiscard]] std::string ask(std::string_view what) {
    if (!child_->send(std::as_bytes(std::span{what}))) return "it is gone";
    return answer();
  }

  struct Call {
    std::string name, outcome, whose, how;
  };
  [[nodiscard]] std::vector<Call> calls(std::string_view which = "try") {
    std::vector<Call> all;
    std::istringstream lines{ask(which)};
    for (Call call; std::getline(lines, call.name, '\t') && std::getline(lines, call.outcome, '\t') &&
                    std::getline(lines, call.whose, '\t') && std::getline(lines, call.how);)
      all.push_back(call);
    return all;
  }
  /// Names and answers of those calls that went as `outcome`.
  [[nodiscard]] std::vector<std::string> that_are(std::string_view outcome, std::string_view which = "try", bool anybodys_only = false) {
    std::vector<std::string> names;
    for (const auto& call : calls(which)) {
      if (call.outcome == outcome && (!anybodys_only || call.whose == "anybody's")) names.push_back(call.name + ": " + call.how);
    }
    return names;
  }

  [[nodiscard]] Child& child() { return *child_; }

 private:
  std::string answer() {
    const auto received = child_->receive(patience);
    if (received.status != Child::Status::message) return "no answer: " + child_->end();
    const auto& bytes = received.packet.bytes;
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  test::TempFolder folder_;
  std::optional<Child> child_;
  std::string held_;
};

#ifdef PECIA_SANITIZED

TEST(Sandbox, GivesUpNewPrivilegesAloneUnderASanitizer) {
  Tried confined{"confined"};
  EXPECT_THAT(confined.held(), HasSubstr("sanitizer"));
  EXPECT_EQ(confined.ask("work"), "all");
}

#else

/// On a kernel that has not all of it `doctor` says so, and these cases are skipped.
class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::kernel_confines()) GTEST_SKIP() << "this kernel has no Landlock, or no seccomp";
  }
};

TEST_F(Sandbox, HoldsWhereTheKernelHasIt) {
  EXPECT_THAT(Tried{"confined"}.held(), testing::MatchesRegex("no_new_privs, seccomp, Landlock ABI [0-9]+"));
}

TEST_F(Sandbox, RefusesEveryForbiddenCall) {
  Tried confined{"confined"};
  EXPECT_THAT(confined.that_are("permitted"), IsEmpty());
  EXPECT_GT(confined.calls().size(), 40U);
}

TEST_F(Sandbox, LeavesAProgramNothingOfOtherProcesses) {
  Tried program{"program"};
  EXPECT_THAT(program.that_are("permitted", "try as a program"), IsEmpty());
  EXPECT_GT(program.calls("try as a program").size(), 15U);
  EXPECT_THAT(program.ask("abort"), HasSubstr("killed by signal 6"));
}

TEST_F(Sandbox, AndNothingElseIsWhatRefusesThem) {
  Tried free{"free"};
  for (const auto* which : {"try", "try as a program"}) {
    EXPECT_THAT(free.that_are("refused", which, true), IsEmpty()) << "such a call would be refused to anybody, and shows nothing";
    EXPECT_EQ(free.that_are("permitted", which).size() + free.that_are("refused", which).size(), free.calls(which).size());
  }
}

TEST_F(Sandbox, LeavesWhatComputingTakes) {
  Tried confined{"confined"};
  EXPECT_EQ(confined.ask("work"), "all");
}

TEST_F(Sandbox, LetsAProcessAbort) {
  Tried confined{"confined"};
  EXPECT_THAT(confined.ask("abort"), HasSubstr("killed by signal 6"));
}

TEST_F(Sandbox, IsSeenFromOutside) {
  const auto status_of = [](Tried& tried) {
    std::ifstream in{"/proc/" + std::to_string(tried.child().pid()) + "/status"};
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  };
  Tried confined{"confined"}, free{"free"};
  EXPECT_THAT(status_of(confined), HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(status_of(confined), HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(status_of(free), Not(HasSubstr("NoNewPrivs:\t1")));
}

TEST_F(Sandbox, LeavesTheCpuLimitToTheParent) {
  Tried confined{"confined"};
  confined.child().allow_cpu(0.2);
  EXPECT_EQ(confined.ask("work"), "all");
  confined.child().allow_cpu(0.2);  // again, for the next page
  EXPECT_THAT(confined.ask("spin"), HasSubstr("killed by signal 24"));
  EXPECT_TRUE(confined.child().ended_by_cpu_limit());
}

#endif

}  // namespace sandbox_test
}  // namespace pecia::child
