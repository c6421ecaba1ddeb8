import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Connection, WorkflowClient } from '@temporalio/client';
import type { Remediation } from '../../src/contracts/remediation.js';
import { idsOf, promptDataOf, type PromptData } from '../support/attacks/prompt-data.js';
import { completion, startBadModelServer, type BadModelServer } from '../support/bad-model-server.js';
import { startInstallation, type Installation } from '../support/installation.js';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const kubernaut = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [at('bin/kubernaut.mjs'), '--data-dir', installation.dataDir, ...args], { env: { ...process.env, NODE_OPTIONS: '' } });
  return stdout;
};

let model: BadModelServer;
let installation: Installation;
beforeAll(async () => {
  model = await startBadModelServer();
  installation = await startInstallation({ env: { LLM_PROVIDER: 'openai', LLM_ENDPOINT: model.endpoint, LLM_MODEL: 'scripted', LLM_TIMEOUT: '10s', KUBERNAUT_EFFECTIVENESS_HORIZONS: '1s,2s,4s' } });
}, 120_000);
afterAll(async () => {
  await installation?.stop();
  await model?.close();
}, 60_000);

/** Looks around first, then says what the rules say; undefined: it is gone. */
function converse(second: (data: PromptData) => object | undefined): void {
  model.behave(({ body }, reply) => {
    const data = promptDataOf(body)!;
    const [workload] = idsOf(data, data.target.kind, data.target.name);
    const asks = [{ tool: 'describe', target_id: workload }, { tool: 'logs', target_id: workload, previous: true }, { tool: 'dependency_map', target_id: workload }];
    const answer = data.investigation ? second(data) : { reasoning: 'I want to see more.', proposals: [], ask: asks };
    if (answer) reply.writeHead(200, { 'content-type': 'application/json' }).end(completion(JSON.stringify(answer)));
    else reply.socket?.destroy();
  });
}

async function play(): Promise<Remediation> {
  await kubernaut('scenarios', at('test/scenarios/rollout-bad-command.yaml'));
  const { items } = await installation.api<{ items: Remediation[] }>('/api/v1/remediations?outcome=fixed&limit=1');
  return items[0]!;
}

/** Summaries of the activities of a type, as the Web UI shows them. */
async function activitiesOf({ workflow_id, run_id }: Remediation, type: string): Promise<string[]> {
  const { address, namespace } = installation.run().temporal;
  const connection = await Connection.connect({ address });
  try {
    const { events } = await new WorkflowClient({ connection, namespace }).getHandle(workflow_id, run_id).fetchHistory();
    return events!.flatMap((e) => (e.activityTaskScheduledEventAttributes?.activityType?.name === type ? [JSON.parse(Buffer.from(e.userMetadata!.summary!.data!).toString()) as string] : []));
  } finally {
    await connection.close();
  }
}

it('a model looks around, agrees with the rules, and everything it did is on record', async () => {
  converse((data) => ({
    reasoning: 'The command of the new revision does not exist.',
    proposals: [{ action: 'rollback_deployment', target_id: idsOf(data, 'Deployment', 'worker')[0], parameters: {}, confidence: 0.9, reason: 'the revision before had a command that exists' }],
  }));
  const done = await play();
  const seen = (await installation.api<Remediation>(`/api/v1/remediations/${done.id}`)).analysis!;
  expect(seen).toMatchObject({ source: 'both', cause: 'bad_rollout.command', investigation: { turns: 2, tools: 3, repeated: 0, ended: 'answered', by: 'm' } });
  expect(seen.investigation!.asked.map((a) => [a.turn, a.tool, a.failed])).toEqual([[1, 'describe', undefined], [1, 'logs', undefined], [1, 'dependency_map', undefined]]);
  expect(done.usage.tokens).toBe(10);
  const looks = await activitiesOf(done, 'inspect');
  expect(looks.map((s) => s.split(' ').slice(0, 2).join(' '))).toEqual(['describe deployment', 'logs deployment', 'dependency_map deployment']);
  expect(await activitiesOf(done, 'analyze')).toEqual(['ask the model', 'ask the model again (turn 2)']);

  const shown = await kubernaut('show', done.id);
  for (const look of looks) expect(shown).toContain(look);
  expect(shown).toContain(seen.investigation!.asked[1]!.found.slice(0, 40));
  expect(shown).toContain('investigation over (it answered): 2 answers, 3 looks, 10 tokens');
  const metrics = await (await fetch(`${installation.run().gateway}/metrics`)).text();
  expect(metrics).toMatch(/^kubernaut_model_tokens_total\{[^}]*provider="openai"[^}]*\} \d+$/m);
}, 120_000);

it('a model that is gone after its first turn leaves a partial answer; the rules decide', async () => {
  converse(() => undefined);
  const done = await play();
  const { source, investigation } = (await installation.api<Remediation>(`/api/v1/remediations/${done.id}`)).analysis!;
  expect(source).toBe('rules');
  expect(investigation).toMatchObject({ turns: 1, tools: 3, ended: expect.stringMatching(/^(failed|time)$/) });
  expect(done.outcome).toBe('fixed');
  expect(await kubernaut('show', done.id)).toContain('the model gave no further usable answer; what it said before stands');
}, 180_000);
