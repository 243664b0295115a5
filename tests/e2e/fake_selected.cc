// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a session of the fake server does with the mailbox it has selected.

#include <algorithm>
#include <iterator>
#include <limits>

#include "tests/e2e/fake_session.h"

namespace interimap::bed {

void FakeServer::Session::select(bool readOnly) {
  if (selected_ && qresync_) untagged("OK [CLOSED] closed");
  selected_.reset();
  FakeMailbox* box = mailbox(text(0));
  if (box == nullptr) return done("NO [NONEXISTENT] no such mailbox");
  selected_ = upper(text(0)) == "INBOX" ? "INBOX" : text(0);
  view_ = box->uids();
  untagged("FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)");
  untagged("OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] all of them");
  untagged(std::to_string(view_.size()) + " EXISTS");
  untagged("0 RECENT");
  untagged("OK [UIDVALIDITY " + std::to_string(box->uidValidity) + "] valid");
  untagged("OK [UIDNEXT " + std::to_string(box->uidNext) + "] next");
  if (has("CONDSTORE")) untagged("OK [HIGHESTMODSEQ " + std::to_string(box->highestModSeq) + "] highest");
  if (arguments_.size() > 1 && arguments_[1].items.size() > 1 &&
      upper(arguments_[1].items[0].text) == "QRESYNC") {
    resynchronise(*box, arguments_[1].items[1]);
  }
  done(readOnly ? "OK [READ-ONLY] examined" : "OK [READ-WRITE] selected");
}

// RFC 7162 section 3.2.5: (UIDVALIDITY MODSEQ [known-uids [match data]]).
void FakeServer::Session::resynchronise(FakeMailbox& box, const Value& parameters) {
  const std::vector<Value>& p = parameters.items;
  if (p.size() < 2 || p[0].text != std::to_string(box.uidValidity)) return;
  std::uint64_t since = std::stoull(p[1].text);
  FakeSet known(p.size() > 2 && p[2].kind == Value::Kind::atom ? p[2].text : "1:*", 0xFFFFFFFF);
  std::vector<std::uint32_t> gone;
  for (const auto& [uid, modSeq] : box.vanished) {
    if (modSeq > since && known.contains(uid)) gone.push_back(uid);
  }
  std::sort(gone.begin(), gone.end());
  if (!gone.empty()) untagged("VANISHED (EARLIER) " + setOf(gone));
  for (std::size_t i = 0; i < box.messages.size(); ++i) {
    const FakeMessage& m = box.messages[i];
    if (m.modSeq <= since || !known.contains(m.uid)) continue;
    untagged(std::to_string(i + 1) + " FETCH (" + FakeMailbox::fetch(m, parseValues("UID FLAGS MODSEQ")) +
             ")");
  }
}

void FakeServer::Session::leave() {
  selected_.reset();
  done("OK done");
}

void FakeServer::Session::idle() {
  send("+ idling\r\n");
  while (upper(line()) != "DONE") {
  }
  done("OK done");
}

void FakeServer::Session::tellNews() {
  FakeMailbox* box = selected();
  if (box == nullptr) return;
  std::vector<std::uint32_t> now = box->uids(), gone;
  std::set_difference(view_.begin(), view_.end(), now.begin(), now.end(), std::back_inserter(gone));
  if (!gone.empty() && qresync_) untagged("VANISHED " + setOf(gone));
  for (std::size_t i = view_.size(); !qresync_ && i > 0; --i)
    if (std::ranges::binary_search(gone, view_[i - 1])) untagged(std::to_string(i) + " EXPUNGE");
  if (now.size() > view_.size() - gone.size()) untagged(std::to_string(now.size()) + " EXISTS");
  // Unasked, as Dovecot does it: else a client that appends to the mailbox it has selected never learns of
  // it.
  if (qresync_ && now != view_)
    untagged("OK [HIGHESTMODSEQ " + std::to_string(box->highestModSeq) + "] highest");
  view_ = now;
}

void FakeServer::Session::uid() {
  std::string verb = upper(text(0));
  if (selected() == nullptr) return done("BAD no mailbox selected");
  if (verb == "FETCH") return fetch();
  if (verb == "STORE") return store();
  if (verb == "EXPUNGE") return expunge(text(1));
  if (verb == "SEARCH") return search();
  done("BAD unknown command");
}

// UID FETCH set items [(CHANGEDSINCE n [VANISHED])]
void FakeServer::Session::fetch() {
  FakeMailbox* box = selected();
  if (arguments_.size() < 3) return done("BAD FETCH");
  FakeSet set(text(1), largestUid());
  std::vector<Value> items =
      arguments_[2].kind == Value::Kind::list ? arguments_[2].items : std::vector<Value>{arguments_[2]};
  auto has = [&](const char* name) {
    return std::any_of(items.begin(), items.end(), [&](const Value& v) { return upper(v.text) == name; });
  };
  if (!has("UID")) items.insert(items.begin(), parseValues("UID").front());
  if (qresync_ && has("FLAGS") && !has("MODSEQ")) items.push_back(parseValues("MODSEQ").front());
  std::uint64_t since = 0;
  if (arguments_.size() > 3) {
    const std::vector<Value>& modifiers = arguments_[3].items;
    for (std::size_t i = 0; i < modifiers.size(); ++i) {
      if (upper(modifiers[i].text) == "CHANGEDSINCE") since = std::stoull(modifiers.at(i + 1).text);
    }
    if (std::any_of(modifiers.begin(), modifiers.end(),
                    [](const Value& v) { return upper(v.text) == "VANISHED"; })) {
      std::vector<std::uint32_t> gone;
      for (const auto& [uid, modSeq] : box->vanished) {
        if (modSeq > since && set.contains(uid)) gone.push_back(uid);
      }
      std::sort(gone.begin(), gone.end());
      if (!gone.empty()) untagged("VANISHED (EARLIER) " + setOf(gone));
    }
  }
  for (std::size_t i = 0; i < box->messages.size(); ++i) {
    const FakeMessage& m = box->messages[i];
    if (!set.contains(m.uid) || m.modSeq <= since) continue;
    untagged(std::to_string(i + 1) + " FETCH (" + FakeMailbox::fetch(m, items) + ")");
  }
  tellNews();
  done("OK done");
}

// UID STORE set [(UNCHANGEDSINCE n)] [+-]FLAGS[.SILENT] (flags)
void FakeServer::Session::store() {
  FakeMailbox* box = selected();
  FakeSet set(text(1), largestUid());
  std::uint64_t unchangedSince = std::numeric_limits<std::uint64_t>::max();
  std::size_t at = 2;
  if (at < arguments_.size() && arguments_[at].kind == Value::Kind::list) {
    unchangedSince = std::stoull(arguments_[at++].after("UNCHANGEDSINCE").text);
  }
  if (arguments_.size() < at + 2) return done("BAD STORE");
  std::string what = upper(text(at));
  bool silent = what.ends_with(".SILENT");
  std::vector<std::string> flags = arguments_[at + 1].texts();
  std::vector<std::uint32_t> modified;
  for (std::size_t i = 0; i < box->messages.size(); ++i) {
    FakeMessage& m = box->messages[i];
    if (!set.contains(m.uid)) continue;
    if (m.modSeq > unchangedSince) {
      modified.push_back(m.uid);
      continue;
    }
    std::set<std::string> now = what[0] == 'F' ? std::set<std::string>{} : m.flags;
    for (const std::string& flag : flags) {
      if (what[0] == '-')
        now.erase(flag);
      else if (!flag.empty())
        now.insert(flag);
    }
    box->setFlags(m, now);
    untagged(std::to_string(i + 1) + " FETCH (" +
             FakeMailbox::fetch(m, parseValues(std::string(silent ? "UID" : "UID FLAGS") +
                                               (has("CONDSTORE") ? " MODSEQ" : ""))) +
             ")");
  }
  done(modified.empty() ? "OK done" : "OK [MODIFIED " + setOf(modified) + "] some were modified");
}

void FakeServer::Session::expunge(const std::string& uids) {
  FakeMailbox* box = selected();
  FakeSet set(uids, largestUid());
  for (std::uint32_t uid : box->uids()) {
    auto m =
        std::find_if(box->messages.begin(), box->messages.end(), [&](const auto& x) { return x.uid == uid; });
    if (set.contains(uid) && m->flags.contains("\\Deleted")) box->expunge(uid);
  }
  tellNews();
  done("OK done");
}

// UID SEARCH ALL, UID SEARCH UID set [DELETED and its like]
void FakeServer::Session::search() {
  const bool named = upper(text(1)) == "UID";
  FakeSet set(named ? text(2) : "1:*", largestUid());
  std::string flag = upper(text(named ? 3 : 2)), found;
  auto hasIt = [&](const FakeMessage& m) {
    return flag.empty() || std::ranges::any_of(m.flags, [&](auto& it) { return upper(it) == "\\" + flag; });
  };
  for (const FakeMessage& m : selected()->messages)
    if (set.contains(m.uid) && hasIt(m)) found += " " + std::to_string(m.uid);
  untagged("SEARCH" + found);
  done("OK done");
}

}  // namespace interimap::bed
