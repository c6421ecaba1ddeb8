export { remediate } from './remediate.js';
