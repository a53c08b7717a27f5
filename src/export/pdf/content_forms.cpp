#include "content_forms.hpp"

namespace pecia::exporting::pdf {
namespace {

/// Nobody draws a page of more.
constexpr std::size_t most_forms = 2000;

}  // namespace

void Seen::add(const Seen& other) {
  constexpr std::array flags{&Seen::visible_text,    &Seen::invisible_text,     &Seen::inline_images, &Seen::drawings,
                             &Seen::other_colors,    &Seen::graphics_states,    &Seen::other_objects, &Seen::unknown_operators,
                             &Seen::unknown_intents, &Seen::borrowed_resources, &Seen::unsound_forms, &Seen::other_text_left};
  for (const auto flag : flags) this->*flag = this->*flag || other.*flag;
  image_objects.insert(image_objects.end(), other.image_objects.begin(), other.image_objects.end());
}

const Form* PageForms::find(const FormKey& key) {
  if (const auto fresh = fresh_.find(key); fresh != fresh_.end()) return &fresh->second;
  const auto known = known_.find(key);
  if (known == known_.end()) return nullptr;
  repeat(key);
  return &known->second;
}

bool PageForms::has_room() const { return painted_.size() < most_forms; }

bool PageForms::may_read(std::uint64_t bytes) {
  if (bytes_ <= most_content_bytes) bytes_ += bytes;
  return bytes_ <= most_content_bytes;
}

const Form& PageForms::add(const FormKey& key, Form form) {
  if (painted_.insert(key).second) seen.add(form.seen);
  return fresh_.try_emplace(key, std::move(form)).first->second;
}

void PageForms::keep() {
  for (auto& [key, form] : fresh_) {
    if (std::get<1>(key) != page_) known_.try_emplace(key, std::move(form));
  }
}

/// As if it were read for this page.
void PageForms::repeat(const FormKey& key) {
  if (painted_.contains(key)) return;
  const auto& form = known_.at(key);
  if (!has_room() || !may_read(form.bytes)) readable = false;
  if (!readable) return;
  painted_.insert(key);
  seen.add(form.seen);
  for (const auto& one : form.painted) repeat(one);
}

}  // namespace pecia::exporting::pdf
