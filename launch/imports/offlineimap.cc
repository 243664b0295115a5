// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What OfflineIMAP's configuration means to us. What it has Python for is left out, but for plain lists.
#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "ipc/failure.h"
#include "launch/imports/draft.h"
#include "launch/imports/imported.h"
#include "launch/imports/mbsync_file.h"
#include "launch/imports/offlineimap_file.h"

namespace interimap::imports {

namespace {

using Place = Draft::Place;
using Ways = Policy::Ways;
using Value = OfflineImapFile::Value;

// "lambda name: name in ['a', 'b']", with or without "not".
struct Filter {
  std::vector<std::string> names = {};
  bool negated = false;
};

class FilterReader {
 public:
  explicit FilterReader(std::string_view text) : rest_(text) {}

  std::optional<Filter> read() {
    Filter filter;
    if (!take("lambda")) return std::nullopt;
    const std::string name = word();
    if (name.empty() || !take(":") || word() != name) return std::nullopt;
    filter.negated = take("not");
    if (!take("in")) return std::nullopt;
    const bool list = take("[");
    if (!list && !take("(")) return std::nullopt;
    while (true) {
      if (take(list ? "]" : ")")) break;
      auto item = string();
      if (!item) return std::nullopt;
      filter.names.push_back(std::move(*item));
      take(",");
    }
    blanks();
    return rest_.empty() && !filter.names.empty() ? std::optional(filter) : std::nullopt;
  }

 private:
  void blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size())); }
  bool take(std::string_view token) {
    blanks();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  std::string word() {
    blanks();
    std::size_t end = 0;
    while (end < rest_.size() && (isalnum(static_cast<unsigned char>(rest_[end])) != 0 || rest_[end] == '_'))
      ++end;
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return word;
  }
  // Without escapes, which would have to be Python's.
  std::optional<std::string> string() {
    blanks();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) return std::nullopt;
    const auto end = rest_.find(rest_[0], 1);
    if (end == rest_.npos) return std::nullopt;
    std::string text(rest_.substr(1, end - 1));
    if (text.find('\\') != text.npos) return std::nullopt;
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::string_view rest_;
};

class Import {
 public:
  Import(const OfflineImapFile& theirs, const std::string& file) : theirs_(theirs), file_(file) {}

  std::string make(const std::string& name) {
    const std::vector<std::string> accounts = accountNames();
    const std::string account = name.empty() ? accounts[0] : name;
    section_ = "Account " + account;
    if (!theirs_.sections.contains(section_)) refuse("there is no [" + section_ + "]");
    draft_.remark(Place::head, "Made of " + file_ + " (OfflineIMAP), account " + account +
                                   ". Read it before you use it, and stop OfflineIMAP for this account.");
    if (isPlainName(account)) draft_.set(Place::head, "database", account + ".db");
    const std::string local = needed("localrepository"), remote = needed("remoterepository");
    ofAccount();
    repository(Place::local, "Repository " + local);
    repository(Place::remote, "Repository " + remote);
    filters("Repository " + remote);
    draft_.policy("*", policy_);
    for (const std::string& other : accounts)
      if (other != account) draft_.remark(Place::foot, "Also there, for a file of its own: account " + other);
    return draft_.text();
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Failure(ExitStatus::data, file_ + ": " + why);
  }
  [[noreturn]] void refuse(const Value& value, const std::string& why) const {
    throw Failure(ExitStatus::config, file_ + ":" + std::to_string(value.line) + ": " + why);
  }

  std::vector<std::string> accountNames() const {
    const Value* all = theirs_.find("general", "accounts");
    std::vector<std::string> names;
    std::string name;
    for (char c : all ? all->text + "," : "") {
      if (c != ',' && c != '\n') {
        name += c;
        continue;
      }
      const auto first = name.find_first_not_of(" \t");
      if (first != name.npos) names.push_back(name.substr(first, name.find_last_not_of(" \t") - first + 1));
      name.clear();
    }
    if (names.empty()) refuse("accounts in [general] names none");
    return names;
  }

  const Value* find(std::string_view key) {
    used_.insert(std::string(key));
    return theirs_.find(section_, key);
  }
  // What is put together from other values is Python's to say.
  std::string text(std::string_view key) {
    const Value* value = find(key);
    if (!value || value->text.find("%(") != std::string::npos) {
      if (value) used_.erase(std::string(key));
      return "";
    }
    return value->text;
  }
  std::string needed(std::string_view key) {
    std::string value = text(key);
    if (value.empty()) refuse("[" + section_ + "] has no " + std::string(key));
    return value;
  }
  bool flag(std::string_view key, bool otherwise) {
    const std::string word = lower(text(key));
    if (word.empty()) return otherwise;
    return word == "yes" || word == "true" || word == "on" || word == "1";
  }
  std::string number(std::string_view key, unsigned most) {
    const Value* value = find(key);
    if (!value || value->text.empty()) return "";
    unsigned number = 0;
    const char* end = value->text.data() + value->text.size();
    const auto [last, error] = std::from_chars(value->text.data(), end, number);
    if (error != std::errc() || last != end || number < 1 || number > most)
      refuse(*value, "not a number from 1 to " + std::to_string(most));
    return std::to_string(number);
  }

  void ofAccount() {
    used_ = {"localrepository", "remoterepository", "status_backend"};
    policy_.maxSize = number("maxsize", 4'000'000'000);
    if (const std::string age = text("maxage");
        age.size() <= 6 && !age.empty() &&
        std::ranges::all_of(age, [](char c) { return c >= '0' && c <= '9'; }))
      policy_.maxAge = age + "d";
    else
      used_.erase("maxage");
    proxy();
    rest(Place::head);
  }

  // "SOCKS5:host:port".
  void proxy() {
    const std::string proxy = text("proxy");
    if (lower(proxy).starts_with("socks5:"))
      draft_.set(Place::remote, "proxy", "socks5h://" + proxy.substr(7));
    else
      used_.erase("proxy");
  }

  void repository(Place place, const std::string& section) {
    section_ = section;
    used_ = {"type", "folderfilter"};
    if (!theirs_.sections.contains(section)) refuse("there is no [" + section + "]");
    const std::string type = lower(text("type"));
    if (type == "maildir" || type == "gmailmaildir")
      maildir(place);
    else if (type == "imap" || type == "gmail")
      imap(place, type == "gmail");
    else
      refuse("[" + section + "] is of no type that is known here");
    policies(place);
    rest(place);
  }

  void maildir(Place place) {
    const std::string path = needed("localfolders"), root = path.ends_with('/') ? path : path + "/";
    draft_.remark(place, kOfDovecot);
    draft_.set(place, "type", "tunnel");
    draft_.set(place, "command", dovecotCommand(path, root + "INBOX", false));
    if (const std::string sep = text("sep"); sep != "/")
      draft_.remark(place, "Folders within folders have " + (sep.empty() ? "." : sep) +
                               " in their names there; Dovecot has a directory within a directory.");
  }

  void imap(Place place, bool gmail) {
    const std::string tunnel = text("preauthtunnel"), transport = text("transporttunnel");
    if (!tunnel.empty() || !transport.empty()) {
      draft_.set(place, "type", "tunnel");
      draft_.set(place, "command", tunnel.empty() ? transport : tunnel);
    } else {
      server(place, gmail);
    }
    if (const std::string user = text("remoteuser"); !user.empty()) draft_.set(place, "username", user);
    if (find("remotepass"))
      draft_.remark(place, "remotepass is left out: see password-file and password-command.");
    if (find("remotepasseval"))
      draft_.remark(place, "remotepasseval is Python, and left out: password-command is for a command.");
    if (const std::string name = text("remotepassfile"); !name.empty())
      draft_.set(place, "password-file", withHome(name));
    mechanisms(place);
    if (const std::string name = text("reference"); !name.empty()) {
      draft_.remark(place, "With the delimiter of this server at its end.");
      draft_.set(place, "list-reference", name);
    }
    if (const std::string most = number("maxconnections", 1000); !most.empty())
      draft_.set(place, "connections", std::to_string(std::min(std::stoi(most), 8)));
  }

  void server(Place place, bool gmail) {
    const bool tls = flag("ssl", true);
    draft_.set(place, "type", tls ? "imaps" : "imap");
    if (!tls && !flag("starttls", true)) draft_.set(place, "STARTTLS", "NO");
    used_.insert("starttls");
    const std::string host = text("remotehost");
    if (!host.empty() || gmail) draft_.set(place, "host", host.empty() ? "imap.gmail.com" : host);
    if (const std::string port = number("remoteport", 65535); !port.empty()) draft_.set(place, "port", port);
    if (const std::string trusted = text("sslcacertfile"); !trusted.empty() && trusted != "OS-DEFAULT")
      draft_.set(place, "SSL_CAfile", withHome(trusted));
    if (const std::string cert = text("sslclientcert"); !cert.empty())
      draft_.set(place, "SSL_cert", withHome(cert));
    if (const std::string key = text("sslclientkey"); !key.empty())
      draft_.set(place, "SSL_key", withHome(key));
    if (find("cert_fingerprint"))
      draft_.remark(place, "cert_fingerprint is one of the certificate; SSL_fingerprint is one of its key.");
  }

  void mechanisms(Place place) {
    static const std::set<std::string> kKnown{"PLAIN", "LOGIN", "XOAUTH2", "EXTERNAL"};
    std::string all, word;
    const std::string list = text("auth_mechanisms") + ",";
    for (char c : list) {
      if (c == ' ' || c == '\t' || c == '\n') continue;
      if (c != ',') {
        word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        continue;
      }
      if (kKnown.contains(word))
        all += (all.empty() ? "" : " ") + word;
      else if (!word.empty())
        draft_.remark(place, "A mechanism of auth_mechanisms is not known here.");
      word.clear();
    }
    if (!all.empty()) draft_.set(place, "auth", all);
  }

  // What a side does not take is what the other side keeps to itself.
  void policies(Place place) {
    const bool local = place == Place::local;
    if (flag("readonly", false)) {
      if (policy_.direction != Ways::both) refuse("both repositories are readonly");
      policy_.direction = local ? Ways::toRemote : Ways::toLocal;
    }
    const bool deletes = flag("sync_deletes", true), expunges = flag("expunge", true);
    if (!deletes || !expunges) {
      const Ways rest = local ? Ways::toRemote : Ways::toLocal;
      policy_.deletions = policy_.deletions == Ways::both ? rest : Ways::never;
    }
    if (policy_.direction != Ways::both && !local) {
      const Ways direction = policy_.direction;
      policy_.deletions =
          policy_.deletions == Ways::both || policy_.deletions == direction ? Ways::both : Ways::never;
    }
    if (!flag("createfolders", true)) {
      policy_.create = false;
      draft_.remark(place, "createfolders = no holds for both sides here.");
    }
  }

  void filters(const std::string& section) {
    section_ = section;
    const Value* value = find("folderfilter");
    if (!value) return;
    const auto filter = FilterReader(value->text).read();
    if (!filter)
      return draft_.remark(
          Place::head, "folderfilter is Python, and not understood: see list-mailbox and ignore-mailbox.");
    std::string patterns, expressions;
    for (const std::string& name : filter->names) {
      std::string ours = name;
      std::ranges::replace(ours, '/', '\0');
      const auto pattern = patternText(ours), expression = expressionText(ours);
      if (!pattern || name.find_first_of("*%") != name.npos) {
        draft_.remark(Place::head, "A name of folderfilter is left out.");
        continue;
      }
      patterns += (patterns.empty() ? "" : " ") + *pattern;
      expressions += (expressions.empty() ? "" : "|") + *expression;
    }
    if (patterns.empty()) return;
    filter->negated ? draft_.set(Place::head, "ignore-mailbox", "^(" + expressions + ")$")
                    : draft_.set(Place::head, "list-mailbox", patterns);
  }

  // Their values may be anything, also secrets.
  void rest(Place place) {
    const auto section = theirs_.sections.find(section_);
    if (section == theirs_.sections.end()) return;
    static const std::set<std::string> kNothing{"keepalive", "holdconnectionopen", "quick", "ssl_version",
                                                "tls_level"};
    for (const auto& [key, value] : section->second) {
      if (used_.contains(key) || kNothing.contains(key)) continue;
      const bool isWord = key.size() <= 40 &&
                          std::ranges::all_of(key, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
      const char* hint = key == "autorefresh"    ? ": see --notify."
                         : key == "idlefolders"  ? ": see --notify and idle-mailboxes."
                         : key == "postsynchook" ? ": see on-change."
                                                 : ".";
      draft_.remark(place, "Line " + std::to_string(value.line) + (isWord ? ", " + key + "," : "") +
                               " is not taken over" + hint);
    }
  }

  const OfflineImapFile& theirs_;
  const std::string& file_;
  std::string section_;
  std::set<std::string> used_;
  Policy policy_;
  Draft draft_;
};

}  // namespace

std::string fromOfflineImap(std::string_view text, const std::string& file, const std::string& name) {
  const OfflineImapFile theirs = OfflineImapFile::parse(text, file);
  return Import(theirs, file).make(name);
}

}  // namespace interimap::imports
