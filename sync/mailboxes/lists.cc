// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/lists.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "ipc/side.h"
#include "ipc/special_use.h"
#include "ipc/subscriptions.h"
#include "sync/mailboxes/arguments.h"
#include "sync/mailboxes/ignore.h"
#include "sync/mailboxes/mailbox.h"
#include "sync/mailboxes/probe.h"
#include "sync/mailboxes/renaming.h"

namespace interimap {

namespace {

// Mailboxes of one account. A server that lists more is not listing mailboxes.
constexpr std::size_t kMostMailboxes = 200'000;
// ... and their names together, in octets: each is held several times.
constexpr std::size_t kMostNameOctets = 8 << 20;
// Names in one LIST, so that the command stays below what servers take.
constexpr std::size_t kNamesAtOnce = 50;
// Uses of which an account has one mailbox, with messages of its own.
constexpr std::string_view kMappedUses[] = {"\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"};

std::string shown(std::optional<char> delimiter) {
  return delimiter ? std::string("\"") + *delimiter + "\"" : "NIL";
}

}  // namespace

request::List Lists::request(Side side) const {
  request::List list{reference(side), {}, settings_.selectionOptions, true};
  if (names_) {
    list.selectionOptions.clear();
    for (const MailboxName& name : *names_) {
      std::string wire = spelling(side).wire(name).bytes;
      if (*delimiter_[side]) list.patterns.push_back(wire + **delimiter_[side] + "*");
      list.patterns.push_back(std::move(wire));
    }
  } else if (!settings_.mailboxes.empty()) {
    // MAILBOX arguments are spelled with the local delimiter. One that this server cannot spell is none of
    // its.
    const Hierarchy hierarchy = spelling(side);
    for (const std::string& argument : settings_.mailboxes) {
      auto name = Hierarchy("", *delimiter_.local).name({argument});
      if (name && hierarchy.canSpell(*name)) list.patterns.push_back(hierarchy.wire(*name).bytes);
    }
  } else if (!settings_.patterns.empty() && map_) {
    list.patterns = {"*"};  // a pattern may match the name on either side: isMeant()
  } else if (!settings_.patterns.empty()) {
    for (const std::string& pattern : settings_.patterns) {
      auto text = pattern.find('\0') == std::string::npos ? std::optional(pattern)
                                                          : Hierarchy("", *delimiter_[side]).pattern(pattern);
      if (!text)
        throw Failure(ExitStatus::config,
                      std::string("list-mailbox has null characters, but the namespace of ") +
                          servers_[side]->name() + " is flat");
      addPattern(side, list.patterns, std::move(*text));
    }
  } else {
    list.patterns = {"*"};
  }
  return list;
}

// With a prefix a pattern is for what is below it. INBOX is not.
void Lists::addPattern(Side side, std::vector<std::string>& patterns, std::string pattern) const {
  const std::string& prefix = this->prefix(side);
  if (!prefix.empty() && matchesPattern(pattern, "INBOX", prefix.back())) patterns.push_back("INBOX");
  patterns.push_back(pattern.starts_with(prefix) ? pattern : prefix + pattern);
}

// Of names without the reference, which LIST puts in front by itself.
Hierarchy Lists::spelling(Side side) const {
  return {prefix(side), *delimiter_[side],
          prefix(side).empty() ? Hierarchy::Inbox::below : Hierarchy::Inbox::beside,
          side == Side::remote ? map_ : nullptr};
}

// Of names as they are.
Hierarchy Lists::whole(Side side) const {
  if (!prefix(side).empty()) return spelling(side);
  return {reference(side), *delimiter_[side], Hierarchy::Inbox::below, side == Side::remote ? map_ : nullptr};
}

void Lists::usePrefixes(Both<std::optional<std::string>> begunWith, bool mayBegin) {
  for (Side side : kSides) {
    prefix_[side].begunWith = std::move(begunWith[side]);
    if (!prefix_[side].begunWith && !mayBegin) prefix_[side].begunWith.emplace();
  }
}

// Once the servers have said what they have. True if names are spelled another way from now on. A prefix that
// the settings name is theirs.
bool Lists::settlePrefixes() {
  bool news = false;
  for (Side side : kSides) {
    auto& [begunWith, settled, text, outside] = prefix_[side];
    if (std::exchange(settled, true) || !reference(side).empty()) continue;
    text = begunWith.value_or(servers_[side]->means().prefix);
    if (text.empty()) continue;
    news = true;
    log_.debug(About::server(side), "Mailboxes are below \"" + text + "\" (NAMESPACE)");
  }
  return news;
}

Reply<Nothing> Lists::send(Side side, request::List list) {
  return servers_[side]->list(
      std::move(list),
      [&heard = heard_[side], side](const answer::ListEntry& entry) {
        heard.nameOctets += entry.mailbox.bytes.size();
        if (heard.entries.size() == kMostMailboxes || heard.nameOctets > kMostNameOctets)
          throw ServerFailure(side, ExitStatus::protocol, "Server lists too many mailboxes");
        heard.entries.push_back(entry);
      },
      [&heard = heard_[side]](const answer::StatusEntry& status) {
        heard.statusOctets += status.mailbox.bytes.size();
        if (heard.statuses.size() < kMostMailboxes && heard.statusOctets <= kMostNameOctets)
          heard.statuses.push_back(status);
      });
}

void Lists::waitFor(Both<std::vector<Reply<Nothing>>> replies) {
  for (Side side : kSides)
    for (Reply<Nothing>& reply : replies[side]) {
      if (reply.done().code == answer::kUnreadable)
        hole_[side] = true;
      else if (reply.done().code == answer::kSubscriptionsUnknown)
        noSubscriptions_[side] = reply.done().text;
      else if (!reply.done().ok())
        throw ServerFailure(side, ExitStatus::tryAgain, "LIST: " + words(reply.done()));
    }
}

void Lists::fetch() {
  names_.reset();
  bool needDelimiter =
      !settings_.mailboxes.empty() || std::ranges::any_of(settings_.patterns, [](const std::string& pattern) {
        return pattern.find('\0') != std::string::npos;
      });
  if (needDelimiter && !(delimiter_.local && delimiter_.remote)) fetchDelimiters();
  if (!isEverything()) prepareNames();
  exchangeLists();
  if (!settings_.selectionOptions.empty()) fetchUnselected();
}

void Lists::fetchNamed(std::vector<MailboxName> names) {
  names_ = std::move(names);
  if (!(delimiter_.local && delimiter_.remote)) fetchDelimiters();
  prepareNames();
  exchangeLists();
}

bool Lists::isEverything() const {
  return !names_ && settings_.mailboxes.empty() && settings_.patterns.empty() &&
         settings_.selectionOptions.empty();
}

// What names on the one side are on the other has to be known before any is asked for.
void Lists::prepareNames() {
  if (map_ || (settings_.map.empty() && !settings_.specialUse)) return;
  if (!(delimiter_.local && delimiter_.remote)) fetchDelimiters();
  if (settings_.specialUse) fetchUses();
  settleMap();
}

void Lists::fetchUses() {
  Both<Reply<Nothing>> replies;
  for (Side side : kSides) {
    heard_[side] = {};
    replies[side] = send(side, {reference(side), {"*"}, {}, false});
  }
  for (Side side : kSides)
    if (const answer::Done& done = replies[side].done();
        !done.ok() && done.code != answer::kUnreadable && done.code != answer::kSubscriptionsUnknown)
      throw ServerFailure(side, ExitStatus::tryAgain, "LIST: " + words(done));
}

// Once the delimiters are known, and with special-use what each side has.
void Lists::settleMap() {
  if (map_ || (settings_.map.empty() && !settings_.specialUse)) return;
  std::vector<NameMap::Entry> entries = configuredMap();
  if (settings_.specialUse) mapUses(entries);
  map_ = std::make_shared<const NameMap>(NameMap::of(std::move(entries)).value());
}

// A server's own delimiter does as well as what stands for it.
std::vector<NameMap::Entry> Lists::configuredMap() const {
  std::vector<NameMap::Entry> entries;
  for (std::size_t at = 0; at + 1 < settings_.map.size(); at += 2) {
    Both<std::string> texts{settings_.map[at], settings_.map[at + 1]};
    for (Side side : kSides) {
      if (*delimiter_[side]) std::ranges::replace(texts[side], **delimiter_[side], '\0');
      if (!*delimiter_[side] && texts[side].find('\0') != std::string::npos)
        throw Failure(ExitStatus::config, std::string("map has names below others, but the namespace of ") +
                                              servers_[side]->name() + " is flat");
    }
    auto local = MailboxName::of(texts.local), remote = MailboxName::of(texts.remote);
    if (!local || !remote) throw Failure(ExitStatus::config, "map has a name that is none");
    entries.push_back({*local, *remote});
  }
  if (auto fault = NameMap::fault(entries))
    throw Failure(ExitStatus::config, "map is not one to one: " + fault->why);
  return entries;
}

// What the configuration says of a mailbox counts more. A use that several mailboxes of one side have tells
// nothing.
void Lists::mapUses(std::vector<NameMap::Entry>& entries) {
  const NameMap configured = NameMap::of(entries).value();
  for (std::size_t use = 0; use < std::size(kSpecialUses); ++use) {
    if (std::ranges::find(kMappedUses, std::string_view(kSpecialUses[use])) == std::end(kMappedUses))
      continue;
    Both<std::vector<MailboxName>> found;
    for (Side side : kSides)
      for (const answer::ListEntry& entry : heard_[side].entries) {
        auto name = (entry.uses >> use & 1) != 0 && !entry.nonExistent && !entry.noSelect
                        ? whole(side).ownName(entry.mailbox)
                        : std::nullopt;
        if (name && !name->isInbox()) found[side].push_back(*name);
      }
    if (found.local.empty() || found.remote.empty()) continue;
    auto with = entries;
    with.push_back({found.local.front(), found.remote.front()});
    const bool isFree = configured.toRemote(found.local.front()) == found.local.front() &&
                        configured.toLocal(found.remote.front()) == found.remote.front();
    if (found.local.size() == 1 && found.remote.size() == 1 && isFree && !NameMap::fault(with))
      entries = std::move(with);
    else if (found.local.size() > 1 || found.remote.size() > 1)
      log_.warning(About::run(), std::string("Several mailboxes of one side are for ") + kSpecialUses[use] +
                                     ": none of them is mapped by that (special-use)");
  }
}
void Lists::exchangeLists() {
  Both<std::vector<Reply<Nothing>>> replies;
  leftOut_.clear();
  confused_.clear();
  for (Side side : kSides) {
    listing_[side].clear();
    heard_[side] = {};
    prefix_[side].outside.clear();
    hole_[side] = false;
    noSubscriptions_[side].clear();
    request::List list = request(side);
    if (!list.patterns.empty()) replies[side].push_back(send(side, std::move(list)));
  }
  waitFor(std::move(replies));
  const bool everything = !names_ && settings_.mailboxes.empty() && settings_.patterns.empty();
  if (settlePrefixes() && !everything) return exchangeLists();
  settleDelimiters();
  sortOut();
}

MailboxName Lists::named(const std::string& argument) {
  if (!delimiter_.local) fetchDelimiters();
  auto name = Hierarchy("", *delimiter_.local).name({argument});
  if (!name) throw Failure(ExitStatus::usage, "Invalid mailbox name " + argument);
  return *name;
}

bool Lists::complete() const {
  auto isAll = [](const std::string& pattern) { return pattern == "*"; };
  return !names_ && !hole_.local && !hole_.remote && settings_.mailboxes.empty() &&
         settings_.selectionOptions.empty() && !settings_.ignore &&
         (settings_.patterns.empty() || std::ranges::any_of(settings_.patterns, isAll));
}

std::set<MailboxName> Lists::listedNow(Side side, const std::vector<MailboxName>& names) {
  std::set<MailboxName> found;
  std::vector<Reply<Nothing>> replies;
  for (std::size_t from = 0; from < names.size(); from += kNamesAtOnce) {
    request::List list{reference(side), {}, {}, false};
    for (std::size_t i = from; i < std::min(from + kNamesAtOnce, names.size()); ++i)
      list.patterns.push_back(spelling(side).wire(names[i]).bytes);
    auto note = [&](const answer::ListEntry& entry) {
      auto name = hierarchy_[side]->name(entry.mailbox);
      bool asked = name && std::ranges::find(names, *name) != names.end();
      if (asked && !entry.nonExistent && !entry.noSelect) found.insert(*name);
    };
    replies.push_back(servers_[side]->list(std::move(list), note, [](const auto&) {}));
  }
  for (Reply<Nothing>& reply : replies) reply.get();
  return found;
}

// Of both servers, as users type them.
std::vector<std::string> Lists::everyName() {
  std::set<std::string> names;
  Both<Reply<Nothing>> replies;
  for (Side side : kSides)
    replies[side] = servers_[side]->list(
        {reference(side), {"*"}, {}, false},
        [&, side](const answer::ListEntry& entry) {
          auto name = hierarchy_[side]->name(entry.mailbox);
          if (name && !entry.nonExistent && !entry.noSelect && names.size() < kMostMailboxes)
            names.insert(hierarchy_.local->shown(*name));
        },
        [](const auto&) {});
  for (Side side : kSides) replies[side].get();
  return {names.begin(), names.end()};
}

void Lists::reportUnmatched() {
  if (names_ || hole_.local || hole_.remote) return;
  for (const std::string& argument : settings_.mailboxes) {
    bool any = false;
    for (Side side : kSides)
      for (const auto& [name, mailbox] : listing_[side])
        any = any || (mailbox.exists &&
                      matchesPattern(argument, hierarchy_.local->shown(name), hierarchy_.local->delimiter()));
    if (!any) reportUnmatched(argument);
  }
}

void Lists::reportUnmatched(const std::string& argument) {
  log_.caution(About::run(), noSuchMailbox(argument, everyName(), hierarchy_.local->delimiter()),
               ExitStatus::data);
}

// With a selector like SUBSCRIBED a mailbox may be missing from one list though it is there: it was
// unsubscribed on that side. Those that only the other side lists are asked for by name.
void Lists::fetchUnselected() {
  Both<std::vector<Reply<Nothing>>> replies;
  for (Side side : kSides) {
    request::List list{reference(side), {}, {}, true};
    auto flush = [&] {
      if (!list.patterns.empty()) replies[side].push_back(send(side, list));
      list.patterns.clear();
    };
    for (const auto& [name, mailbox] : listing_[other(side)]) {
      if (!mailbox.exists || listing_[side].contains(name)) continue;
      list.patterns.push_back(hierarchy_[side]->wire(name).bytes.substr(reference(side).size()));
      if (list.patterns.size() == kNamesAtOnce) flush();
    }
    flush();
  }
  waitFor(std::move(replies));
  // A name with a wildcard matches others: only what is on the other side is of interest.
  for (Side side : kSides)
    std::erase_if(heard_[side].entries, [&](const answer::ListEntry& entry) {
      auto name = hierarchy_[side]->name(entry.mailbox);
      return !name || !listing_[other(side)].contains(*name);
    });
  sortOut();
}

// LIST reference "": the one reply tells the delimiter (RFC 3501 section 6.3.8).
void Lists::fetchDelimiters() {
  Both<Reply<Nothing>> replies;
  Both<std::vector<answer::ListEntry>> roots;
  for (Side side : kSides)
    replies[side] = servers_[side]->list(
        {reference(side), {""}, {}, false},
        [&roots, side](const answer::ListEntry& entry) {
          if (roots[side].size() < 2) roots[side].push_back(entry);
        },
        [](const auto&) {});
  for (Side side : kSides) {
    if (const answer::Done& done = replies[side].done(); !done.ok())
      throw ServerFailure(side, ExitStatus::tryAgain, "LIST: " + words(done));
    if (roots[side].size() != 1)
      throw ServerFailure(side, ExitStatus::protocol, "Missing or unexpected reply to LIST");
    delimiter_[side] = roots[side].front().delimiter;
  }
  settlePrefixes();
}

// Every mailbox but INBOX must have the same delimiter; INBOX may have none. Where INBOX is all there is, its
// own is taken if it has one.
void Lists::settleDelimiters() {
  bool unknown = false;
  for (Side side : kSides) {
    std::optional<std::optional<char>> found = delimiter_[side];
    std::optional<char> inbox;
    for (const answer::ListEntry& entry : heard_[side].entries) {
      if (isInbox(entry.mailbox.bytes)) {
        inbox = entry.delimiter;
        continue;
      }
      if (entry.mailbox.bytes == reference(side)) continue;
      if (!found) found = entry.delimiter;
      if (*found != entry.delimiter)
        throw ServerFailure(side, ExitStatus::protocol,
                            "Mailbox " + entry.mailbox.bytes + " has hierarchy delimiter " +
                                shown(entry.delimiter) + ", while " + shown(*found) + " was expected.");
    }
    if (!found && inbox) found = inbox;
    delimiter_[side] = found;
    unknown = unknown || !found;
  }
  if (unknown) fetchDelimiters();
  if (delimiter_.local->has_value() != delimiter_.remote->has_value())
    throw Failure(
        ExitStatus::data,
        "Local and remote namespaces are neither both flat nor both hierarchical (local delimiter " +
            shown(*delimiter_.local) + ", remote delimiter " + shown(*delimiter_.remote) + ").");
  settleMap();
  for (Side side : kSides) hierarchy_[side].emplace(whole(side));
  for (Side side : kSides)
    log_.debug(About::server(side), "Using " + shown(*delimiter_[side]) + " as hierarchy delimiter");
}

void Lists::leaveOut() {
  if (!settings_.mailboxes.empty() || names_) return;
  for (Side side : kSides)
    for (const answer::ListEntry& entry : heard_[side].entries) {
      for (std::size_t use = 0; use < std::size(kSpecialUses); ++use) {
        bool ignored =
            (entry.uses >> use & 1) != 0 &&
            std::ranges::find(settings_.ignoreUses, kSpecialUses[use]) != settings_.ignoreUses.end();
        auto name = ignored ? hierarchy_[side]->name(entry.mailbox) : std::nullopt;
        if (name && !name->isInbox()) leftOut_.try_emplace(*name, side, kSpecialUses[use]);
      }
    }
}

void Lists::reportLeftOut() {
  for (Side side : kSides) {
    std::string names;
    for (const auto& [name, why] : leftOut_)
      if (why.first == side)
        names += (names.empty() ? "" : ", ") + hierarchy_[side]->wire(name).bytes + " (" + why.second + ")";
    const std::vector<std::string>& outside = prefix_[side].outside;
    if (!outside.empty())
      log_.info(About::server(side), "Leaving out " + std::to_string(outside.size()) +
                                         " mailbox(es) that are not below " + prefix(side) + ", " +
                                         outside.front() +
                                         " for one: they are in another namespace. See list-reference");
    if (!names.empty())
      log_.info(About::server(side),
                "Leaving out " + names +
                    " (see ignore-special-use). To synchronise one all the same, name it "
                    "as MAILBOX");
  }
}

// With a map all mailboxes are listed, and these are the ones that list-mailbox means, by either name.
bool Lists::isMeant(const MailboxName& name) const {
  if (!map_ || names_ || !settings_.mailboxes.empty() || settings_.patterns.empty()) return true;
  return std::ranges::any_of(kSides, [&](Side side) {
    const Hierarchy& hierarchy = *hierarchy_[side];
    return std::ranges::any_of(settings_.patterns, [&](const std::string& each) {
      auto pattern = hierarchy.pattern(each);
      if (pattern && pattern->starts_with(prefix(side))) pattern->erase(0, prefix(side).size());
      return pattern && matchesPattern(*pattern, hierarchy.shown(name), hierarchy.delimiter());
    });
  });
}

// A mailbox whose name on the other side is that of another one. Which of them what we know is about cannot
// be told, if the map is a new one.
void Lists::findConfused() {
  if (!map_) return;
  for (Side side : kSides)
    for (const answer::ListEntry& entry : heard_[side].entries) {
      auto own = hierarchy_[side]->ownName(entry.mailbox);
      if (!own || entry.nonExistent || entry.noSelect || own->isInbox()) continue;
      if (side == Side::local ? map_->toRemote(*own) : map_->toLocal(*own)) continue;
      auto rival = map_->rivalOf(side, *own);
      if (side == Side::local) confused_.insert(*own);
      if (rival) confused_.insert(*rival);
      log_.error(
          About::at(side, entry.mailbox),
          "Mailbox has the name that " +
              (rival ? hierarchy_.local->shown(*rival) + " of local" : std::string("another one")) +
              (side == Side::local ? " has on remote" : " would have here without the map") +
              " (map, special-use). Both are left alone; move what is in this one, and delete or rename "
              "it, or take it out of the map.",
          ExitStatus::data);
    }
}

std::uint8_t Lists::usesToCreate(Side side, const MailboxName& name) const {
  auto it = listing_[other(side)].find(name);
  if (!settings_.specialUse || it == listing_[other(side)].end()) return 0;
  std::uint8_t uses = it->second.uses;
  for (const auto& [_, mailbox] : listing_[side]) uses &= static_cast<std::uint8_t>(~mailbox.uses);
  for (std::size_t use = 0; use < std::size(kSpecialUses); ++use)
    if (std::ranges::find(kMappedUses, std::string_view(kSpecialUses[use])) == std::end(kMappedUses))
      uses &= static_cast<std::uint8_t>(~(1U << use));
  return uses;
}

bool Lists::movesWhole(const MailboxName& from, const MailboxName& to) const {
  auto isParted = [this](const MailboxName& name) {
    auto there = map_->toRemote(name);
    return std::ranges::any_of(map_->entries(), [&](const NameMap::Entry& entry) {
      return isBelow(entry.local, name) || (there && isBelow(entry.remote, *there));
    });
  };
  return !map_ || (!isParted(from) && !isParted(to));
}

// One with messages in it is somebody's.
void Lists::takeProbes(Side side) {
  probes_[side].clear();
  std::erase_if(listing_[side], [&](const auto& it) {
    const answer::StatusEntry& status = it.second.status;
    if (!it.second.exists || !probe::isOne(status.mailbox.bytes) || status.messages.value_or(0) > 0)
      return false;
    probes_[side].push_back(status);
    return true;
  });
}

void Lists::sortOut() {
  std::optional<Ignore> ignore;
  if (settings_.ignore && settings_.mailboxes.empty() && !names_) ignore.emplace(*settings_.ignore);
  leaveOut();
  findConfused();
  std::set<MailboxName> unrepresentable;
  for (Side side : kSides) {
    for (const answer::ListEntry& entry : heard_[side].entries) {
      auto name = hierarchy_[side]->name(entry.mailbox);
      // One that is below the reference and that we cannot name is lost to us.
      const std::string& below = hierarchy_[side]->reference();
      if (hierarchy_[side]->ownName(entry.mailbox) && !name) continue;  // that is said already
      if (!name && entry.mailbox.bytes.starts_with(below) && entry.mailbox.bytes != below) hole_[side] = true;
      if (!name && !prefix(side).empty() && !entry.nonExistent && !entry.noSelect)
        prefix_[side].outside.push_back(entry.mailbox.bytes);
      if (!name || isLeftOut(*name) || !isMeant(*name) || (ignore && ignore->matches(*name))) continue;
      bool exists = !entry.nonExistent && !entry.noSelect;
      if (exists && !hierarchy_[other(side)]->canSpell(*name)) {
        if (unrepresentable.insert(*name).second)
          log_.error(About::at(side, entry.mailbox),
                     "Mailbox name contains the hierarchy delimiter " +
                         shown(hierarchy_[other(side)]->delimiter()) +
                         " of the other server; it is left alone. Rename it to synchronise it.",
                     ExitStatus::data);
        continue;
      }
      listing_[side][*name] = {exists, entry.subscribed, {entry.mailbox, {}, {}, {}, {}}, entry.uses};
    }
    for (answer::StatusEntry& status : heard_[side].statuses) {
      auto name = hierarchy_[side]->name(status.mailbox);
      if (!name) continue;
      if (auto it = listing_[side].find(*name); it != listing_[side].end())
        it->second.status = std::move(status);
    }
    takeProbes(side);
    heard_[side] = {};
  }
}

}  // namespace interimap
