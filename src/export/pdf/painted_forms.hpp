#pragma once

#include <map>
#include <optional>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <set>
#include <string>
#include <vector>

#include "content_forms.hpp"

namespace pecia::exporting::pdf {

/// The forms that contents paint, by their names in the resources.
class PaintedForms {
 public:
  /// `form` was painted by `name`. False if another state than before made it another one: it is seen in one place and not
  /// in the other.
  [[nodiscard]] bool add(const std::string& name, const FormKey& key, const Form& form);
  /// A form was asked for that the resources do not have: readers look for it in those of whatever paints these contents.
  void miss() { lent_.insert(every_name); }
  /// Those without their invisible text, by name, into `forms`. `all_lent`: somebody else may look up every name. False if
  /// text stays in one since it is lent.
  [[nodiscard]] bool cleaned(bool all_lent, std::map<std::string, QPDFObjectHandle>& forms) const;

  [[nodiscard]] bool empty() const { return names_.empty(); }
  [[nodiscard]] std::vector<FormKey> keys() const { return {keys_.begin(), keys_.end()}; }
  /// What contents look up in other resources: all if they have none of their own, or what they do not find in `own`.
  [[nodiscard]] std::vector<std::string> borrowed(QPDFObjectHandle own, bool borrows) const;

 private:
  static constexpr auto every_name = "";
  struct Painted {
    FormKey key;
    std::optional<QPDFObjectHandle> cleaned;
  };
  std::map<std::string, Painted> names_;
  std::set<FormKey> keys_;
  std::set<std::string> lent_;  ///< names that forms which are painted look up here, too
};

/// Whether somebody whom contents do not paint as a form may look up what is in these resources: patterns and glyphs of Type
/// 3 fonts that have none of their own.
[[nodiscard]] bool are_lent(QPDFObjectHandle resources);
/// The same of a page's: appearances of its annotations.
[[nodiscard]] bool lends_to_annotations(QPDFPageObjectHelper page);

/// A copy of the form whose contents are `contents` (or stay), without fonts if it needs none, and with these forms in its
/// resources.
[[nodiscard]] QPDFObjectHandle copy_of_form(QPDFObjectHandle form, const std::optional<std::string>& contents, bool needs_no_fonts,
                                            const std::map<std::string, QPDFObjectHandle>& forms);

}  // namespace pecia::exporting::pdf
