"""What every benchmark needs: options, interleaved rounds, medians, one JSON document; and servers, the same as the tests'."""
