// What merging finds of what labelled books and tables have, and how long it takes: merge_pages SET PLACED FILE... | SET tables FILE... |
// time PAGES
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "merge/drawn_books.hpp"
#include "merge/merge_scores.hpp"
#include "support/table_breaks.hpp"

namespace {

using namespace pecia;

int score(bool held_out, bool placed, int files, char** paths) {
  test::Scores scores;
  int breaks = 0;
  for (int n = 0; n < files; ++n) breaks += test::score_books(test::read_drawn_books(paths[n], placed), held_out, scores);
  nlohmann::json report{{"breaks", breaks}, {"kinds", nlohmann::json::object()}};
  for (const auto& [name, of] : scores) {
    report["kinds"][name] = {{"wanted", of.wanted},         {"found", of.found},     {"right", of.right},
                             {"precision", of.precision()}, {"recall", of.recall()}, {"wrong", of.wrong}};
  }
  std::cout << report.dump() << '\n';
  return 0;
}

int score_tables(bool held_out, int files, char** paths) {
  test::TableScore score;
  std::size_t breaks = 0;
  for (int n = 0; n < files; ++n) {
    const auto all = test::load_table_breaks(paths[n]);
    const auto more = test::score_table_breaks(all, held_out);
    breaks += static_cast<std::size_t>(std::ranges::count(all, held_out, &test::TableBreak::held_out));
    score.right += more.right;
    score.wrong += more.wrong;
    score.missed += more.missed;
    score.problems += more.problems;
  }
  std::cout << nlohmann::json{{"breaks", breaks},
                              {"found", score.right + score.wrong},
                              {"wanted", score.right + score.missed},
                              {"precision", score.precision()},
                              {"recall", score.recall()},
                              {"wrong", score.problems}}
                   .dump()
            << '\n';
  return 0;
}

/// Pages of words from a vocabulary as large as a book's, some of them broken at line ends.
class LongDocument {
 public:
  LongDocument() {
    for (auto& word : words_) {
      for (auto letters = 2 + next(8); letters > 0; --letters) word += static_cast<char>('a' + next(26));
    }
  }

  merge::Document operator()(std::uint32_t pages) {
    merge::Document document;
    for (std::uint32_t n = 1; n <= pages; ++n) {
      document.pages.push_back(std::move(test::draw_books(page(n)).front().document.pages.front()));
      document.pages.back().number = n;
    }
    return document;
  }

 private:
  std::uint32_t next(std::uint32_t below) {
    random_ = random_ * 1664525U + 1013904223U;
    return (random_ >> 8) % below;
  }

  std::string page(std::uint32_t number) {
    auto text = "book b language eng set fit measure 64\npage\nH  " + std::to_string(number) + "   A VERY LONG BOOK\n\n";
    for (int line = 0; line < 36; ++line) {
      text += line % 12 == 0 ? "P    " : ".  ";
      auto words = std::exchange(rest_, {});
      while (words.size() < 56) {
        if (!words.empty()) words += ' ';
        words += words_[next(static_cast<std::uint32_t>(words_.size()))];
      }
      if (next(6) == 0) {
        const auto& broken = words_[next(static_cast<std::uint32_t>(words_.size()))];
        words += ' ' + broken.substr(0, broken.size() / 2) + '-';
        rest_ = broken.substr(broken.size() / 2);
      }
      text += words + '\n';
    }
    return text;
  }

  std::uint32_t random_ = 1;
  std::vector<std::string> words_ = std::vector<std::string>(20000);
  std::string rest_;
};

double cpu_s(const rusage& usage) {
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int time(std::uint32_t pages) {
  const auto document = LongDocument{}(pages);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const auto book = merge::bind(document);
  getrusage(RUSAGE_SELF, &after);
  std::cout << nlohmann::json{{"ms_per_page", 1000 * (cpu_s(after) - cpu_s(before)) / pages},
                              {"more_mib", static_cast<double>(after.ru_maxrss - before.ru_maxrss) / 1024},
                              {"unexplained", book.balance.unexplained}}
                   .dump()
            << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "time") == 0) return time(static_cast<std::uint32_t>(std::stoul(argv[2])));
  if (argc < 4) {
    std::cerr << "usage: bench_merge_pages fit|held placed|text|tables FILE... | bench_merge_pages time PAGES\n";
    return 2;
  }
  if (std::strcmp(argv[2], "tables") == 0) return score_tables(std::strcmp(argv[1], "held") == 0, argc - 3, argv + 3);
  return score(std::strcmp(argv[1], "held") == 0, std::strcmp(argv[2], "placed") == 0, argc - 3, argv + 3);
}
