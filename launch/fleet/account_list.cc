// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/account_list.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ipc/failure.h"
#include "launch/config/key.h"

namespace interimap {

namespace {

constexpr std::string_view kSeparators = ";,\t", kName = "name";
constexpr const char* kWithoutHeader[] = {"name", "user", "host"};

bool isBlank(char c) { return c == ' ' || c == '\t'; }

bool isColumn(std::string_view name) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= AccountList::kLongestColumn && letter(name[0]) &&
         std::ranges::all_of(
             name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& source) : rest_(text), source_(source) {}

  AccountList parse() {
    if (rest_.size() > AccountList::kMostOctets)
      throw Failure(ExitStatus::config, source_ + ": larger than a list of accounts can be");
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    while (nextLine())
      if (!isComment()) take();
    if (list_.accounts.empty()) throw Failure(ExitStatus::config, source_ + ": there is no account in it");
    return std::move(list_);
  }

 private:
  bool nextLine() {
    if (rest_.empty()) return false;
    auto end = rest_.find('\n');
    line_ = rest_.substr(0, end);
    rest_ = end == rest_.npos ? std::string_view() : rest_.substr(end + 1);
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    ++number_;
    return true;
  }

  bool isComment() const {
    auto first = std::ranges::find_if_not(line_, isBlank);
    return first == line_.end() || *first == '#';
  }

  void take() {
    if (columns_.empty()) {
      if (takeHeader()) return;
      const auto count = split(separator_).size();
      if (count > std::size(kWithoutHeader))
        refuse("more than name, user and host: a first line has to name the columns");
      columns_.assign(kWithoutHeader, kWithoutHeader + count);
    }
    std::vector<Secret> fields = split(separator_);
    if (fields.size() != columns_.size())
      refuse(std::to_string(fields.size()) + " fields, where the columns are " + joined(columns_));
    takeAccount(std::move(fields));
  }

  bool takeHeader() {
    auto at = line_.find_first_of(kSeparators);
    const char separator = at == line_.npos ? separator_ : line_[at];
    std::vector<std::string> columns;
    for (const Secret& field : split(separator)) columns.emplace_back(field.reveal());
    if (std::ranges::find(columns, kName) == columns.end()) return false;
    if (columns.size() > AccountList::kMostColumns) refuse("too many columns");
    for (auto each = columns.begin(); each != columns.end(); ++each) {
      if (!isColumn(*each)) refuse("column " + *each + ": a name is of letters, digits, - and _");
      if (std::find(columns.begin(), each, *each) != each) refuse("two columns are called " + *each);
    }
    columns_ = std::move(columns);
    separator_ = separator;
    return true;
  }

  void takeAccount(std::vector<Secret> fields) {
    const auto place = std::ranges::find(columns_, kName) - columns_.begin();
    std::string name(fields[static_cast<std::size_t>(place)].reveal());
    if (std::string why = wrongName(name); !why.empty()) refuse("a name " + why);
    if (auto [first, isNew] = lines_.emplace(name, number_); !isNew)
      refuse("the account " + name + " is there twice, first in line " + std::to_string(first->second));
    if (list_.accounts.size() == AccountList::kMostAccounts) refuse("too many accounts");
    list_.accounts.push_back(
        {std::move(name), source_ + ":" + std::to_string(number_), columns_, std::move(fields)});
  }

  std::vector<Secret> split(char separator) const {
    std::vector<Secret> fields;
    for (std::string_view rest = line_;;) {
      fields.push_back(field(rest, separator));
      if (rest.empty()) return fields;
      rest.remove_prefix(1);
    }
  }

  // Up to the next separator, which stays in `rest`. Blanks around it do not count.
  Secret field(std::string_view& rest, char separator) const {
    auto blanks = [&] {
      while (!rest.empty() && isBlank(rest[0]) && rest[0] != separator) rest.remove_prefix(1);
    };
    blanks();
    std::string text;
    if (rest.starts_with('"')) {
      while (true) {
        auto quote = rest.find('"', 1);
        if (quote == rest.npos) refuse("a quotation mark is not closed");
        text += rest.substr(1, quote - 1);
        rest.remove_prefix(quote + 1);
        if (!rest.starts_with('"')) break;
        text += '"';
      }
      blanks();
      if (!rest.empty() && rest[0] != separator) refuse("there is something behind a closing quotation mark");
    } else {
      text = rest.substr(0, rest.find(separator));
      rest.remove_prefix(text.size());
      while (!text.empty() && isBlank(text.back())) text.pop_back();
    }
    if (text.size() > AccountList::kLongestField) refuse("a field is too long");
    if (!isTextOrEmpty(text)) refuse("a control character is in it");
    return Secret(std::move(text));
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Failure(ExitStatus::config, source_ + ":" + std::to_string(number_) + ": " + why);
  }

  std::string_view rest_, line_;
  const std::string& source_;
  std::size_t number_ = 0;
  char separator_ = kSeparators[0];
  std::vector<std::string> columns_;
  std::map<std::string, std::size_t> lines_;  // of each name
  AccountList list_;
};

}  // namespace

const Secret* Instance::find(std::string_view column) const {
  auto found = std::ranges::find(columns, column);
  return found == columns.end() ? nullptr : &fields[static_cast<std::size_t>(found - columns.begin())];
}

bool Instance::says(const Instance& other) const {
  return name == other.name && columns == other.columns &&
         std::ranges::equal(fields, other.fields, {}, &Secret::reveal, &Secret::reveal);
}

Instance Instance::copy() const {
  Instance same{name, origin, columns, {}};
  for (const Secret& field : fields) same.fields.emplace_back(std::string(field.reveal()));
  return same;
}

std::string wrongName(std::string_view name) {
  if (name.empty()) return "cannot be empty";
  if (name.size() > AccountList::kLongestName)
    return "cannot be longer than " + std::to_string(AccountList::kLongestName) + " octets";
  if (!isText(name)) return "cannot hold control characters";
  if (name.find('/') != name.npos) return "cannot hold a slash, as files are called after it";
  if (name[0] == '.' || name[0] == '-') return "cannot begin with a dot or a dash";
  if (isBlank(name[0]) || isBlank(name.back())) return "cannot begin or end with a blank";
  return {};
}

AccountList AccountList::parse(std::string_view text, const std::string& source) {
  return Parser(text, source).parse();
}

const Instance* AccountList::find(std::string_view name) const {
  auto found = std::ranges::find(accounts, name, &Instance::name);
  return found == accounts.end() ? nullptr : &*found;
}

}  // namespace interimap
