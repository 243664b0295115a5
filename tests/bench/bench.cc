// `make bench`: ours, its peers and the floor do the same work side by side, between two throw-away Dovecot
// servers. The machine is described, every figure comes from this run, every difference between the
// contenders is told.

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/contender.h"
#include "tests/bench/floor.h"
#include "tests/bench/machine.h"
#include "tests/bench/options.h"
#include "tests/bench/race.h"
#include "tests/bench/stores.h"
#include "tests/bench/table.h"

namespace {

using namespace interimap::bench;
namespace bed = interimap::bed;

constexpr std::uint64_t kLikelySize = 16 << 10;  // octets of a message and what a store keeps about it

constexpr const char* kLegend =
    "wall      median of the timed runs, and their range; the contenders take turns (A B C A B C)\n"
    "user, sys of the contender's processes, the servers' left out\n"
    "MiB       largest sum of proportional set sizes, sampled every 20 ms in an untimed run; with the memfds "
    "that\n"
    "          hold bodies in flight\n"
    "kB, trips octets both ways, and how often the client waited for the server, of an untimed run through a "
    "relay\n"
    "          (25 ms one way, or the race's own delay); connecting counts as one, but the relay answers it "
    "at\n"
    "          once, so that a real link of 100 ms would add 0.1 s to every wall time\n"
    "/ floor   wall time in terms of the floor's;  ours / is ours in terms of this one's: below 1, ours is "
    "faster\n"
    "The last column is what a client of its own found when it compared the two accounts, message by "
    "message.\n";

template <typename List>
std::vector<std::string> namesOf(const List& list) {
  std::vector<std::string> names;
  for (const auto& item : list) names.push_back(item.name);
  return names;
}

void show(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

std::string usage(const std::vector<std::string>& races, const std::vector<std::string>& contenders) {
  std::string text =
      "usage: bench [--rounds N] [--messages N] [--mailboxes N] [--only NAME,...]\nraces:     ";
  for (const std::string& name : races) text += " " + name;
  text += "\ncontenders:";
  for (const std::string& name : contenders) text += " " + name;
  return text + "\n";
}

int bench(const Options& options, const std::vector<Race>& races, const std::vector<Contender>& all) {
  const std::vector<std::string> raceNames = namesOf(races), contenderNames = namesOf(all);
  std::vector<Contender> chosen;
  for (const Contender& contender : all) {
    if (options.wants(contender.name, contenderNames, true)) chosen.push_back(contender);
  }
  bed::Directory servers(Stores::parent(options.messages * kLikelySize)), clients;
  show(describeMachine(servers.path(), clients.path()));
  Stores stores(servers.path());
  Racecourse course(stores, clients.path(), options);
  show("mail        " + course.description() + "; " + std::to_string(options.rounds) + " rounds\n\n");
  for (const Contender& contender : chosen) show("  " + contender.title + ": " + contender.remark + "\n");
  show("\n" + std::string(kLegend));
  bool failed = false;
  for (const Race& race : races) {
    if (!options.wants(race.name, raceNames, race.byDefault)) continue;
    show("\n" + race.title + " (" + race.name + ")\n");
    std::vector<Result> results = course.run(race, chosen);
    for (const Result& result : results) failed = failed || !result.failure.empty();
    show(table(results, "floor", "interimap"));
  }
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (!arguments.empty() && arguments[0] == kFloorArgument) {
      Floor::parse(arguments).run();
      return EXIT_SUCCESS;
    }
    const std::vector<Race> races = interimap::bench::races();
    const std::vector<Contender> all = contenders();
    std::vector<std::string> known = namesOf(races);
    for (const std::string& name : namesOf(all)) known.push_back(name);
    Options options;
    try {
      options = Options::parse(arguments, known);
    } catch (const std::invalid_argument& error) {
      std::fprintf(stderr, "bench: %s\n%s", error.what(), usage(namesOf(races), namesOf(all)).c_str());
      return 64;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a contender leaves behind counts as its own
    return bench(options, races, all);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
