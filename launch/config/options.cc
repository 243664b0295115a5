// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/config/options.h"

#include <algorithm>
#include <charconv>

namespace interimap {

namespace {

bool looksLikeNumber(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Not negative: the programs this one succeeds took "-5" for an interval and never slept. Nine digits of
// seconds are thirty years.
bool isInterval(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  return looksLikeNumber(text) && text[0] != '-' && text.size() <= 9;
}

class Scanner {
 public:
  Scanner(std::span<const std::string_view> words, std::span<const Option> options)
      : words_(words), options_(options) {}

  Scanned scan(Ordering ordering) {
    while (at_ < words_.size()) {
      std::string_view word = words_[at_++];
      if (word == "--") break;
      if (word.size() > 1 && word[0] == '-') {
        word[1] == '-' ? longOption(word.substr(2)) : letters(word.substr(1));
        continue;
      }
      result_.arguments.emplace_back(word);
      if (ordering == Ordering::strict) break;
    }
    for (; at_ < words_.size(); ++at_) result_.arguments.emplace_back(words_[at_]);
    return std::move(result_);
  }

 private:
  void longOption(std::string_view word) {
    auto equals = word.find('=', 1);
    std::string_view name = word.substr(0, equals);
    auto option = std::ranges::find(options_, name, &Option::name);
    if (option == options_.end()) return error("Unknown option: " + std::string(name));
    std::optional<std::string_view> value;
    if (equals != word.npos) value = word.substr(equals + 1);
    switch (option->value) {
      case Option::Value::none:
        if (value) return error("Option " + std::string(name) + " does not take an argument");
        break;
      case Option::Value::text:
        if (!value && at_ == words_.size())
          return error("Option " + std::string(name) + " requires an argument");
        if (!value) value = words_[at_++];
        break;
      case Option::Value::attached: break;
      case Option::Value::number:
        if (!value && at_ < words_.size() && looksLikeNumber(words_[at_])) value = words_[at_++];
        if (value && value->empty()) value.reset();
        if (value && !isInterval(*value))
          return error("Value \"" + std::string(*value) + "\" invalid for option " + std::string(name) +
                       " (number expected)");
        break;
    }
    result_.given.push_back({option->name, value ? std::optional<std::string>(*value) : std::nullopt});
  }

  // Every option that has a letter is one without a value.
  void letters(std::string_view word) {
    for (char letter : word) {
      auto option = std::ranges::find(options_, letter, &Option::letter);
      if (letter == 0 || option == options_.end())
        error("Unknown option: " + std::string(1, letter));
      else
        result_.given.push_back({option->name, std::nullopt});
    }
  }

  void error(std::string text) { result_.errors.push_back(std::move(text)); }

  std::span<const std::string_view> words_;
  std::span<const Option> options_;
  std::size_t at_ = 0;
  Scanned result_;
};

}  // namespace

Scanned scanOptions(std::span<const std::string_view> words, std::span<const Option> options,
                    Ordering ordering) {
  return Scanner(words, options).scan(ordering);
}

std::optional<std::size_t> choice(const Scanned::Given& given, std::vector<std::string>& errors,
                                  std::initializer_list<std::string_view> words) {
  std::string expected;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*given.value == *word) return static_cast<std::size_t>(word - words.begin());
    expected += (expected.empty() ? "" : word + 1 == words.end() ? " or " : ", ") + std::string(*word);
  }
  errors.push_back("Value \"" + *given.value + "\" invalid for option " + std::string(given.name) + " (" +
                   expected + " expected)");
  return std::nullopt;
}

unsigned interval(const Scanned::Given& given) {
  unsigned seconds = 0;
  std::string_view digits = given.value ? std::string_view(*given.value) : "0";
  if (digits[0] == '+') digits.remove_prefix(1);
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return seconds;
}

}  // namespace interimap
