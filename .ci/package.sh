# The configuration package: the archive for distributions, and Debian's packages from it.  Sourced by .ci/test.sh.

needs_package () {
  echo git=git dpkg-buildpackage=dpkg-dev dh=debhelper lintian=lintian unshare=util-linux
}

test_package () {
  build
  echo "== package"
  run_script sh tests/install/test-package.sh build
}
