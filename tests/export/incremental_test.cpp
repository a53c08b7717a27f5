#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/export_fixture.hpp"

namespace incremental_test {

using namespace pecia;
using namespace pecia::test;
using testing::ElementsAre;
using testing::IsEmpty;

using Incremental = ExportedRun;

TEST_F(Incremental, WritesNothingAgainWhereNothingChanged) {
  EXPECT_EQ(exported().unchanged, 0U);
  touch_all();

  const auto report = exported();

  EXPECT_EQ(report.unchanged, 3U);
  EXPECT_EQ(report.documents, 3U);
  EXPECT_EQ(report.failed_pages, 1U);
  EXPECT_THAT(report.written, IsEmpty());
  EXPECT_THAT(written(), IsEmpty());
}

TEST_F(Incremental, WritesTheDocumentAgainOfWhichAPageWasReadAgain) {
  (void)exported();
  touch_all();
  read_again();

  const auto report = exported();

  EXPECT_EQ(report.unchanged, 2U);
  EXPECT_EQ(report.complete, 3U);
  EXPECT_THAT(written(), ElementsAre("d.pdf.md", "d.pdf.txt", "pages.jsonl"));
  EXPECT_EQ(file("d.pdf.txt"), "first second\n") << "a paragraph that goes on over the page break";
  EXPECT_EQ(entry("d.pdf")["state"], "complete");
}

TEST_F(Incremental, GivesTheSameBytesAsAnExportToAnEmptyFolder) {
  (void)exported();
  read_again();
  (void)exported();
  auto fresh = settings();
  fresh.out = folder_.path() / "fresh";
  (void)exported(fresh);

  for (const auto* name : {"a.png.md", "b/c.pdf.txt", "d.pdf.md", "pages.jsonl"})
    EXPECT_EQ(file(name), read_file(fresh.out / name)) << name;
}

TEST_F(Incremental, WritesFilesAgainThatAreGoneOrCutOff) {
  (void)exported();
  touch_all();
  fs::remove(out_ / "a.png.md");
  fs::resize_file(out_ / "b/c.pdf.txt", 3);

  EXPECT_EQ(exported().unchanged, 1U);
  EXPECT_THAT(written(), ElementsAre("a.png.md", "b/c.pdf.txt"));
}

TEST_F(Incremental, MakesLinesAnewThatAreNotWhatWasWritten) {
  (void)exported(settings({"jsonl"}));
  const auto before = file("pages.jsonl");
  auto damaged = before;
  damaged[damaged.find("page 2")] = 'P';
  damaged += "more\n";
  replace_file(out_ / "pages.jsonl", damaged, Durability::none);

  (void)exported(settings({"jsonl"}));

  EXPECT_EQ(file("pages.jsonl"), before);
}

TEST_F(Incremental, WritesOnlyTheFormatsThatAreNew) {
  (void)exported(settings({"md"}));
  touch_all();

  EXPECT_EQ(exported(settings({"md", "txt"})).unchanged, 0U);
  EXPECT_THAT(written(), ElementsAre("a.png.txt", "b/c.pdf.txt", "d.pdf.txt"));
  EXPECT_TRUE(entry("a.png")["formats"].contains("md"));
  EXPECT_EQ(exported(settings({"md"})).unchanged, 3U) << "what is not asked for stays known";
}

TEST_F(Incremental, WritesAgainWhatOtherSettingsWouldMakeOtherwise) {
  (void)exported(settings({"md"}));
  auto how = settings({"md"});
  how.merge.join_hyphens = false;
  EXPECT_EQ(exported(how).unchanged, 0U);
  how.as_read = true;
  EXPECT_EQ(exported(how).unchanged, 0U);
  EXPECT_EQ(exported(how).unchanged, 3U);
  how.kind_of = [](std::string_view path) { return path == "a.png" ? merge::Kind::forms : merge::Kind::automatic; };
  EXPECT_EQ(exported(how).unchanged, 2U);
}

TEST_F(Incremental, WritesAgainWhatOtherDictionariesWouldMakeOtherwise) {
  run_.go_on();
  run_.add_document("w.pdf", 1);
  run_.commit("w.pdf", 1, read_outcome("He rode on a wheel-\nbarrow."));
  run_.finish();
  const auto folder = folder_.path() / "dictionaries", copy = folder_.path() / "copy";
  const auto how = [&](const fs::path& dictionaries) {
    auto asked = settings({"txt"});
    asked.merge.dictionaries = {dictionaries.native()};
    return asked;
  };
  fs::create_directories(folder);
  (void)exported(how(folder));
  EXPECT_THAT(file("w.pdf.txt"), testing::HasSubstr("wheelbarrow"));
  EXPECT_EQ(exported(how(folder)).unchanged, 4U);

  replace_file(folder / "de.aff", "SET UTF-8\n", Durability::none);
  replace_file(folder / "de.dic", "1\nund\n", Durability::none);
  EXPECT_EQ(exported(how(folder)).unchanged, 4U) << "of a language that no page is in";

  replace_file(folder / "en.aff", "SET UTF-8\n", Durability::none);
  replace_file(folder / "en.dic", "2\nwheel\nbarrow\n", Durability::none);
  fs::copy(folder, copy);
  EXPECT_EQ(exported(how(folder)).unchanged, 0U);
  EXPECT_THAT(file("w.pdf.txt"), testing::HasSubstr("wheel-barrow"));
  EXPECT_EQ(exported(how(copy)).unchanged, 4U) << "the same dictionaries, as on another machine";

  replace_file(folder / "en.dic", "3\nwheel\nbarrow\nwheelbarrow\n", Durability::none);
  auto joined = how(folder);
  joined.merge.join_hyphens = false;
  (void)exported(joined);
  joined.merge.dictionaries = {copy.native()};
  EXPECT_EQ(exported(joined).unchanged, 4U) << "they are not asked";
}

TEST_F(Incremental, ForcedWritesEverythingAgain) {
  (void)exported();
  touch_all();
  auto how = settings();
  how.force = true;

  EXPECT_EQ(exported(how).unchanged, 0U);
  EXPECT_EQ(written().size(), 7U);
}

TEST_F(Incremental, SaysInExportJsonWhatWasWrittenOfWhat) {
  (void)exported(settings({"md", "jsonl"}));

  const auto json = list();
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["state"], "finished");
  EXPECT_EQ(json["settings"]["merged"], true);
  EXPECT_EQ(json["documents"].size(), 3U);
  EXPECT_EQ(json["summary"]["with_gaps"], 1);
  EXPECT_EQ(json["summary"]["failed_pages"], 1);
  const auto document = entry("d.pdf");
  EXPECT_EQ(document["state"], "gaps");
  EXPECT_EQ(document["pages"], (Json{{"ok", 1}, {"failed", 1}}));
  EXPECT_EQ(document["formats"]["md"]["files"], Json::array({"d.pdf.md"}));
  EXPECT_EQ(document["formats"]["md"]["bytes"], fs::file_size(out_ / "d.pdf.md"));
  const auto lines = json["lines"];
  ASSERT_EQ(lines.size(), 3U);
  const auto text = file("pages.jsonl");
  EXPECT_EQ(lines[2][0], "pages.jsonl");
  EXPECT_EQ(lines[2][3].get<std::size_t>() + lines[2][4].get<std::size_t>(), text.size());
  EXPECT_TRUE(text.substr(lines[1][3], lines[1][4]).starts_with(R"({"path":"b/c.pdf","page":1)"));
}

}  // namespace incremental_test
