export { settlement } from './settlement.js';
