import { Ajv, type ErrorObject } from 'ajv';
import { CONDITIONS, FAULT_VERBS, Scenario, type Assertion } from './scenario.js';

const validate = new Ajv({ allErrors: true, strict: false, verbose: true }).compile<Scenario>(Scenario);

const dotted = (path: string): string => path.replace(/\/(\d+)(?=\/|$)/g, '[$1]').replaceAll('/', '.').replace(/^\./, '') || '(top)';

/** A wrong fault step fails every branch of its union: only the branch of the verb it uses is worth reading. */
function isNoise(error: ErrorObject): boolean {
  if (error.keyword === 'anyOf') return false;
  const step = /^\/(?:fault|disturb)\/\d+/.exec(error.instancePath);
  const branch = /anyOf\/(\d+)/.exec(error.schemaPath);
  if (!step || !branch) return branch !== null;
  const verb = FAULT_VERBS[Number(branch[1])];
  const ofOtherVerb = error.instancePath === step[0] && (error.keyword === 'required' || error.keyword === 'additionalProperties');
  return ofOtherVerb || !error.instancePath.startsWith(`${step[0]}/${verb ?? ''}`);
}

function textOf(error: ErrorObject): string {
  const at = dotted(error.instancePath);
  switch (error.keyword) {
    case 'additionalProperties':
      return `${at}: unknown key "${String(error.params.additionalProperty)}"`;
    case 'required':
      return `${at}: "${String(error.params.missingProperty)}" is missing`;
    case 'enum':
      return `${at}: got ${JSON.stringify(error.data)}, expected one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
    case 'anyOf':
      return `${at}: got ${JSON.stringify(error.data)?.slice(0, 120)}; ${hintFor(error.instancePath)}`;
    default:
      return `${at}: ${error.message ?? error.keyword}, got ${JSON.stringify(error.data)?.slice(0, 80)}`;
  }
}

function hintFor(path: string): string {
  if (/^\/(fault|disturb)\/\d+$/.test(path)) return `a step is one of ${FAULT_VERBS.join(', ')}`;
  if (path === '/resolve') return 'expected never, or after: <duration>';
  return 'no allowed form fits';
}

function assertionError(a: Assertion): string[] {
  if (!CONDITIONS.some((c) => c in a)) return [`one of ${CONDITIONS.join(', ')} is missing`];
  return a.path === undefined && !('exists' in a) && !('absent' in a) ? ['"path" is missing'] : [];
}

const each = <T>(list: readonly T[] | undefined, path: string, errorsOf: (one: T) => string[]): string[] =>
  (list ?? []).flatMap((one, i) => errorsOf(one).map((e) => `${path}[${i}]: ${e}`));

/** What an assertion, a disturbance or an alert needs beyond its shape. */
const meaningErrors = (s: Scenario): string[] => [
  ...each(s.disturb, 'disturb', (step) => (step.when === undefined ? ['"when" is missing'] : [])),
  ...each(s.fault, 'fault', (step) => (step.when === undefined ? [] : ['"when" belongs into disturb'])),
  ...each(s.expect.state, 'expect.state', assertionError),
  ...each(s.signal?.alertmanager, 'signal.alertmanager', (alert) => (alert.labels['alertname'] ? [] : ['labels: "alertname" is missing'])),
];

/** Every way in which a parsed file is not a scenario, as `path: what`; empty when it is one. */
export function scenarioErrors(document: unknown): string[] {
  if (validate(document)) return meaningErrors(document);
  const errors = (validate.errors ?? []).filter((e) => !isNoise(e));
  // A step whose verb is right has a better line of its own below the union's.
  const deeper = (e: ErrorObject) => e.keyword === 'anyOf' && errors.some((o) => o !== e && o.instancePath.startsWith(`${e.instancePath}/`));
  return [...new Set(errors.filter((e) => !deeper(e)).map(textOf))];
}
