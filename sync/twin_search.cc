#include "sync/twin_search.h"

#include <algorithm>

namespace interimap {

namespace {

constexpr Side kSides[] = {Side::local, Side::remote};
using Items = request::Fetch::Items;

}  // namespace

void TwinSearch::ask(Side side, const UidSet& uids) {
  if (uids.empty()) return;
  asked_[side] = uids;
  auto selected = servers_[side]->ensureSelected(mailbox_.wire[side]);
  questions_.push_back(
      {side, selected,
       servers_[side]->fetch(uids, Items::identity,
                             [this, side](const answer::Message& message) { looks(side, message); })});
}

void TwinSearch::looks(Side side, const answer::Message& message) {
  if (!message.header || !message.date || !message.flags || !asked_[side].contains(message.uid)) return;
  lookalikes_[side].push_back(
      {message.uid, number(*message.flags), {*message.header, message.date->seconds(), message.size}});
}

std::uint32_t TwinSearch::number(const Flags& flags) {
  auto [it, isNew] = numbers_.try_emplace(flags.text(), static_cast<std::uint32_t>(flags_.size()));
  if (isNew) flags_.push_back(flags);
  return it->second;
}

void TwinSearch::wait() {
  for (Question& question : questions_) question.reply.done();
}

std::optional<TwinSearch::Trouble> TwinSearch::finish(const Both<UidValidity>& validity,
                                                      const std::function<bool(Side, Uid)>& taken) {
  if (auto trouble = await(validity)) return trouble;
  tidy(taken);
  found_ = takeUnmistakable(lookalikes_);
  Both<UidSet> unsure = doubtful(lookalikes_);
  if (!unsure.local.empty()) {
    askContents(unsure);
    if (auto trouble = await(validity)) return trouble;
    std::vector<Twins> equal = takeEqual(lookalikes_, contents_);
    found_.insert(found_.end(), equal.begin(), equal.end());
    for (Side side : kSides) {
      UidSet shown;
      for (const auto& [uid, _] : contents_[side]) shown.add(uid);
      unclear_[side] = unsure[side].minus(shown);
    }
  }
  std::ranges::sort(found_, {}, &Twins::local);
  return std::nullopt;
}

void TwinSearch::askContents(const Both<UidSet>& uids) {
  for (Side side : kSides) {
    auto selected = servers_[side]->ensureSelected(mailbox_.wire[side]);
    questions_.push_back(
        {side, selected,
         servers_[side]->fetch(uids[side], Items::content, [this, side](const answer::Message& message) {
           if (message.content) contents_[side].emplace(message.uid, *message.content);
         })});
  }
}

// UIDs that have come to mean other messages meanwhile would be paired with strangers.
std::optional<TwinSearch::Trouble> TwinSearch::await(const Both<UidValidity>& validity) {
  wait();
  for (Question& question : std::exchange(questions_, {})) {
    const answer::Done& done = question.reply.done();
    if (!done.ok()) return Trouble{question.side, words(done), done.code == answer::kUnreadable};
    if (question.selected.get().uidValidity != validity[question.side])
      return Trouble{question.side, "UIDVALIDITY changed while messages were compared.", true};
  }
  return std::nullopt;
}

// A server that tells of a message twice has one of it all the same.
void TwinSearch::tidy(const std::function<bool(Side, Uid)>& taken) {
  for (Side side : kSides) {
    std::vector<Lookalike>& all = lookalikes_[side];
    std::ranges::sort(all, {}, &Lookalike::uid);
    auto same = [](const Lookalike& a, const Lookalike& b) { return a.uid == b.uid; };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    std::erase_if(all, [&](const Lookalike& it) { return taken(side, it.uid); });
  }
}

}  // namespace interimap
