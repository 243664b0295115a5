// A worker that is compromised: stands in the place of net or delivery, has the honest one beside it (the
// same name with ".honest") do the work, and lies once to sync. LIE in the environment is "ROLE=LIE"; in any
// other role, and without it, the honest one takes its place.
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "ipc/failure.h"
#include "tests/compromised/lies.h"

namespace interimap::compromised {
namespace {

[[noreturn]] void becomeHonest(char** words) {
  std::string path = std::string(words[0]) + ".honest";
  words[0] = path.data();
  execv(path.c_str(), words);
  _exit(127);
}

int live(char** words) {
  const char* lie = getenv("LIE");
  const std::string role = std::string(words[1]) + "=";
  if (lie == nullptr || !std::string(lie).starts_with(role)) becomeHonest(words);
  auto told = lieNamed(std::string(lie).substr(role.size()));
  if (!told) return 98;
  auto [ours, its] = Channel::pair();
  pid_t parent = getpid();
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(its.get(), Channel::kFirstPeer) < 0) _exit(127);
    becomeHonest(words);
  }
  its = {};
  try {
    Between(Descriptor(Channel::kFirstPeer), std::move(ours), std::move(*told)).serve();
  } catch (const PeerGone&) {
  }
  return 0;
}

}  // namespace
}  // namespace interimap::compromised

int main(int count, char** words) { return count < 2 ? 98 : interimap::compromised::live(words); }
