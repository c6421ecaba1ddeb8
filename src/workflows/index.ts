export { analyzeAlert } from './analyze-alert.js';
export { expire } from './expire.js';
export { remediate } from './remediate.js';
export { replayDecision } from './replay-decision.js';
