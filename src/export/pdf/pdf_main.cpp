#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <new>
#include <optional>
#include <qpdf/Pl_Flate.hh>
#include <string>
#include <vector>

#include "maker.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "pecia/child/child.hpp"
#include "pecia/child/sandbox.hpp"
#include "warm_up.hpp"

namespace {

using namespace pecia;
using namespace pecia::exporting;

/// One document after the other. What is wrong with one is remembered until its end, so that its pages are taken all the same.
class Session {
 public:
  void serve(child::Parent& parent) {
    while (auto packet = parent.receive()) {
      const auto request = decode_pdf_request(packet->bytes);
      if (const auto* order = std::get_if<PdfOrder>(&request)) {
        require(packet->fds.size() == 2, "an order came without its two descriptors");
        begin(*order, packet->fds);
      } else if (const auto* page = std::get_if<PdfPage>(&request)) {
        guarded([&] { maker_->add(*page); });
      } else {
        guarded([&] {
          result_ = maker_->finish(out_.get());
          close_output();
        });
        maker_.reset();
        out_.reset();
        parent.send(encode(not_stored_ ? PdfAnswer{*not_stored_} : PdfAnswer{result_}));
      }
    }
  }

 private:
  void begin(const PdfOrder& order, std::vector<UniqueFd>& fds) {
    maker_.reset();
    result_ = {};
    not_stored_.reset();
    sound_ = true;
    out_ = std::move(fds[1]);
    guarded([&] {
      maker_ = order.format == corpus::Format::pdf ? pdf::open_pdf(std::move(fds[0]), order) : pdf::open_image(std::move(fds[0]), order);
    });
    sound_ = sound_ && maker_ != nullptr;
  }

  /// NFS and quotas tell of a full disk only here, and tell him alone who closes it first.
  void close_output() {
    if (::close(out_.release()) != 0) throw pdf::OutputError{storage_error(errno, "cannot write", "the PDF")};
  }

  template <class Do>
  void guarded(Do&& act) {
    if (!sound_) return;
    try {
      act();
    } catch (const pdf::Refusal& refusal) {
      give_up(PdfResult::Status::refused, refusal.what());
    } catch (const pdf::OutputError& error) {
      give_up(PdfResult::Status::failed, error.what());
      not_stored_ = PdfNotStored{error.error_number()};
    } catch (const StorageError& error) {
      give_up(PdfResult::Status::failed, error.what());
    } catch (const std::bad_alloc&) {
      give_up(PdfResult::Status::failed, "the document needs more memory than pecia-pdf may take");
    } catch (const std::exception& error) {
      give_up(PdfResult::Status::failed, fmt::format("the document is damaged: {}", printable(error.what())));
    }
  }

  void give_up(PdfResult::Status status, const std::string& reason) {
    sound_ = false;
    maker_.reset();
    result_ = {};
    result_.status = status;
    result_.reason = reason;
  }

  std::unique_ptr<pdf::Maker> maker_;
  UniqueFd out_;
  PdfResult result_;
  std::optional<PdfNotStored> not_stored_;
  bool sound_ = false;
};

}  // namespace

/// Writes searchable PDFs for the process that started it. Arguments: none; or --version, --sandbox FILE... for a person.
int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    const std::string asked = arguments.empty() ? "" : arguments.front();
    if (asked == "--version") {
      fmt::print("pecia-pdf {}\n", version());
      return 0;
    }
    std::optional<child::Parent> parent;
    if (asked != "--sandbox") parent.emplace();
    ::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of the document's, as a full disk is
    Pl_Flate::setCompressionLevel(9);
    pdf::warm_up();
    const auto confinement = child::confine({});
    if (!parent) return child::tell_of(confinement, std::span{arguments}.subspan(1));
    parent->send(encode(PdfAnswer{PdfHello{confinement.missing}}));
    Session{}.serve(*parent);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pecia-pdf: {}\n", error.what());
    return 1;
  }
}
