# Where blocks of the debug runtime and blocks of ours may differ; applied to both tables.
# A debug block of no bytes has none, where the table expects the one byte of other runtimes.
/^_expand (malloc ([0-9]*), 0)/d
/^_expand (malloc (0), 1)/d
# What the new handler is asked for depends on what is added to an aligned block.
/^crt\._aligned_/s/ times for [^,]*$/ times/
# The largest request leaves no room for a header: reallocating to it fails without a question.
s/^\(crt\.\(realloc\|_recalloc\) (old, .*size), MAXREQ, .*\), new handler .*/\1/
