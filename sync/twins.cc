#include "sync/twins.h"

#include <algorithm>
#include <tuple>

namespace interimap {

namespace {

bool before(const Lookalike& a, const Lookalike& b) {
  return std::tie(a.identity, a.uid) < std::tie(b.identity, b.uid);
}

}  // namespace

std::vector<Twins> pairTwins(std::vector<Lookalike> local, std::vector<Lookalike> remote) {
  std::ranges::sort(local, before);
  std::ranges::sort(remote, before);
  std::vector<Twins> out;
  auto here = local.begin();
  auto there = remote.begin();
  while (here != local.end() && there != remote.end()) {
    if (here->identity < there->identity)
      ++here;
    else if (there->identity < here->identity)
      ++there;
    else
      out.push_back({std::move(*here++), std::move(*there++)});
  }
  return out;
}

}  // namespace interimap
