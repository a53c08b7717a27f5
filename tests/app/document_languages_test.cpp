#include "document_languages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include "app/page_readers_fixture.hpp"
#include "support/temp_folder.hpp"

namespace pecia::app {
namespace document_languages_test {

using testing::ElementsAre;
using Languages = std::vector<std::string>;

std::shared_ptr<PageWork> page_of(std::uint32_t document, std::uint32_t page) {
  auto work = std::make_shared<PageWork>();
  work->task.page = {document, page};
  return work;
}

TEST(SamplePages, AreSpreadOverTheDocumentAndWithinIt) {
  EXPECT_THAT(sample_pages(1, 1), ElementsAre(1));
  EXPECT_THAT(sample_pages(1, 2), ElementsAre(2, 1));
  const auto book = sample_pages(1, 200);
  EXPECT_THAT((std::vector<std::uint32_t>{book.begin(), book.begin() + 3}), ElementsAre(101, 51, 151));
  EXPECT_EQ((std::set<std::uint32_t>{book.begin(), book.end()}).size(), book.size());
  for (const auto page : book) EXPECT_TRUE(page >= 1 && page <= 200);
  EXPECT_TRUE(sample_pages(1, 0).empty());
}

/// Documents whose languages are found out at once, unless the test holds that up.
class DocumentLanguagesTest : public testing::Test {
 protected:
  using Choice = std::optional<engine::LanguageChoice>;

  /// "fra", and how many were chosen until then.
  Choice choose() { return engine::LanguageChoice{{"fra"}, std::to_string(++chosen_)}; }
  /// What is known of a page's document once it was asked for twice, as by a decoder.
  Choice of(std::uint32_t document, const Languages& said = {"auto"}) {
    const auto choose_one = [this](page::Reader&) { return choose(); };
    if (auto known = languages_.of(page_of(document, 1), said, choose_one)) return known;
    return languages_.of(page_of(document, 1), said, choose_one);
  }

  page::Reader reader_;
  int chosen_ = 0;
  std::vector<std::uint32_t> again_;  ///< pages
  std::vector<DocumentLanguages::Look> held_;
  bool holds_ = false, begins_ = true;
  DocumentLanguages languages_{[this](const auto& work) { again_.push_back(work->task.page.page); },
                               [this](DocumentLanguages::Look look) {
                                 if (!begins_) return false;
                                 if (holds_)
                                   held_.push_back(std::move(look));
                                 else
                                   look(reader_);
                                 return true;
                               },
                               2};
};

TEST_F(DocumentLanguagesTest, AreFoundOutOnceForEachDocument) {
  for (const std::uint32_t document : {0U, 1U, 0U, 1U, 0U}) EXPECT_EQ(of(document)->evidence, document == 0 ? "1" : "2");
  EXPECT_THAT(again_, ElementsAre(1, 1)) << "the first page of each";
  EXPECT_EQ(of(0, {"auto", "deu"})->evidence, "3") << "another list, as of the fallback";
}

TEST_F(DocumentLanguagesTest, PagesThatComeMeanwhileAreReadOnceTheyAreKnown) {
  holds_ = true;
  const auto choose_one = [this](page::Reader&) { return choose(); };
  for (std::uint32_t page = 1; page <= 3; ++page) EXPECT_FALSE(languages_.of(page_of(0, page), {"auto"}, choose_one));
  EXPECT_FALSE(languages_.of(page_of(1, 9), {"auto"}, choose_one)) << "another document, looked at beside it";
  ASSERT_EQ(held_.size(), 2U);
  EXPECT_THAT(again_, testing::IsEmpty());
  held_[0](reader_);
  EXPECT_THAT(again_, ElementsAre(1, 2, 3));
  EXPECT_EQ(languages_.of(page_of(0, 2), {"auto"}, choose_one)->languages, Languages{"fra"});
  EXPECT_EQ(chosen_, 1);
}

TEST_F(DocumentLanguagesTest, AreTriedAgainAfterAFailure) {
  EXPECT_FALSE(languages_.of(page_of(0, 1), {"auto"}, [](page::Reader&) { return Choice{}; }));
  EXPECT_THAT(again_, ElementsAre(1)) << "whoever reads it again knows whether that is any use";
  begins_ = false;
  EXPECT_FALSE(of(0));
  EXPECT_THAT(again_, ElementsAre(1, 1, 1));
  begins_ = true;
  EXPECT_TRUE(of(0));
}

TEST_F(DocumentLanguagesTest, OfTheLatestDocumentsAreKept) {
  for (const std::uint32_t document : {0U, 1U, 2U, 1U, 2U}) (void)of(document);
  EXPECT_EQ(chosen_, 3);
  EXPECT_EQ(of(0)->evidence, "4") << "the oldest of three was dropped";
  EXPECT_EQ(of(2)->evidence, "3");
}

corpus::Document book() {
  corpus::Document document;
  document.path = "book.pdf";
  document.pages.resize(200);
  return document;
}

engine::LanguageSample french() { return {"Latin", {{"eng", 0.8F, 0.3F, 0.03F, 300}, {"fra", 0.85F, 0.8F, 0.3F, 300}}, "eng"}; }

TEST(ChooseLanguages, LooksAtPagesUntilThreeSaySomething) {
  std::vector<std::uint32_t> looked_at;
  const auto look = [&](std::uint32_t page, double) -> PageLook {
    looked_at.push_back(page);
    if (page == 51) return {};                                         // cannot be had
    if (page == 151) return {engine::LanguageSample{"", {}, "eng"}, 1};  // is empty
    return {french(), 1};
  };
  const auto choice = choose_languages(look, book(), {"auto"});
  EXPECT_EQ(choice.languages, Languages{"fra"});
  EXPECT_THAT(looked_at, ElementsAre(101, 51, 151, 26, 76));
  EXPECT_THAT(choice.evidence, testing::EndsWith(" on pages 101, 26, 76"));
}

TEST(ChooseLanguages, OfAHostileDocumentTakeABoundedTime) {
  double spent_s = 0;
  const auto look = [&](std::uint32_t, double most_s) -> PageLook {
    EXPECT_GT(most_s, 0);
    spent_s += 100;
    return {std::nullopt, 100};
  };
  const auto choice = choose_languages(look, book(), {"auto", "deu", "fra"});
  EXPECT_EQ(spent_s, 300);
  EXPECT_EQ(choice.languages, Languages{"deu"});
  EXPECT_EQ(choice.evidence,
            "deu, since no language reads pages 101, 51, 151 well; no more was looked at, since that took 300 s");
}

TEST(ChooseLanguages, AreThoseOfWhatWasSeenInTime) {
  const auto look = [](std::uint32_t page, double) { return page == 101 ? PageLook{french(), 10} : PageLook{{}, 300}; };
  const auto choice = choose_languages(look, book(), {"auto"});
  EXPECT_EQ(choice.languages, Languages{"fra"});
  EXPECT_THAT(choice.evidence, testing::HasSubstr("on page 101; no more was looked at"));
}

/// Pages of a book, while the process that finds out its languages takes its time.
class WhileLanguagesAreFoundOut : public test::PageReadersTest {
 protected:
  WhileLanguagesAreFoundOut() {
    const char* programs = std::getenv("PECIA_LIBEXEC_DIR");
    kept_ = programs ? programs : "";
    std::filesystem::create_symlink(std::filesystem::path{kept_} / "pecia-page", folder_.path() / "pecia-page");
    const auto program = folder_.write("pecia-tesseract", "#!/bin/sh\ncd \"$(dirname \"$0\")\"\ntouch started.$$\n"
                                                          "while [ ! -e go ]; do sleep 0.05; done\nexit 1\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    setenv("PECIA_LIBEXEC_DIR", folder_.path().c_str(), 1);
    std::vector<corpus::Document> documents;
    for (const auto* name : {"a.tif", "b.tif", "known.tif"}) {
      std::filesystem::copy_file(std::filesystem::path{PECIA_TEST_DATA} / "system/corpus/books/faq.tif", folder_.path() / name);
      auto& document = documents.emplace_back();
      document.path = name;
      document.id = corpus::document_id(document.path);
      document.format = corpus::Format::tiff;
      document.pages.resize(book_pages);
    }
    manifest_ = corpus::Manifest{documents};
    Rule known;
    known.match = "known.tif";
    known.languages = {"eng"};
    job_.rules.push_back(known);
    settings_.root = folder_.path();
    settings_.trace_seconds = nullptr;
    settings_.engine.name = job_.engine.name = "tesseract";
    job_.engine.languages = {"auto"};
    job_.engine.retry_budget = 0;  // each page is read once
  }
  ~WhileLanguagesAreFoundOut() override { setenv("PECIA_LIBEXEC_DIR", kept_.c_str(), 1); }

  /// Whether so many processes find out languages, soon.
  [[nodiscard]] bool are_looking(int processes) const {
    const auto looking = [&] {
      std::filesystem::directory_iterator entries{folder_.path()};
      return std::count_if(begin(entries), end(entries), [](const auto& entry) {
        return entry.path().filename().native().starts_with("started.");
      });
    };
    for (int n = 0; n < 1000 && looking() < processes; ++n) std::this_thread::sleep_for(std::chrono::milliseconds{10});
    return looking() == processes;
  }
  void read_page(PageReaders& readers, std::uint32_t document, std::uint32_t page) {
    const auto work = std::make_shared<PageWork>();
    work->task.page = {document, page};
    work->task.index = document * 100 + page;
    readers.read(work);
  }

  static constexpr std::uint32_t book_pages = 8;
  pecia::test::TempFolder folder_;
  std::string kept_;
};

TEST_F(WhileLanguagesAreFoundOut, NoPageOfTheDocumentIsRenderedInVain) {
  PageReaders readers{settings_, sink_, std::chrono::milliseconds{5000}};
  const auto works = read(readers, book_pages);
  ASSERT_TRUE(are_looking(1));
  std::this_thread::sleep_for(std::chrono::seconds{1});  // for the other decoder to take pages
  EXPECT_EQ(script_.images_wanted, 0);
  folder_.write("go", "");
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == book_pages; }));
  EXPECT_EQ(script_.images_wanted, static_cast<int>(book_pages));
  for (const auto& [index, outcome] : sink_.outcomes) EXPECT_EQ(outcome.languages, "eng") << index;
}

TEST_F(WhileLanguagesAreFoundOut, TheDecoderGoesOnAndAsManyDocumentsAreLookedAtAsThereAreThreads) {
  settings_.decoders = 1;
  settings_.engine.threads = 2;
  PageReaders readers{settings_, sink_, std::chrono::milliseconds{5000}};
  for (const std::uint32_t document : {0U, 0U, 1U}) read_page(readers, document, 1 + document);
  ASSERT_TRUE(are_looking(2));
  for (std::uint32_t page = 1; page <= 3; ++page) read_page(readers, 2, page);
  EXPECT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == 3; }));
  readers.cancel();
  EXPECT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == 3; })) << "those that wait come back";
}

}  // namespace document_languages_test
}  // namespace pecia::app
