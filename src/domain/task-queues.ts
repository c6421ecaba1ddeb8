/** One task queue per capability, so that each scales, fails and deploys alone (architecture.md 5). */
export const TASK_QUEUES = {
  workflows: 'kubernaut',
  context: 'kubernaut-context',
  analysis: 'kubernaut-analysis',
  actions: 'kubernaut-actions',
  storage: 'kubernaut-storage',
  intelligence: 'kubernaut-intelligence',
  notify: 'kubernaut-notify',
} as const;

export type Role = keyof typeof TASK_QUEUES;
export const ROLES = Object.keys(TASK_QUEUES) as Role[];
