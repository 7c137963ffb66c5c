// A property has only to notice that something is broken, not to find the smallest case of it.
require('fast-check').configureGlobal({ endOnFailure: true });
