#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "checkpoint_copy.hpp"
#include "pecia/base/error.hpp"

// Faults in reading weights, played by the shim.
namespace pecia::engine::deepseek {
namespace read_faults_test {

using testing::AllOf;
using testing::HasSubstr;

/// What read_weights says of checkpoint a under these rules.
std::string said(const std::string& rules) {
  const auto folder = checkpoint("a").string();
  const auto command =
      fmt::format("env LD_PRELOAD='{}' PECIA_SHIM_ROOT='{}' PECIA_SHIM_RULES='{}' '{}' '{}' 2>&1",
                  PECIA_SHIM, folder, rules, PECIA_READ_WEIGHTS, folder);
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), size);
  pclose(pipe);
  return text;
}

constexpr std::string_view shard = "path=*.safetensors";

TEST(ReadFaults, AnErrorInTheMiddleNamesFileAndOffset) {
  const auto text = said(fmt::format("do=fail on=pread {} nth=50 errno=EIO", shard));
  EXPECT_THAT(
      text, AllOf(HasSubstr("cannot read at byte "), HasSubstr("model-00001-of-000001.safetensors"),
                  HasSubstr("Input/output error")));
  EXPECT_THAT(said(fmt::format("do=fail on=pread {} nth=1 errno=ESTALE", shard)),
              HasSubstr("cannot read at byte 0 of"));
}

TEST(ReadFaults, AFileThatEndsInTheMiddleNamesFileAndOffset) {
  const auto text = said(fmt::format("do=shorten on=pread {} nth=50 bytes=0", shard));
  EXPECT_THAT(text, AllOf(HasSubstr("model-00001-of-000001.safetensors"),
                          HasSubstr("it ends at byte "), HasSubstr("shorter")));
}

TEST(ReadFaults, ShortReadsLoseNothing) {
  const auto whole = said("");
  EXPECT_EQ(whole.size(), 17U) << whole;
  EXPECT_EQ(said(fmt::format("do=shorten on=pread {} count=all bytes=100", shard)), whole);
}

}  // namespace read_faults_test
}  // namespace pecia::engine::deepseek
