#include <array>
#include <cstdio>
#include <exception>
#include <string>

#include "engine/protocol.hpp"
#include "page/office.hpp"
#include "page/protocol.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/run.hpp"
#include "shard_parts.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

// fuzz_seeds FOLDER SOURCE_TREE: what the fuzzers begin with, a folder for each.
namespace pecia {
namespace {

namespace fs = std::filesystem;

void copy_into(const fs::path& folder, const fs::path& file) {
  fs::create_directories(folder);
  fs::copy_file(file, folder / file.filename(), fs::copy_options::overwrite_existing);
}

/// Run of `pages` pages in one document: its manifest, its journal, its shard.
void make_run_seeds(const fs::path& seeds, std::uint32_t pages) {
  const test::TempFolder folder;
  const auto run = test::made_run(folder.path(), 1, pages);
  const auto number = std::to_string(pages);
  const auto journal = test::write_pages(run, 1, 0, 1, pages, false);
  fs::create_directories(seeds / "journal");
  fs::copy_file(run.journal() / journal.segments.at(0).name, seeds / "journal" / number, fs::copy_options::overwrite_existing);
  const auto journal_of_model = test::write_multilingual_pages(run, 1, 1, 1, pages, false);
  fs::copy_file(run.journal() / journal_of_model.segments.at(0).name, seeds / "journal" / ("model" + number),
                fs::copy_options::overwrite_existing);
  const auto sealed = pages % 2 == 0 ? test::write_pages(run, 2, 0, 1, pages, true) : test::write_multilingual_pages(run, 2, 0, 1, pages, true);
  auto parts = fuzz::read_parts(run.shards() / sealed.shards.at(0).name);
  parts.bytes.back() = sealed.shards.at(0).name + "\n";
  fs::create_directories(seeds / "shard");
  replace_file(seeds / "shard" / number, fuzz::text_of(parts));
}

void make_manifest_seed(const fs::path& seeds) {
  corpus::Document book;
  book.path = "books/\xff \\ book.pdf";
  book.id = corpus::document_id(book.path);
  book.format = corpus::Format::pdf;
  book.pages.resize(3);
  book.pages[0] = {1000, 1400.5F, corpus::Coding::g4, 12'345, 0, 9'000, 700, .05F};
  book.chapters = {1, 3};
  book.outline = {{{1, 1, "One"}, {3, 2, "Über \"zwei\""}},
                  {{1, corpus::LabelStyle::lower_roman, "", 1}, {3, corpus::LabelStyle::none, "A-", 2}}};
  corpus::Document broken;
  broken.path = "broken.png";
  broken.id = corpus::document_id(broken.path);
  broken.problem = Reason::unreadable;
  broken.problem_detail = "it is cut off";
  fs::create_directories(seeds / "manifest");
  corpus::write_manifest_segment(seeds / "manifest", 1, std::array{book, broken});
}

void make_small_file_seeds(const fs::path& seeds) {
  const test::TempFolder folder;
  const store::RunPaths run{folder.path()};
  store::create_run_directory(run);
  {
    const store::RunLock lock{run, {}};
    copy_into(seeds / "lock", run.lock());
  }
  store::Ledger ledger;
  ledger.epoch = store::take_next_epoch(run);
  ledger.host = "node1";
  ledger.shards = {{"000001-00000-00001.h5", 12, 3456}};
  store::write_ledger(run, ledger);
  copy_into(seeds / "lock", run.epochs() / "000001" / "ledger.json");
  corpus::save_cost_model(seeds / "lock" / "cost_model.json", corpus::CostModel{});
}

void make_markup_seeds(const fs::path& seeds) {
  fs::create_directories(seeds / "markup");
  replace_file(seeds / "markup" / "blocks",
               "<|ref|>title<|/ref|><|det|>[[10, 20, 300, 40]]<|/det|>\n# Register\n\n<|ref|>image<|/ref|><|det|>[[0, 0, 999, "
               "999],[1,2,3,4]]<|/det|>\n\n<|ref|>text<|/ref|><|det|>[[0, 0, 0, 900, 200]]<|/det|>\na \\coloneqq b\n\n");
  replace_file(seeds / "markup" / "pieces", "text <|ref|>x<|/ref|> <|det|>[[1, 2<|ref|><|/det|>\n\n\n\n<|/ref|>");
}

/// As the fuzzer wants them: a tokenizer.json or a part of one, a zero byte, a text.
void make_tokenizer_seeds(const fs::path& seeds, const fs::path& source) {
  using namespace std::string_literals;
  const auto folder = seeds / "tokenizer";
  fs::create_directories(folder);
  const auto whole = read_file(source / "tests/data/deepseek/golden/ckpt/a/tokenizer.json");
  replace_file(folder / "whole", whole + "\0<td>The 12345 \xE6\x96 end.\n"s);
  replace_file(folder / "nothing", "{}\0abc <td> 1234\n\xFF"s);
  replace_file(folder / "merges", R"({"model":{"vocab":{"ba":500,"bab":501},"merges":["b a",["ba","b"]]}})" "\0babab"s);
  replace_file(folder / "added", R"({"added_tokens":[{"id":400,"content":"<td><td>"},{"id":401,"content":"\u00e9"}]})" "\0<td><td><td>"s);
  replace_file(folder / "split",
               R"({"pre_tokenizer":{"pretokenizers":[{"type":"Split","pattern":{"Regex":" ?\\w+|(?<=a)\\s"},"behavior":"Isolated"},)"
               R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}})" "\0a b  c"s);
}

void make_checkpoint_seeds(const fs::path& seeds, const fs::path& deepseek) {
  fs::create_directories(seeds / "config");
  fs::create_directories(seeds / "safetensors");
  for (const auto* name : {"golden/ckpt/a", "golden/ckpt/b", "reader/checkpoint"}) {
    const auto folder = deepseek / name;
    const auto file = std::string{name}.substr(0, 6) + std::string{name}.back();
    replace_file(seeds / "config" / file, read_file(folder / "config.json") + std::string(1, '\0') +
                                              read_file(folder / "processor_config.json"));
  }
  const std::string header = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                             R"("b":{"dtype":"BF16","shape":[2,1],"data_offsets":[8,12]}} )";
  replace_file(seeds / "safetensors" / "two", std::string{"\x0C\0\0\0", 4} + header);
}

/// The first byte says who is spoken to, as page_protocol_fuzz.cpp has it.
void make_protocol_seeds(const fs::path& seeds) {
  const auto folder = seeds / "page_protocol";
  fs::create_directories(folder);
  const auto put = [&](const char* name, char whom, const Bytes& message) {
    replace_file(folder / name, whom + std::string{reinterpret_cast<const char*>(message.data()), message.size()});
  };
  auto image = page::make_image(40, 30, page::PixelFormat::gray1, 300).image;
  image.steps = {{"pixels", "made smaller", {}}, {"split", "in two", {{1, 0, 0, 1, 20, 0}}}};
  page::Probe probe;
  probe.format = corpus::Format::pdf;
  probe.pages.resize(2);
  probe.chapters = {1, 2};
  probe.outline = {{{1, 1, "One"}, {2, 2, "Two"}}, {{1, corpus::LabelStyle::upper_letters, "p. ", 3}}};
  put("probe", 0, page::protocol::encode(page::protocol::Answer{probe}));
  put("info", 0, page::protocol::encode(page::protocol::Answer{page::PageInfo{600, 800, 300, corpus::Coding::g4, true, {}}}));
  put("rendered", 0, page::protocol::encode(page::protocol::Answer{page::protocol::Rendered{image}}));
  put("failure", 0, page::protocol::encode(page::protocol::Answer{page::Failure{Reason::unreadable, "damaged", false}}));
  put("density", 0, page::protocol::encode(page::protocol::Answer{page::Density{100, 20, .1F}}));
  page::protocol::Request request;
  request.verb = page::protocol::Verb::render;
  request.password = "secret";
  put("request", 1, page::protocol::encode(request));
  ByteWriter alone;
  page::encode(alone, image);
  put("image", 2, alone.bytes());
  namespace protocol = engine::protocol;
  engine::Completion completion;
  completion.ticket = 3;
  completion.result = test::made_outcome(1).reading;
  put("reading", 3, protocol::encode(completion));
  completion.result = engine::PageFailure{Reason::engine_failed, "gave up", std::nullopt};
  put("page_failure", 3, protocol::encode(completion));
  completion.result = engine::Blank{};
  put("blank", 3, protocol::encode(completion));
  put("hello", 3, protocol::encode(protocol::Hello{{"tesseract", "5.3", "abc"}, "no deu", {1, 1 << 20}}));
  put("update", 3, protocol::encode(protocol::Update{{2, 1 << 20}, 7}));
  put("loading", 3, protocol::encode(protocol::Loading{10, 100}));
  put("dropped", 3, protocol::encode(protocol::Dropped{4}));
  put("lost", 3, protocol::encode(protocol::Lost{"no memory"}));
  engine::ReadOptions options;
  options.languages = {"eng", "lat"};
  put("read", 4, protocol::encode(protocol::Read{9, options, image}));
  put("cancel", 4, protocol::encode(protocol::Cancel{9}));
  put("converted", 5, page::office::encode(page::office::Done{Reason::none, "", {"Landlock: this kernel has none"}}));
  put("not_converted", 5, page::office::encode(page::office::Done{Reason::unreadable, "it exited with status 1", {}}));
  put("office_order", 6, page::office::encode(page::office::Order{"/usr/bin/soffice", corpus::Format::odt, 300, 1200}));
}

void make_seeds(const fs::path& seeds, const fs::path& source) {
  make_protocol_seeds(seeds);
  make_markup_seeds(seeds);
  for (const std::uint32_t pages : {1U, 4U, 9U}) make_run_seeds(seeds, pages);
  make_manifest_seed(seeds);
  make_small_file_seeds(seeds);
  make_tokenizer_seeds(seeds, source);
  make_checkpoint_seeds(seeds, source / "tests/data/deepseek");
  for (const auto* job : {"example.yaml", "sample.yaml"}) copy_into(seeds / "job", source / "jobs" / job);
}

}  // namespace
}  // namespace pecia

int main(int argc, char** argv) {
  try {
    pecia::require(argc == 3, "usage: fuzz_seeds FOLDER SOURCE_TREE");
    pecia::make_seeds(argv[1], argv[2]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fuzz_seeds: %s\n", error.what());
    return 1;
  }
}
