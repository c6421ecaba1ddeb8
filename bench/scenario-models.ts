import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '../sandbox/launch/ports.js';

/** How a model can be, as far as the shipped scenarios are played with it. */
export const WAYS = ['none', 'scripted', 'down', 'garbage'] as const;
export type Way = (typeof WAYS)[number];

export interface ModelOf {
  /** For the environment of the installation. */
  env: Record<string, string>;
  close(): Promise<void>;
}

interface Listed {
  id: string;
  kind: string;
}

interface Said {
  action: string;
  target_id?: string;
  parameters?: object;
}

interface Data {
  targets: Listed[];
  catalogue: { action: string; acts_on: string[] }[];
  analyzers: { proposes?: (string | Said)[] }[];
  objects: { id: string; containers?: { name: string }[] }[];
}

const NEEDS_NOTHING: ReadonlySet<string> = new Set(['rollback_deployment', 'restart_pod', 'cordon_node', 'uncordon_node', 'restart_daemonset', 'collect_diagnostics', 'quarantine_pod', 'rotate_secrets', 'backup_data']);

/**
 * A sober model: it says again what the analyzers say, in their very words where the prompt has those, else as far as it can be
 * filled in without guessing, and proposes nothing of its own.
 */
export function soberAnswer(data: Data): object {
  const proposal = repeated(data);
  return { reasoning: 'The analyzers are right.', proposals: proposal ? [{ ...proposal, confidence: 0.8, reason: 'as the analyzers say' }] : [] };
}

function repeated(data: Data): { action: string; target_id: string; parameters: object } | undefined {
  const first = data.analyzers.flatMap((a) => a.proposes ?? [])[0];
  if (typeof first !== 'object') return filledIn(data, first ?? '');
  const { action, target_id, parameters } = first;
  return target_id !== undefined && parameters !== undefined ? { action, target_id, parameters } : filledIn(data, action);
}

/** Where only the action is told. */
function filledIn({ catalogue, targets, objects }: Data, action: string): { action: string; target_id: string; parameters: object } | undefined {
  const kinds = catalogue.find((c) => c.action === action)?.acts_on ?? [];
  const target = targets.find((t) => kinds.includes(t.kind));
  const parameters = parametersOf(action, objects.find((o) => o.id === target?.id)?.containers?.[0]?.name);
  return target && parameters ? { action, target_id: target.id, parameters } : undefined;
}

function parametersOf(action: string, container: string | undefined): object | undefined {
  if (action === 'increase_resources') return container ? { container } : undefined;
  return NEEDS_NOTHING.has(action) ? {} : undefined;
}

const GARBAGE = ['', 'null', '"yes"', '{', 'Certainly! Here is the JSON you asked for:', '[[[[[[[[', '{"reasoning":1,"proposals":{}}', '{"proposals":[{"action":"delete_everything","target_id":"*"}]}', '<html>502</html>', '{"reasoning":"x","proposals":[]}{"reasoning":"y","proposals":[]}'];

const completion = (content: string): string =>
  JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'bench', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] });

/** A chat completions server on 127.0.0.1; `delayMs` before each answer. */
export async function serveModel(answer: (prompt: string, turn: number) => string, delayMs = 0): Promise<{ endpoint: string; close(): Promise<void> }> {
  let turn = 0;
  const server: Server = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { messages = [] } = JSON.parse(Buffer.concat(chunks).toString()) as { messages?: { content: string }[] };
      const body = completion(answer(messages.at(-1)?.content ?? '', turn++));
      setTimeout(() => reply.writeHead(200, { 'content-type': 'application/json' }).end(body), delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The data block of a prompt; undefined when there is none. */
export function dataOf(prompt: string): Data | undefined {
  const block = /<data>\s*([^]*?)\s*<\/data>/.exec(prompt)?.[1];
  return block === undefined ? undefined : (JSON.parse(block) as Data);
}

const settings = (endpoint: string): Record<string, string> => ({ LLM_PROVIDER: 'openai', LLM_ENDPOINT: endpoint, LLM_MODEL: 'bench', LLM_TIMEOUT: '10s' });

const sober = (prompt: string): string => {
  const data = dataOf(prompt);
  return JSON.stringify(data ? soberAnswer(data) : {});
};

export async function modelOf(way: Way): Promise<ModelOf> {
  if (way === 'none') return { env: {}, close: async () => undefined };
  // Nobody listens there: connections are refused.
  if (way === 'down') return { env: settings(`http://127.0.0.1:${await freePort()}/v1`), close: async () => undefined };
  const { endpoint, close } = await serveModel(way === 'scripted' ? sober : (_prompt, turn) => GARBAGE[turn % GARBAGE.length]!);
  return { env: settings(endpoint), close };
}
