#include "pecia/store/record.hpp"

#include <tuple>

namespace pecia::store {

bool wins(const RecordOrder& one, const RecordOrder& other) noexcept {
  // Better states have smaller numbers; a greater generation comes first.
  const auto rank_of = [](const RecordOrder& order) {
    return std::tuple{~order.generation, order.state, order.attempt, order.epoch, order.rank, order.sequence};
  };
  return rank_of(one) < rank_of(other);
}

}  // namespace pecia::store
