#include <gtest/gtest.h>

#include <algorithm>

#include "engine/engine_contract.hpp"
#include "sample_protocol.hpp"
#include "tesseract/common_words.hpp"
#include "tesseract/language_reading.hpp"
#include "tesseract/scripts.hpp"

namespace pecia {
namespace language_test {

using engine::LanguageSample;
using engine::LanguageScore;
using Languages = std::vector<std::string>;

LanguageSample sample(std::vector<LanguageScore> scores) {
  return {"Latin", std::move(scores), "eng"};
}

TEST(LanguageChoice, IsTheLanguageThatReadsTheSamplesBest) {
  const std::vector samples{
      sample({{"eng", 0.9F, 0.4F, 0.05F, 300}, {"fra", 0.88F, 0.8F, 0.3F, 300}}),
      sample({{"eng", 0.9F, 0.5F, 0.02F, 300}, {"fra", 0.9F, 0.8F, 0.2F, 300}})};
  const auto choice = engine::choose_languages(samples);
  EXPECT_EQ(choice.languages, (Languages{"fra"}));
  EXPECT_EQ(choice.evidence.find("fra of eng 0."), 0U) << choice.evidence;
}

TEST(LanguageChoice, HasASecondLanguageOnlyOfADocumentInTwo) {
  const auto english = sample({{"eng", 0.9F, 0.9F, 0.3F, 400}, {"fra", 0.85F, 0.3F, 0.02F, 400}});
  const auto french = sample({{"eng", 0.8F, 0.3F, 0.03F, 300}, {"fra", 0.85F, 0.8F, 0.3F, 300}});
  const auto unclear = sample({{"eng", 0.6F, 0.4F, 0.1F, 100}, {"fra", 0.62F, 0.42F, 0.1F, 100}});
  EXPECT_EQ(engine::choose_languages(std::vector{english, english, french}).languages,
            (Languages{"eng", "fra"}));
  EXPECT_EQ(engine::choose_languages(std::vector{english, english, unclear}).languages,
            (Languages{"eng"}));
}

TEST(LanguageChoice, IsNoneWhereNothingIsRead) {
  EXPECT_TRUE(engine::choose_languages({}).languages.empty());
  EXPECT_TRUE(engine::choose_languages(std::vector{sample({})}).languages.empty());
  EXPECT_TRUE(
      engine::choose_languages(std::vector{sample({{"eng", 0.3F, 0, 0, 300}})}).languages.empty());
  EXPECT_TRUE(
      engine::choose_languages(std::vector{sample({{"eng", 0.9F, 1, 0.3F, 5}})}).languages.empty())
      << "one word says nothing";
}

TEST(Scripts, OfLanguagesAndPages) {
  EXPECT_EQ(engine::script_of("deu"), "Latin");
  EXPECT_EQ(engine::script_of("frk"), "Fraktur");
  EXPECT_EQ(engine::script_of("script/Fraktur"), "Fraktur");
  EXPECT_EQ(engine::script_of("jpn"), engine::script_of_page("Katakana"));
  EXPECT_EQ(engine::script_of("chi_tra"), engine::script_of_page("HanS"));
  EXPECT_EQ(engine::script_of("rus"), "Cyrillic");
}

TEST(CommonWords, AreKnownInAnySpelling) {
  EXPECT_TRUE(engine::is_common_word("deu", "daß,"));
  EXPECT_TRUE(engine::is_common_word("fra", "\u017Fur")) << "long s";
  EXPECT_TRUE(engine::is_common_word("eng", "(The"));
  EXPECT_FALSE(engine::is_common_word("eng", "der"));
  EXPECT_FALSE(engine::is_common_word("eng", "th"));
  EXPECT_FALSE(engine::has_common_words("jpn"));
}

TEST(SampleProtocol, CarriesSamplesAndRefusesTheRest) {
  const auto page = test::text_page();
  const auto asked = engine::protocol::decode_sample(
      engine::protocol::encode(engine::protocol::Sample{{"deu", "fra"}, page}));
  EXPECT_EQ(asked.candidates, (Languages{"deu", "fra"}));
  EXPECT_EQ(asked.image.width_px, page.width_px);
  auto answer = sample({{"eng", 0.5F, 0.25F, 0.125F, 7}});
  const auto came = engine::protocol::decode_language_sample(engine::protocol::encode(answer));
  EXPECT_EQ(came.script, "Latin");
  EXPECT_EQ(came.usual, "eng");
  EXPECT_EQ(came.scores.at(0).letters, 7U);
  answer.scores[0].known = 2;
  EXPECT_THROW((void)engine::protocol::decode_language_sample(engine::protocol::encode(answer)),
               Error);
  auto bytes = engine::protocol::encode(sample({{"eng", 0.5F, 0.25F, 0.125F, 7}}));
  bytes.pop_back();
  EXPECT_THROW((void)engine::protocol::decode_language_sample(bytes), Error);
  EXPECT_THROW((void)engine::protocol::decode_sample(bytes), Error);
}

// ---- with Tesseract's own models

page::Image bilevel(const std::string& name) {
  const engine::PixPointer pix{pixRead((std::string{PECIA_TEST_DATA} + "/engine/" + name).c_str())};
  EXPECT_NE(pix, nullptr) << name;
  auto made = page::make_image(pixGetWidth(pix.get()), pixGetHeight(pix.get()),
                               page::PixelFormat::gray8, 300);
  for (int y = 0; y < made.image.height_px; ++y) {
    for (int x = 0; x < made.image.width_px; ++x) {
      l_uint32 ink = 0;
      pixGetPixel(pix.get(), x, y, &ink);
      made.pixels[static_cast<std::size_t>(y) * made.image.stride_bytes +
                  static_cast<std::size_t>(x)] = static_cast<std::byte>(ink ? 0 : 255);
    }
  }
  return made.image;
}

class InstalledLanguages : public ::testing::Test {
 protected:
  engine::TesseractEngine tesseract{{}};
  Languages installed = tesseract.installed_languages();
  engine::LanguageReading reading{tesseract.models_folder(), installed};

  [[nodiscard]] bool has(const char* language) const {
    return std::ranges::find(installed, language) != installed.end();
  }
  [[nodiscard]] Languages chosen(const page::Image& page, const Languages& candidates = {}) {
    const auto seen = reading.look(page, candidates);
    return engine::choose_languages({&seen, 1}).languages;
  }
};

TEST_F(InstalledLanguages, EnglishFrenchAndFrakturAreToldApart) {
  if (!has("fra") || !has("frk") || !has("osd"))
    GTEST_SKIP() << "fra, frk and osd are not installed";
  EXPECT_EQ(chosen(test::text_page()), (Languages{"eng"}));
  EXPECT_EQ(chosen(bilevel("french.tif")), (Languages{"fra"}));
  EXPECT_EQ(chosen(bilevel("fraktur.tif")), (Languages{"frk"}));
  EXPECT_EQ(chosen(test::text_page()), (Languages{"eng"})) << "whatever was looked at before";
}

TEST_F(InstalledLanguages, AreChosenAmongThoseThatAreNamed) {
  if (!has("fra")) GTEST_SKIP() << "fra is not installed";
  const auto french = bilevel("french.tif");
  const auto seen = reading.look(french, {"fra", "eng"});
  ASSERT_EQ(seen.scores.size(), 2U);
  EXPECT_EQ(engine::choose_languages({&seen, 1}).languages, (Languages{"fra"}));
  EXPECT_EQ(reading.look(french, {"eng"}).usual, "eng");
  EXPECT_EQ(seen.usual, "eng");
}

TEST_F(InstalledLanguages, SayNothingOfAnEmptyPage) {
  const auto seen = reading.look(test::plain_page(1200, 900, 250), {});
  EXPECT_TRUE(seen.scores.empty());
  EXPECT_FALSE(seen.usual.empty());
}

}  // namespace language_test
}  // namespace pecia
