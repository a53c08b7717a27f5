#include "content_walk.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include "content_parts.hpp"
#include "painted_forms.hpp"

namespace pecia::exporting::pdf {
namespace {

constexpr int deepest_form = 12;
/// Images are counted so far.
constexpr std::uint32_t most_images = 1'000'000;

struct State {
  Affine matrix;
  int mode = 0;  ///< text rendering mode
  bool type3 = false;
};

class Walk : public QPDFObjectHandle::ParserCallbacks {
 public:
  Walk(QPDFPageObjectHelper holder, State state, int depth, PageForms& page) : holder_{holder}, state_{state}, depth_{depth}, page_{page} {
    resources_ = holder_.getAttribute("/Resources", false);
    lender_ = holder_.getObjectHandle().getObjGen();
  }

  void contentSize(std::size_t size) override { size_ = size; }
  void handleObject(QPDFObjectHandle object, std::size_t offset, std::size_t length) override {
    end_ = offset + length;
    ends_in_null_ = object.isNull();
    page_.take_findings();
    if (object.isOperator()) {
      const auto begin = operands_.empty() ? offset : begin_;
      run(object.getOperatorValue(), begin, offset + length);
      operands_.clear();
    } else {
      if (operands_.empty()) begin_ = offset;
      if (operands_.size() < 64) operands_.push_back(std::move(object));
    }
  }
  void handleEOF() override {}
  /// Contents may end within a text object.
  void finish() { commit(); }

  /// Without its invisible text, where it has any. Forms by name into `forms`.
  std::optional<std::string> cleaned(std::map<std::string, QPDFObjectHandle>& forms) {
    if (!painted_.cleaned(lent_, forms)) seen.other_text_left = true;
    if (edits_.empty()) return std::nullopt;
    if (needs_no_fonts()) {  // then it chooses them for nothing
      edits_.insert(edits_.end(), fonts_chosen_.begin(), fonts_chosen_.end());
      std::ranges::sort(edits_, {}, &Edit::begin);
    }
    return applied(bytes_of(holder_), edits_);
  }
  /// Whether the contents end within something: libqpdf takes a string that does not end for null, and says nothing of an array
  /// or an inline image.
  [[nodiscard]] bool is_cut_off() {
    return ends_in_null_ || (end_ < size_ && has_more_than_comments(std::string_view{bytes_of(holder_)}.substr(end_)));
  }
  /// Whether the cleaned contents show no text, nor paint forms, which begin with the font that was chosen.
  [[nodiscard]] bool needs_no_fonts() const { return !edits_.empty() && !keeps_text_ && painted_.empty() && !lent_; }
  /// Others than forms that are painted use the resources, too.
  void lend() { lent_ = true; }

  int unclosed = 0, unopened = 0;
  std::uint32_t deepest = 0;
  bool in_text = false;
  Seen seen;
  std::uint32_t images = 0;     ///< with those of forms
  std::optional<Affine> image;  ///< the last of them

 private:
  void run(const std::string& op, std::size_t begin, std::size_t end) {
    if (!is_operator(op)) seen.unknown_operators = true;
    if (op == "ri" && (operands_.empty() || !is_rendering_intent(operands_.back()))) seen.unknown_intents = true;
    if (borrows_ && uses_resources(op, operands_)) seen.borrowed_resources = true;
    if (op == "q")
      saved_.push_back(state_);
    else if (op == "Q")
      restore();
    else if (op == "cm")
      state_.matrix = affine_of(operands_) * state_.matrix;
    else if (op == "Do")
      paint();
    else if (op == "BI" || op == "ID" || op == "EI")
      add_inline_image(op);
    else if (op == "k" || op == "K" || ((op == "cs" || op == "CS") && !is_gray_or_rgb(operands_)))
      seen.other_colors = true;
    else if (op == "gs")
      choose_graphics_state();
    else if (is_painting(op))
      seen.drawings = true;
    else
      text(op, begin, end);
    unclosed = static_cast<int>(saved_.size());
    deepest = std::max(deepest, static_cast<std::uint32_t>(saved_.size()));
  }

  void add_images(std::uint32_t count) { images = std::min(most_images, images + count); }

  void add_inline_image(const std::string& op) {
    if (op != "EI") return;
    add_images(1);
    seen.inline_images = true;
  }

  void choose_graphics_state() {
    seen.graphics_states = true;
    auto chosen = chosen_resource(resources_, "/ExtGState", operands_);
    auto font = chosen.isDictionary() ? chosen.getKey("/Font") : QPDFObjectHandle::newNull();
    if (font.isArray() && font.getArrayNItems() > 0) state_.type3 = is_type3(font.getArrayItem(0));
  }

  void restore() {
    if (saved_.empty()) {
      ++unopened;
      return;
    }
    state_ = saved_.back();
    saved_.pop_back();
  }

  void text(const std::string& op, std::size_t begin, std::size_t end) {
    if (op == "BT" || op == "ET") {
      commit();
      in_text = op == "BT";
    } else if (op == "Td" || op == "TD" || op == "Tm" || op == "T*") {
      commit();  // where text stands from here on does not depend on what was shown before
    } else if (op == "Tr") {
      if (!operands_.empty()) state_.mode = mode_after(state_.mode, operands_.back());
    } else if (op == "Tf") {
      fonts_chosen_.push_back({begin, end, ""});
      state_.type3 = operands_.size() > 1 && is_type3(chosen_resource(resources_, "/Font", {operands_[0]}));
    } else if (op == "Tj" || op == "TJ" || op == "'" || op == "\"") {
      show(op, begin, end);
    }
  }

  void show(const std::string& op, std::size_t begin, std::size_t end) {
    const bool next_line = op == "'" || op == "\"";
    if (next_line) commit();
    if (state_.mode == invisible_mode && !state_.type3) {
      seen.invisible_text = true;
      pending_.push_back({begin, end, next_line ? without_text(op, operands_) : ""});
      return;
    }
    seen.visible_text = true;
    keeps_text_ = true;
    if (!pending_.empty()) seen.other_text_left = true;
    pending_.clear();
  }

  void commit() {
    edits_.insert(edits_.end(), pending_.begin(), pending_.end());
    pending_.clear();
  }

  void paint() {
    auto object = chosen_resource(resources_, "/XObject", operands_);
    auto kind = object.isStream() ? object.getDict().getKey("/Subtype") : QPDFObjectHandle::newNull();
    if (kind.isNameAndEquals("/Image")) {
      add_images(1);
      seen.image_objects.push_back(object);
      image = state_.matrix;
    } else if (kind.isNameAndEquals("/Form")) {
      paint_form(operands_.back().getName(), object);
    } else {
      seen.other_objects = true;
      if (object.isNull() && depth_ > 0) painted_.miss();
    }
  }

  void paint_form(const std::string& name, QPDFObjectHandle object) {
    const bool borrows = !object.getDict().getKey("/Resources").isDictionary();
    const FormKey key{object.getObjGen(), borrows ? lender_ : QPDFObjGen{}, state_.mode, state_.type3};
    const auto* form = page_.find(key);
    if (form == nullptr) form = read_form(key, object, borrows);
    if (form == nullptr) return;
    add_images(form->images);
    if (form->image) image = *form->image * state_.matrix;
    deepest = std::max(deepest, static_cast<std::uint32_t>(saved_.size()) + 1 + form->deepest);  // painting saves, too
    if (!painted_.add(name, key, *form)) seen.other_text_left = true;
  }

  /// Null: it cannot be followed.
  const Form* read_form(const FormKey& key, QPDFObjectHandle object, bool borrows) {
    const auto bytes = depth_ < deepest_form && page_.has_room() ? size_of(QPDFPageObjectHelper{object}) : 0;
    if (depth_ >= deepest_form || !page_.has_room() || !page_.may_read(bytes)) {
      page_.readable = false;
      return nullptr;
    }
    auto state = state_;
    auto matrix = object.getDict().getKey("/Matrix");
    state.matrix = matrix.isArray() ? affine_of(matrix.getArrayAsVector()) : Affine{};
    Walk walk{QPDFPageObjectHelper{object}, state, depth_ + 1, page_};
    if (borrows) {
      walk.resources_ = resources_;
      walk.lender_ = lender_;
      walk.borrows_ = true;
    }
    try {
      QPDFPageObjectHelper{object}.parseContents(&walk);
    } catch (...) {
      page_.seen.add(walk.seen);  // what was found on the way
      throw;
    }
    walk.finish();
    Form form;
    form.cleaned = walk.copy_without_text(object);
    walk.seen.unsound_forms = walk.unclosed > 0 || walk.unopened > 0 || walk.in_text || walk.is_cut_off();
    form.seen = std::move(walk.seen);
    form.images = walk.images;
    form.image = walk.image;
    form.bytes = bytes;
    form.deepest = walk.deepest;
    form.painted = walk.painted_.keys();
    form.borrowed = walk.painted_.borrowed(walk.resources_, borrows);
    return &page_.add(key, std::move(form));
  }

  std::optional<QPDFObjectHandle> copy_without_text(QPDFObjectHandle form) {
    if (are_lent(resources_)) lend();
    std::map<std::string, QPDFObjectHandle> forms;
    const auto contents = cleaned(forms);
    if (!contents && forms.empty()) return std::nullopt;
    // Where the resources are those of its page, other forms stay in them as they are.
    if (borrows_ && !forms.empty()) seen.other_text_left = true;
    return copy_of_form(form, contents, needs_no_fonts(), forms);
  }

  QPDFPageObjectHelper holder_;
  QPDFObjectHandle resources_;
  QPDFObjGen lender_;     ///< whose they are
  bool borrows_ = false;  ///< they are not the form's own
  State state_;
  std::vector<State> saved_;
  int depth_;
  PageForms& page_;
  std::vector<QPDFObjectHandle> operands_;
  std::size_t begin_ = 0, end_ = 0, size_ = 0;
  bool ends_in_null_ = false;
  std::vector<Edit> edits_, pending_, fonts_chosen_;
  bool keeps_text_ = false, lent_ = false;
  PaintedForms painted_;
};

}  // namespace

PageContents contents_of(QPDFPageObjectHelper page, KnownForms& known, Findings* findings) {
  if (findings != nullptr) findings->take();
  const auto oddities_before = findings != nullptr ? findings->in_contents().count : 0;
  PageContents found;
  PageForms forms{known, page.getObjectHandle().getObjGen(), findings};
  Walk walk{page, {}, 0, forms};
  try {
    found.readable = forms.may_read(size_of(page));
    if (!found.readable) return found;
    page.parseContents(&walk);
    walk.finish();
    found.unclosed = walk.unclosed;
    found.unopened = walk.unopened;
    found.in_text = walk.in_text;
    found.cut_off = walk.is_cut_off();
    found.deepest = walk.deepest;
    if (are_lent(page.getAttribute("/Resources", false)) || lends_to_annotations(page)) walk.lend();
    found.cleaned = walk.cleaned(found.cleaned_forms);
    found.needs_no_fonts = walk.needs_no_fonts();
    found.readable = forms.readable;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {  // libqpdf's, and the standard library's of numbers that it cannot hold
    found.readable = false;
  }
  if (findings != nullptr) {
    findings->take();
    found.oddities = findings->in_contents().count - oddities_before;
  }
  found.images = walk.images;
  if (found.images == 1) found.image = walk.image;
  found.add(walk.seen);
  found.add(forms.seen);
  if (found.readable) {
    forms.keep();
  } else {
    found.cleaned.reset();
    found.cleaned_forms.clear();
  }
  return found;
}

}  // namespace pecia::exporting::pdf
