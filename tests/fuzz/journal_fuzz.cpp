#include <algorithm>
#include <cstring>
#include <vector>

#include "fuzz.hpp"
#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

// A journal segment: what is read from it is there, and a segment cut short holds the first of its records.
namespace pecia {
namespace {

constexpr std::size_t header_bytes = 28, frame_bytes = 10;

struct Read {
  std::vector<Bytes> records;
  store::Replay replay;
};

Read read_all(const std::filesystem::path& path) {
  Read read;
  read.replay = store::replay_segment(path, [&](store::Record&& record, std::uint64_t at, std::uint32_t size) {
    read.records.push_back(store::encode(record));
    const auto again = store::encode(store::read_record(path, at, size));
    fuzz::expect(again == read.records.back(), "a record is the same when read alone");
  });
  return read;
}

void put_u32(std::uint8_t* at, std::size_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  std::memcpy(at, &number, sizeof number);
}

/// Makes the framing sound, so that the fuzzer gets at what is in it.
void mend(std::span<std::uint8_t> file) {
  if (file.size() < header_bytes) return;
  std::memcpy(file.data(), "PECIASEG\3\0\0", 12);
  put_u32(file.data() + 24, crc32c(fuzz::text_of(file.first(24))));
  auto rest = file.subspan(header_bytes);
  while (rest.size() > frame_bytes) {
    std::uint32_t size = 0;
    std::memcpy(&size, rest.data(), sizeof size);
    size = static_cast<std::uint32_t>(std::min<std::size_t>(size, rest.size() - frame_bytes));
    put_u32(rest.data(), size);
    std::memcpy(rest.data() + 4, "\1\0", 2);
    put_u32(rest.data() + 6, crc32c(fuzz::text_of(rest.subspan(frame_bytes, size))));
    rest = rest.subspan(frame_bytes + size);
  }
}

}  // namespace
}  // namespace pecia

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 4 != 0) pecia::mend({data, size});
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  const std::span bytes{data, size};
  try {
    (void)store::decode_record(std::as_bytes(bytes));
  } catch (const Error&) {
  }
  const auto path = fuzz::scratch() / "segment";
  fuzz::put_file(path, fuzz::text_of(bytes));
  const auto whole = read_all(path);
  fuzz::expect(whole.replay.torn_bytes <= size, "no more bytes are torn than there are");

  fuzz::put_file(path, fuzz::text_of(bytes.first(size > 0 ? crc32c(fuzz::text_of(bytes)) % size : 0)));
  const auto cut = read_all(path);
  fuzz::expect(cut.records.size() <= whole.records.size() &&
                   std::equal(cut.records.begin(), cut.records.end(), whole.records.begin()),
               "a segment cut short holds the first of its records");
  return 0;
}
