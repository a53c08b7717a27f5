#pragma once

#include <atomic>
#include <string>
#include <variant>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/file.hpp"
#include "pecia/page/reader.hpp"

// Documents of office programs to PDF: what a rank and its pecia-office child say to each other, and the
// rank's part of it.
namespace pecia::page::office {

/// Rank to child; the document's descriptor comes with it.
struct Order {
  std::string program;  ///< LibreOffice
  corpus::Format format = corpus::Format::docx;
  double cpu_s = 0;
  double wall_s = 0;
};
/// The answer. Without a reason, the PDF's descriptor comes with it; its file has no name any more.
struct Done {
  Reason reason = Reason::none;
  std::string detail;
  std::vector<std::string> not_confined;  ///< of LibreOffice, as child::Confinement::missing
};

[[nodiscard]] Bytes encode(const Order& order);
[[nodiscard]] Order decode_order(const Bytes& bytes);
[[nodiscard]] Bytes encode(const Done& done);
/// Throws `Error` on what no conversion ends with.
[[nodiscard]] Done decode_done(const Bytes& bytes);

struct Pdf {
  UniqueFd file;        ///< has no name
  std::string program;  ///< that has made it
  std::vector<std::string> not_confined;  ///< as in Done
};
/// Takes as long as LibreOffice does; `interrupted`, and an end of `limits`, are looked at meanwhile.
[[nodiscard]] std::variant<Pdf, Failure> to_pdf(const UniqueFd& document, corpus::Format format, const Limits& limits,
                                                double scale_limits, const std::atomic<bool>& interrupted);

}  // namespace pecia::page::office
