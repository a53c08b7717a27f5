#pragma once

#include "pecia/app/job.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/export/export.hpp"

namespace pecia::app {

/// Cuts images out of the pages of a job's documents, which are decoded again for it, as they were
/// read: a page's own image, or at the dpi at which it was rasterised. A page that cannot be
/// decoded (any more), or of a document that has changed since, gives no pictures, and a warning. To be used by one thread, while `job` and
/// `manifest` live.
[[nodiscard]] exporting::CropPage crop_from_documents(const Job& job,
                                                      const corpus::Manifest& manifest);

}  // namespace pecia::app
