// The example job and docs/errors.md say what the program says.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <set>

#include "pecia/app/job.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/reason.hpp"
#include "pecia/engine/retry.hpp"

namespace papers_test {

using namespace pecia;
using testing::HasSubstr;

const std::filesystem::path source{PECIA_SOURCE_DIR};

void collect_keys(const YAML::Node& node, const std::string& path, std::set<std::string>& keys) {
  if (node.IsMap()) {
    for (const auto& entry : node)
      collect_keys(entry.second, (path.empty() ? "" : path + ".") + entry.first.Scalar(), keys);
    return;
  }
  keys.insert(path);
  if (path != "rules") return;
  for (const auto& rule : node) collect_keys(rule, "rules[]", keys);
}

TEST(ExampleJob, HasEveryKeyAndNoOther) {
  std::set<std::string> found;
  collect_keys(YAML::LoadFile(source / "jobs/example.yaml"), "", found);
  const auto keys = app::job_keys();
  EXPECT_EQ(found, (std::set<std::string>{keys.begin(), keys.end()}));
}

TEST(ExampleJob, HasTheDefaults) {
  auto example = app::load_job(source / "jobs/example.yaml", {});
  EXPECT_EQ(example.corpus.root, source / "jobs/sample");
  EXPECT_EQ(example.run, std::filesystem::current_path() / "runs/example");
  EXPECT_EQ(example.rules.size(), 2u);
  app::Job defaults;
  defaults.corpus.root = example.corpus.root;
  defaults.run = example.run;
  defaults.rules = example.rules;
  EXPECT_EQ(app::to_yaml(example), app::to_yaml(defaults));
}

TEST(ErrorsPaper, ExplainsEveryReason) {
  const auto paper = read_file(source / "docs/errors.md");
  for (const auto reason : all_reasons())
    EXPECT_THAT(paper, HasSubstr(fmt::format("\n### {}\n", name(reason))));
}

/// "| `timeout` | 1 | 0 | twice the time |"
std::string row_of(const engine::RetryRule& rule) {
  return fmt::format("| `{}` | {} | {:g} | {} |", name(rule.reason), rule.attempts, rule.delay_s, description(rule.change));
}

TEST(ErrorsPaper, HasTheTableOfRetries) {
  const auto paper = read_file(source / "docs/errors.md");
  const std::string head = "| reason | further attempts | delay (s) | what changes |\n|---|---|---|---|\n";
  const auto begin = paper.find(head);
  ASSERT_NE(begin, std::string::npos);
  const auto table = paper.substr(begin + head.size(), paper.find("\n\n", begin) + 1 - begin - head.size());
  std::string rows;
  for (const auto& rule : engine::RetryTable{}.rules) rows += row_of(rule) + "\n";
  EXPECT_EQ(table, rows);
}

}  // namespace papers_test
