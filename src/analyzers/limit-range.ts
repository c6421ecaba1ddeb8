import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson, inKubectl } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { refusedIn, type Refused } from './reading/refusal.js';
import { containersOf } from './reading/rollout.js';

/** As the LimitRanger words it. */
const BEYOND = /(maximum|minimum) (\S+) usage per (Container|Pod) is ([^,\s]+), but (limit|request) is ([^,\s.]+)/;
const RATIO = /(\S+) max limit to request ratio per (Container|Pod) is ([^,\s]+), but provided ratio is ([^,\s]+)/;

/** A namespace's LimitRange refuses pods that ask for too much, too little, or too loosely. */
export const limitRange = defineAnalyzer({
  id: 'limit_range',
  summary: "A LimitRange of the namespace refuses a workload's pods.",
  looksAt: ['limitranges', 'deployments', 'replicasets', 'events'],
  diagnose: (evidence, world) => refusedIn(evidence, world).flatMap((r) => findingOf(r, world)),
});

interface Item {
  type: string;
  max?: Record<string, string>;
  min?: Record<string, string>;
  maxLimitRequestRatio?: Record<string, string>;
}

function findingOf({ workload, message }: Refused, world: World): Finding[] {
  const breach = breachIn(message);
  if (!breach) return [];
  const { resource, bound, told } = breach;
  const range = world.list('LimitRange', workload.metadata.namespace).find((r) => ((r.spec?.limits ?? []) as Item[]).some((i) => i[bound]?.[resource] !== undefined));
  return [
    forPerson({
      analyzer: 'limit_range',
      cause: `limit_range.${breach.what}`,
      summary: `${nameOf(workload)}: its pods are refused by ${range ? nameOf(range) : 'a LimitRange'}: ${told}`,
      target: targetOf(workload),
      evidence: [cut(message), ...(range ? [cut(`${nameOf(range)}: ${JSON.stringify(range.spec.limits)}`)] : [])],
      // below a rollback: where an earlier revision was accepted, that is the cure
      confidence: 0.88,
      edit: editOf(workload, breach),
    }),
  ];
}

function editOf(workload: KubeObject, { flag, resource, allowed }: Breach): string {
  const container = containersOf(workload).find((c) => c.resources?.[flag]?.[resource] !== undefined) ?? containersOf(workload)[0];
  return `kubectl set resources ${inKubectl(workload)} -c ${container?.name ?? 'CONTAINER'} --${flag}=${resource}=${allowed}   # or change the LimitRange`;
}

interface Breach {
  what: string;
  resource: string;
  bound: 'max' | 'min' | 'maxLimitRequestRatio';
  flag: 'limits' | 'requests';
  allowed: string;
  told: string;
}

function breachIn(message: string): Breach | undefined {
  const [, what, resource = '', per, allowed = '', of, amount] = BEYOND.exec(message) ?? [];
  if (what) return { what, resource, bound: what === 'maximum' ? 'max' : 'min', flag: of === 'limit' ? 'limits' : 'requests', allowed, told: `${resource} ${of} of ${amount}, ${what} per ${per} is ${allowed}` };
  const [, scaled, , most, provided] = RATIO.exec(message) ?? [];
  return scaled ? { what: 'ratio', resource: scaled, bound: 'maxLimitRequestRatio', flag: 'requests', allowed: 'AMOUNT', told: `its ${scaled} limit is ${provided} times its request, at most ${most} is allowed` } : undefined;
}
