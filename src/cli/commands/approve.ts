import type { Command } from 'commander';
import { decisionCommand } from './decide.js';

export const approveCommand = (): Command =>
  decisionCommand({
    verb: 'approve',
    description: 'let a waiting plan run',
    isAboutPlan: true,
    canPick: true,
    done: 'approved',
    examples: ['kubernaut approve r-1a2b --plan 3f9c01d2 --reason "seen in staging"', 'kubernaut approve deployment/api -n shop', 'kubernaut approve r-1a2b --candidate 2', 'kubernaut approve r-1a2b --set replicas=3'],
  });
