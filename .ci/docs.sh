# ./dev docs: the reference and the pages of docs/ as HTML.  Sourced by ./dev.

needs_docs () {
  echo python3=python3 cmark-gfm=cmark-gfm mandoc=mandoc
}

docs () {
  need $(needs_docs)
  rm -rf build/reference
  python3 docs/reference/make.py html . build/reference
  echo "reference: build/reference/index.html"
}
