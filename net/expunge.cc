#include "net/expunge.h"

#include "net/limits.h"

namespace interimap {

// In one flight: if STORE is refused, EXPUNGE finds nothing that is \Deleted, or what somebody else has
// marked.
std::vector<Command> Expunge::commands(const Capabilities&) {
  std::vector<Command> commands;
  for (const UidSet& piece : request_.uids.pieces(limits::kLongestSet)) {
    commands.push_back(std::move(Command("UID STORE").set(piece).add(" +FLAGS.SILENT (\\Deleted)")));
    commands.push_back(std::move(Command("UID EXPUNGE").set(piece)));
  }
  if (quirkStoreThenExpunge_ && !commands.empty()) commands.front().afterOthers();
  return commands;
}

// Other messages that vanish meanwhile are the next Select's business.
bool Expunge::take(Untagged& untagged, Answers& answers) {
  auto* vanished = std::get_if<Vanished>(&untagged);
  if (vanished == nullptr || vanished->earlier) return false;
  UidSet ours = vanished->uids.intersect(request_.uids);
  for (UidSet& piece : ours.piecesOfRanges(kMostRanges)) answers.send(answer::Vanished{std::move(piece)});
  return true;
}

}  // namespace interimap
