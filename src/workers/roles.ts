import type { Role } from '../domain/task-queues.js';

/** Which activities each role serves; `*actions` stands for one activity per action of the catalogue. */
const SERVES: Record<Role, readonly string[]> = {
  // What runs as local activities in a process that hosts every role.
  workflows: ['enrich', 'diagnose', 'makePlan', 'holdOf', 'assess', 'record', 'notify'],
  context: ['enrich', 'assess', 'inspect'],
  analysis: ['diagnose', 'analyze', 'replay'],
  actions: ['makePlan', 'holdOf', '*actions'],
  storage: ['record', 'recordExpiry'],
  intelligence: [],
  notify: ['notify'],
};

type Activity = (input: never) => Promise<unknown>;

export interface ActivityTables {
  stages: Record<string, Activity>;
  /** By action id. */
  actions: Record<string, Activity>;
}

/** The activities of one role's worker. Empty: nothing of this role needs a worker yet. */
export function activitiesOf(role: Role, { stages, actions }: ActivityTables): Record<string, Activity> {
  const named = SERVES[role].filter((name) => name !== '*actions').map((name) => [name, stages[name]!] as const);
  return { ...Object.fromEntries(named), ...(SERVES[role].includes('*actions') ? actions : {}) };
}
