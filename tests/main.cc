#include <stdio.h>
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

int main(int argc, char** argv) {
  setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // a log tells how far a program came that was killed
  return doctest::Context(argc, argv).run();
}
