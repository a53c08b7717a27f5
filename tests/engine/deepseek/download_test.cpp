#include "pecia/engine/deepseek_download.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "checkpoint.hpp"
#include "checkpoint_copy.hpp"

namespace pecia::engine::deepseek {
namespace download_test {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

/// Findings by mark; what and text.
struct Found {
  std::multimap<std::string, std::string> good, warned, bad;
};

Found found(const std::string& weights, bool sha256_is_right = true) {
  Found all;
  const auto matches = [&](const fs::path&, const std::string&) { return sha256_is_right; };
  check_download(weights, matches, [&](const DownloadFinding& finding) {
    using Mark = DownloadFinding::Mark;
    auto& marked = finding.mark == Mark::good  ? all.good
                   : finding.mark == Mark::bad ? all.bad
                                               : all.warned;
    marked.emplace(finding.what, finding.text);
  });
  return all;
}

TEST(Download, AGoodOneIsReadWhole) {
  for (const auto* name : {"a", "b", "c", "reader"}) {
    const auto all = found(checkpoint(name).string());
    EXPECT_THAT(all.bad, IsEmpty()) << name;
    EXPECT_THAT(all.good,
                AllOf(Contains(Key("config.json")), Contains(Key("tokenizer.json")),
                      Contains(Key("experts")), Contains(Pair("values", HasSubstr("fingerprint"))),
                      Contains(Pair("tokenizer", HasSubstr("ids")))));
    EXPECT_THAT(all.warned, Not(Contains(Key("how to fetch"))));
  }
}

TEST(Download, EachFaultIsToldAndHowToFetchTheModel) {
  const auto expect_bad = [](const CheckpointCopy& copy, const std::string& what,
                             const std::string& text) {
    const auto all = found(copy.folder().string());
    EXPECT_THAT(all.bad, Contains(Pair(what, HasSubstr(text))));
    EXPECT_THAT(all.warned, Contains(Pair("how to fetch",
                                          HasSubstr("hf download deepseek-ai/DeepSeek-OCR-2"))));
  };
  const CheckpointCopy no_tokenizer{"a"};
  fs::remove(no_tokenizer.folder() / "tokenizer.json");
  expect_bad(no_tokenizer, "tokenizer.json", "is missing");
  const CheckpointCopy truncated{"b"};
  fs::resize_file(truncated.shard(), 400'000);
  expect_bad(truncated, "model", "too early");
  const CheckpointCopy other_tokenizer{"a"};
  fs::copy(checkpoint("reader") / "tokenizer.json", other_tokenizer.folder() / "tokenizer.json",
           fs::copy_options::overwrite_existing);
  expect_bad(other_tokenizer, "tokenizer", "of two models");
  const CheckpointCopy not_finite{"a"};
  not_finite.change(
      [](Shard& shard) { shard.data.replace(shard.data.size() - 4, 4, "\xFF\xFF\xFF\xFF"); });
  expect_bad(not_finite, "values", "not finite");
}

TEST(Download, Sha256IsCheckedWhereHuggingFaceWroteItDown) {
  const std::string hex(64, 'a');
  const CheckpointCopy linked{"b"};
  fs::rename(linked.folder() / "model.safetensors", linked.folder() / hex);
  fs::create_symlink(hex, linked.folder() / "model.safetensors");
  EXPECT_THAT(found(linked.folder().string()).good,
              Contains(Pair("model.safetensors", HasSubstr("SHA-256 right"))));
  EXPECT_THAT(found(linked.folder().string(), false).bad,
              Contains(Pair("model.safetensors", HasSubstr(hex))));

  const CheckpointCopy local{"b"};
  const auto records = local.folder() / ".cache/huggingface/download";
  fs::create_directories(records);
  replace_file(records / "model.safetensors.metadata", "0123abc\n" + hex + "\n1700000000.0\n");
  replace_file(records / "config.json.metadata",
               "0123abc\n" + std::string(40, 'b') + "\n1700000000.0\n");
  replace_file(records / "tokenizer.json.incomplete", "");
  const auto all = found(local.folder().string(), false);
  EXPECT_THAT(all.bad, Contains(Pair("model.safetensors", HasSubstr(hex))));
  EXPECT_THAT(all.bad, Not(Contains(Key("config.json")))) << "a Git hash is none";
  EXPECT_THAT(all.warned, Contains(Key("unfinished")));
}

TEST(Download, RandomWeightsHaveATokenizerThatKnowsAsciiAndTheModelsTokens) {
  for (const auto* weights : {"random:tiny", "random:full"}) {
    const auto model = open_model(weights);
    const auto tokenizer = load_tokenizer(model);
    const std::string text = "<image>\n<|grounding|>Convert the document to markdown.";
    const auto ids = tokenizer.encode(text);
    EXPECT_EQ(ids.front(), model.config.image_id);
    EXPECT_LT(*std::max_element(ids.begin(), ids.end()), model.config.decoder.vocabulary);
    EXPECT_EQ(tokenizer.decode(ids), text);
    EXPECT_THAT(found(weights).bad, IsEmpty());
  }
}

}  // namespace download_test
}  // namespace pecia::engine::deepseek
