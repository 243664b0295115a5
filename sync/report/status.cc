// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/report/status.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <tuple>
#include <utility>

#include "sync/report/log.h"

namespace interimap {

namespace {

using Fact = Finding::Fact;

// Messages of one mailbox that are told one by one; the others are counted.
constexpr std::size_t kMostTold = 1000;

// Computed, since the files of time zones are out of reach.
std::string utc(std::int64_t at) {
  using namespace std::chrono;
  sys_seconds time{seconds(at)};
  auto day = floor<days>(time);
  year_month_day date(day);
  hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(text, sizeof text, "%d-%02u-%02u %02d:%02d UTC", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
  return text;
}

Fact number(const char* name, std::uint64_t value) { return {name, value}; }
Fact text(const char* name, std::string value) { return {name, std::move(value)}; }
Fact time(const char* name, std::int64_t at) {
  return number(name, static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0)));
}

std::string counted(std::uint64_t count, const char* what) {
  const std::string noun = what;
  return std::to_string(count) + " " + noun + (count == 1 ? "" : noun.ends_with('x') ? "es" : "s");
}

std::string shown(const MailboxName& name) {
  std::string text = name.bytes();
  std::replace(text.begin(), text.end(), '\0', '/');  // no server is there to tell its delimiter
  return text;
}

const char* words(store::Refusal kind) {
  switch (kind) {
    case store::Refusal::refused: return "refused";
    case store::Refusal::empty: return "not copied, it is empty";
    case store::Refusal::tooLarge: return "not copied, it is larger than max-message-size";
    case store::Refusal::unsent: return "not copied, its server did not send it";
    case store::Refusal::denied: return "not copied, the mailbox may not be written to";
    case store::Refusal::kept: return "to be expunged here as on the other side, which is not possible yet";
    case store::Refusal::apart: return "not copied, its server hangs up at it";
    case store::Refusal::surplus: return "a second copy of what the other side has once";
    case store::Refusal::outside: return "not copied, as the configuration has it";
    case store::Refusal::parted:
      return "kept, as the configuration has it, though expunged on the other side";
  }
  return "";
}

const char* words(store::Fate fate) {
  switch (fate) {
    case store::Fate::delivered: return "delivered";
    case store::Fate::deferred: return "deferred";
    case store::Fate::refused: return "refused";
    case store::Fate::unknown: return "unknown";
    case store::Fate::held: return "held";
  }
  return "";
}

// Both sides of a database.
class Status {
 public:
  Status(const store::Store& store, Reporter& launch) : store_(store), launch_(launch) {}

  void tell(std::optional<std::int64_t> lastSuccess) {
    auto mailboxes = store_.mailboxes();
    for (const store::KnownMailbox& mailbox : mailboxes) tell(mailbox.id, shown(mailbox.name));
    for (const store::Undertaking& undertaking : store_.undertakings()) tell(undertaking);
    Finding total{Component::none,
                  {},
                  "In all: " + counted(mailboxes.size(), "mailbox") + ", " + counted(paired_, "message") +
                      " paired, " + std::to_string(refused_) + " not, " + std::to_string(open_) +
                      " on their way; " + std::to_string(held_) + " held back",
                  {text("what", "total"), number("mailboxes", mailboxes.size()), number("paired", paired_),
                   number("refused", refused_), number("open", open_), number("held", held_)}};
    if (lastSuccess) {
      total.text += "; last successful run " + utc(*lastSuccess);
      total.facts.push_back(time("success", *lastSuccess));
    }
    launch_.report({std::move(total)});
  }

 private:
  void tell(store::MailboxId id, const std::string& name) {
    const std::uint64_t paired = store_.count(id);
    paired_ += paired;
    Finding finding{Component::none, name, counted(paired, "message") + " paired", {}};
    finding.facts = {text("what", "mailbox"), number("paired", paired)};
    if (auto since = store_.stateSince(id)) {
      finding.text += ", last synchronised with changes " + utc(*since);
      finding.facts.push_back(time("since", *since));
    }
    auto state = store_.state(id, Side::local);
    if (!state || state->uidNext.value == 0) {
      finding.text += ", not yet complete";
      finding.facts.push_back(number("incomplete", 1));
    }
    launch_.report({std::move(finding)});
    tellHeld(id, name);
    for (Side side : kSides) tellBrake(id, name, side);
    tellRefused(id, name);
    for (Side side : kSides) tellOpen(id, name, side);
  }

  void tellHeld(store::MailboxId id, const std::string& name) {
    auto held = store_.held(id);
    if (!held) return;
    ++held_;
    launch_.report({Finding{componentOf(held->side),
                            name,
                            "left alone: " + held->reason,
                            {text("what", "held"), text("reason", held->reason)}}});
  }

  void tellBrake(store::MailboxId id, const std::string& name, Side side) {
    auto brake = store_.brake(id, side);
    if (!brake) return;
    ++held_;
    launch_.report({Finding{
        componentOf(side),
        name,
        "held back since " + utc(brake->since) + ": to expunge " + counted(brake->uids.size(), "message") +
            ", most of the mailbox; a run ten minutes later does it, or one with "
            "--force-deletions",
        {text("what", "brake"), time("since", brake->since), number("messages", brake->uids.size())}}});
  }

  void tellRefused(store::MailboxId id, const std::string& name) {
    auto all = store_.refused(id);
    tellLeft(name, all);
    refused_ += all.size();
    for (std::size_t i = 0; i < std::min(all.size(), kMostTold); ++i) {
      const store::RefusedMessage& message = all[i];
      std::string said = "UID " + std::to_string(message.uid.value()) + " " + words(message.kind) + " (" +
                         utc(message.at) + ")";
      if (!message.reply.empty()) said += ": " + message.reply;
      launch_.report({Finding{
          componentOf(message.source),
          name,
          std::move(said),
          {text("what", "refused"), number("uid", message.uid.value()), text("why", words(message.kind)),
           text("reply", message.reply), time("at", message.at)}}});
    }
    tellMore(name, all.size());
  }

  // What is as the user wants it is no trouble: it is told by number, and is none of what is refused.
  void tellLeft(const std::string& name, std::vector<store::RefusedMessage>& all) {
    std::map<std::tuple<Side, store::Refusal, std::string>, std::uint64_t> left;
    std::erase_if(all, [&](const store::RefusedMessage& it) {
      const bool isLeft = it.kind == store::Refusal::outside || it.kind == store::Refusal::parted;
      if (isLeft) ++left[{it.source, it.kind, it.reply}];
      return isLeft;
    });
    for (const auto& [what, messages] : left) {
      const auto& [side, kind, why] = what;
      launch_.report(
          {Finding{componentOf(side),
                   name,
                   counted(messages, "message") + " on this side only, " + words(kind) + ": " + why,
                   {text("what", "left"), number("messages", messages), text("why", why)}}});
    }
  }

  void tellOpen(store::MailboxId id, const std::string& name, Side side) {
    store::Journal journal = store_.journal(id, side);
    std::uint64_t open = journal.intents.size() + journal.unclear.size();
    if (open == 0) return;
    open_ += open;
    launch_.report(
        {Finding{componentOf(side),
                 name,
                 counted(open, "message") + " on the way here since " + utc(journal.newest) +
                     "; the next run looks for them",
                 {text("what", "open"), number("messages", open), time("since", journal.newest)}}});
  }

  void tell(const store::Undertaking& undertaking) {
    const std::string name = shown(undertaking.mailbox);
    std::string what = undertaking.to ? "to be renamed to " + shown(*undertaking.to) : "to be deleted";
    launch_.report(
        {Finding{Component::database,
                 name,
                 what + "; the next run goes on with it",
                 {text("what", "undertaking"), text("verb", undertaking.to ? "rename" : "delete")}}});
  }

  void tellMore(const std::string& name, std::size_t all) {
    if (all <= kMostTold) return;
    launch_.report({Finding{Component::none,
                            name,
                            counted(all - kMostTold, "more message") + " like these",
                            {text("what", "more"), number("messages", all - kMostTold)}}});
  }

  const store::Store& store_;
  Reporter& launch_;
  std::uint64_t paired_ = 0, refused_ = 0, open_ = 0, held_ = 0;
};

struct PullTotal {
  std::uint64_t delivered = 0, deferred = 0, refused = 0, unknown = 0;

  std::string text() const {
    return std::to_string(delivered) + " delivered, " + std::to_string(deferred) + " deferred, " +
           std::to_string(refused) + " refused, " + std::to_string(unknown) + " unknown";
  }
  std::vector<Fact> facts(const char* what) const {
    return {interimap::text("what", what), number("delivered", delivered), number("deferred", deferred),
            number("refused", refused), number("unknown", unknown)};
  }
};

void tellMessage(const std::string& mailbox, const store::OpenMessage& message, Reporter& launch) {
  for (const store::RecipientFate& fate : message.fates) {
    if (fate.fate == store::Fate::delivered) continue;
    std::string said = "UID " + std::to_string(message.uid.value()) + " to <" + fate.recipient + "> " +
                       words(fate.fate) + " since " + utc(fate.at);
    if (message.waits()) said += ", next attempt " + utc(message.next);
    if (!fate.reply.empty()) said += ": " + fate.reply;
    launch.report({Finding{
        Component::none,
        mailbox,
        std::move(said),
        {text("what", "message"), number("uid", message.uid.value()), text("recipient", fate.recipient),
         text("fate", words(fate.fate)), text("reply", fate.reply), time("at", fate.at),
         number("attempts", message.attempts), time("next", message.next)}}});
  }
}

}  // namespace

void tellStatus(const store::Store& store, std::optional<std::int64_t> lastSuccess, Reporter& launch) {
  Status(store, launch).tell(lastSuccess);
}

void tellStatus(const store::PullState& state, const std::vector<std::string>& mailboxes, Reporter& launch) {
  PullTotal total;
  for (const std::string& name : mailboxes) {
    auto mailbox = state.mailbox({name});
    if (!mailbox) {
      launch.report({Finding{Component::none, name, "never pulled from", {text("what", "mailbox")}}});
      continue;
    }
    auto open = state.open(mailbox->id);
    PullTotal here;
    here.delivered = state.countSettled(mailbox->id, store::Settlement::delivered) +
                     state.countSettled(mailbox->id, store::Settlement::purged);
    here.unknown = state.handedOver(mailbox->id).size();
    for (const store::OpenMessage& message : open) {
      if (message.has(store::Fate::unknown))
        ++here.unknown;
      else
        ++(message.waits() ? here.deferred : here.refused);
    }
    launch.report({Finding{Component::none, name, here.text(), here.facts("mailbox")}});
    for (std::size_t i = 0; i < std::min(open.size(), kMostTold); ++i) tellMessage(name, open[i], launch);
    total.delivered += here.delivered;
    total.deferred += here.deferred;
    total.refused += here.refused;
    total.unknown += here.unknown;
  }
  launch.report({Finding{Component::none, {}, "In all: " + total.text(), total.facts("total")}});
}

void tellNothing(const std::string& path, Reporter& launch) {
  launch.report({Finding{Component::none,
                         {},
                         "Nothing has been done yet: there is no " + path,
                         {text("what", "nothing"), text("path", path)}}});
}

}  // namespace interimap
