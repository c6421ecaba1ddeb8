import type { Command } from 'commander';
import { decisionCommand } from './decide.js';

export const undoCommand = (): Command =>
  decisionCommand({
    verb: 'undo',
    description: 'take back what a running remediation wrote, in reverse order; refused where somebody changed the object since',
    isAboutPlan: false,
    done: 'is told to undo its steps',
    examples: ['kubernaut undo r-1a2b --reason "made it slower"', 'kubernaut undo deployment/api -n checkout'],
  });
