// Evaluated once a worker, before the sandbox freezes its globals; docs/performance.md has what each saves.
// Rules have no state of their own: shared, they are not evaluated again for each workflow.
import '../domain/correction/correction.js';
import '../domain/outbox/cycle.js';
import '../domain/outbox/outbox.js';
import '../domain/settlement/settlement.js';
import '../domain/settlement/task.js';

// the SDK takes a stack for each promise: one frame of it instead of ten
Error.stackTraceLimit = 1;
