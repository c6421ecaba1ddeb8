import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { TurnReply, TurnRequest } from '../../src/activities/contract.js';
import type { ToolCall } from '../../src/domain/investigation.js';
import type { Proposal } from '../../src/domain/plan.js';
import { remediations } from '../support/remediation-runs.js';
import { planAnswer, stepOf, target } from '../support/scripted-activities.js';

const { remediation, start, stop } = remediations();
beforeAll(start, 120_000);
afterAll(stop);

const plans = [planAnswer(stepOf('scale_deployment'))];
const ref = { apiVersion: target.apiVersion, kind: target.kind, namespace: target.namespace, name: target.name, uid: target.uid };
const call = (tool: string, args: ToolCall['args'] = {}): ToolCall => ({ tool, targetId: 't1', target: ref, args, summary: `${tool} deployment shop/api` });
const proposal: Proposal = { action: 'scale_deployment', target: ref, parameters: {}, confidence: 0.7, reason: 'r', source: 'model', by: 'm' };
const said = (turn: number, asks: ToolCall[], more: Partial<TurnReply> = {}): TurnReply => ({ proposals: [], tokens: 1000, model: 'm', asks, turnRef: `sha256:turn-${turn}`, promptRef: 'p', answerRef: 'a', ...more });

/** Answers by turn; the last one repeats. */
const model = (...answers: (TurnReply | Error)[]) => (request: TurnRequest): Promise<TurnReply> => {
  const answer = answers[Math.min(request.turn!, answers.length) - 1]!;
  return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
};

const hasModel = true;
const lastOf = (r: any) => r.doc.analysis.investigation;
const requestsOf = (r: any): TurnRequest[] => r.named('analyze').map((c: any) => c.input);

describe('an investigation', () => {
  it('asks, looks side by side, asks again with what was found, and hands over what it proposes', async () => {
    const analyze = model(said(1, [call('describe'), call('logs', { previous: true })]), said(2, [], { proposals: [proposal], cost: 0.01 }));
    const inspect = ({ call: c }: { call: ToolCall }) => Promise.resolve({ ref: `sha256:${c.tool}`, found: `${c.tool} says exit code 1`, isError: c.tool === 'logs', isTruncated: false });
    const r = await remediation('investigated', { plans, analyze, inspect }, undefined, { hasModel });
    expect(requestsOf(r).map((q) => [q.turn, q.transcript, q.mostAsks])).toEqual([[1, [], 4], [2, ['sha256:turn-1', 'sha256:describe', 'sha256:logs'], 4]]);
    expect(r.named('makePlan')[0]!.input).toMatchObject({ proposals: [proposal] });
    expect(lastOf(r)).toEqual({
      by: 'm', turns: 2, tools: 2, repeated: 0, tokens: 2000, cost: 0.01, ended: 'answered', transcript: ['sha256:turn-1', 'sha256:describe', 'sha256:logs', 'sha256:turn-2'],
      asked: [
        { turn: 1, tool: 'describe', summary: 'describe deployment shop/api', found: 'describe says exit code 1' },
        { turn: 1, tool: 'logs', summary: 'logs deployment shop/api', found: 'logs says exit code 1', failed: true },
      ],
    });
    expect(r.doc.usage).toMatchObject({ tokens: 2000, cost: 0.01 });
    expect(r.doc.timeline.map((t: any) => t.text)).toEqual(expect.arrayContaining(['describe deployment shop/api: describe says exit code 1', 'investigation over (it answered): 2 answers, 2 looks, 2000 tokens']));
  });

  it('answers the same question from the transcript, without a look, and counts it', async () => {
    const r = await remediation('investigated-again', { plans, analyze: model(said(1, [call('describe'), call('describe')]), said(2, [call('describe'), call('describe', { x: 1 })]), said(3, [])) }, undefined, { hasModel });
    expect(r.named('inspect').map((c: any) => c.input.call.args)).toEqual([{}, { x: 1 }]);
    expect(lastOf(r)).toMatchObject({ tools: 4, repeated: 2, ended: 'answered' });
    expect(requestsOf(r)[2]!.transcript).toEqual(['sha256:turn-1', 'sha256:describe deployment shop/api', 'sha256:describe deployment shop/api', 'sha256:turn-2', 'sha256:describe deployment shop/api', 'sha256:describe deployment shop/api']);
  });

  it('shows each look by its name in the history', async () => {
    const r = await remediation('investigated-once', { plans, analyze: model(said(1, [call('describe')]), said(2, [])) }, undefined, { hasModel });
    const { events } = await r.handle.fetchHistory();
    const summaries = events!.flatMap((e) => (e.activityTaskScheduledEventAttributes?.activityType?.name === 'inspect' ? [Buffer.from(e.userMetadata!.summary!.data!).toString()] : []));
    expect(summaries).toEqual(['"describe deployment shop/api"']);
  });
});

const never = said(1, [call('describe')]);
/** A model that asks for something new for ever. */
const curious = ({ turn, mostAsks }: TurnRequest): Promise<TurnReply> =>
  Promise.resolve(said(turn!, Array.from({ length: mostAsks! }, (_, i) => call('logs', { lines: turn! * 10 + i })), { proposals: [{ ...proposal, confidence: turn! / 10 }], cost: 0.2 }));

describe('every end leaves what was said so far', () => {
  it.each<[string, object, object]>([
    ['turns', { turns: 3, tools: 50 }, { ended: 'turns', turns: 3, tools: 8 }],
    ['one turn is a whole answer', { turns: 1 }, { ended: 'answered', turns: 1, tools: 0 }],
    ['tools', { tools: 5 }, { ended: 'tools', turns: 3, tools: 5 }],
    ['no tools at all', { tools: 0 }, { ended: 'answered', turns: 1, tools: 0 }],
    ['tokens', { tokens: 3000 }, { ended: 'tokens', turns: 2, tokens: 2000 }],
    ['cost', { cost: 0.5, tools: 50 }, { ended: 'cost', turns: 3 }],
  ])('%s', async (_name, investigation, expected) => {
    const r = await remediation(`investigation-${_name.replaceAll(' ', '-')}`, { plans, analyze: curious }, undefined, { hasModel, investigation });
    expect(lastOf(r)).toMatchObject(expected);
    const { proposals } = r.named('makePlan')[0]!.input as { proposals: Proposal[] };
    expect(proposals).toEqual([{ ...proposal, confidence: lastOf(r).turns / 10 }]);
    expect(requestsOf(r).at(-1)!.mostAsks === 0).toBe(['turns', 'tools', 'answered'].includes(lastOf(r).ended));
    expect(r.result.outcome).toBe('fixed');
  });

  it('time', async () => {
    const r = await remediation('investigation-time', { plans, analyze: curious, inspect: () => new Promise((_, reject) => setTimeout(() => reject(new Error('hangs')), 30)) }, undefined, { hasModel, investigation: { timeMs: 20_000 } });
    expect(lastOf(r)).toMatchObject({ ended: 'time', turns: 1 });
    expect((r.named('makePlan')[0]!.input as any).proposals).toHaveLength(1);
  });

  it('failed, with what the failing answers cost', async () => {
    const invalid = ApplicationFailure.create({ type: 'ModelAnswerInvalid', message: 'no', nonRetryable: true, details: [{ tokens: 500, cost: 0.3 }] });
    const r = await remediation('investigation-failed', { plans, analyze: model({ ...never, proposals: [proposal] }, invalid) }, undefined, { hasModel });
    expect(lastOf(r)).toMatchObject({ ended: 'failed', turns: 1, tokens: 1500, cost: 0.3 });
    expect((r.named('makePlan')[0]!.input as any).proposals).toEqual([proposal]);
    expect(r.doc.timeline.map((t: any) => t.text)).toContain('the model gave no further usable answer; what it said before stands');
  });

  it('a prompt never gets more tokens than are left', async () => {
    const r = await remediation('investigation-tokens', { plans, analyze: curious }, undefined, { hasModel, investigation: { tokens: 4000, promptTokens: 3500 } });
    expect(requestsOf(r).map((q) => q.maxTokens)).toEqual([3500, 3000, 2000]);
  });
});

describe('alerts that resolve meanwhile end it', () => {
  it.each<[string, 'analyze' | 'inspect', object]>([
    ['while the model answers: nothing is looked at any more', 'analyze', { turns: 1, tools: 0 }],
    ['while something is looked at: nobody is asked again', 'inspect', { turns: 1, tools: 1 }],
  ])('%s', async (_name, during, expected) => {
    let start!: (handle: { signal(name: string): Promise<void> }) => void;
    const started = new Promise<Parameters<typeof start>[0]>((resolve) => (start = resolve));
    const resolved = async (here: string): Promise<void> => (here === during ? (await started).signal('resolved') : undefined);
    const analyze = (q: TurnRequest) => resolved('analyze').then(() => said(q.turn!, [call('logs', { lines: q.turn })], { proposals: [proposal] }));
    const inspect = () => resolved('inspect').then(() => ({ ref: 'sha256:x', found: 'x', isError: false, isTruncated: false }));
    const r = await remediation(`investigation-resolved-${during}`, { plans, analyze, inspect }, (handle) => Promise.resolve(start(handle)), { hasModel });
    expect(lastOf(r)).toMatchObject({ ...expected, ended: 'resolved' });
    expect(r.doc.timeline.map((t: any) => t.text)).toContainEqual(expect.stringContaining('investigation over (every alert resolved)'));
    expect([r.result.outcome, r.named('scale_deployment')]).toEqual(['already_resolved', []]);
  });
});

describe('HolmesGPT', () => {
  it('is asked once, and nobody else when it answers', async () => {
    const r = await remediation('holmes', { plans, analyze: model(said(1, [], { proposals: [proposal], model: 'holmes' })) }, undefined, { hasModel, investigation: { investigators: ['holmes', 'model'] } });
    expect(requestsOf(r).map((q) => [q.by, q.mostAsks])).toEqual([['holmes', 0]]);
    expect(lastOf(r)).toMatchObject({ by: 'holmes', ended: 'answered', turns: 1 });
  });

  it('that fails leaves the question to the model', async () => {
    const analyze = (q: TurnRequest) => (q.by === 'holmes' ? Promise.reject(ApplicationFailure.nonRetryable('down', 'ModelRejected')) : Promise.resolve(said(1, [])));
    const r = await remediation('holmes-down', { plans, analyze }, undefined, { hasModel, investigation: { investigators: ['holmes', 'model'] } });
    expect(requestsOf(r).map((q) => q.by)).toEqual(['holmes', 'model']);
    expect(lastOf(r)).toMatchObject({ ended: 'answered', turns: 1 });
  });
});
