import type { Command } from 'commander';
import { decisionCommand } from './decide.js';

export const cancelCommand = (): Command =>
  decisionCommand({
    verb: 'cancel',
    description: 'end a running remediation; what it wrote is undone',
    isAboutPlan: false,
    done: 'is told to cancel',
    examples: ['kubernaut cancel r-1a2b --reason "handled by hand"', 'kubernaut cancel deployment/api -n shop'],
  });
