#include "pecia/corpus/outline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <ostream>

namespace pecia::corpus {
namespace outline_test {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t pages = 9;

Outline book() {
  Outline outline;
  outline.entries = {{1, 1, "Vorwort"}, {3, 2, "Über „alles“"}, {9, 1, "Ende"}};
  outline.labels = {{1, LabelStyle::lower_roman, "", 1}, {5, LabelStyle::decimal, "A-", 7}};
  return outline;
}

Bytes encoded(const Outline& outline) {
  ByteWriter out;
  encode(out, outline);
  return std::move(out).bytes();
}

Outline decoded(const Bytes& bytes) {
  ByteReader in{bytes};
  auto outline = decode_outline(in, pages);
  in.expect_end();
  return outline;
}

std::vector<std::string> labels_of(std::vector<LabelRange> ranges) {
  return page_labels({{}, std::move(ranges)}, pages);
}

TEST(PageLabels, CountOnInEveryStyleFromEachRange) {
  EXPECT_THAT(labels_of({{1, LabelStyle::lower_roman, "", 1},
                         {4, LabelStyle::decimal, "", 1},
                         {6, LabelStyle::upper_letters, "App. ", 26}}),
              ElementsAre("i", "ii", "iii", "1", "2", "App. Z", "App. AA", "App. BB", "App. CC"));
  EXPECT_THAT(labels_of({{1, LabelStyle::upper_roman, "", 1987},
                         {2, LabelStyle::lower_letters, "", 3},
                         {3, LabelStyle::none, "Tafel", 5},
                         {4, LabelStyle::lower_roman, "", 3999}}),
              ElementsAre("MCMLXXXVII", "c", "Tafel", "mmmcmxcix", "mmmm", "mmmmi", "mmmmii",
                          "mmmmiii", "mmmmiv"));
}

TEST(PageLabels, BeforeTheFirstRangeAreNotKnown) {
  EXPECT_THAT(labels_of({{8, LabelStyle::decimal, "", 1}}),
              ElementsAre("", "", "", "", "", "", "", "1", "2"));
  EXPECT_THAT(labels_of({}), IsEmpty());
}

TEST(PageLabels, ThatNobodyWouldPrintAreNotKnown) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  EXPECT_THAT(labels_of({{1, LabelStyle::upper_roman, "", most}}), Each(""));
  EXPECT_THAT(labels_of({{1, LabelStyle::lower_letters, "p", most}}), Each(""));
  EXPECT_THAT(labels_of({{1, LabelStyle::lower_letters, "p", 0}}).front(), "");
  EXPECT_EQ(labels_of({{1, LabelStyle::decimal, "", most}}).back(), "4294967303");
}

TEST(PageLabels, AreWorthNothingWhereTheyAreTheNumbersOfThePages) {
  EXPECT_TRUE(are_page_numbers({}));
  EXPECT_TRUE(are_page_numbers({{1, LabelStyle::decimal, "", 1}}));
  EXPECT_TRUE(are_page_numbers({{1, LabelStyle::decimal, "", 1}, {7, LabelStyle::decimal, "", 7}}));
  EXPECT_TRUE(are_page_numbers({{1, LabelStyle::none, "", 1}, {7, LabelStyle::decimal, "", 7}}));
  EXPECT_FALSE(are_page_numbers({{1, LabelStyle::decimal, "", 2}}));
  EXPECT_FALSE(are_page_numbers({{1, LabelStyle::decimal, "p. ", 1}}));
  EXPECT_FALSE(are_page_numbers({{1, LabelStyle::lower_roman, "", 1}}));
  EXPECT_FALSE(
      are_page_numbers({{1, LabelStyle::decimal, "", 1}, {7, LabelStyle::decimal, "", 1}}));
  EXPECT_FALSE(
      are_page_numbers({{1, LabelStyle::none, "Cover", 1}, {2, LabelStyle::decimal, "", 2}}));
}

TEST(PageLabels, HaveTheirNamesInThePdf) {
  for (const auto* style : {"", "D", "R", "r", "A", "a"})
    EXPECT_EQ(name(parse_label_style(style).value()), style);
  EXPECT_EQ(parse_label_style("d"), std::nullopt);
}

TEST(OutlineTitle, IsOneLineOfUtf8WithoutControls) {
  EXPECT_EQ(clean_title(" 1\tThe\r\n  \x1B"
                        "end\x7F of\xC2\x85it\xE2\x80\xA9"),
            "1 The end of it");
  EXPECT_EQ(clean_title("Größe \xE2\x80\x94 \xF0\x9D\x84\x9E"),
            "Größe \xE2\x80\x94 \xF0\x9D\x84\x9E");
  EXPECT_EQ(clean_title("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(clean_title(std::string("\0\0", 2)), "");
  EXPECT_EQ(clean_prefix("p.\n "), "p.  ");
  EXPECT_LE(clean_prefix(std::string(1000, 'x')).size(), most_prefix_bytes);
}

TEST(OutlineTitle, IsCutBetweenTwoCharacters) {
  std::string title;
  while (title.size() < 2000) title += "ß";
  const auto cut = clean_title(title);
  EXPECT_LE(cut.size(), most_title_bytes);
  EXPECT_GT(cut.size(), most_title_bytes - 10);
  EXPECT_TRUE(is_outline({{{1, 1, cut}}, {}}, 1));
}

TEST(Outline, TravelsBetweenProcessesWhole) {
  const auto got = decoded(encoded(book()));
  ASSERT_THAT(got.entries, SizeIs(3));
  EXPECT_EQ(got.entries[1].page, 3U);
  EXPECT_EQ(got.entries[1].level, 2);
  EXPECT_EQ(got.entries[1].title, "Über „alles“");
  ASSERT_THAT(got.labels, SizeIs(2));
  EXPECT_EQ(got.labels[1].first_page, 5U);
  EXPECT_EQ(got.labels[1].style, LabelStyle::decimal);
  EXPECT_EQ(got.labels[1].prefix, "A-");
  EXPECT_EQ(got.labels[1].start, 7U);
}

TEST(Outline, CutOffAnywhereOnTheWayIsAnError) {
  const auto bytes = encoded(book());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in{std::span{bytes}.first(size)};
    EXPECT_THROW((void)decode_outline(in, pages), Error) << size;
  }
}

struct Wrong {
  const char* name;
  std::function<void(Outline&)> change;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class WrongOutline : public testing::TestWithParam<Wrong> {};

TEST_P(WrongOutline, IsRefused) {
  auto outline = book();
  ASSERT_TRUE(is_outline(outline, pages));
  GetParam().change(outline);
  EXPECT_FALSE(is_outline(outline, pages));
  EXPECT_THROW((void)decoded(encoded(outline)), Error);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongOutline,
    testing::Values(
        Wrong{"page_0", [](Outline& o) { o.entries[0].page = 0; }},
        Wrong{"page_behind_the_last", [](Outline& o) { o.entries[2].page = 10; }},
        Wrong{"level_0", [](Outline& o) { o.entries[0].level = 0; }},
        Wrong{"level_too_deep", [](Outline& o) { o.entries[0].level = 33; }},
        Wrong{"no_title", [](Outline& o) { o.entries[0].title.clear(); }},
        Wrong{"endless_title", [](Outline& o) { o.entries[0].title.assign(501, 'x'); }},
        Wrong{"two_lines", [](Outline& o) { o.entries[0].title = "one\ntwo"; }},
        Wrong{"next_line", [](Outline& o) { o.entries[0].title = "one\xC2\x85two"; }},
        Wrong{"no_text", [](Outline& o) { o.entries[0].title = "\xFF"; }},
        Wrong{"endless_entries",
              [](Outline& o) {
                o.entries.assign(10'001, {1, 1, "x"});
              }},
        Wrong{"labels_of_page_0", [](Outline& o) { o.labels[0].first_page = 0; }},
        Wrong{"labels_of_a_page_twice", [](Outline& o) { o.labels[1].first_page = 1; }},
        Wrong{"labels_behind_the_last_page", [](Outline& o) { o.labels[1].first_page = 10; }},
        Wrong{"unknown_style", [](Outline& o) { o.labels[0].style = static_cast<LabelStyle>(6); }},
        Wrong{"endless_prefix", [](Outline& o) { o.labels[0].prefix.assign(101, 'x'); }},
        Wrong{"prefix_of_two_lines", [](Outline& o) { o.labels[0].prefix = "\r"; }}),
    [](const auto& wrong) { return std::string{wrong.param.name}; });

TEST(Outline, ThatClaimsFourBillionEntriesIsRefusedBeforeRoomIsMade) {
  for (const std::size_t count_at : {0U, 4U}) {
    auto bytes = encoded({});
    for (std::size_t n = count_at; n < count_at + 4; ++n) bytes[n] = std::byte{0xFF};
    EXPECT_THROW((void)decoded(bytes), Error) << count_at;
  }
}

}  // namespace outline_test
}  // namespace pecia::corpus
