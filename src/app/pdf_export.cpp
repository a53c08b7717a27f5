#include "pdf_export.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <variant>

#include "changed_document.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/child/child.hpp"
#include "pecia/export/part_file.hpp"
#include "pecia/export/pdf_messages.hpp"

namespace pecia::app {
namespace {

using exporting::PdfResult;
using Said = std::variant<PdfResult, exporting::PdfNotStored>;

/// Of address space: documents are not in memory as a whole, what libqpdf knows of their objects is.
constexpr std::uint64_t memory_bytes = std::uint64_t{6} << 30;
constexpr std::uint64_t answer_bytes = std::uint64_t{64} << 20;
constexpr double base_cpu_s = 60, cpu_s_a_page = 10, cpu_s_a_megabyte = 1;
/// Pixels may have to be decoded and compressed anew: samples of 16 bits for four colours, say, and twice for a linearized PDF.
constexpr double cpu_s_a_megapixel = 4;
/// A page that claims more is damaged.
constexpr double most_megapixels = 1'000;
/// Of the system's clock, for a child that sleeps for ever.
constexpr double wall_of_cpu = 10, most_document_wall_s = 86'400;
constexpr std::chrono::milliseconds look_interval{500};
/// The same while it takes no page since it is at work on those before.
constexpr double page_wait_s = 300;

PdfResult ended(PdfResult::Status status, std::string reason) {
  PdfResult result;
  result.status = status;
  result.reason = std::move(reason);
  return result;
}

/// The time of the system's clock that a document may take.
struct DocumentPatience {
  double most_s = 0;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  [[nodiscard]] bool ended() const { return std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count() >= most_s; }
};

/// One `pecia-pdf`, of one thread.
class PdfChild {
 public:
  /// What it answered; nothing if it died or lied, and then `how` says how.
  struct Answer {
    std::optional<Said> said;
    std::string how;
  };

  PdfChild() : child_{program()} {}

  Answer write(const exporting::PdfOrder& order, const merge::Book& book, int source, int out, double cpu_s) {
    const std::array<int, 2> fds{source, out};
    const DocumentPatience patience{std::min(cpu_s * wall_of_cpu, most_document_wall_s)};
    child_.allow_cpu(cpu_s);
    bool there = child_.send(encode(exporting::PdfRequest{order}), fds);
    for (std::size_t n = 0; there && n < book.pages.size() && !patience.ended(); ++n)
      there = child_.send(encode(exporting::PdfRequest{exporting::pdf_page_of(book, n, order.settings)}));
    there = there && (patience.ended() || child_.send(encode(exporting::PdfRequest{exporting::PdfEnd{}})));
    auto got = there ? answer(patience) : Answer{};
    if (got.said) return got;
    if (const auto end = child_.end(); got.how.empty())
      got.how = child_.ended_by_cpu_limit() ? fmt::format("it took more than {:.0f} s of computing", cpu_s) : end;
    return got;
  }

 private:
  static child::Program program() {
    child::Program program;
    program.executable = child::find_program("pecia-pdf");
    program.limits.memory_bytes = memory_bytes;
    program.limits.message_bytes = answer_bytes;
    program.limits.file_bytes = 0;  // what it writes is as large as its documents
    program.limits.send_wait_s = page_wait_s;
    return program;
  }

  Answer answer(const DocumentPatience& patience) {
    while (true) {
      const auto received = child_.receive(look_interval);
      if (received.status == child::Child::Status::gone) return {};
      if (received.status == child::Child::Status::message) {
        if (auto got = answer_in(received.packet.bytes); got.said || !got.how.empty()) return got;
      }
      // Whatever it says: one that says hello for ever has no answer either.
      if (patience.ended()) return {std::nullopt, fmt::format("it gave no answer for {:.0f} s", patience.most_s)};
    }
  }

  /// Neither the one nor the other for its hello.
  Answer answer_in(std::span<const std::byte> bytes) {
    try {
      const auto message = exporting::decode_pdf_answer(bytes);
      if (const auto* result = std::get_if<PdfResult>(&message)) return {*result, {}};
      if (const auto* failure = std::get_if<exporting::PdfNotStored>(&message)) return {*failure, {}};
      require(!std::exchange(greeted_, true), "a second hello");
      for (const auto& missing : std::get<exporting::PdfHello>(message).not_confined)
        log::debug("pecia-pdf is not confined by {}", missing);
      return {};
    } catch (const Error& error) {
      return {std::nullopt, fmt::format("it answered nonsense ({})", error.what())};
    }
  }

  bool greeted_ = false;
  child::Child child_;
};

class PdfWriter {
 public:
  PdfWriter(const Job& job, std::filesystem::path root) : job_{job}, root_{std::move(root)} {}

  PdfResult operator()(const merge::Book& book, const corpus::Document& listed, const exporting::PdfSettings& settings,
                       const std::filesystem::path& out) {
    using Status = PdfResult::Status;
    if (corpus::is_office(listed.format))
      return ended(Status::refused, fmt::format("a {} has no pages of its own: no PDF is made of it", name(listed.format)));
    if (listed.pages.empty()) return ended(Status::refused, fmt::format("its pages could not be counted ({})", name(listed.problem)));
    const auto file = root_ / listed.path;
    const UniqueFd source{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!source)
      return ended(Status::refused,
                   fmt::format("the document cannot be opened ({}): it is read again to make a PDF of it", std::strerror(errno)));
    struct stat status {};
    if (::fstat(source.get(), &status) != 0)
      return ended(Status::failed, fmt::format("the document cannot be read: {}", std::strerror(errno)));
    if (const auto change = change_of(status, listed); !change.empty())
      return ended(Status::refused,
                   fmt::format("the document has changed since the run read it ({}): its text may belong elsewhere", change));
    exporting::PdfOrder order{listed.format,
                              settings_for(job_, listed.path).password,
                              title_of(listed.path),
                              static_cast<std::uint32_t>(book.pages.size()),
                              settings,
                              exporting::pdf_gaps_of(book)};
    exporting::PartFile part{out};
    auto said = write(order, book, source.get(), part.fd(), pdf_cpu_s(listed));
    if (const auto* failure = std::get_if<exporting::PdfNotStored>(&said))
      throw storage_error(failure->error_number, "cannot write", printable(out.native()));
    auto& result = std::get<PdfResult>(said);
    if (result.status != Status::written) return result;
    if (::fstat(source.get(), &status) != 0)
      return ended(Status::failed, fmt::format("the document cannot be read: {}", std::strerror(errno)));
    if (const auto change = change_of(status, listed); !change.empty())
      return ended(Status::refused, fmt::format("the document has changed while it was read ({}): the copy would be of neither", change));
    if (::fstat(part.fd(), &status) != 0) throw storage_error(errno, "cannot write", printable(out.native()));
    if (static_cast<std::uint64_t>(status.st_size) != result.bytes)
      return ended(Status::failed, fmt::format("of {} bytes that were written {} are stored", result.bytes, status.st_size));
    part.finish();
    return result;
  }

 private:
  /// The file's name without its ending, in UTF-8.
  static std::string title_of(const std::string& path) { return printable(std::filesystem::path{path}.stem().native()); }

  Said write(const exporting::PdfOrder& order, const merge::Book& book, int source, int out, double cpu_s) {
    auto& child = child_of_this_thread();
    if (!child) child.emplace();
    auto answer = child->write(order, book, source, out, cpu_s);
    if (answer.said) return *std::move(answer.said);
    child.reset();
    return ended(PdfResult::Status::failed, fmt::format("pecia-pdf, which wrote it, was lost: {}", answer.how));
  }

  std::optional<PdfChild>& child_of_this_thread() {
    const std::lock_guard lock{mutex_};
    return children_[std::this_thread::get_id()];
  }

  const Job& job_;
  std::filesystem::path root_;
  std::mutex mutex_;
  std::map<std::thread::id, std::optional<PdfChild>> children_;
};

}  // namespace

double pdf_cpu_s(const corpus::Document& listed) {
  double cpu_s = base_cpu_s + cpu_s_a_megabyte * static_cast<double>(listed.size_bytes) / 1e6;
  for (const auto& page : listed.pages) {
    const auto megapixels = static_cast<double>(page.width_px) * static_cast<double>(page.height_px) / 1e6;
    cpu_s += cpu_s_a_page + cpu_s_a_megapixel * std::max(0.0, std::min(most_megapixels, megapixels));
  }
  return cpu_s;
}

exporting::WritePdf pdf_writer(const Job& job, std::filesystem::path root) {
  return [writer = std::make_shared<PdfWriter>(job, std::move(root))](const auto& book, const auto& listed, const auto& settings,
                                                                      const auto& out) { return (*writer)(book, listed, settings, out); };
}

}  // namespace pecia::app
