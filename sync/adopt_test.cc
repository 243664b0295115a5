#include "sync/adopt.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

constexpr const char* kNoon = "17-Jul-1996 12:00:00 +0000";
constexpr const char* kSameNoon = "17-Jul-1996 14:00:00 +0200";
constexpr const char* kOne = "17-Jul-1996 13:00:00 +0000";

Uid uid(std::uint32_t n) { return *Uid::of(n); }
HeaderDigest header(std::uint8_t n) { return HeaderDigest{n}; }

store::Intent intent(std::uint32_t source, std::uint8_t digest, const char* date = kNoon) {
  return {uid(source), Identity{header(digest), InternalDate::parse(date)->seconds(), 100}, {}};
}
answer::Message copy(std::uint32_t n, std::uint8_t digest, const char* date = kNoon) {
  return {uid(n), {}, {}, InternalDate::parse(date), 101, header(digest)};
}
std::vector<Adopted> pairs(std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> list) {
  std::vector<Adopted> out;
  for (auto [source, target] : list) out.push_back({uid(source), uid(target), Flags{}});
  return out;
}

}  // namespace

TEST_CASE("copies made before a kill are recognised") {
  CHECK(adoptCopies({intent(1, 1), intent(2, 2)}, {copy(50, 1)}) == pairs({{1, 50}}));
  CHECK(adoptCopies({intent(1, 1), intent(2, 2)}, {copy(51, 2), copy(50, 1)}) == pairs({{1, 50}, {2, 51}}));
  CHECK(adoptCopies({intent(1, 1)}, {copy(50, 1, kSameNoon)}) ==
        pairs({{1, 50}}));  // another zone, the same instant
}

TEST_CASE("other mail is not taken for a copy") {
  CHECK(adoptCopies({intent(1, 1)}, {copy(50, 2)}).empty());
  CHECK(adoptCopies({intent(1, 1)}, {copy(50, 1, kOne)}).empty());
  CHECK(adoptCopies({store::Intent{uid(1), std::nullopt, {}}}, {copy(50, 0)}).empty());
  CHECK(adoptCopies({intent(1, 1)}, {answer::Message{uid(50), {}, {}, {}, 0, {}}}).empty());
  CHECK(adoptCopies({}, {copy(50, 1)}).empty());
}

TEST_CASE("equal messages are adopted once each, in their order") {
  CHECK(adoptCopies({intent(1, 1), intent(2, 1), intent(3, 1)}, {copy(61, 1), copy(60, 1)}) ==
        pairs({{1, 60}, {2, 61}}));
}

TEST_CASE("of several that look the same, the one of the same size is taken first") {
  answer::Message exact = copy(61, 1);
  exact.size = 100;
  CHECK(adoptCopies({intent(1, 1)}, {copy(60, 1), exact}) == pairs({{1, 61}}));
  CHECK(adoptCopies({intent(1, 1), intent(2, 1)}, {copy(60, 1), exact}) == pairs({{1, 61}, {2, 60}}));
}
