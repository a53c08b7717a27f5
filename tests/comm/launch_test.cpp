#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "pecia/comm/mpi.hpp"

namespace pecia::comm {
namespace launch_test {

/// Launchers' variables as given, all others unset; restored at the end.
class LaunchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : names) {
      const char* value = std::getenv(name);
      saved_[name] = value ? std::optional<std::string>{value} : std::nullopt;
      ::unsetenv(name);
    }
  }
  void TearDown() override {
    for (const auto& [name, value] : saved_) {
      if (value)
        ::setenv(name.c_str(), value->c_str(), 1);
      else
        ::unsetenv(name.c_str());
    }
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }

 private:
  static constexpr const char* names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK",  "PMI_RANK",     "SLURM_JOB_ID",
                                          "SLURM_STEP_ID",        "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"};
  std::map<std::string, std::optional<std::string>> saved_;
};

TEST_F(LaunchTest, WithoutALauncherAProcessIsAlone) { EXPECT_EQ(detect_launch(), Launch::alone); }

TEST_F(LaunchTest, MpirunAndPmixMeanMpi) {
  set("OMPI_COMM_WORLD_SIZE", "1");
  EXPECT_EQ(detect_launch(), Launch::mpi);
  ::unsetenv("OMPI_COMM_WORLD_SIZE");
  set("PMIX_RANK", "0");
  EXPECT_EQ(detect_launch(), Launch::mpi);
}

TEST_F(LaunchTest, ABatchScriptIsAlone) {
  set("SLURM_JOB_ID", "12");
  set("SLURM_PROCID", "0");
  EXPECT_EQ(detect_launch(), Launch::alone);
}

TEST_F(LaunchTest, AStepOfOneTaskIsAlone) {
  set("SLURM_STEP_ID", "0");
  set("SLURM_STEP_NUM_TASKS", "1");
  EXPECT_EQ(detect_launch(), Launch::alone);
}

TEST_F(LaunchTest, AStepOfSeveralTasksWithoutPmixIsNoticed) {
  set("SLURM_STEP_ID", "0");
  set("SLURM_STEP_NUM_TASKS", "2");
  EXPECT_EQ(detect_launch(), Launch::no_pmix);
}

}  // namespace launch_test
}  // namespace pecia::comm
