#include "pdf_repair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>
#include <new>
#include <qpdf/Buffer.hh>
#include <qpdf/BufferInputSource.hh>
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFLogger.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFWriter.hh>
#include <qpdf/QUtil.hh>
#include <set>
#include <stdexcept>

#include "pdf_page.hpp"
#include "pecia/base/text.hpp"
#include "raster.hpp"

namespace pecia::page {
namespace {

using Object = QPDFObjectHandle;

constexpr std::size_t shown_warnings = 2, shown_warning_bytes = 160;
constexpr std::size_t most_pdf_pages = 1'000'000;

struct GivenUp : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws once the time is over; qpdf may swallow that, so it is asked for afterwards, too.
class Deadline {
 public:
  explicit Deadline(double most_s) : most_s_{most_s} {}
  void check() const {
    const auto used_s = static_cast<double>(std::clock() - began_) / CLOCKS_PER_SEC;
    if (used_s >= most_s_)
      throw GivenUp{fmt::format("the repair took more than {:.0f} s", most_s_)};
  }

 private:
  double most_s_;
  std::clock_t began_ = std::clock();
};

class TimedInput final : public BufferInputSource {
 public:
  TimedInput(Buffer* contents, const Deadline& deadline)
      : BufferInputSource{"", contents}, deadline_{deadline} {}
  std::size_t read(char* into, std::size_t length) override {
    if (++reads_ % 1024 == 0) deadline_.check();
    return BufferInputSource::read(into, length);
  }

 private:
  const Deadline& deadline_;
  std::size_t reads_ = 0;
};

class BoundedOutput final : public Pipeline {
 public:
  BoundedOutput(std::size_t most_bytes, const Deadline& deadline)
      : Pipeline{"repaired", nullptr}, most_bytes_{most_bytes}, deadline_{deadline} {}
  void write(const unsigned char* data, std::size_t length) override {
    if (length > most_bytes_ - bytes_.size())
      throw GivenUp{fmt::format("the repaired PDF has more than {} MB", most_bytes_ / 1'000'000)};
    if (++writes_ % 1024 == 0) deadline_.check();
    const auto* begin = reinterpret_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), begin, begin + length);
  }
  void finish() override {}
  [[nodiscard]] std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::size_t most_bytes_;
  const Deadline& deadline_;
  std::size_t writes_ = 0;
  std::vector<std::byte> bytes_;
};

/// Opens with the first password that fits.
class Opened {
 public:
  Opened(std::span<const std::byte> bytes, const std::string& password, const Deadline& deadline)
      : buffer_{reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data())),
                bytes.size()} {
    std::vector<std::string> passwords{""};
    if (!password.empty()) passwords.push_back(password);
    for (const auto& other : QUtil::possible_repaired_encodings(password)) {
      if (std::ranges::find(passwords, other) == passwords.end()) passwords.push_back(other);
    }
    for (std::size_t n = 0; n < passwords.size(); ++n) {
      try {
        open(passwords[n], deadline);
        return;
      } catch (const QPDFExc& error) {
        if (error.getErrorCode() == qpdf_e_unsupported)
          throw PageError{Reason::unsupported,
                          fmt::format("the PDF is encrypted in a way that is not read: {}",
                                      error.getMessageDetail())};
        if (error.getErrorCode() != qpdf_e_password || n + 1 == passwords.size()) throw;
      }
    }
  }
  QPDF& operator*() { return *pdf_; }

 private:
  void open(const std::string& password, const Deadline& deadline) {
    pdf_ = std::make_unique<QPDF>();
    pdf_->setLogger(quiet_);
    pdf_->setSuppressWarnings(true);
    pdf_->setAttemptRecovery(true);
    pdf_->processInputSource(std::make_shared<TimedInput>(&buffer_, deadline), password.c_str());
  }

  Buffer buffer_;
  std::shared_ptr<QPDFLogger> quiet_ = QPDFLogger::create();
  std::unique_ptr<QPDF> pdf_;
};

/// The pages of a tree, each with what it inherits written into it.
class PageCollector {
 public:
  explicit PageCollector(QPDF& pdf) : pdf_{pdf} {}

  std::vector<Object> by_tree() {
    auto root = pdf_.getRoot().getKey("/Pages");
    has_tree_ = root.isDictionary() && root.getKey("/Kids").isArray();
    if (has_tree_) visit(root, {}, 0);
    return std::move(pages_);
  }
  /// The tree is as it should be, also if it is empty.
  [[nodiscard]] bool is_sound() const { return has_tree_ && sound_; }

  std::vector<Object> by_type() {
    for (auto& object : pdf_.getAllObjects()) {
      if (object.isDictionaryOfType("/Page") && pages_.size() < most_pdf_pages)
        pages_.push_back(object);
    }
    return std::move(pages_);
  }

 private:
  using Inherited = std::map<std::string, Object>;

  void visit(Object node, Inherited inherited, int depth) {
    if (!node.isDictionary() || depth > deepest_page_tree || pages_.size() >= most_pdf_pages) {
      sound_ = false;
      return;
    }
    for (const auto* key : {"/Resources", "/MediaBox", "/CropBox", "/Rotate"}) {
      if (node.hasKey(key)) inherited[key] = node.getKey(key);
    }
    auto kids = node.getKey("/Kids");
    if (kids.isArray()) {
      if (node.isIndirect() && !visited_.insert(node.getObjGen()).second) {
        sound_ = false;
        return;
      }
      const int count = kids.getArrayNItems();
      for (int n = 0; n < count; ++n) visit(kids.getArrayItem(n), inherited, depth + 1);
      return;
    }
    const bool again = node.isIndirect() && !visited_.insert(node.getObjGen()).second;
    // A page listed twice is two pages; not all readers number them so while they are one object.
    if (again) node = node.shallowCopy();
    if (!node.isIndirect()) node = pdf_.makeIndirectObject(node);
    for (const auto& [key, value] : inherited) {
      if (!node.hasKey(key)) node.replaceKey(key, value);
    }
    pages_.push_back(node);
  }

  QPDF& pdf_;
  std::vector<Object> pages_;
  std::set<QPDFObjGen> visited_;
  bool has_tree_ = false, sound_ = true;
};

const Object::Rectangle letter_rectangle{0, 0, 612, 792};  ///< what readers take for a media box that is missing

bool is_box(Object value) {
  if (!value.isRectangle()) return false;
  const auto box = value.getArrayAsRectangle();  // its corners sorted
  return box.urx > box.llx && box.ury > box.lly;
}

/// A crop box that has nothing in common with the media box is none (ISO 32000-1, 14.11.2); readers differ about it.
void drop_crop_apart(Object page) {
  auto crop = page.getKey("/CropBox"), media = page.getKey("/MediaBox");
  if (!is_box(crop)) return;
  const auto a = crop.getArrayAsRectangle(), b = is_box(media) ? media.getArrayAsRectangle() : letter_rectangle;
  if (std::min(a.urx, b.urx) <= std::max(a.llx, b.llx) || std::min(a.ury, b.ury) <= std::max(a.lly, b.lly)) page.removeKey("/CropBox");
}

void put_flat_tree(QPDF& pdf, std::vector<Object>& pages) {
  auto root = pdf.makeIndirectObject(Object::newDictionary());
  root.replaceKey("/Type", Object::newName("/Pages"));
  root.replaceKey("/Count", Object::newInteger(static_cast<long long>(pages.size())));
  for (auto& page : pages) {
    page.replaceKey("/Type", Object::newName("/Page"));
    page.replaceKey("/Parent", root);
    drop_crop_apart(page);
  }
  root.replaceKey("/Kids", Object::newArray(pages));
  pdf.getRoot().replaceKey("/Pages", root);
}

std::string encryption_of(QPDF& pdf) {
  int revision = 0, permissions = 0, version = 0;
  QPDF::encryption_method_e streams{}, strings{}, files{};
  if (!pdf.isEncrypted(revision, permissions, version, streams, strings, files)) return "";
  const auto* method = streams == QPDF::e_aesv3 ? "AES-256"
                       : streams == QPDF::e_aes ? "AES-128"
                                                : "RC4";
  return fmt::format("{}, revision {}", method, revision);
}

std::string warnings_of(QPDF& pdf) {
  std::string text;
  const auto warnings = pdf.getWarnings();
  for (std::size_t n = 0; n < std::min(warnings.size(), shown_warnings); ++n) {
    text += (n > 0 ? "; " : "") + shortened(warnings[n].getMessageDetail(), shown_warning_bytes);
  }
  if (warnings.size() > shown_warnings)
    text += fmt::format("; and {} more", warnings.size() - shown_warnings);
  return text;
}

RepairedPdf repaired(std::span<const std::byte> bytes, const std::string& password,
                     const RepairLimits& limits) {
  const Deadline deadline{limits.cpu_s};
  Opened opened{bytes, password, deadline};
  auto& pdf = *opened;
  RepairedPdf made;
  made.encryption = encryption_of(pdf);
  if (pdf.getObjectCount() > most_pdf_objects)
    throw PageError{Reason::too_large,
                    fmt::format("the PDF has {} objects, and more than {} are not read",
                                pdf.getObjectCount(), most_pdf_objects)};
  PageCollector collector{pdf};
  auto pages = collector.by_tree();
  if (pages.empty() && collector.is_sound())
    throw PageError{Reason::no_pages, "the PDF is sound, but has no page"};
  if (pages.empty()) {
    pages = collector.by_type();
    made.pages_by_type = true;
  }
  if (pages.empty())
    throw PageError{Reason::page_tree,
                    "the page tree of the PDF leads to no page, and none could be found beside it"};
  made.pages = pages.size();
  put_flat_tree(pdf, pages);

  BoundedOutput output{2 * bytes.size() + limits.most_growth_bytes, deadline};
  QPDFWriter writer{pdf};
  writer.setOutputPipeline(&output);
  writer.setPreserveEncryption(false);
  writer.setObjectStreamMode(qpdf_o_disable);  // PoDoFo reads plain tables best
  writer.setStreamDataMode(qpdf_s_preserve);
  writer.setStaticID(true);
  writer.write();
  deadline.check();
  made.found = warnings_of(pdf);
  made.bytes = output.take();
  return made;
}

}  // namespace

RepairedPdf repair_pdf(std::span<const std::byte> bytes, const std::string& password,
                       const RepairLimits& limits) {
  if (bytes.size() > limits.largest_bytes)
    throw PageError{Reason::unreadable,
                    fmt::format("it has {} MB, and PDFs of more than {} are not repaired",
                                bytes.size() / 1'000'000, limits.largest_bytes / 1'000'000)};
  try {
    return repaired(bytes, password, limits);
  } catch (const PageError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw PageError{Reason::out_of_memory,
                    "the PDF cannot be repaired in the memory that pecia-page may take"};
  } catch (const QPDFExc& error) {
    if (error.getErrorCode() == qpdf_e_password)
      throw PageError{Reason::encrypted, "the password is missing or wrong"};
    throw PageError{Reason::unreadable, error.getMessageDetail()};
  } catch (const std::exception&
               error) {  // given up, and what qpdf says of files that break its own assumptions
    throw PageError{Reason::unreadable, error.what()};
  }
}

std::string repairer() { return "qpdf " + QPDF::QPDFVersion(); }

}  // namespace pecia::page
