import type { Command } from 'commander';
import { decisionCommand } from './decide.js';

export const rejectCommand = (): Command =>
  decisionCommand({
    verb: 'reject',
    description: 'refuse a waiting plan; nothing is written',
    isAboutPlan: true,
    done: 'rejected',
    examples: ['kubernaut reject r-1a2b --reason "release in progress"', 'kubernaut reject deployment/api -n shop'],
  });
