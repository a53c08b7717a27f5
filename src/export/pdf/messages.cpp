#include <array>

#include "pecia/base/text.hpp"
#include "pecia/export/pdf_messages.hpp"

namespace pecia::exporting {
namespace {

constexpr std::size_t box_bytes = 16, word_bytes = 4 + box_bytes + 1, line_bytes = box_bytes + 4;

enum class Tag : std::uint8_t { order = 1, page = 2, end = 3, hello = 4, result = 5, not_stored = 6 };

void put(ByteWriter& out, const result::Box& box) { out.put(box.x0).put(box.y0).put(box.x1).put(box.y1); }

result::Box get_box(ByteReader& in) {
  result::Box box;
  for (auto* side : {&box.x0, &box.y0, &box.x1, &box.y1}) *side = in.get<float>();
  return box;
}

/// One of `count` enumerators that count from 0.
template <class Enum>
Enum get_enum(ByteReader& in, int count) {
  const auto value = in.get<std::uint8_t>();
  require(value < count, "pecia-pdf: a message with an unknown value");
  return static_cast<Enum>(value);
}

std::string get_utf8(ByteReader& in) {
  auto text = in.get_text();
  require(is_utf8(text), "pecia-pdf: a message whose text is no UTF-8");
  return text;
}

void put_texts(ByteWriter& out, const std::vector<std::string>& texts) {
  out.put(static_cast<std::uint32_t>(texts.size()));
  for (const auto& text : texts) out.put_text(text);
}

std::vector<std::string> get_texts(ByteReader& in) {
  std::vector<std::string> texts(in.get_count(sizeof(std::uint32_t)));
  for (auto& text : texts) text = get_utf8(in);
  return texts;
}

struct Writer {
  ByteWriter out;

  void operator()(const PdfOrder& order) {
    out.put(Tag::order).put(order.format).put_text(order.password).put_text(order.title).put(order.pages);
    const auto& settings = order.settings;
    out.put(settings.text_layers).put(settings.pdfa).put(settings.linearize).put(settings.break_signatures);
    out.put_text(order.gaps);
  }
  void operator()(const PdfPage& page) {
    out.put(Tag::page).put(page.number).put(page.act).put(page.keeps_text).put(page.failed);
    out.put(page.width_px).put(page.height_px).put(page.dpi).put(page.embedded).put(page.unplaced_lines);
    out.put(static_cast<std::uint32_t>(page.lines.size()));
    for (const auto& line : page.lines) {
      put(out, line.box);
      out.put(static_cast<std::uint32_t>(line.words.size()));
      for (const auto& word : line.words) {
        out.put_text(word.text);
        put(out, word.box);
        out.put(word.blank_after);
      }
    }
  }
  void operator()(const PdfEnd& /*end*/) { out.put(Tag::end); }
  void operator()(const PdfHello& hello) {
    out.put(Tag::hello);
    put_texts(out, hello.not_confined);
  }
  void operator()(const PdfNotStored& failure) { out.put(Tag::not_stored).put(failure.error_number); }
  void operator()(const PdfResult& result) {
    out.put(Tag::result).put(result.status).put_text(result.reason).put(result.pages).put(result.pages_with_text);
    out.put(result.pages_kept).put(result.pages_replaced).put(result.pages_without_places).put(result.lines_without_places);
    out.put(result.words).put(result.pdfa).put_text(result.not_pdfa).put(result.bytes);
    put_texts(out, result.warnings);
  }
};

PdfOrder get_order(ByteReader& in) {
  PdfOrder order;
  order.format = get_enum<corpus::Format>(in, 8);
  order.password = in.get_text();
  order.title = get_utf8(in);
  order.pages = in.get<std::uint32_t>();
  order.settings.text_layers = get_enum<PdfSettings::TextLayers>(in, 2);
  for (auto* flag : {&order.settings.pdfa, &order.settings.linearize, &order.settings.break_signatures}) *flag = in.get<bool>();
  order.gaps = get_utf8(in);
  return order;
}

PdfPage get_page(ByteReader& in) {
  PdfPage page;
  page.number = in.get<std::uint32_t>();
  page.act = get_enum<PdfPage::Act>(in, 3);
  page.keeps_text = in.get<bool>();
  page.failed = in.get<bool>();
  for (auto* side : {&page.width_px, &page.height_px, &page.dpi}) *side = in.get<float>();
  page.embedded = in.get<bool>();
  page.unplaced_lines = in.get<std::uint32_t>();
  page.lines.resize(in.get_count(line_bytes));
  for (auto& line : page.lines) {
    line.box = get_box(in);
    line.words.resize(in.get_count(word_bytes));
    for (auto& word : line.words) {
      word.text = get_utf8(in);
      word.box = get_box(in);
      word.blank_after = in.get<bool>();
    }
  }
  return page;
}

PdfResult get_result(ByteReader& in) {
  PdfResult result;
  result.status = get_enum<PdfResult::Status>(in, 3);
  result.reason = get_utf8(in);
  for (auto* count : {&result.pages, &result.pages_with_text, &result.pages_kept, &result.pages_replaced, &result.pages_without_places})
    *count = in.get<std::uint32_t>();
  result.lines_without_places = in.get<std::uint64_t>();
  result.words = in.get<std::uint64_t>();
  result.pdfa = in.get<bool>();
  result.not_pdfa = get_utf8(in);
  result.bytes = in.get<std::uint64_t>();
  result.warnings = get_texts(in);
  return result;
}

template <class Message>
Bytes bytes_of(const Message& message) {
  Writer writer;
  std::visit(writer, message);
  return std::move(writer.out).bytes();
}

}  // namespace

std::string_view name(PdfResult::Status status) noexcept {
  constexpr std::array<std::string_view, 3> names{"written", "refused", "failed"};
  return names[static_cast<std::size_t>(status)];
}

Bytes encode(const PdfRequest& request) { return bytes_of(request); }
Bytes encode(const PdfAnswer& answer) { return bytes_of(answer); }

PdfRequest decode_pdf_request(std::span<const std::byte> bytes) {
  ByteReader in{bytes, "a request to pecia-pdf"};
  PdfRequest request;
  switch (in.get<Tag>()) {
    case Tag::order:
      request = get_order(in);
      break;
    case Tag::page:
      request = get_page(in);
      break;
    case Tag::end:
      request = PdfEnd{};
      break;
    default:
      throw Error{"pecia-pdf: a request of an unknown kind"};
  }
  in.expect_end();
  return request;
}

PdfAnswer decode_pdf_answer(std::span<const std::byte> bytes) {
  ByteReader in{bytes, "an answer of pecia-pdf"};
  PdfAnswer answer;
  switch (in.get<Tag>()) {
    case Tag::hello:
      answer = PdfHello{get_texts(in)};
      break;
    case Tag::result:
      answer = get_result(in);
      break;
    case Tag::not_stored:
      answer = PdfNotStored{in.get<std::int32_t>()};
      break;
    default:
      throw Error{"pecia-pdf: an answer of an unknown kind"};
  }
  in.expect_end();
  return answer;
}

}  // namespace pecia::exporting
