#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "merge/drawn.hpp"
#include "support/temp_folder.hpp"

namespace hyphens_test {

using namespace pecia;
using merge::ChangeKind;
using test::Drawn;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// No dictionary of the machine plays a part.
merge::MergeSettings without_dictionaries() {
  merge::MergeSettings settings;
  settings.dictionaries = {"/nonexistent"};
  return settings;
}

std::string first_paragraph(const std::string& lines, const std::string& language = "eng",
                            const merge::MergeSettings& settings = without_dictionaries()) {
  const Drawn drawn{"page\n" + lines, settings, {}, language};
  EXPECT_EQ(drawn.book().balance.unexplained, 0u) << lines;
  return drawn.texts().at(0);
}

TEST(Hyphens, FallOutWhereTheDocumentHasTheWholeWord) {
  const Drawn drawn{"page\nP  The whole country was under water and they were un-\n-  der the hill.\n", without_dictionaries()};

  EXPECT_THAT(drawn.texts(), ElementsAre("The whole country was under water and they were under the hill."));
  EXPECT_THAT(drawn.removed(ChangeKind::joined_hyphen), ElementsAre("-"));
  EXPECT_THAT(drawn.evidence(ChangeKind::joined_hyphen), ElementsAre("dropped: the document has 'under' once"));
}

TEST(Hyphens, StayWhereTheDocumentWritesTheWordWithOne) {
  const Drawn drawn{"page\nP  It was a well-known fact that this was a well-\n=  known fact.\n", without_dictionaries()};

  EXPECT_THAT(drawn.texts(), ElementsAre("It was a well-known fact that this was a well-known fact."));
  EXPECT_THAT(drawn.evidence(ChangeKind::joined_hyphen), ElementsAre("kept: the document has 'well-known' once"));
  EXPECT_EQ(drawn.book().balance.removed, 0u);
}

TEST(Hyphens, StayInWordsOfSeveralWords) {
  EXPECT_EQ(first_paragraph("P  He went to see what to do, for he was well-to-\n=  do himself.\n"),
            "He went to see what to do, for he was well-to-do himself.");
  EXPECT_EQ(first_paragraph("P  The mother was in the house of her mother-\n=  in-law.\n"),
            "The mother was in the house of her mother-in-law.");
  EXPECT_EQ(first_paragraph("P  It was a time of small self-confi-\n-  dence.\n"), "It was a time of small self-confidence.");
}

TEST(Hyphens, StayBeforeACapital) {
  EXPECT_EQ(first_paragraph("P  They had all heard the name of Jean-\n=  Pierre before.\n"),
            "They had all heard the name of Jean-Pierre before.");
}

TEST(Hyphens, FallOutOfWordsInCapitals) {
  EXPECT_EQ(first_paragraph("P  THIS IS ABOUT THE GREAT CONSTI-\n-  TUTION OF THE STATE\n"),
            "THIS IS ABOUT THE GREAT CONSTITUTION OF THE STATE");
}

TEST(Hyphens, StayBehindANumber) {
  EXPECT_EQ(first_paragraph("P  This is about the old machines of 64-\n=  bit words.\n"),
            "This is about the old machines of 64-bit words.");
  EXPECT_EQ(first_paragraph("P  This is about the old war of 1914-\n.  1918 in France.\n"),
            "This is about the old war of 1914- 1918 in France.");
}

TEST(Hyphens, StandForTheSecondPartInGerman) {
  EXPECT_EQ(first_paragraph("P  Der Amtmann ordnete alle Kirchen-\n.  und Schulsachen an.\n", "deu"),
            "Der Amtmann ordnete alle Kirchen- und Schulsachen an.");
  EXPECT_EQ(first_paragraph("P  Er war in der Stadt ein sehr ge-\n-  sunder Mann.\n", "deu"),
            "Er war in der Stadt ein sehr gesunder Mann.");
}

TEST(Hyphens, TieFrenchPronounsToTheirVerbs) {
  EXPECT_EQ(first_paragraph("P  Je ne suis pas venu pour cela, dit-\n=  il en partant.\n", "fra"),
            "Je ne suis pas venu pour cela, dit-il en partant.");
  EXPECT_EQ(first_paragraph("P  Le mur de la maison avait une cou-\n-  leur bien triste.\n", "fra"),
            "Le mur de la maison avait une couleur bien triste.");
}

TEST(Hyphens, AreOtherSignsToo) {
  EXPECT_EQ(first_paragraph("P  la bonté de voſtre naturel me fait fa¬\n-  cilement iuger\n", "fra"),
            "la bonté de voſtre naturel me fait facilement iuger");
  EXPECT_EQ(first_paragraph("P  Es iſt nicht ohne Bedenken geſche⸗\n-  hen, daß ich\n", "frk"),
            "Es iſt nicht ohne Bedenken geſchehen, daß ich");
  EXPECT_EQ(first_paragraph("P  Es iſt nicht ohne Bedenken geſche=\n-  hen, daß ich\n", "frk"),
            "Es iſt nicht ohne Bedenken geſchehen, daß ich");
  EXPECT_EQ(first_paragraph("P  It is not without doubt that this hap\u00AD\n-  pened to us\n"),
            "It is not without doubt that this happened to us");
}

TEST(Hyphens, AreNoEqualsSignsOfFormulas) {
  EXPECT_EQ(first_paragraph("P  We know that the value of x=\n.  is not known to us.\n"),
            "We know that the value of x= is not known to us.");
}

TEST(Hyphens, AreNoDashesBetweenBlanks) {
  EXPECT_EQ(first_paragraph("P  He came back from the old town -\n.  but nobody saw him.\n"),
            "He came back from the old town - but nobody saw him.");
}

TEST(Hyphens, StayWhereTheyAreSwitchedOff) {
  auto settings = without_dictionaries();
  settings.join_hyphens = false;

  const Drawn drawn{"page\nP  The country was under water and they were un-\n-  der the hill and went fur-\npage\n-  ther than that.\n",
                    settings};

  EXPECT_THAT(drawn.texts(), ElementsAre("The country was under water and they were un- der the hill and went fur- ther than that."));
  EXPECT_THAT(drawn.evidence(ChangeKind::joined_hyphen), IsEmpty());
  EXPECT_EQ(drawn.book().balance.removed, 0u);
}

TEST(Hyphens, LeaveBrokenCharactersAlone) {
  EXPECT_EQ(first_paragraph("P  The end of this word is not read: wa\uFFFD-\n.  ter and so on.\n"),
            "The end of this word is not read: wa\uFFFD- ter and so on.");
}

TEST(Hyphens, LeaveTextFromRightToLeftAlone) {
  const Drawn drawn{"page\nP  هذا نص طويل من اليمين الى اليسار كتا-\n.  بة جديدة\npage\n.  تتمة النص\n", without_dictionaries(), {}, "ara"};

  EXPECT_THAT(drawn.texts(), ElementsAre("هذا نص طويل من اليمين الى اليسار كتا- بة جديدة", "تتمة النص"));
  EXPECT_THAT(drawn.book().changes, IsEmpty());
}

TEST(Hyphens, AreDecidedByDictionaries) {
  const test::TempFolder folder;
  std::ofstream{folder.path() / "en_US.aff"} << "SET ISO8859-1\n";
  std::ofstream{folder.path() / "en_US.dic"} << "4\nwater\nproof\nwaterfall\ncaf\xE9\n";
  merge::MergeSettings settings;
  settings.dictionaries = {folder.path().string()};

  EXPECT_EQ(first_paragraph("P  They stood for hours by the water-\n-  fall.\n", "eng", settings),
            "They stood for hours by the waterfall.");
  EXPECT_EQ(first_paragraph("P  They all wore coats that were water-\n=  proof.\n", "eng", settings),
            "They all wore coats that were water-proof.");
  EXPECT_EQ(first_paragraph("P  They all wore coats that were water-\n-  proof.\n", "deu", settings),
            "They all wore coats that were waterproof.");
  EXPECT_EQ(settings.opened_dictionaries->has(settings.dictionaries, "lat+eng", "café"), true);
  EXPECT_EQ(settings.opened_dictionaries->has(settings.dictionaries, "eng", "кафе"), false);
  EXPECT_EQ(settings.opened_dictionaries->has(settings.dictionaries, "deu", "water"), std::nullopt);
}

TEST(Dictionaries, AreToldFromOthersByWhatIsInThem) {
  const test::TempFolder here, there;
  for (const auto* folder : {&here, &there}) {
    std::ofstream{folder->path() / "en.aff"} << "SET UTF-8\n";
    std::ofstream{folder->path() / "en.dic"} << "1\nwater\n";
  }
  const std::vector<std::string> first{here.path().string()}, second{there.path().string()};
  const auto before = merge::Dictionaries{}.fingerprint(first, "eng");
  EXPECT_FALSE(before.empty());
  EXPECT_EQ(merge::Dictionaries{}.fingerprint(second, "lat+eng"), before) << "there is none of Latin";
  EXPECT_EQ(merge::Dictionaries{}.fingerprint(first, "deu"), "");

  merge::Dictionaries looked_at;
  EXPECT_EQ(looked_at.fingerprint(first, "eng"), before);
  std::ofstream{here.path() / "en.aff"} << "SET UTF-8\nTRY e\n";
  EXPECT_NE(merge::Dictionaries{}.fingerprint(first, "eng"), before);
  EXPECT_EQ(looked_at.fingerprint(first, "eng"), before) << "as long as those are kept that were opened";
}

}  // namespace hyphens_test
