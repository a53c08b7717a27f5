#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "pecia/base/error.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/verify.hpp"
#include "shard.hpp"
#include "shard_parts.hpp"
#include "store/made_records.hpp"

// A shard that HDF5 can read and that holds anything: it is refused in words, or its records match their checksums.
namespace pecia {
namespace {

constexpr std::uint32_t pages = 4;  ///< of the one document of the run

void read_alone(const std::filesystem::path& path) {
  try {
    const store::ShardReader shard{path};
    (void)shard.strings();
    for (const auto& row : shard.rows()) {
      fuzz::expect(row.state <= 4, "a row has a state that there is");
      try {
        fuzz::expect(store::checksum_of(shard.record(row)) == row.record_crc32c, "a record matches its checksum");
      } catch (const Error&) {
      }
    }
    (void)shard.shards();
  } catch (const Error&) {
  }
}

const store::RunPaths& run() {
  static const auto made = test::made_run(fuzz::scratch(), 1, pages);
  return made;
}

}  // namespace
}  // namespace pecia

/// Changes one part, so that the others stay where they are.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  using namespace pecia;
  auto parts = fuzz::parse_parts(data, size);
  const auto choice = seed % 64;
  const auto part = seed / 64 % fuzz::ShardParts::count;
  if (choice == 0) {
    ++parts.schema;
  } else if (choice < 4) {
    ++parts.shape[part];
  } else {
    auto& bytes = parts.bytes[choice < 40 ? 0 : part];
    const auto least = bytes.size();
    const auto room = max_size > size ? max_size - size : 0;
    bytes.resize(least + room);
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), least, bytes.size()));
  }
  const auto text = fuzz::text_of(parts);
  if (text.size() > max_size) return size;
  std::ranges::copy(text, data);
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  const auto shard = run().shards() / "000001-00000-00001.h5";
  fuzz::write_shard(shard, fuzz::parse_parts(data, size));
  read_alone(shard);
  std::filesystem::copy_file(shard, run().corpus_index(), std::filesystem::copy_options::overwrite_existing);
  const auto report = store::verify(run());
  std::uint64_t counted = report.pending;
  for (const auto number : report.by_state) counted += number;
  fuzz::expect(counted == pages, "every page is counted in one state");
  return 0;
}
