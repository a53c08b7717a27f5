#include "engine/protocol.hpp"
#include "fuzz.hpp"
#include "page/office.hpp"
#include "page/protocol.hpp"
#include "pecia/base/error.hpp"
#include "pecia/child/shared_memory.hpp"

// What children say: the first byte chooses who is spoken to, the rest is the message. What is
// taken is sound, and says the same when it is written again.
namespace pecia {
namespace {

void check_image(const page::Image& image) {
  fuzz::expect(image.width_px > 0 && image.height_px > 0, "an image has an area");
  fuzz::expect(image.format <= page::PixelFormat::rgb8, "an image has pixels of a kind there is");
  fuzz::expect(image.stride_bytes == page::row_bytes(image.format, image.width_px),
               "rows are as long as they are");
}

/// `encode` of what was read, read again, is the same message.
template <typename Decode>
void read_twice(const Bytes& bytes, Decode decode) {
  using namespace page::protocol;
  using namespace engine::protocol;
  const auto first = decode(bytes);
  const auto written = encode(first);
  const auto again = encode(decode(written));
  fuzz::expect(written == again, "a message is the same when it is written again");
}

void check_page_answer(const Bytes& bytes) {
  const auto answer = page::protocol::decode_answer(bytes);
  if (const auto* rendered = std::get_if<page::protocol::Rendered>(&answer))
    check_image(rendered->image);
  read_twice(bytes, page::protocol::decode_answer);
}

void check_engine_answer(const Bytes& bytes) {
  const auto answer = engine::protocol::decode_answer(bytes);
  const auto again = [](const auto& word) {
    return engine::protocol::decode_answer(engine::protocol::encode(word));
  };
  const auto copy = std::visit(again, answer);
  fuzz::expect(copy.index() == answer.index(), "an answer stays of its kind");
}

void check_order(const Bytes& bytes) {
  const auto order = engine::protocol::decode_order(bytes);
  if (const auto* read = std::get_if<engine::protocol::Read>(&order)) check_image(read->image);
}

void check_image_alone(const Bytes& bytes) {
  ByteReader in{bytes, "image"};
  const auto image = page::decode_image(in);
  check_image(image);
}

}  // namespace
}  // namespace pecia

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  if (size == 0) return 0;
  const auto message = std::as_bytes(std::span{data, size}).subspan(1);
  const Bytes bytes{message.begin(), message.end()};
  try {
    switch (data[0] % 7) {
      case 0: check_page_answer(bytes); break;
      case 1: read_twice(bytes, page::protocol::decode_request); break;
      case 2: check_image_alone(bytes); break;
      case 3: check_engine_answer(bytes); break;
      case 4: check_order(bytes); break;
      case 5: read_twice(bytes, page::office::decode_done); break;
      default: read_twice(bytes, page::office::decode_order); break;
    }
  } catch (const Error&) {
  }
  return 0;
}
