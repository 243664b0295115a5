// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What mbsync's configuration means to us. Its near side is our local one, its far side the remote one.
#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ipc/failure.h"
#include "launch/imports/draft.h"
#include "launch/imports/imported.h"
#include "launch/imports/mbsync_file.h"

namespace interimap::imports {

namespace {

using Line = MbsyncFile::Line;
using Section = MbsyncFile::Section;
using Place = Draft::Place;
using Ways = Policy::Ways;

struct StoreBox {
  std::string store, box;
};

// ":store:box".
std::optional<StoreBox> storeBox(const std::string& text) {
  const auto end = text.starts_with(':') ? text.find(':', 1) : text.npos;
  if (end == text.npos) return std::nullopt;
  return StoreBox{text.substr(1, end - 1), text.substr(end + 1)};
}

bool isYes(const std::string& word) {
  const std::string text = lower(word);
  return text == "yes" || text == "true" || text == "on" || text == "1";
}

class Import {
 public:
  Import(const MbsyncFile& mbsync, const std::string& file) : mbsync_(mbsync), file_(file) {}

  std::string make(const std::string& name) {
    const Section& first = chosen(name);
    const auto far = *side(first, true), near = *side(first, false);
    draft_.remark(Place::head, "Made of " + file_ + " (mbsync), channel " + first.name +
                                   ". Read it before you use it, and stop mbsync for these mailboxes.");
    if (isPlainName(first.name)) draft_.set(Place::head, "database", first.name + ".db");
    std::vector<const Section*> same, others;
    for (const Section& each : mbsync_.sections) {
      if (each.kind != "channel") continue;
      const auto itsFar = side(each, true), itsNear = side(each, false);
      const bool isSame = itsFar && itsNear && itsFar->store == far.store && itsNear->store == near.store;
      (isSame ? same : others).push_back(&each);
    }
    store(Place::local, near.store);
    store(Place::remote, far.store);
    channels(same);
    for (const Section* other : others)
      draft_.remark(Place::foot, "Also there, for a file of its own: channel " + other->name);
    return draft_.text();
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Failure(ExitStatus::data, file_ + ": " + why);
  }
  [[noreturn]] void refuse(std::size_t line, const std::string& why) const {
    throw Failure(ExitStatus::config, file_ + ":" + std::to_string(line) + ": " + why);
  }

  const Section& chosen(const std::string& name) const {
    for (const Section& each : mbsync_.sections) {
      if (each.kind != "channel" || (!name.empty() && each.name != name)) continue;
      for (bool far : {true, false})
        if (!side(each, far))
          refuse(each.number,
                 std::string("the channel has no ") + (far ? "Far" : "Near") + " of the form :store:mailbox");
      return each;
    }
    refuse(name.empty() ? "there is no Channel" : "there is no Channel of that name");
  }

  static std::optional<StoreBox> side(const Section& channel, bool far) {
    const Line* line = channel.find(far ? "far" : "near");
    if (!line) line = channel.find(far ? "master" : "slave");
    return line ? storeBox(line->word()) : std::nullopt;
  }

  void store(Place place, const std::string& name) {
    if (const Section* maildir = mbsync_.find("maildirstore", name)) return this->maildir(place, *maildir);
    const Section* imap = mbsync_.find("imapstore", name);
    if (!imap) refuse("there is no store " + name);
    const Line* named = imap->find("account");
    const Section* account = named ? mbsync_.find("imapaccount", named->word()) : nullptr;
    if (named && !account) refuse(named->number, "there is no IMAPAccount of that name");
    type(place, account ? *account : *imap);
    if (account) this->account(place, *account);
    this->account(place, *imap);  // what an account says may stand here, too
  }

  void maildir(Place place, const Section& maildir) {
    const std::string path = maildir.value("path"), folders = lower(maildir.value("subfolders"));
    std::string inbox = maildir.value("inbox");
    if (inbox.empty()) inbox = "~/Maildir";
    draft_.remark(place, kOfDovecot);
    draft_.set(place, "type", "tunnel");
    draft_.set(
        place, "command",
        path.empty() ? dovecotCommand(inbox, "", true) : dovecotCommand(path, inbox, folders == "maildir++"));
    if (folders == "legacy") other(place, *maildir.find("subfolders"), "Dovecot knows no such layout");
    for (const Line& line : maildir.lines)
      if (line.key != "path" && line.key != "inbox" && line.key != "subfolders") other(place, line);
  }

  void type(Place place, const Section& account) {
    std::string tls;
    for (const char* key : {"tlstype", "ssltype"})
      if (tls.empty()) tls = lower(account.value(key));
    const bool isImaps = isYes(account.value("useimaps")) || account.value("host").starts_with("imaps:");
    if (tls.empty() && isImaps) tls = "imaps";
    draft_.set(place, "type", tls == "imaps" ? "imaps" : "imap");
    if (tls == "none") draft_.set(place, "STARTTLS", "NO");
  }

  void account(Place place, const Section& account) {
    for (const Line& line : account.lines) {
      const std::string word = line.word();
      if (line.key == "host")
        draft_.set(place, "host", host(word));
      else if (line.key == "port")
        draft_.set(place, "port", number(line, 65535));
      else if (line.key == "user")
        draft_.set(place, "username", word);
      else if (line.key == "passcmd")
        passwordCommand(place, word);
      else if (line.key == "pass")
        draft_.remark(place, "Pass is left out: see password-file and password-command.");
      else if (line.key == "tunnel") {
        draft_.set(place, "type", "tunnel");
        draft_.set(place, "command", word);
      } else if (line.key == "authmechs" || line.key == "authmech")
        mechanisms(place, line);
      else if (line.key == "certificatefile") {
        draft_.remark(place,
                      "mbsync trusts the system's certificates, too; without the next line only they count.");
        draft_.set(place, "SSL_CAfile", withHome(word));
      } else if (line.key == "clientcertificate")
        draft_.set(place, "SSL_cert", withHome(word));
      else if (line.key == "clientkey")
        draft_.set(place, "SSL_key", withHome(word));
      else if (line.key == "cipherstring")
        draft_.set(place, "SSL_cipherlist", word);
      else if (line.key == "pipelinedepth")
        draft_.set(place, "pipeline", number(line, 256));
      else if (line.key == "path")
        reference(place, word);
      else if (!isExpected(line.key))
        other(place, line);
    }
  }

  // What has been read elsewhere, or needs nothing here.
  static bool isExpected(const std::string& key) {
    return key == "account" || key == "tlstype" || key == "ssltype" || key == "useimaps" || key == "timeout";
  }

  // "imaps:host", as it was once.
  static std::string host(const std::string& word) {
    for (const std::string scheme : {"imaps:", "imap:"})
      if (word.starts_with(scheme)) return word.substr(scheme.size());
    return word;
  }

  std::string number(const Line& line, int most) const {
    const std::string word = line.word();
    int number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size() || number < 1 || number > most)
      refuse(line.number, "not a number from 1 to " + std::to_string(most));
    return std::to_string(number);
  }

  // "+" in front says that it wants a terminal.
  void passwordCommand(Place place, std::string command) {
    if (command.starts_with('+')) {
      command.erase(0, 1);
      draft_.remark(place, "This command wants a terminal, and has none here.");
    }
    draft_.set(place, "password-command", command);
  }

  void mechanisms(Place place, const Line& line) {
    static const std::set<std::string> kKnown{"PLAIN",       "LOGIN",       "EXTERNAL",     "XOAUTH2",
                                              "OAUTHBEARER", "SCRAM-SHA-1", "SCRAM-SHA-256"};
    std::string all;
    for (const std::string& word : line.words) {
      std::string name = word;
      std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      });
      if (name == "*") return;
      if (kKnown.contains(name))
        all += (all.empty() ? "" : " ") + name;
      else
        other(place, line, "a mechanism is not known here");
    }
    if (!all.empty()) draft_.set(place, "auth", all);
  }

  void reference(Place place, const std::string& path) {
    if (path.empty()) return;
    draft_.remark(place, "With the delimiter of this server at its end.");
    draft_.set(place, "list-reference", path);
  }

  void channels(const std::vector<const Section*>& channels) {
    struct Rule {
      std::vector<std::string> patterns;
      Policy policy;
    };
    std::vector<Rule> rules;
    std::vector<std::string> wanted, ignored;
    for (const Section* channel : channels) {
      Rule rule{mailboxes(*channel, ignored), policy(*channel)};
      if (rule.patterns.empty()) continue;
      std::ranges::copy(rule.patterns, std::back_inserter(wanted));
      rules.push_back(std::move(rule));
    }
    if (wanted.empty()) refuse("its channels have no mailbox that has the same name on both sides");
    std::set<std::string> seen;
    std::string all;
    for (const std::string& pattern : wanted)
      if (seen.insert(pattern).second) all += (all.empty() ? "" : " ") + pattern;
    if (!seen.contains("*")) draft_.set(Place::head, "list-mailbox", all);
    ignore(ignored);
    const bool same =
        std::ranges::all_of(rules, [&](const Rule& rule) { return rule.policy == rules[0].policy; });
    if (same) return draft_.policy("*", rules[0].policy);
    std::set<std::string> told;
    for (const Rule& rule : rules)
      for (const std::string& pattern : rule.patterns)
        if (told.insert(pattern).second && !told.contains("*")) draft_.policy(pattern, rule.policy);
  }

  // What it has in common on both sides, as patterns of list-mailbox; what it leaves out is appended to
  // `ignored`.
  std::vector<std::string> mailboxes(const Section& channel, std::vector<std::string>& ignored) {
    const StoreBox far = *side(channel, true), near = *side(channel, false);
    std::vector<std::string> words;
    bool patterns = false;
    for (const Line& line : channel.lines)
      if (line.key == "pattern" || line.key == "patterns") {
        patterns = true;
        std::ranges::copy(line.words, std::back_inserter(words));
      }
    if (!patterns) {
      const std::string name = far.box.empty() ? "INBOX" : far.box;
      if (name != (near.box.empty() ? "INBOX" : near.box)) {
        draft_.remark(Place::head, "Channel " + channel.name + " pairs mailboxes of different names, " +
                                       name + " and " + (near.box.empty() ? "INBOX" : near.box) +
                                       "; here they have to have the same.");
        return {};
      }
      words = {name};
    } else {
      prefix(Place::remote, far.box);
      prefix(Place::local, near.box);
    }
    return split(words, ignored);
  }

  void prefix(Place place, const std::string& box) {
    if (!box.empty()) reference(place, box);
  }

  // The last one that matches is the one that counts there.
  std::vector<std::string> split(const std::vector<std::string>& words, std::vector<std::string>& ignored) {
    std::vector<std::string> wanted;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const bool negated = words[i].starts_with('!');
      const auto rest = words.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      if (negated && std::find(rest, words.end(), "*") != words.end()) continue;
      std::string name = words[i].substr(negated ? 1 : 0);
      for (char& c : name)
        if (c == '/') c = '\0';  // whatever the delimiter is
      if (negated) {
        ignored.push_back(name);
      } else if (auto text = patternText(name)) {
        wanted.push_back(*text);
      } else {
        draft_.remark(Place::head, "A pattern is not understood: " + words[i]);
      }
    }
    return wanted;
  }

  void ignore(const std::vector<std::string>& patterns) {
    std::string all;
    for (const std::string& pattern : patterns) {
      const auto one = expressionText(pattern);
      if (one)
        all += (all.empty() ? "" : "|") + *one;
      else
        draft_.remark(Place::head, "A pattern is not understood: !" + pattern);
    }
    if (!all.empty()) draft_.set(Place::head, "ignore-mailbox", "^(" + all + ")$");
  }

  Policy policy(const Section& channel) {
    Policy policy;
    ways(channel, policy);
    const std::string create = lower(value(channel, "create"));
    policy.create = !create.empty() && create != "none";
    const bool createsOnOne = policy.create && create != "both";
    if (createsOnOne && policy.direction == Ways::both)
      draft_.remark(Place::head, "Channel " + channel.name + ": mailboxes are created on both sides here.");
    const std::string remove = lower(value(channel, "remove"));
    policy.deleteEmpty = !remove.empty() && remove != "none";
    if (policy.deleteEmpty && remove != "both" && policy.direction == Ways::both)
      draft_.remark(Place::head,
                    "Channel " + channel.name + ": empty mailboxes are deleted on both sides here.");
    if (const std::string size = value(channel, "maxsize"); !size.empty() && size != "0")
      maxSize(channel, size, policy);
    static const std::set<std::string> kExpected{
        "far",   "near",           "master",      "slave",         "pattern",         "patterns",
        "sync",  "create",         "expunge",     "maxsize",       "copyarrivaldate", "syncstate",
        "fsync", "fielddelimiter", "bufferlimit", "infodelimiter", "remove"};
    for (const auto* lines : {&mbsync_.global, &channel.lines})
      for (const Line& line : *lines)
        if (!kExpected.contains(line.key) && lower(line.word()) != "none" && lower(line.word()) != "no" &&
            line.word() != "0")
          other(Place::head, line, line.key == "maxmessages" ? "see max-age" : "");
    return policy;
  }

  std::string value(const Section& channel, std::string_view key) const {
    std::string found = channel.value(key);
    for (const Line& line : mbsync_.global)
      if (found.empty() && line.key == key) found = line.word();
    return found;
  }

  void maxSize(const Section& channel, std::string size, Policy& policy) {
    const bool unit =
        size.ends_with('k') || size.ends_with('K') || size.ends_with('m') || size.ends_with('M');
    if (size.ends_with('b') || size.ends_with('B')) size.pop_back();
    std::string digits = unit ? size.substr(0, size.size() - 1) : size;
    const bool number = !digits.empty() && digits.size() <= 9 &&
                        std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    if (!number)
      return draft_.remark(Place::head, "Channel " + channel.name + ": MaxSize is not understood.");
    policy.maxSize = unit ? digits + (size.ends_with('k') || size.ends_with('K') ? "K" : "M") : digits;
  }

  // Sync, and Expunge: what goes which way.
  void ways(const Section& channel, Policy& policy) {
    struct {
      bool fresh = false, gone = false, flags = false;
      bool any() const { return fresh || gone || flags; }
    } toNear, toFar;
    const Line* sync = channel.find("sync");
    for (const Line& line : mbsync_.global)
      if (!sync && line.key == "sync") sync = &line;
    static const std::vector<std::string> kAll{"All"};
    bool near = false, far = false, fresh = false, gone = false, flags = false, none = false;
    auto what = [](std::string_view word, bool& isNew, bool& isGone, bool& isFlags) {
      const bool all = word.empty() || word == "all" || word == "full";
      isNew = isNew || all || word == "new" || word == "renew" || word == "old" || word == "upgrade";
      isGone = isGone || all || word == "delete" || word == "gone";
      isFlags = isFlags || all || word == "flags";
    };
    bool whole = false;
    for (const std::string& each : sync ? sync->words : kAll) {
      const std::string word = lower(each);
      if (word == "none")
        none = true;
      else if (word == "pull")
        near = true;
      else if (word == "push")
        far = true;
      else if (word.starts_with("pull"))
        what(word.substr(4), toNear.fresh, toNear.gone, toNear.flags);
      else if (word.starts_with("push"))
        what(word.substr(4), toFar.fresh, toFar.gone, toFar.flags);
      else {
        whole = true;
        what(word, fresh, gone, flags);
      }
    }
    if (near || far || whole) {
      const bool allKinds = !whole, bothWays = !near && !far;
      for (bool isNear : {true, false}) {
        if (!bothWays && !(isNear ? near : far)) continue;
        auto& way = isNear ? toNear : toFar;
        way.fresh = way.fresh || allKinds || fresh;
        way.gone = way.gone || allKinds || gone;
        way.flags = way.flags || allKinds || flags;
      }
    }
    const std::string of = "Channel " + channel.name + ": ";
    if (none && !toNear.any() && !toFar.any())
      draft_.remark(Place::head, of + "Sync None is not taken over.");
    if (toNear.any() && !toFar.any()) policy.direction = Ways::toLocal;
    if (toFar.any() && !toNear.any()) policy.direction = Ways::toRemote;
    if (policy.direction == Ways::both && toNear.fresh != toFar.fresh && toNear.any()) {
      policy.direction = toNear.fresh ? Ways::toLocal : Ways::toRemote;
      draft_.remark(Place::head, of + "new messages go one way there; here, all does.");
    }
    policy.flags = toNear.flags || toFar.flags || (!toNear.any() && !toFar.any());
    if (policy.direction == Ways::both && toNear.flags != toFar.flags)
      draft_.remark(Place::head, of + "flags go both ways here.");
    const std::string expunge = lower(value(channel, "expunge"));
    const bool onNear = toNear.gone && (expunge == "both" || expunge == "near" || expunge == "slave");
    const bool onFar = toFar.gone && (expunge == "both" || expunge == "far" || expunge == "master");
    policy.deletions = onNear && onFar ? Ways::both
                       : onNear        ? Ways::toLocal
                       : onFar         ? Ways::toRemote
                                       : Ways::never;
    if (policy.direction == Ways::toLocal) policy.deletions = onNear ? Ways::both : Ways::never;
    if (policy.direction == Ways::toRemote) policy.deletions = onFar ? Ways::both : Ways::never;
  }

  // Its value may be anything, also a secret.
  void other(Place place, const Line& line, const std::string& why = {}) {
    const bool isWord =
        line.key.size() <= 30 && std::ranges::all_of(line.key, [](char c) { return c >= 'a' && c <= 'z'; });
    draft_.remark(place, "Line " + std::to_string(line.number) + (isWord ? ", " + line.key + "," : "") +
                             " is not taken over" + (why.empty() ? "." : ": " + why + "."));
  }

  const MbsyncFile& mbsync_;
  const std::string& file_;
  Draft draft_;
};

}  // namespace

std::string fromMbsync(std::string_view text, const std::string& file, const std::string& name) {
  const MbsyncFile mbsync = MbsyncFile::parse(text, file);
  return Import(mbsync, file).make(name);
}

}  // namespace interimap::imports
