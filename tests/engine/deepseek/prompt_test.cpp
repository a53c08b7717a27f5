#include "prompt.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"

namespace pecia::engine::deepseek {
namespace prompt_test {

using Json = nlohmann::json;
using Ids = std::vector<std::int32_t>;

const std::string golden = PECIA_TEST_DATA "/deepseek/golden/";

const Tokenizer& tokenizer() {
  static const auto loaded = Tokenizer::load(golden + "ckpt/a/tokenizer.json");
  return loaded;
}

TEST(Prompt, IdsAreTheReferences) {
  std::size_t cases = 0;
  for (const auto& [name, base, tile] : {std::tuple{"a", 16, 9}, {"b", 25, 9}, {"c", 256, 144}}) {
    const auto golden_run = Json::parse(read_file(golden + name + ".json"));
    Config config;
    config.encoder.base_queries = base;
    config.encoder.tile_queries = tile;
    config.image_id = 374;
    for (const auto& one : golden_run["cases"]) {
      Ids expected;
      for (const auto& [id, times] :
           one["prompt_runs"].get<std::vector<std::pair<std::int32_t, std::size_t>>>())
        expected.insert(expected.end(), times, id);
      const auto tokens = image_tokens(config.encoder, one["tiles"]);
      EXPECT_EQ(tokens, one["image_tokens"]) << name << " " << one["case"];
      EXPECT_EQ(prompt_ids(tokenizer(), config, one["prompt"].get<std::string>(), tokens), expected)
          << one["case"];
      ++cases;
    }
  }
  EXPECT_EQ(cases, 14);
}

TEST(Prompt, Names) {
  EXPECT_EQ(prompt_text("grounding"), "<image>\n<|grounding|>Convert the document to markdown.");
  EXPECT_EQ(prompt_text("plain"), "<image>\nFree OCR.");
}

TEST(Prompt, TextOfOnesOwn) {
  EXPECT_EQ(prompt_text(" Parse the figure. \n"), "<image>\nParse the figure.");
  EXPECT_EQ(prompt_text("\t<image>\nFree OCR. "), "<image>\nFree OCR.");
  EXPECT_EQ(prompt_text("Before <image> after"), "Before <image> after");
  EXPECT_EQ(prompt_text(""), "<image>\n");
  EXPECT_THROW((void)prompt_text("<image> and <image>"), UsageError);
}

TEST(Prompt, TheImageStandsWhereItsMarkIs) {
  Config config;
  config.image_id = 7777;
  auto expected = Ids{0};
  for (const auto id : tokenizer().encode("Before ")) expected.push_back(id);
  expected.insert(expected.end(), 3, 7777);
  for (const auto id : tokenizer().encode(" after<td>")) expected.push_back(id);
  EXPECT_EQ(prompt_ids(tokenizer(), config, "Before <image> after<td>", 3), expected);
}

TEST(Prompt, UnknownSpecialTokensAreText) {
  const auto ids = prompt_ids(tokenizer(), {}, "<|no such|>", 1);
  EXPECT_EQ(tokenizer().decode(std::span{ids}.subspan(2)), "\n<|no such|>");
}

}  // namespace prompt_test
}  // namespace pecia::engine::deepseek
