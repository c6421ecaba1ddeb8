import { MESSAGES, MESSAGE_DESCRIPTIONS, WORKFLOW_TYPE } from '../../domain/messages.js';
import { SEARCH_ATTRIBUTES } from '../../domain/search-attributes.js';
import { TASK_QUEUES, type Role } from '../../domain/task-queues.js';
import { OUTCOMES, PHASES } from '../../domain/remediation.js';
import { code, generated, page, tableOf } from './markdown.js';

type Message = keyof typeof MESSAGES;

const KINDS: Readonly<Record<'Signals' | 'Updates' | 'Queries', readonly Message[]>> = {
  Signals: ['signalReceived', 'approve', 'reject', 'resolved', 'cancel', 'undo'],
  Updates: ['approveRemediation', 'rejectRemediation'],
  Queries: ['status', 'plan', 'timeline'],
};

const ATTRIBUTES: Readonly<Record<keyof typeof SEARCH_ATTRIBUTES, string>> = {
  KubernautPhase: 'where it stands',
  KubernautOutcome: 'how it ended',
  KubernautSeverity: 'severity of the first alert',
  KubernautCluster: 'name of the cluster',
  KubernautNamespace: 'namespace of the target',
  KubernautTarget: '`Kind/name` of the target',
  KubernautAlert: 'name of the first alert',
  KubernautAction: 'first action of the plan',
  KubernautEnvironment: 'label `environment` or `env` of the first alert',
  KubernautConfidence: 'confidence of the plan, 0 to 1',
  KubernautEffectiveness: 'share of the horizons that found the action effective',
  KubernautAwaitingApproval: 'it waits for a person',
};

const QUEUES: Readonly<Record<Role, string>> = {
  workflows: 'the workflow itself, and the quick activities where one process hosts all roles',
  context: 'reading the cluster, assessing the effect',
  analysis: 'analyzers and the model',
  actions: 'planning and every action',
  storage: 'the record of a remediation',
  intelligence: 'nothing yet; a worker of this role alone has nothing to do',
  notify: 'one delivery per channel',
};

export const renderMessages = (): string =>
  page(
    generated('Workflow, messages, search attributes'),
    `One workflow of type ${code(WORKFLOW_TYPE)} per target; its id is ${code('remediation/<cluster>/<namespace or ->/<kind>/<name>')}. Each run of it is a remediation.
How to use these from the stock CLI: [guides/temporal-cli.md](../guides/temporal-cli.md).`,
    ...Object.entries(KINDS).flatMap(([kind, names]) => [`## ${kind}`, tableOf(['name', 'what it is for'], names.map((n) => [code(MESSAGES[n]), MESSAGE_DESCRIPTIONS[n]]))]),
    `The signals \`approve\` and \`reject\` are ignored, and say so in the timeline, when nothing waits or the plan is another one. The updates
refuse with the reason instead. \`temporal workflow cancel\` works as the signal \`cancel\` does and ends as Canceled.`,
    '## Search attributes',
    tableOf(['name', 'type', 'value'], Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [code(name), type.toLowerCase(), ATTRIBUTES[name as keyof typeof ATTRIBUTES]])),
    `Phases: ${PHASES.map(code).join(', ')}.`,
    `Outcomes: ${OUTCOMES.map(code).join(', ')}.`,
    '## Task queues',
    tableOf(['role', 'task queue', 'serves'], Object.entries(TASK_QUEUES).map(([role, queue]) => [code(role), code(queue), QUEUES[role as Role]])),
  );
