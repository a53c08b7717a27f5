#pragma once

#include <cstdint>
#include <qpdf/QPDF.hh>
#include <string>

namespace pecia::exporting::pdf {

/// As libqpdf is told to call the file that is read.
inline constexpr const char* document_name = "the document";

/// What libqpdf finds odd in a document. It remembers every finding, of which there may be millions: they are taken from it,
/// and counted.
class Findings {
 public:
  /// Those of one place.
  struct Account {
    std::uint64_t count = 0;
    std::string first;
  };

  explicit Findings(QPDF& pdf) : pdf_{pdf} {}
  void take();
  /// While contents are parsed, so that few of them are in memory at once.
  void take_if_many();

  /// In the file: libqpdf repairs what it finds there.
  [[nodiscard]] const Account& in_file() const { return in_file_; }
  /// While the contents of pages were parsed, which stay as they are.
  [[nodiscard]] const Account& in_contents() const { return in_contents_; }
  /// Objects that it takes for null from there on.
  [[nodiscard]] std::uint64_t lost_objects() const { return lost_objects_; }

 private:
  QPDF& pdf_;
  Account in_file_, in_contents_;
  std::uint64_t lost_objects_ = 0;
};

}  // namespace pecia::exporting::pdf
