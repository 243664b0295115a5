#include "sync/suspension.h"

#include <doctest/doctest.h>

using namespace interimap;
using namespace std::chrono_literals;

TEST_CASE("a sleep is what one clock counts and the other does not") {
  Suspension::Duration offset = 5s;
  Suspension suspension([&] { return offset; });
  CHECK(suspension.length() == 0s);
  offset += 90s;
  CHECK(suspension.length() == 90s);

  Suspension awake;
  CHECK(awake.length() < 1s);
  CHECK(awake.length() > -1s);
}
