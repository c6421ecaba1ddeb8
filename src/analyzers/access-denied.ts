import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble } from './reading/container-trouble.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { fallbackOf, podSpecOf, revisionOf, rolloutOf } from './reading/rollout.js';
import { logLinesOf, troublesOf, workloadsInScope } from './reading/scene.js';

const DENIED = /User "system:serviceaccount:([^":]+):([^"]+)" cannot (\w+) resource "([^"]+)"(?: in API group "([^"]*)")?/;

/** The application is refused by the API server's RBAC. Granting rights is never ours; going back to another service account is. */
export const accessDenied = defineAnalyzer({
  id: 'access_denied',
  summary: "The workload's service account lacks a right it needs.",
  looksAt: ['pods', 'logs', 'replicasets'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(evidence, world, w)),
});

function findingOf(evidence: Evidence, world: World, workload: KubeObject): Finding[] {
  for (const trouble of troublesOf(world, workload, evidence)) {
    const line = [...logLinesOf(evidence, trouble.pod)].reverse().find((l) => DENIED.test(l));
    const found = line && DENIED.exec(line);
    if (!found) continue;
    const [, namespace, account, verb, resource, group] = found;
    const finding: Finding = {
      analyzer: 'access_denied',
      cause: 'access.denied',
      summary: `${nameOf(workload)}: service account ${account} may not ${verb} ${resource}`,
      target: targetOf(workload),
      evidence: [describeTrouble(trouble), cut(`log: ${line}`)],
      confidence: 0.94,
      proposals: [],
    };
    const to = workload.kind === 'Deployment' ? otherAccount(world, workload) : undefined;
    if (to) return [{ ...finding, cause: 'bad_rollout.service_account', proposals: [rollback(workload, to, 0.94, `revision ${revisionOf(to)} ran as ${podSpecOf(to).serviceAccountName ?? 'default'}`)] }];
    const name = `${account}-${verb}-${resource}`;
    const what = `${resource}${group ? `.${group}` : ''}`;
    return [
      {
        ...finding,
        conclusion: 'needs_person',
        edit: `kubectl create role ${name} -n ${namespace} --verb=${verb} --resource=${what} && kubectl create rolebinding ${name} -n ${namespace} --role=${name} --serviceaccount=${namespace}:${account}`,
      },
    ];
  }
  return [];
}

function otherAccount(world: World, deployment: KubeObject): KubeObject | undefined {
  const own = podSpecOf(deployment).serviceAccountName ?? 'default';
  return fallbackOf(rolloutOf(world, deployment), (rs) => (podSpecOf(rs).serviceAccountName ?? 'default') !== own);
}
