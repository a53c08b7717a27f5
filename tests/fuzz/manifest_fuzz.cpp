#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"

// A manifest segment: what can be read can be written and read again, and is the same then.
namespace pecia {
namespace {

/// What was read, as it is written.
std::string written(const corpus::Manifest& manifest) {
  const auto folder = fuzz::scratch() / "written";
  std::filesystem::create_directories(folder);
  corpus::write_manifest_segment(folder, 1, manifest.documents());
  return read_file(folder / "000001.jsonl");
}

/// Ends the segment with a trailer that fits what stands before it.
std::string mended(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  text.resize(text.rfind('\n') + 1);
  const auto lines = std::ranges::count(text, '\n');
  return text + nlohmann::json{{"documents", lines - 1}, {"crc32c", crc32c(text)}}.dump() + "\n";
}

}  // namespace
}  // namespace pecia

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  using namespace pecia;
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 8 == 0) return size;
  const auto text = mended(std::string{fuzz::text_of({data, size})});
  if (text.size() > max_size) return size;
  std::ranges::copy(text, data);
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  const auto folder = fuzz::scratch() / "manifest";
  std::filesystem::create_directories(folder);
  fuzz::put_file(folder / "000001.jsonl", fuzz::text_of({data, size}));
  try {
    const auto manifest = corpus::load_manifest(folder);
    for (std::uint64_t n = 0; n < std::min<std::uint64_t>(manifest.pages(), 100); ++n)
      fuzz::expect(manifest.index(manifest.at(n)) == n, "pages are numbered one by one");
    for (const auto& document : manifest.documents())
      fuzz::expect(manifest.find(document.id) >= 0, "every document is found by its id");
    if (manifest.documents().empty()) return 0;
    const auto text = written(manifest);
    fuzz::put_file(folder / "000001.jsonl", text);
    fuzz::expect(written(corpus::load_manifest(folder)) == text, "what was written is read as it was");
  } catch (const Error&) {
  }
  return 0;
}
