// Keys of a job about how documents become images and images are read.
#include "job_key.hpp"

namespace pecia::app {

const kind::Choice<TextLayerPolicy>& text_layer_policies() {
  static const kind::Choice<TextLayerPolicy> policies{{{"auto", TextLayerPolicy::automatic},
                                                       {"ignore", TextLayerPolicy::ignore},
                                                       {"redo", TextLayerPolicy::redo},
                                                       {"keep", TextLayerPolicy::keep},
                                                       {"skip", TextLayerPolicy::skip}}};
  return policies;
}

const kind::Choice<bool>& geometries() {
  static const kind::Choice<bool> choices{{{"none", false}, {"tesseract", true}}};
  return choices;
}

void add_page(std::vector<KeyOf<Job>>& schema) {
  schema.push_back(job_key(
      "page.split", [](auto& job) -> auto& { return job.page.split; },
      kind::Choice<bool>{{{"off", false}, {"auto", true}}},
      "tesseract: auto reads the two pages of a two-up scan one after the other, and leaves dark borders out; pages "
      "below 600 pixels are left alone"));
  schema.push_back(job_key(
      "page.blank", [](auto& job) -> auto& { return job.page.find_blank; },
      kind::Choice<bool>{{{"detect", true}, {"off", false}}},
      "tesseract: detect ends pages on which there is nothing to read (dust, show-through) as blank before they are read; with off "
      "they are read, and a page that has neither words nor marks like letters is blank all the same"));
  schema.push_back(job_key(
      "page.old_letters", [](auto& job) -> auto& { return job.page.mend_old_letters; },
      kind::Choice<bool>{{{"mend", true}, {"off", false}}},
      "tesseract: mend puts right what its models misread in old prints, the long s (read as f) and Fraktur's ch and I, by the "
      "evidence of the page's own words; off leaves the text as Tesseract has it"));
  schema.push_back(job_key(
      "page.text_layer", [](auto& job) -> auto& { return job.page.text_layer; }, text_layer_policies(),
      "PDF pages that bring their text along: auto keeps the text of born-digital pages where it is sound and reads the others; "
      "keep takes the text whatever it is; ignore reads the pixels; redo reads them, too, which is recorded for "
      "exports that write PDFs; skip leaves such pages out"));
  schema.push_back(job_key(
      "geometry", [](auto& job) -> auto& { return job.geometry; }, geometries(),
      "deepseek_ocr2, which knows where blocks are: tesseract reads its pages, too, for the boxes of words and lines alone, with "
      "fallback.languages, .threads and .watchdog_s; the text stays the model's (docs/geometry.md)"));
}

}  // namespace pecia::app
