export { settlement } from './settlement.js';
export { task } from './task.js';
