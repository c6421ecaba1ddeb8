import { describe, expect, it } from '@jest/globals';
import { expandPvc } from '../../../test/support/actions/expand-pvc.js';
import { SNAPSHOT_APIS, snapshotClassOf } from '../../../test/support/actions/backup-data.js';
import { memoryCluster } from '../../../test/support/memory-cluster.js';
import { evidenceOf, NOW } from '../../../test/support/objects.js';
import { actions } from '../../actions/index.js';
import { loadTemplates } from '../../config/templates.js';
import { KubernautError } from '../../domain/errors.js';
import { refOf, type ObjectRef } from '../../domain/kube.js';
import { DEFAULT_POLICY } from '../../domain/policy.js';
import { canonicalJson, sha256 } from '../../domain/sha256.js';
import type { PlanAnswer, PlanRequest } from '../contract.js';
import { createMakePlan } from '../plan.js';
import { policyReading } from '../../policy/compile.js';
import { createPlanStep } from '../plan-step.js';
import { createDecide } from './decide.js';
import { recalledDecision } from './record.js';

const { object: claim, others, params, problems } = expandPvc.fixture;
const target = { cluster: 'test', ...refOf(claim), uid: claim.metadata.uid! };
const locate = (id: string, ref: ObjectRef) => (actions.get(id).targets.includes(ref.kind) ? actions.get(id).locate(ref) : undefined);
const request: PlanRequest = {
  remediationId: 'r-1', target, severity: 'critical', evidenceRef: '', tried: [], rung: 0,
  problems: problems!.map((p) => ({ ...p, annotations: { dsn: 'postgres://app:hunter2-hunter2@db/app' } })),
  findings: [{
    analyzer: 'volume_claim', cause: 'volume.full', summary: 'the claim is nearly full', target, evidence: [], confidence: 0.9,
    proposals: [{ action: 'expand_pvc', target, parameters: params, confidence: 0.9, reason: 'it is full' }],
  }],
  proposals: [{ action: 'notify_only', target, parameters: {}, confidence: 0.5, reason: 'Authorization: Bearer abcdefghijklmnopqrstuvwxyz012345', source: 'model', by: 'm' }],
};

/** A cluster, a store that keeps artifacts, and planning on top of them. */
async function planning(refuse?: string) {
  const kept = new Map<string, string>();
  const putArtifact = (_kind: string, content: unknown) => {
    const text = canonicalJson(content);
    kept.set(sha256(text), text);
    return Promise.resolve(sha256(text));
  };
  const store = { putArtifact, getArtifact: (ref: string) => Promise.resolve(JSON.parse(kept.get(ref)!)), pastActions: () => Promise.resolve([]), measuredEffects: () => Promise.resolve([]) } as never;
  const objects = [claim, ...others, snapshotClassOf('csi', { isDefault: true })];
  const evidenceRef = await putArtifact('evidence', evidenceOf(objects, { target: claim, problems, apis: SNAPSHOT_APIS }));
  const cluster = memoryCluster(objects);
  const tried: string[] = [];
  cluster.onApply = (change) => {
    tried.push(change.op);
    if (change.op === refuse) throw new KubernautError('AdmissionDenied', 'a webhook says no');
  };
  const makePlan = createMakePlan({
    cluster: () => cluster, store, policy: () => Promise.resolve({ ...DEFAULT_POLICY, autonomy: 'auto' }), clock: { now: () => NOW },
    planStep: createPlanStep({ actions }), reading: policyReading(), maxActionS: 600, templates: loadTemplates(undefined, actions.members), locate,
  });
  return { makePlan, kept, store, tried, given: { ...request, evidenceRef } };
}

/** Decides once, then shows what is kept. */
async function decidedOnce(refuse?: string) {
  const { makePlan, kept, store, given } = await planning(refuse);
  const answer = await makePlan(given);
  return { answer, kept, ...(await recalledDecision(store, answer.decisionRef!)) };
}

const decideAgain = createDecide({ planStep: createPlanStep({ actions }), reading: policyReading(), locate });
const bare = ({ decisionRef: _, ...answer }: PlanAnswer) => answer;

describe('what a decision read', () => {
  it.each([['taken', undefined], ['refused in part', 'create'], ['refused', 'edit']])('is enough to decide the same again where a dry run was %s', async (_name, refuse) => {
    const { answer, input } = await decidedOnce(refuse);
    const again = decideAgain(input);
    expect('answer' in again && canonicalJson(again.answer)).toBe(canonicalJson(bare(answer)));
  });

  it('is kept with what came of it and with a digest of the policy that does not follow the kill switch', async () => {
    const { answer, record } = await decidedOnce();
    expect(record).toMatchObject({ now: NOW, answer: { kind: 'plan', plan: { hash: (answer as { plan: { hash: string } }).plan.hash } }, policyDigest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(Object.values(record.facts.trials)).toEqual([{ isAccepted: true }, { isAccepted: true }]);
  });

  it('keeps no secret of an alert or of a model', async () => {
    const { kept } = await decidedOnce();
    expect([...kept.values()].join('\n')).not.toMatch(/hunter2|abcdefghijklmnopqrstuvwxyz/);
  });

  it('wants facts that are not in the record instead of guessing them', async () => {
    const { input } = await decidedOnce();
    expect(decideAgain({ ...input, facts: { past: {}, trials: {} } })).toEqual({ wants: { past: expect.arrayContaining([expect.objectContaining({ name: claim.metadata.name })]), trials: [] } });
    expect(decideAgain({ ...input, facts: { ...input.facts, trials: {} } })).toMatchObject({ wants: { past: [], trials: [{ action: 'backup_data' }, { action: 'expand_pvc' }] } });
  });
});

describe('what is only thought through', () => {
  it('asks the API server for no dry run and keeps nothing', async () => {
    const thought = await planning();
    const before = thought.kept.size;
    const answer = await thought.makePlan({ ...thought.given, isThought: true });
    expect([thought.tried, thought.kept.size - before, answer.decisionRef]).toEqual([[], 0, undefined]);
    const real = await planning();
    await real.makePlan(real.given);
    expect([real.tried.length > 0, real.kept.size > before]).toEqual([true, true]);
  });

  it('comes to the very plan and verdict that a remediation would', async () => {
    const { makePlan, given } = await planning();
    expect(canonicalJson(await makePlan({ ...given, isThought: true }))).toBe(canonicalJson(bare(await makePlan(given))));
  });

  it('goes on where a dry run would be refused: nobody was asked', async () => {
    const { makePlan, given } = await planning('edit');
    expect([(await makePlan({ ...given, isThought: true })).kind, (await makePlan(given)).kind]).toEqual(['plan', 'conclude']);
  });
});
