import { describe, expect, it } from '@jest/globals';
import { expandPvc } from '../../test/support/actions/expand-pvc.js';
import { SNAPSHOT_APIS, snapshotClassOf } from '../../test/support/actions/backup-data.js';
import { memoryCluster } from '../../test/support/memory-cluster.js';
import { evidenceOf, NOW } from '../../test/support/objects.js';
import { actions } from '../actions/index.js';
import { loadTemplates } from '../config/templates.js';
import { KubernautError } from '../domain/errors.js';
import type { ObjectRef } from '../domain/kube.js';
import { refOf } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { DEFAULT_POLICY, type Policy } from '../domain/policy.js';
import type { Storm } from '../domain/storm.js';
import type { PlanAnswer } from './contract.js';
import { createMakePlan } from './plan.js';
import { policyReading } from '../policy/compile.js';
import { createPlanStep } from './plan-step.js';

const { object: claim, others, params, problems } = expandPvc.fixture;
const target = { cluster: 'test', ...refOf(claim), uid: claim.metadata.uid! };
const finding: Finding = {
  analyzer: 'volume_claim', cause: 'volume.full', summary: 'the claim is nearly full', target, evidence: [], confidence: 0.9,
  proposals: [{ action: 'expand_pvc', target, parameters: params, confidence: 0.9, reason: 'it is full' }],
};
const locate = (id: string, ref: ObjectRef) => (actions.get(id).targets.includes(ref.kind) ? actions.get(id).locate(ref) : undefined);

/** The plan for a claim that fills up, with and without the snapshot API. */
async function planned(o: { storm?: () => Promise<Storm>; apis?: string[]; policy?: Partial<Policy>; tried?: string[]; refuse?: string } = {}): Promise<PlanAnswer> {
  const objects = [claim, ...others, snapshotClassOf('csi', { isDefault: true })];
  const evidence = evidenceOf(objects, { target: claim, problems, apis: o.apis ?? SNAPSHOT_APIS });
  const cluster = memoryCluster(objects);
  cluster.onApply = (change) => {
    if (change.op === o.refuse) throw new KubernautError('AdmissionDenied', 'a webhook says no');
  };
  const makePlan = createMakePlan({
    cluster: () => cluster,
    store: { getArtifact: () => Promise.resolve(evidence), pastActions: () => Promise.resolve([]), measuredEffects: () => Promise.resolve([]), putArtifact: () => Promise.resolve('sha256:d') } as never,
    policy: () => Promise.resolve({ ...DEFAULT_POLICY, autonomy: 'auto', ...o.policy }),
    ...(o.storm ? { storm: o.storm } : {}),
    clock: { now: () => NOW },
    planStep: createPlanStep({ actions }),
    reading: policyReading(),
    maxActionS: 600,
    templates: loadTemplates(undefined, actions.members),
    locate,
  });
  return makePlan({ remediationId: 'r-1', target, problems: problems!, severity: 'critical', evidenceRef: 'e', findings: [finding], proposals: [], tried: o.tried ?? [], rung: 2 });
}

const stepsOf = (answer: PlanAnswer) => (answer.kind === 'plan' ? answer.plan.steps.map((s) => [s.ordinal, s.action, s.needs ?? []]) : answer.reason);

describe('a plan that a template arranges', () => {
  it('backs the volume up before it grows it', async () => {
    const answer = await planned();
    expect(stepsOf(answer)).toEqual([[0, 'backup_data', []], [1, 'expand_pvc', [0]]]);
    expect(answer).toMatchObject({ kind: 'plan', plan: { template: 'storage-issue@1', hash: expect.stringMatching(/^[0-9a-f]{64}$/) }, key: expect.stringContaining('expand_pvc') });
  });

  it('numbers created objects by the rung and the step that will write them', async () => {
    const [backup] = (await planned()).kind === 'plan' ? ((await planned()) as Extract<PlanAnswer, { kind: 'plan' }>).plan.steps : [];
    const [create] = backup!.changes;
    expect(create).toMatchObject({ op: 'create', object: { metadata: { name: expect.stringMatching(/^kb-[0-9a-f]{12}$/) } } });
  });

  it('asks when one of its steps must be asked for', async () => {
    const answer = await planned({ policy: { autonomy: 'approve' } });
    expect(answer).toMatchObject({ kind: 'plan', mode: 'act', verdict: { decision: 'ask' } });
  });

  it('leaves an optional step out when it cannot be planned, and nothing waits for it', async () => {
    expect(stepsOf(await planned({ apis: [] }))).toEqual([[1, 'expand_pvc', []]]);
  });

  it('leaves an optional step out when the API server refuses its dry run', async () => {
    expect(stepsOf(await planned({ refuse: 'create' }))).toEqual([[1, 'expand_pvc', []]]);
  });

  it('is not offered when a step that it is about is refused', async () => {
    expect(await planned({ refuse: 'edit' })).toMatchObject({ kind: 'conclude', outcome: 'notified', reason: expect.stringContaining('a webhook says no') });
  });

  it('is no rung any more once it was tried', async () => {
    const first = await planned();
    expect(await planned({ tried: [(first as { key: string }).key] })).toMatchObject({ kind: 'conclude', reason: 'no other candidate is left' });
  });

  it('ends with a person in a storm, which is asked for once however many steps there are', async () => {
    let asked = 0;
    const answer = await planned({ storm: () => Promise.resolve({ since: NOW, why: 'too much', readAt: NOW, asked: (asked += 1) }) });
    expect(answer).toMatchObject({ kind: 'conclude', outcome: 'escalated', reason: expect.stringContaining(`storm mode on cluster test since ${NOW}: too much`) });
    expect(asked).toBe(1);
  });

  it('only suggests when one of its steps may only be suggested', async () => {
    expect(await planned({ policy: { actions: { backup_data: { autonomy: 'suggest' } } } })).toMatchObject({ kind: 'plan', mode: 'suggest' });
  });
});
