#include "tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"

namespace pecia::engine::deepseek {
namespace tokenizer_test {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Ids = std::vector<std::int32_t>;

const std::string golden = PECIA_TEST_DATA "/deepseek/golden/";

const Tokenizer& tokenizer() {
  static const auto loaded = Tokenizer::load(golden + "ckpt/a/tokenizer.json");
  return loaded;
}

const Json& cases() {
  static const auto read = Json::parse(read_file(golden + "tokenizer_cases.json"));
  return read;
}

Json file() {
  static const auto read = Json::parse(read_file(golden + "ckpt/a/tokenizer.json"));
  return read;
}

/// What is wrong with a file, as the message says it.
std::string refusal(const std::string& json) {
  try {
    (void)Tokenizer::parse(json, "some/tokenizer.json");
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'some/tokenizer.json'"));
    return error.what();
  }
  return "accepted";
}
std::string refusal(const Json& json) { return refusal(json.dump()); }

TEST(Tokenizer, EncodesAsTheReferenceDoes) {
  ASSERT_EQ(cases()["encode"].size(), 165);
  for (const auto& one : cases()["encode"])
    EXPECT_EQ(tokenizer().encode(one["text"].get<std::string>()), one["ids"].get<Ids>())
        << one["text"];
}

TEST(Tokenizer, DecodesAsTheReferenceDoes) {
  ASSERT_EQ(cases()["decode"].size(), 70);
  for (const auto& one : cases()["decode"])
    EXPECT_EQ(tokenizer().decode(one["ids"].get<Ids>()), one["text"].get<std::string>())
        << one["ids"];
}

TEST(Tokenizer, EveryEncodingDecodesToItsText) {
  for (const auto& one : cases()["encode"])
    EXPECT_EQ(tokenizer().decode(one["ids"].get<Ids>()), one["text"].get<std::string>())
        << one["ids"];
}

TEST(Tokenizer, TokenByToken) {
  for (const auto& one : cases()["decode"]) {
    Utf8Stream stream;
    std::string text;
    for (const auto& id : one["ids"])
      text += stream.push(tokenizer().bytes_of(id.get<std::int32_t>()));
    EXPECT_EQ(text + stream.finish(), one["text"].get<std::string>()) << one["ids"];
  }
}

TEST(Tokenizer, TokensByTheirText) {
  EXPECT_EQ(tokenizer().id_of("<image>"), 374);
  EXPECT_EQ(tokenizer().id_of("</td>"), 381);
  EXPECT_EQ(tokenizer().id_of("<no such token>"), std::nullopt);
  EXPECT_EQ(tokenizer().size(), 386);
  EXPECT_EQ(tokenizer().bytes_of(380), "<td>");
  EXPECT_EQ(tokenizer().bytes_of(201), "\n");
  for (const int none : {-1, 386, 391, 1 << 30}) EXPECT_EQ(tokenizer().bytes_of(none), "");
}

TEST(Tokenizer, UnknownSpecialTokensAreText) {
  const auto ids = tokenizer().encode("<|no such|>");
  EXPECT_GT(ids.size(), 4);
  EXPECT_EQ(tokenizer().decode(ids), "<|no such|>");
  for (const auto id : ids) EXPECT_LT(id, 355);  // none is an added token
}

TEST(Tokenizer, InvalidUtf8IsEncodedAsReplacementCharacters) {
  EXPECT_EQ(tokenizer().encode("a\xFF\xE6\x96z<image>\xC3"),
            tokenizer().encode("a\uFFFD\uFFFDz<image>\uFFFD"));
}

TEST(Tokenizer, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(8);
  for (std::size_t n = 0; n < wrong.size(); ++n) {
    threads.emplace_back([&, n] {
      for (const auto& one : cases()["encode"])
        wrong[n] += tokenizer().encode(one["text"].get<std::string>()) != one["ids"].get<Ids>();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(wrong, testing::Each(0));
}

/// Without merges: one token a byte, so that lengths tell nothing; pieces are seen by what merges
/// across them.
Tokenizer merging(const std::vector<std::array<std::string, 2>>& merges) {
  auto json = file();
  auto& model = json["model"];
  model["merges"] = merges;
  std::int32_t id = 500;
  for (const auto& [left, right] : merges) {
    if (!model["vocab"].contains(left + right)) model["vocab"][left + right] = id++;
  }
  return Tokenizer::parse(json.dump(), "made");
}

std::vector<std::string> tokens(const Tokenizer& made, const std::string& text) {
  std::vector<std::string> found;
  for (const auto id : made.encode(text)) found.emplace_back(made.bytes_of(id));
  return found;
}

TEST(PreTokenizer, NothingMergesAcrossPieces) {
  const auto made = merging({{"1", "2"},
                             {"12", "3"},
                             {"123", "4"},
                             {"Ġ", "1"},
                             {"a", "1"},
                             {"a", "b"},
                             {"Ġ", "ab"},
                             {"Ġ", "Ġ"},
                             {"!", "a"},
                             {"!", "!"},
                             {"!!", "Ċ"},
                             {"ĠĠ", "ab"},
                             {"Ċ", "ab"},
                             {".", "ab"}});
  EXPECT_THAT(tokens(made, "1234"), ElementsAre("123", "4"));  // three digits at most
  EXPECT_THAT(tokens(made, "a1"), ElementsAre("a", "1"));      // digits stand alone
  EXPECT_THAT(tokens(made, " 1"), ElementsAre(" ", "1"));      // and take no space
  EXPECT_THAT(tokens(made, " ab"), ElementsAre(" ab"));        // a word takes one
  EXPECT_THAT(tokens(made, "  ab"), ElementsAre(" ", " ab"));  // not two
  EXPECT_THAT(tokens(made, "!a"), ElementsAre("!a"));          // punctuation before ASCII letters
  EXPECT_THAT(tokens(made, "!!\n"),
              ElementsAre("!!\n"));  // line ends follow punctuation: same piece
  EXPECT_THAT(tokens(made, "\nab"), ElementsAre("\n", "ab"));  // a line end begins no word
  EXPECT_THAT(tokens(made, ".ab"), ElementsAre(".ab"));
  EXPECT_THAT(tokens(made, "   "), ElementsAre("  ", " "));
}

TEST(PreTokenizer, BlanksAreUnicodesWhiteSpace) {
  // U+180E, once a blank, is a format character: with other characters of no kind it is one piece.
  const auto made = merging({{"á", "ł"}, {"áł", "İ"}, {"áłİ", "Ĝ"}});
  EXPECT_THAT(tokens(made, "\u180E\x1C"), ElementsAre("\u180E\x1C"));
}

TEST(BytePairs, LeastRankFirstThenLeftmost) {
  EXPECT_THAT(tokens(merging({{"a", "a"}, {"aa", "a"}}), "aaaa"), ElementsAre("aa", "aa"));
  EXPECT_THAT(tokens(merging({{"a", "a"}, {"aa", "a"}}), "aaaaa"), ElementsAre("aa", "aaa"));
  EXPECT_THAT(tokens(merging({{"b", "c"}, {"a", "b"}}), "abc"), ElementsAre("a", "bc"));
  EXPECT_THAT(tokens(merging({{"a", "b"}, {"b", "c"}}), "abc"), ElementsAre("ab", "c"));
}

TEST(BytePairs, ALongWordTakesNoQuadraticTime) {
  const auto made = merging({{"a", "b"}, {"ab", "ab"}, {"abab", "abab"}, {"abababab", "abababab"}});
  std::string word;
  while (word.size() < 400'000) word += "ab";
  const auto before = std::clock();
  EXPECT_EQ(made.encode(word).size(), word.size() / 16);
  // Processor time, of which others take none: quadratic it would be minutes, and a sanitizer takes five seconds.
  EXPECT_LT(std::clock() - before, 40 * CLOCKS_PER_SEC);
}

TEST(TokenizerFile, MergesMayBeStrings) {
  auto json = file();
  for (auto& merge : json["model"]["merges"])
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  const auto made = Tokenizer::parse(json.dump(), "made");
  for (const auto& one : cases()["encode"])
    ASSERT_EQ(made.encode(one["text"].get<std::string>()), one["ids"].get<Ids>()) << one["text"];
}

TEST(TokenizerFile, MergesMayComeBeforeTheVocabulary) {
  auto json = file();
  const auto vocabulary = json["model"]["vocab"];
  json["model"].erase("vocab");
  json["model"]["vocab"] = vocabulary;
  EXPECT_EQ(Tokenizer::parse(json.dump(), "made").encode("the"), tokenizer().encode("the"));
}

TEST(TokenizerFile, TheLongestAddedTokenWins) {
  auto json = file();
  json["added_tokens"].push_back({{"id", 400}, {"content", "<image><image>"}});
  json["added_tokens"].push_back({{"id", 401}, {"content", "x<im"}});
  const auto made = Tokenizer::parse(json.dump(), "made");
  EXPECT_EQ(made.encode("<image><image><image>"), (Ids{400, 374}));
  EXPECT_EQ(made.encode("x<image>").front(), 401);  // the leftmost before the longest
}

TEST(TokenizerFile, DuplicatesAreRefused) {
  auto json = file();
  json["model"]["vocab"]["again"] = 5;
  EXPECT_THAT(refusal(json), AllOf(HasSubstr("id 5 "), HasSubstr("'again'")));
  json = file();
  json["added_tokens"].push_back({{"id", 374}, {"content", "<second>"}});
  EXPECT_THAT(refusal(json), AllOf(HasSubstr("id 374 "), HasSubstr("'<second>'")));
  json = file();
  json["added_tokens"].push_back({{"id", 400}, {"content", "<image>"}});
  EXPECT_THAT(refusal(json), AllOf(HasSubstr("'<image>'"), HasSubstr("twice")));
  json = file();
  json["added_tokens"].push_back(
      {{"id", 400}, {"content", "a"}});  // in the vocabulary, with another id
  EXPECT_THAT(refusal(json), AllOf(HasSubstr("'a'"), HasSubstr("400")));
  json = file();
  json["model"]["merges"].push_back(json["model"]["merges"][0]);
  EXPECT_THAT(refusal(json), AllOf(HasSubstr("merge 96"), HasSubstr("twice")));
  auto text = file().dump();
  const auto at = text.find("\"!\":");
  ASSERT_NE(at, std::string::npos);
  EXPECT_THAT(refusal(text.insert(at, "\"!\":450,")), AllOf(HasSubstr("'!'"), HasSubstr("450")));
}

TEST(TokenizerFile, WhatDoesNotFitTogetherIsRefused) {
  auto json = file();
  json["model"]["vocab"].erase("Ġ");
  EXPECT_THAT(refusal(json), AllOf(HasSubstr("'Ġ'"), HasSubstr("0x20")));
  json = file();
  json["model"]["merges"].push_back({"q", "zz"});
  EXPECT_THAT(refusal(json), AllOf(HasSubstr("merge 96"), HasSubstr("'zz'")));
  json = file();
  json["model"]["merges"].push_back({"q", "z"});  // both are there, 'qz' is not
  EXPECT_THAT(refusal(json), AllOf(HasSubstr("merge 96"), HasSubstr("'qz'")));
  for (const Json& bad : {Json::array({"q"}), Json::array({"q", "u", "x"}), Json("q"),
                          Json("q u x"), Json(7), Json::object()}) {
    json = file();
    json["model"]["merges"].push_back(bad);
    EXPECT_THAT(refusal(json), HasSubstr("merge 96")) << bad;
  }
}

TEST(TokenizerFile, IdsOutOfRangeAreRefused) {
  for (const auto* id :
       {"-1", "1048576", "99999999999999999999", "1e300", "7.5", "\"7\"", "null", "[]", "{}"}) {
    auto json = file();
    json["model"]["vocab"]["odd"] = Json::parse(id);
    EXPECT_THAT(refusal(json), HasSubstr("'odd'")) << id;
    json = file();
    json["added_tokens"].push_back({{"id", Json::parse(id)}, {"content", "<odd>"}});
    EXPECT_THAT(refusal(json), HasSubstr("'<odd>'")) << id;
  }
}

TEST(TokenizerFile, WhatIsNotImplementedIsRefused) {
  const auto with = [](const char* place, const Json& value) {
    auto json = file();
    json[Json::json_pointer(place)] = value;
    return refusal(json);
  };
  EXPECT_THAT(with("/model/type", "WordPiece"), HasSubstr("BPE"));
  EXPECT_THAT(with("/model/byte_fallback", true), HasSubstr("byte_fallback"));
  EXPECT_THAT(with("/model/ignore_merges", true), HasSubstr("ignore_merges"));
  EXPECT_THAT(with("/model/dropout", .1), HasSubstr("dropout"));
  EXPECT_THAT(with("/normalizer", {{"type", "NFC"}}), HasSubstr("normalizer"));
  EXPECT_THAT(with("/decoder", {{"type", "Metaspace"}}), HasSubstr("decoder"));
  EXPECT_THAT(with("/pre_tokenizer", {{"type", "Metaspace"}}), HasSubstr("pre_tokenizer"));
  EXPECT_THAT(with("/pre_tokenizer/pretokenizers/0/behavior", "Removed"), HasSubstr("step 0"));
  EXPECT_THAT(with("/pre_tokenizer/pretokenizers/1/invert", true), HasSubstr("step 1"));
  EXPECT_THAT(with("/pre_tokenizer/pretokenizers/2/pattern", {{"String", " "}}),
              HasSubstr("step 2"));
  EXPECT_THAT(with("/pre_tokenizer/pretokenizers/2/pattern/Regex", "(["),
              HasSubstr("expression 2"));
  EXPECT_THAT(with("/pre_tokenizer/pretokenizers/3/use_regex", true), HasSubstr("ByteLevel"));
  EXPECT_THAT(with("/added_tokens/3/lstrip", true),
              AllOf(HasSubstr("added token 3"), HasSubstr("lstrip")));
  EXPECT_THAT(with("/added_tokens/3/content", ""), HasSubstr("added token 3"));
}

TEST(TokenizerFile, WhatIsNoTokenizerIsRefused) {
  const auto whole = file().dump();
  for (std::size_t length = 0; length < whole.size(); length += 97)
    EXPECT_NE(refusal(whole.substr(0, length)), "accepted");
  EXPECT_THAT(refusal(std::string("{\"model\": \xFF}")), HasSubstr("at byte"));
  EXPECT_THAT(refusal(std::string(100'000, '[')), HasSubstr("deep"));
  for (const auto* json : {"null", "[]", "{}", "7", R"({"model": {"type": "BPE"}})"})
    EXPECT_NE(refusal(std::string(json)), "accepted");
  // Keys of the model where none are: what they hold is not taken for a vocabulary within another.
  for (const auto* json : {R"({"model":{"merges":[[[]]]},"b":1})", R"({"vocab":{"vocab":{}}})",
                           R"({"model":{"vocab":{"a":{"vocab":{}}}}})"})
    EXPECT_NE(refusal(std::string(json)), "accepted");
  EXPECT_THROW((void)Tokenizer::load("/no/such/tokenizer.json"), Error);
}

TEST(Utf8Stream, HoldsBackWhatMayBecomeACharacter) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
  EXPECT_EQ(stream.push("\x98"), "");
  EXPECT_EQ(stream.push("\x80z"), "\xF0\x9F\x98\x80z");
  EXPECT_EQ(stream.push("\xE6\x96"), "");
  EXPECT_EQ(stream.finish(), "\uFFFD");  // one for the whole beginning
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8Stream, WhatCannotBecomeACharacterIsReplacedAtOnce) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("\xC0\xAF"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(stream.push("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(stream.push("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(stream.push("\xE6\x96q"), "\uFFFDq");
  EXPECT_EQ(stream.push("\xF0\x9F\x98"), "");
  EXPECT_EQ(stream.push("q"), "\uFFFDq");
}

}  // namespace tokenizer_test
}  // namespace pecia::engine::deepseek
