#pragma once

#include <cstddef>
#include <span>
#include <vector>

// Inside room plan: which engine class reads what, where a job has several.
namespace pecia::plan {

/// What things (documents, pieces) cost in each class.
class CostTable {
 public:
  explicit CostTable(std::size_t classes) : classes_{classes} {}
  void add(std::span<const double> cost_s) {
    cost_s_.insert(cost_s_.end(), cost_s.begin(), cost_s.end());
  }
  [[nodiscard]] std::size_t classes() const { return classes_; }
  [[nodiscard]] std::size_t size() const { return cost_s_.size() / classes_; }
  [[nodiscard]] std::span<const double> operator[](std::size_t thing) const {
    return std::span{cost_s_}.subspan(thing * classes_, classes_);
  }

 private:
  std::size_t classes_;
  std::vector<double> cost_s_;
};

/// A class of ranks as one: `speed` is their sum, `busy_s` what they have to do already.
struct ClassCapacity {
  double speed = 0;
  double busy_s = 0;
};

/// What a second of each class is worth, such that all classes end together if each thing is read
/// where it is cheapest.
struct Prices {
  std::vector<double> price;
  double end_s = 0;  ///< no assignment ends earlier
};
[[nodiscard]] Prices find_prices(const CostTable& costs, std::span<const ClassCapacity> capacities);

/// The class of each thing: the cheapest by price, as long as that ends in time. Those to which it
/// matters most choose first, so that what is left over is what any class reads about as well.
[[nodiscard]] std::vector<std::size_t> assign_classes(const CostTable& costs, const Prices& prices,
                                                      std::span<const ClassCapacity> capacities);

}  // namespace pecia::plan
