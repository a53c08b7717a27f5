#include <cmath>

#include "pecia/plan/partition.hpp"

namespace pecia::plan {

void encode(ByteWriter& out, const Task& task) {
  out.put(task.page.document).put(task.page.page).put(task.cost_s);
  out.put(task.generation).put(task.index).put(task.priority).put(task.alone).put(task.engine_class);
}

Task decode_task(ByteReader& in) {
  Task task;
  task.page.document = in.get<std::uint32_t>();
  task.page.page = in.get<std::uint32_t>();
  task.cost_s = in.get<float>();
  task.generation = in.get<std::uint32_t>();
  task.index = in.get<std::uint32_t>();
  task.priority = in.get<corpus::Priority>();
  task.alone = in.get<bool>();
  task.engine_class = in.get<std::uint8_t>();
  require(static_cast<std::size_t>(task.priority) < corpus::priorities && std::isfinite(task.cost_s) &&
              task.cost_s >= 0,
          "a task that no plan makes");
  return task;
}

}  // namespace pecia::plan
