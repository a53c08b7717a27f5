#include "to_read.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pecia::app {
namespace to_read_test {

using corpus::Priority;
using testing::ElementsAre;
using testing::IsEmpty;

corpus::Document document(const std::string& path, std::size_t pages) {
  corpus::Document made;
  made.id = corpus::document_id(path);
  made.path = path;
  made.pages.resize(pages);
  return made;
}

corpus::FoundFile listed(const std::string& path, std::optional<Priority> priority) {
  corpus::FoundFile file;
  file.id = corpus::document_id(path);
  file.path = path;
  file.priority = priority;
  return file;
}

Job job_with_rules() {
  Job job;
  job.rules.emplace_back().match = "*.pdf";
  job.rules.back().priority = Priority::low;
  return job;
}

bool never(const corpus::Document&, Reason, bool) { return false; }

TEST(Priorities, OfAListWinOverRules) {
  const auto job = job_with_rules();
  corpus::Listing listing;
  listing.files = {listed("a.pdf", Priority::urgent), listed("b.pdf", {}),
                   listed("c.tif", Priority::low)};
  const Priorities priorities{job, listing};
  EXPECT_EQ(priorities.of(document("a.pdf", 1)), Priority::urgent);
  EXPECT_EQ(priorities.of(document("b.pdf", 1)), Priority::low);
  EXPECT_EQ(priorities.of(document("c.tif", 1)), Priority::low);
  EXPECT_EQ(priorities.of(document("not listed.tif", 1)), Priority::normal);
}

TEST(PagesToRead, CostLittleWhereTheirTextWillBeKept) {
  auto book = document("a.pdf", 3);
  for (auto& page : book.pages) page.width_px = 2480, page.height_px = 3508, page.coding = corpus::Coding::drawn, page.compressed_bytes = 5000;
  book.pages[0].text_operators = 100;
  book.pages[1].text_operators = 100;
  book.pages[1].coding = corpus::Coding::mixed;  // perhaps a scan with a stamp on it
  const corpus::Manifest manifest{{book}};
  const auto costs_s = [&](TextLayerPolicy policy) {
    Job job;
    job.rules.emplace_back().match = "*.pdf";
    job.rules.back().text_layer = policy;
    return find_pages_to_read(manifest, nullptr, {}, job, Priorities{job, {}}, never).runs.at(0).cost_s;
  };
  const auto read = costs_s(TextLayerPolicy::ignore), kept = costs_s(TextLayerPolicy::automatic);
  EXPECT_GT(read[0], 0.2F);
  EXPECT_LT(kept[0], 0.1F);
  EXPECT_EQ(kept[1], read[1]);
  EXPECT_EQ(kept[2], read[2]) << "no text";
}

TEST(PagesToRead, HavePriorityChaptersAndCosts) {
  const auto job = job_with_rules();
  auto book = document("a.pdf", 6);
  book.chapters = {1, 4};
  auto broken = document("broken", 0);
  broken.problem = Reason::encrypted;
  const corpus::Manifest manifest{{book, broken, document("odd", 0)}};
  const auto found = find_pages_to_read(manifest, nullptr, {}, job, Priorities{job, {}}, never);
  ASSERT_EQ(found.runs.size(), 3U);
  EXPECT_EQ(found.pages, 8U);
  EXPECT_EQ(found.runs[0].priority, Priority::low);
  EXPECT_THAT(found.runs[0].chapters, ElementsAre(1, 4));
  EXPECT_EQ(found.runs[0].cost_s.size(), 6U);
  EXPECT_GT(found.runs[0].cost_s[0], 0.1F);
  EXPECT_EQ(found.runs[1].first_page, 0U);
  EXPECT_EQ(found.runs[1].priority, Priority::normal);
  EXPECT_LT(found.runs[1].cost_s.at(0), 0.01F) << "nothing is read";
  EXPECT_LT(found.runs[2].cost_s.at(0), 0.01F);
  EXPECT_FALSE(found.failed_before);
  EXPECT_THAT(found.generations, IsEmpty());
}

TEST(PagesToRead, ThatAreReadAloneKeepThatWhereverTheyGo) {
  const Job job;
  const corpus::Manifest manifest{{document("a.pdf", 3), document("b.pdf", 3)}};
  auto found = find_pages_to_read(manifest, nullptr, {}, job, Priorities{job, {}}, never);
  found.alone = {{1, 2}};
  const std::vector<plan::RankSpec> ranks(2);
  std::vector<PageRef> alone;
  for (const auto& share : shares_of(found, manifest, job, ranks)) {
    for (const auto& task : share.tasks) {
      ByteWriter out;
      plan::encode(out, task);
      ByteReader in{out.bytes()};
      if (plan::decode_task(in).alone) alone.push_back(task.page);
    }
  }
  EXPECT_THAT(alone, ElementsAre(PageRef{1, 2}));
}

TEST(PagesToRead, OfRulesGoToRanksWithTheFallbackAndNothingElseDoes) {
  Job job;
  job.engine.name = "tesseract";
  job.fallback.engine = "echo";
  job.rules.emplace_back().match = "b*";
  job.rules.back().engine = "echo";
  const corpus::Manifest manifest{{document("a.pdf", 40), document("b.pdf", 3), document("c.pdf", 3)}};
  const auto found = find_pages_to_read(manifest, nullptr, {}, job, Priorities{job, {}}, never);
  std::vector<plan::RankSpec> ranks(3);
  ranks[1].engine_class = 1;
  const auto documents_of = [](const plan::Share& share) {
    std::set<std::pair<std::uint32_t, int>> documents;
    for (const auto& task : share.tasks) documents.emplace(task.page.document, task.engine_class);
    return documents;
  };
  const auto shares = shares_of(found, manifest, job, ranks);
  EXPECT_THAT(documents_of(shares[1]), ElementsAre(std::pair{1U, 1}));
  EXPECT_EQ(shares[1].tasks.size(), 3U);
  EXPECT_EQ(shares[0].tasks.size() + shares[2].tasks.size(), 43U);
  for (const auto* share : {&shares[0], &shares[2]}) {
    for (const auto& [document, engine_class] : documents_of(*share)) {
      EXPECT_NE(document, 1U);
      EXPECT_EQ(engine_class, 0);
    }
  }

  ranks[1].engine_class = 0;  // no rank has it: each reads with a fallback of its own
  std::size_t pages = 0;
  for (const auto& share : shares_of(found, manifest, job, ranks)) {
    pages += share.tasks.size();
    for (const auto& task : share.tasks) EXPECT_EQ(task.engine_class, 0);
  }
  EXPECT_EQ(pages, 46U);
}

}  // namespace to_read_test
}  // namespace pecia::app
