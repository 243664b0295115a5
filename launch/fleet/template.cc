// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/template.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "ipc/failure.h"

namespace interimap {

namespace {

constexpr std::size_t kLongestValue = 16384;  // with all that is put in

bool isRead(std::string_view section) {
  return section == Ini::kDefault || section == "local" || section == "remote" ||
         section.starts_with("mailbox ") || section.starts_with("mailbox\t");
}

bool isExpanded(std::string_view key) {
  return key != "accounts" && key != "accounts-command" && key != "log-prefix";
}
bool isPassword(std::string_view key) { return key.ends_with("password"); }
bool isHidden(std::string_view key) { return isPassword(key) || key == "proxy"; }
bool isCommand(std::string_view key) {
  return key == "command" || key == "on-change" || key.ends_with("-command");
}
bool isPath(std::string_view key) {
  for (std::string_view path :
       {"database", "logfile", "metrics", "SSL_cert", "SSL_key", "SSL_CAfile", "SSL_CApath"})
    if (key == path) return true;
  return key.ends_with("-file");
}

bool isWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._+@:,-").find(c) != std::string_view::npos;
}

// One "%…" of a value.
struct Placeholder {
  std::size_t size = 0;  // octets of its spelling
  std::string column;    // "%": a percent sign

  // Of a text that begins with "%"; nothing if it is none.
  static std::optional<Placeholder> read(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    switch (text[1]) {
      case '%': return Placeholder{2, "%"};
      case 'i': return Placeholder{2, "name"};
      case 'u': return Placeholder{2, "user"};
      case 'h': return Placeholder{2, "host"};
      case '{':
        if (auto end = text.find('}'); end != text.npos && end > 2)
          return Placeholder{end + 1, std::string(text.substr(2, end - 2))};
        break;
    }
    return std::nullopt;
  }
};

// One value of a template, for one account.
class Value {
 public:
  Value(const std::string& key, const Property& property, const Instance& instance, const std::string& file)
      : key_(key), property_(property), instance_(instance), file_(file) {}

  Secret expanded() const {
    std::string_view rest = property_.value.reveal();
    const std::size_t whole = rest.size();
    std::string text;
    while (!rest.empty()) {
      auto percent = std::min(rest.find('%'), rest.size());
      text += rest.substr(0, percent);
      rest.remove_prefix(percent);
      if (rest.empty()) break;
      auto placeholder = Placeholder::read(rest);
      if (!placeholder)
        refuse("a % is %%, unless it stands for something of the account: %i, %u, %h, %{COLUMN}");
      text += placeholder->column == "%" ? "%" : put(placeholder->column, placeholder->size == whole);
      if (text.size() > kLongestValue) refuse("longer than a value can be, with what it stands for");
      rest.remove_prefix(placeholder->size);
    }
    return Secret(std::move(text));
  }

  // Files of different accounts shall be different ones.
  void requireOwn() const {
    bool own = false;
    for (std::string_view rest = property_.value.reveal(); !rest.empty();) {
      auto placeholder = rest[0] == '%' ? Placeholder::read(rest) : std::nullopt;
      if (placeholder && placeholder->column != "%" && placeholder->column != "name")
        refuse("%i alone tells accounts apart");
      own = own || (placeholder && placeholder->column == "name");
      rest.remove_prefix(placeholder ? placeholder->size : 1);
    }
    if (!own) refuse("without %i all accounts had the same one");
  }

 private:
  std::string_view put(const std::string& column, bool alone) const {
    if (column == "name") return checked(column, instance_.name, alone);
    const Secret* field = instance_.find(column);
    if (!field) refuse(unknown(column));
    return checked(column, field->reveal(), alone);
  }

  std::string unknown(const std::string& column) const {
    const std::string what = isHidden(key_) ? "such column" : "column " + column;  // a password may look so
    if (instance_.origin.empty())
      return "there is no " + what + ", as there is neither accounts nor accounts-command";
    std::string all;
    for (const std::string& each : instance_.columns) all += (all.empty() ? "" : ", ") + each;
    return "there is no " + what + " in " + instance_.origin.substr(0, instance_.origin.rfind(':')) +
           ", but " + all;
  }

  std::string_view checked(const std::string& column, std::string_view text, bool alone) const {
    const bool word = !text.starts_with('-') && std::ranges::all_of(text, isWordCharacter);
    if (isCommand(key_) && (!word || text.empty()))
      refuse(column, "is not only of letters, digits and ._+@:,- as what goes into a command has to be");
    if (isPath(key_) && !alone && (text.find('/') != text.npos || text.starts_with('.') || text.empty()))
      refuse(column, "cannot be a part of a file's name: it is empty, has a slash or begins with a dot");
    if (key_ == "proxy" && !alone && (!word || text.find_first_of(":@") != text.npos))
      refuse(column, "cannot be a part of proxy: it is not only of letters, digits and ._+,-");
    return text;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Failure(ExitStatus::config,
                  file_ + ":" + std::to_string(property_.line) + ": Invalid option " + key_ + ": " + why);
  }
  [[noreturn]] void refuse(const std::string& column, const std::string& why) const {
    refuse((instance_.origin.empty() ? "" : instance_.origin + ": ") + column + " " + why);
  }

  const std::string& key_;
  const Property& property_;
  const Instance& instance_;
  const std::string& file_;
};

}  // namespace

void expand(Ini& ini, const Instance& instance, const std::string& file) {
  for (auto& [name, section] : ini.sections) {
    if (!isRead(name)) continue;
    for (auto& [key, property] : section) {
      if (!isExpanded(key)) continue;
      Value value(key, property, instance, file);
      if (name == Ini::kDefault && (key == "database" || key == "metrics")) value.requireOwn();
      property.value = value.expanded();
    }
  }
  Section& defaults = ini.sections[std::string(Ini::kDefault)];
  if (!defaults.contains("database")) defaults["database"] = Property{Secret(instance.name + "/state.db"), 0};
}

bool takesPasswords(const Ini& ini) {
  for (const auto& [name, section] : ini.sections)
    for (const auto& [key, property] : section)
      for (std::string_view rest = property.value.reveal();
           isRead(name) && isPassword(key) && !rest.empty();) {
        auto placeholder = rest[0] == '%' ? Placeholder::read(rest) : std::nullopt;
        if (placeholder && placeholder->column != "%" && placeholder->column != "name") return true;
        rest.remove_prefix(placeholder ? placeholder->size : 1);
      }
  return false;
}

}  // namespace interimap
