#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_pages.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "scratch.hpp"

namespace pecia::corpus {
namespace cost_model_file_test {

using testing::HasSubstr;
using testing::StartsWith;

constexpr auto engine = "tesseract";

Document page_of(const std::string& path, float transitions) {
  return document(path, {measured(transitions, transitions / 20)});
}

TEST(CostModelFile, IsReadAsItWasWritten) {
  const Scratch scratch;
  CostModel model;
  for (int n = 0; n < 300; ++n)
    model.learn(engine, page_of(std::to_string(n), 300.0F * static_cast<float>(n)), 0, 0.01 * n);
  model.learn(engine, page_of("odd \n\xff name", 50'000), 0, 500);
  model.learn("replay", page_of("x", 1), 0, 1);
  model.refit(engine);
  save_cost_model(scratch.folder() / "m.json", model);
  const auto again = load_cost_model(scratch.folder() / "m.json");
  EXPECT_EQ(to_json(again), to_json(model));
  EXPECT_EQ(again.pages_learned(engine), 301u);
  EXPECT_EQ(again.quality(engine).worst.at(0).path, "odd \n\xff name");
  EXPECT_EQ(again.rates(engine), model.rates(engine));
  const auto page = page_of("y", 70'000).pages[0];
  EXPECT_EQ(again.estimate_s(engine, page), model.estimate_s(engine, page));
}

class CostModelRefusal : public testing::Test {
 protected:
  /// The message for the shipped model's file with `from` replaced by `to`.
  static std::string refusal(const std::string& from, const std::string& to) {
    auto text = to_json(CostModel{});
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    return refusal_of(text);
  }
  static std::string refusal_of(const std::string& text) {
    try {
      (void)read_cost_model(text, "m.json");
    } catch (const UsageError& error) {
      return error.what();
    }
    return "it was accepted";
  }
};

TEST_F(CostModelRefusal, NamesTheLineOfWhatIsNoJson) {
  EXPECT_THAT(refusal_of(""), StartsWith("m.json:1: this is not JSON"));
  EXPECT_THAT(refusal_of("{\n\"pecia_cost_model\": 1,\n\"engines\": {,}\n}\n"),
              StartsWith("m.json:3: this is not JSON"));
  EXPECT_THAT(refusal_of("{\n\n\"pecia_cost_model\": 1e999}"),
              StartsWith("m.json:3: this is not JSON"));
  const auto good = to_json(CostModel{});
  EXPECT_THAT(refusal_of(good.substr(0, good.size() / 2)), HasSubstr("this is not JSON"));
  EXPECT_THAT(refusal_of(std::string(100'000, '[')), StartsWith("m.json:1: "));
}

TEST_F(CostModelRefusal, NamesTheLineOfWhatIsMissingOrUnknown) {
  EXPECT_THAT(refusal_of("[]"), StartsWith("m.json:1: keys are expected here"));
  EXPECT_THAT(refusal_of("{}"), StartsWith("m.json:1: the key 'pecia_cost_model' is missing"));
  EXPECT_THAT(refusal("\"pecia_cost_model\": 1", "\"pecia_cost_model\": 2"),
              StartsWith("m.json:2: pecia_cost_model: this pecia reads version 1 only"));
  EXPECT_THAT(refusal("\"megapixels\"", "\"megapixel\""),
              testing::AllOf(StartsWith("m.json:"), HasSubstr("engines.deepseek_ocr2.rates_s"),
                             HasSubstr("Did you mean 'megapixels'?")));
  EXPECT_THAT(refusal("\"pages_learned\"", "\"pages_lernt\""),
              HasSubstr("the key 'pages_learned' is missing"));
}

TEST_F(CostModelRefusal, NamesTheLineOfARateThatIsNone) {
  const std::string file =
      "{\n\"pecia_cost_model\": 1,\n\"engines\": {\n\"tesseract\": {\n\"rates_s\": {\n";
  std::string rates;
  for (const auto name : cost_feature_names()) rates += fmt::format("\"{}\": RATE,\n", name);
  const auto with = [&](const std::string& rate) {
    auto text = rates;
    for (auto at = text.find("RATE"); at != std::string::npos; at = text.find("RATE"))
      text.replace(at, 4, at > text.find("megapixels") && at < text.find("kilotr") ? rate : "1");
    text.erase(text.rfind(','));
    return refusal_of(file + text + "},\n\"pages_learned\": 1}}}\n");
  };
  for (const auto* rate : {"-0.1", "1e6", "1e300", "-1e300"})
    EXPECT_THAT(with(rate), StartsWith("m.json:7: engines.tesseract.rates_s.megapixels: ")) << rate;
  for (const auto* rate : {"null", "\"1\"", "[1]", "true"})
    EXPECT_THAT(with(rate), HasSubstr("m.json:7: engines.tesseract.rates_s.megapixels: a number"))
        << rate;
  EXPECT_THAT(with("NaN"), StartsWith("m.json:7: this is not JSON"));
}

TEST_F(CostModelRefusal, IsForFilesThatAreNoModelsAtAll) {
  const Scratch scratch;
  EXPECT_THROW((void)load_cost_model(scratch.folder() / "none.json"), UsageError);
  EXPECT_THROW((void)load_cost_model(scratch.folder()), UsageError);
  replace_file(scratch.folder() / "large.json", std::string(2 << 20, ' '));
  EXPECT_THROW((void)load_cost_model(scratch.folder() / "large.json"), UsageError);
}

}  // namespace cost_model_file_test
}  // namespace pecia::corpus
