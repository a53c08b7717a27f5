#include <fmt/format.h>

#include "book_flow.hpp"
#include "gaps.hpp"
#include "pecia/export/texts.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

class PlainWriter {
 public:
  explicit PlainWriter(const merge::Book& book) : book_{book} {}

  std::string operator()() && {
    if (const auto gaps = gaps_notice(*book_.document); !gaps.empty()) out_ += fmt::format("[{}]\n", gaps);
    go_through(book_, {[this](std::uint32_t page) { begin_page(page); }, [this](const merge::Unit& unit) { write(unit); }});
    return std::move(out_);
  }

 private:
  void begin_page(std::uint32_t number) {
    page_begins_ = true;
    const auto text = notice(page_of(book_, number));
    if (!text.empty()) append(fmt::format("[{}]\n", text));
  }

  void write(const merge::Unit& unit) {
    if (const auto table = cells_of(book_, unit)) {
      const auto rows = to_text(*table);
      return append(rows.ends_with('\n') ? rows : rows + '\n');
    }
    const auto joined = text_and_breaks(book_, unit, Markup::removed);
    if (!joined.text.empty()) append(with_notices(joined) + '\n');
  }

  /// What is said of blank pages over which the unit goes on stands where they are.
  [[nodiscard]] std::string with_notices(const UnitText& joined) const {
    std::string text;
    std::size_t written = 0;
    for (const auto& begins : joined.breaks) {
      text.append(joined.text, written, begins.at - written);
      written = begins.at;
      if (const auto what = notice(page_of(book_, begins.page)); !what.empty()) text += fmt::format(" [{}]", what);
    }
    return text.append(joined.text, written);
  }

  void append(std::string_view lines) {
    if (!out_.empty()) out_ += page_begins_ && has_page_ ? '\f' : '\n';
    out_ += lines;
    page_begins_ = false;
    has_page_ = true;
  }

  const merge::Book& book_;
  std::string out_;
  bool page_begins_ = false;  ///< and nothing of it is written yet
  bool has_page_ = false;     ///< something is written beside the notice of gaps
};

}  // namespace

std::string to_plain_text(const merge::Book& book) { return PlainWriter{book}(); }

}  // namespace pecia::exporting
