#include <gtest/gtest.h>

#include <random>
#include <set>

#include "balance.hpp"
#include "merge/drawn.hpp"

namespace balance_test {

using namespace pecia;
using test::Drawn;

/// Pages of anything that rules look at, in any order.
class AnyPages {
 public:
  explicit AnyPages(unsigned seed) : random_{seed} {}

  std::string operator()() {
    std::string text;
    for (auto pages = 1 + below(7); pages > 0; --pages) {
      text += pick({"page\n", "page\n", "page\n", "page\n", "page blank\n", "page failed\n"});
      for (auto lines = below(16); lines > 0; --lines) text += line();
    }
    return text;
  }

 private:
  std::size_t below(std::size_t number) { return random_() % number; }
  std::string pick(const std::vector<std::string>& of) { return of[below(of.size())]; }

  std::string line() {
    if (below(6) == 0) return "\n";
    auto text = pick({"P", "P", ".", ".", ".", "T", "I"}) + pick({" ", " ", "+", "|", "&"}) + " " +
                pick({"", "", "  ", "          ", "                    "}) + pick({"", "", "", "{1.5}", "{.7}"});
    for (auto words = 1 + below(8); words > 0; --words)
      text += pick({"river", "the",     "THE MILLS", "12",   "13",   "xiv",   "A2",       "C 3",       "*)",    "1)",
                    "•",     "Fig. 2.", "Name:",     "ſie",  "ge-",  "un¬",   "Kirchen-", "wa\uFFFD-", "كتابة", "日本",
                    "…",     "end.",    ". . . . 7", "\x01", "\xFF", "B iij", "—",        "Chapter 4"}) +
              (words > 1 ? " " : "");
    return text + "\n";
  }

  std::mt19937 random_;
};

merge::MergeSettings settings_of(unsigned bits) {
  merge::MergeSettings settings;
  settings.dictionaries = {"/nonexistent"};
  settings.join_hyphens = (bits & 1) != 0;
  settings.join_paragraphs = (bits & 2) != 0;
  settings.remove_running_heads = (bits & 4) != 0;
  settings.order_columns = (bits & 8) != 0;
  settings.kind = static_cast<merge::Kind>(bits % 4);
  return settings;
}

void expect_in_one_place(const merge::Book& book, unsigned seed) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const auto& unit : book.units) {
    for (const auto& piece : unit.pieces) {
      for (auto at = piece.text.begin; at < piece.text.end; ++at)
        EXPECT_TRUE(seen.insert({piece.page, at}).second) << "kept twice, seed " << seed;
    }
  }
}

TEST(Balance, ExplainsEveryCharacterOfAnyDocument) {
  for (unsigned seed = 0; seed < 1500; ++seed) {
    const auto text = AnyPages{seed}();
    const auto settings = settings_of(seed % 16);
    const Drawn drawn{text, settings};
    const auto& book = drawn.book();
    const auto& balance = book.balance;

    EXPECT_EQ(balance.unexplained, 0u) << "seed " << seed << "\n" << text;
    EXPECT_EQ(balance.kept + balance.removed, balance.characters) << "seed " << seed;
    expect_in_one_place(book, seed);
    if (!settings.join_hyphens && !settings.remove_running_heads) {
      EXPECT_EQ(balance.removed, 0u) << "seed " << seed;
    }
  }
}

TEST(Balance, CountsWhatIsNowhereOrTwice) {
  const Drawn drawn{"page\nP  It rises here.\nP  It ends there.\n"};
  auto without = drawn.book(), twice = drawn.book(), kept_and_removed = drawn.book();
  without.units.pop_back();
  twice.units.push_back(twice.units.back());
  kept_and_removed.changes.push_back({merge::ChangeKind::removed_catchword, 0, {0, 2}, "a test"});

  EXPECT_EQ(merge::balance_of(drawn.book()).unexplained, 0u);
  EXPECT_EQ(merge::balance_of(without).unexplained, 12u);
  EXPECT_EQ(merge::balance_of(twice).unexplained, 12u);
  EXPECT_EQ(merge::balance_of(kept_and_removed).unexplained, 2u);
}

TEST(Balance, HoldsForDocumentsWithoutAnything) {
  const Drawn nothing{""}, blank{"page blank\n"}, failed{"page failed\n"};

  for (const auto* drawn : {&nothing, &blank, &failed}) {
    EXPECT_EQ(drawn->book().balance.characters, 0u);
    EXPECT_TRUE(drawn->book().units.empty());
    EXPECT_TRUE(drawn->book().changes.empty());
  }
}

}  // namespace balance_test
