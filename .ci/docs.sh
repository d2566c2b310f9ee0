# ./dev docs: the reference and the pages of docs/ as HTML.  Sourced by ./dev.

needs_docs () {
  echo python3=python3 cmark-gfm=cmark-gfm mandoc=mandoc
}

docs () {
  need $(needs_docs)
  mkdir -p build
  rm -rf build/reference.new
  python3 docs/reference/make.py html . build/reference.new || {
    rm -rf build/reference.new
    exit 1
  }
  rm -rf build/reference
  mv build/reference.new build/reference
  echo "reference: build/reference/index.html"
}
