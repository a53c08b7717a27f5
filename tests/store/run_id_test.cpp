#include "pecia/store/run_id.hpp"

#include <gtest/gtest.h>

#include "pecia/base/file.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace run_id_test {

TEST(RunId, IsMadeOnceForEachRun) {
  const test::TempFolder folder;
  const RunPaths run{folder.path() / "run"}, other{folder.path() / "other"};
  EXPECT_EQ(run_id(run), "");
  create_run_directory(run);
  create_run_directory(other);
  const auto id = run_id(run);
  EXPECT_EQ(id.size(), 32U);
  EXPECT_NE(id, run_id(other));
  create_run_directory(run);
  EXPECT_EQ(run_id(run), id) << "a later job leaves it as it is";
}

TEST(RunId, OfAnotherFormIsNone) {
  const test::TempFolder folder;
  const RunPaths run{folder.path() / "run"};
  create_run_directory(run);
  replace_file(run.root / "run_id", std::string{"../../etc\n"}, Durability::none);
  EXPECT_EQ(run_id(run), "");
}

}  // namespace run_id_test
}  // namespace pecia::store
