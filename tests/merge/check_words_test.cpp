#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/merge/check.hpp"
#include "support/made_book.hpp"
#include "support/made_run.hpp"

namespace check_words_test {

using namespace pecia;
using merge::ChangeKind;
using merge::Finding;
using merge::FindingKind;
using merge::Severity;
using test::made_page;
using test::MadeBook;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Words that no other seed gives.
std::string prose(unsigned seed, std::size_t words) {
  static const std::vector<std::string> parts{"ba",  "cor", "del", "fen", "gra", "hol", "jun", "kir",
                                              "lam", "mor", "nes", "pel", "qua", "ros", "sal", "tun"};
  std::string text;
  auto state = seed * 2654435761U + 1;
  for (std::size_t n = 0; n < words; ++n) {
    if (n > 0) text += n % 11 == 10 ? '\n' : ' ';
    for (int part = 0; part < 3; ++part) {
      state = state * 1664525U + 1013904223U;
      text += parts[state >> 28U];
    }
  }
  return text;
}

/// As it comes from a second scan: a letter in every tenth word is misread.
std::string misread(std::string text) {
  std::size_t word = 0;
  for (std::size_t n = 1; n < text.size(); ++n) {
    if (text[n - 1] == ' ' && ++word % 10 == 0) text[n] = 'x';
  }
  return text;
}

std::vector<Finding> findings_of(std::vector<merge::Page> pages, merge::Kind kind = merge::Kind::text) {
  MadeBook made{std::move(pages)};
  made.book.kind = kind;
  merge::check(made.book, {});
  return made.book.findings;
}

TEST(DuplicatePages, AreFoundNearAndFarAlsoMisread) {
  const auto findings = findings_of({made_page(prose(1, 200)), made_page(misread(prose(1, 200))), made_page(prose(2, 200)),
                                     made_page(prose(3, 200)), made_page(prose(4, 200)), made_page(misread(prose(2, 200)))});

  ASSERT_THAT(findings, SizeIs(2));
  EXPECT_EQ(findings[0].kind, FindingKind::duplicate_page);
  EXPECT_EQ(findings[0].severity, Severity::warning);
  EXPECT_EQ(findings[0].page, 2U);
  EXPECT_FALSE(findings[0].repaired);
  EXPECT_THAT(findings[0].detail, HasSubstr("the text of page 1 again"));
  EXPECT_EQ(findings[1].page, 6U);
  EXPECT_THAT(findings[1].detail, HasSubstr("page 3"));
}

TEST(DuplicatePages, AreNotFormsWithOtherEntries) {
  std::vector<merge::Page> two;
  for (const unsigned entry : {7U, 8U}) {
    two.push_back(made_page(prose(1, 80) + ' ' + prose(entry, 3) + " 18" + std::to_string(10 + entry) + ' ' + prose(2, 40) + " " +
                            std::to_string(300 + entry) + ' ' + prose(entry + 50, 4)));
  }
  std::vector<merge::Page> many(12, made_page(prose(1, 120)));

  EXPECT_THAT(findings_of(std::move(two)), IsEmpty());
  EXPECT_THAT(findings_of(std::move(many)), IsEmpty()) << "the same print on many pages is a form";
}

TEST(DuplicatePages, AreNotShortBlankOrAlikeInPart) {
  const auto blank = [] {
    merge::Page page;
    page.outcome = test::blank_outcome();
    return page;
  };
  EXPECT_THAT(findings_of({made_page(prose(1, 20)), made_page(prose(1, 20)), blank(), blank()}), IsEmpty());
  EXPECT_THAT(findings_of({made_page(prose(1, 60) + ' ' + prose(2, 140)), made_page(prose(1, 60) + ' ' + prose(3, 140))}), IsEmpty());
  const auto headed = [](unsigned n) { return made_page({{prose(99, 60), "header"}, {prose(n, 60)}}); };
  for (const auto& finding : findings_of({headed(1), headed(2)}))
    EXPECT_NE(finding.kind, FindingKind::duplicate_page) << "running heads do not count";
}

TEST(DuplicatePages, HaveNoOtherPrintedNumber) {
  MadeBook made{{made_page(prose(1, 200)), made_page(prose(1, 200))}};
  made.book.pages[0].printed_number = "11";
  made.book.pages[1].printed_number = "12";

  merge::check(made.book, {});

  for (const auto& finding : made.book.findings) EXPECT_NE(finding.kind, FindingKind::duplicate_page);
}

std::vector<merge::Page> repeating_model() {
  const result::Box place{100, 100, 900, 300};
  return {made_page({{prose(1, 30), "text", place}, {prose(2, 30), "text", {100, 400, 900, 600}}, {prose(1, 30), "text", place}}, true)};
}

TEST(DuplicateBlocks, OfAModelAreRemoved) {
  MadeBook made{repeating_model()};

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_EQ(made.book.findings[0].kind, FindingKind::duplicate_block);
  EXPECT_TRUE(made.book.findings[0].repaired);
  ASSERT_THAT(made.book.changes, SizeIs(1));
  EXPECT_EQ(made.book.changes[0].kind, ChangeKind::removed_duplicate);
  EXPECT_EQ(merge::text_of(made.book.pages[0], made.book.changes[0].text), prose(1, 30));
  EXPECT_THAT(made.book.units, SizeIs(2));
  EXPECT_EQ(made.book.balance.unexplained, 0U);
  EXPECT_GT(made.book.balance.removed, 0U);
}

TEST(DuplicateBlocks, AreReportedAloneWithoutRepair) {
  MadeBook made{repeating_model()};
  merge::MergeSettings settings;
  settings.repair = false;

  merge::check(made.book, settings);

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_FALSE(made.book.findings[0].repaired);
  EXPECT_THAT(made.book.changes, IsEmpty());
  EXPECT_THAT(made.book.units, SizeIs(3));
}

TEST(DuplicateBlocks, StayWhereTheyDifferOrArePartOfMore) {
  const result::Box place{100, 100, 900, 300};
  MadeBook differ{{made_page({{prose(1, 30), "text", place}, {prose(1, 30) + '.', "text", place}}, true)}};
  MadeBook longer{repeating_model()};
  longer.book.units[1].pieces.push_back(longer.book.units[2].pieces[0]);
  longer.book.units.pop_back();

  merge::check(differ.book, {});
  merge::check(longer.book, {});

  for (const auto* made : {&differ, &longer}) {
    ASSERT_THAT(made->book.findings, SizeIs(1));
    EXPECT_FALSE(made->book.findings[0].repaired);
    EXPECT_THAT(made->book.changes, IsEmpty());
  }
}

TEST(DuplicateBlocks, WithoutPlacesMayBeRefrains) {
  const auto refrain = [](std::vector<unsigned> stanzas) {
    std::vector<test::MadeBlock> blocks;
    for (const auto stanza : stanzas) blocks.push_back({prose(stanza, 30), "text"});
    MadeBook made{{made_page(blocks, true)}};
    merge::check(made.book, {});
    return made.book;
  };

  const auto song = refrain({1, 9, 2, 9}), echo = refrain({1, 9, 9}), loop = refrain({1, 9, 9, 9, 9});

  for (const auto* book : {&song, &echo}) {
    ASSERT_THAT(book->findings, SizeIs(1));
    EXPECT_FALSE(book->findings[0].repaired);
    EXPECT_THAT(book->changes, IsEmpty());
  }
  EXPECT_THAT(loop.changes, SizeIs(3)) << "a model that goes round and round";
  EXPECT_EQ(loop.balance.unexplained, 0U);
}

TEST(DuplicateBlocks, ThatArePrintedTwiceStay) {
  const std::vector<test::MadeBlock> blocks{{prose(1, 30), "text", {100, 100, 900, 300}}, {prose(1, 30), "text", {100, 1000, 900, 1200}}};
  MadeBook made{{made_page(blocks, true)}};

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_EQ(made.book.findings[0].severity, Severity::note);
  EXPECT_THAT(made.book.changes, IsEmpty());
  EXPECT_THAT(made.book.units, SizeIs(2));
  EXPECT_THAT(findings_of({made_page(blocks, true)}, merge::Kind::forms), IsEmpty());
}

TEST(DuplicateBlocks, OfNeighbouringPagesAreReported) {
  const auto page = [](unsigned n) { return made_page({{prose(n, 60)}, {prose(77, 40)}}); };

  const auto findings = findings_of({page(1), page(2), made_page(prose(3, 60))});
  const auto apart = findings_of({page(1), made_page(prose(3, 60)), page(2)});
  const auto often = findings_of({page(1), page(2), page(3), page(4)});
  const auto brief = findings_of({made_page({{prose(1, 60)}, {prose(77, 10)}}), made_page({{prose(2, 60)}, {prose(77, 10)}})});

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::duplicate_block);
  EXPECT_EQ(findings[0].page, 2U);
  EXPECT_THAT(apart, IsEmpty());
  EXPECT_THAT(often, IsEmpty()) << "printed on every page";
  EXPECT_THAT(brief, IsEmpty());
}

const std::string english =
    "It was in the spring of that year, and the people of the town had been told by the justices that they were to pay for the mending of "
    "the "
    "road which is at the end of it. Some of them would not, and it was the talk of the place for as long as the summer lasted. ";
const std::string german =
    "Es war im Frühjahr des Jahres, und die Leute in der Stadt hatten von den Richtern gehört, daß sie für die Straße zu zahlen haben, die "
    "an dem "
    "Ende der Stadt ist. Einige von ihnen wollten es nicht, und so war es das Gespräch des Ortes, bis der Sommer zu Ende ging. ";
const std::string french =
    "C'était au printemps de cette année, et les gens de la ville avaient appris par les juges qu'il leur faudrait payer pour la route qui "
    "est au "
    "bout de la ville. Il y en a qui ne le voulaient pas, et ce fut dans tout le pays le sujet de tous les discours pour un été. ";
const std::string latin =
    "Anno eodem vere cives ab iudicibus audierunt se viam quae est ad finem oppidi reficere debere, et non omnes id facere voluerunt; sed "
    "cum aestas "
    "esset in eo loco per multos dies hoc unum est quod homines inter se dixerunt, et qui ex eis ad iudices venit non est auditus, ut ab "
    "aliis. ";
const std::string greek =
    "Ἐν ἀρχῇ ἦν ὁ λόγος, καὶ ὁ λόγος ἦν πρὸς τὸν θεόν, καὶ θεὸς ἦν ὁ λόγος. οὗτος ἦν ἐν ἀρχῇ πρὸς τὸν θεόν. πάντα δι’ αὐτοῦ ἐγένετο. ";

merge::Page page_in(const std::string& text, int n, const std::string& languages = {}) {
  auto page = made_page(text + text + prose(static_cast<unsigned>(n), 10));
  page.outcome.languages = languages;
  return page;
}

std::vector<Finding> languages_of(const std::vector<std::string>& texts, const std::string& models = {}) {
  std::vector<merge::Page> pages;
  for (std::size_t n = 0; n < texts.size(); ++n) pages.push_back(page_in(texts[n], static_cast<int>(n), models));
  auto findings = findings_of(std::move(pages));
  std::erase_if(findings, [](const Finding& finding) { return finding.kind != FindingKind::language_change; });
  return findings;
}

TEST(Languages, OfOnePageAmongOthersAreNoted) {
  for (const auto& [text, name] : {std::pair{german, "German"}, {french, "French"}, {latin, "Latin"}, {greek, "Greek"}}) {
    const auto findings = languages_of({english, english, text, english, english});

    ASSERT_THAT(findings, SizeIs(1)) << name;
    EXPECT_EQ(findings[0].severity, Severity::note);
    EXPECT_EQ(findings[0].page, 3U);
    EXPECT_EQ(findings[0].detail, std::string{"in "} + name + ", between pages in English");
  }
}

TEST(Languages, MayChangeForGoodOrAgainAndAgain) {
  EXPECT_THAT(languages_of({english, english, english, german, german, german}), IsEmpty());
  EXPECT_THAT(languages_of({english, german, english, german, english, german, english, german}), IsEmpty());
  EXPECT_THAT(languages_of({english, prose(1, 100), english}), IsEmpty()) << "not clear";
}

TEST(Languages, ShouldBeThoseOfTheModels) {
  const auto one = languages_of({english, english, english, german}, "eng");
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_EQ(one[0].severity, Severity::warning);
  EXPECT_EQ(one[0].page, 4U);
  EXPECT_THAT(one[0].detail, HasSubstr("in German, but read with the models for eng"));

  const auto all = languages_of({german, german, german, german}, "eng");
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].page, 0U);
  EXPECT_THAT(all[0].detail, HasSubstr("4 of 4 pages"));

  EXPECT_THAT(languages_of({german, german, german}, "eng+deu_latf"), IsEmpty());
  EXPECT_THAT(languages_of({german, german, german}, "frk"), IsEmpty());
  EXPECT_THAT(languages_of({german, german, german}, "script/Latin"), IsEmpty()) << "a model of which nothing is known";
  EXPECT_THAT(languages_of({german, german, german}, ""), IsEmpty());
}

}  // namespace check_words_test
