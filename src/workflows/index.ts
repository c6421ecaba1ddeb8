export { expire } from './expire.js';
export { remediate } from './remediate.js';
