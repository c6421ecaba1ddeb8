import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Oracle } from './oracle.js';
import { escaped, type FuzzRequest } from './request.js';
import { CutShort, headerOf, NoAnswer, openLine, SENTINEL, type Line, type Response, Unreadable } from './wire.js';

/** Longer than any patience of the gateway (15 s), and room for a busy machine. */
const ANSWER_MS = 40_000;
/** After this long without a byte we say that nothing more comes: a length that lied made the gateway wait for more. */
const QUIET_MS = 150;
const MOST_PIPED = 6;
/** A bug that everything meets is shown often enough by these. */
const MOST_FINDINGS = 40;

export interface Finding {
  faults: string[];
  request: FuzzRequest;
  response?: Response;
}

export interface Tally {
  requests: number;
  /** By status; 0 = the connection ended without an answer, as it may where the request was no HTTP. */
  statuses: Record<string, number>;
  /** Complete and allowed requests, and how many of them were served. */
  good: number;
  served: number;
  findings: Finding[];
}

export interface Job {
  port: number;
  oracle: Oracle;
  /** The next request; undefined when it is enough. */
  next(): FuzzRequest | undefined;
  connections: number;
  tally: Tally;
}

export const emptyTally = (): Tally => ({ requests: 0, statuses: {}, good: 0, served: 0, findings: [] });

/** Sends everything that `next` gives, over several connections at a time. */
export async function fuzz(job: Job): Promise<void> {
  const state = { alone: [] as FuzzRequest[] };
  await Promise.all(Array.from({ length: job.connections }, () => worker(job, state)));
}

async function worker(job: Job, state: { alone: FuzzRequest[] }): Promise<void> {
  let line: Line | undefined;
  for (;;) {
    const batch = batchOf(job, state.alone);
    const alone = state.alone.splice(0);
    if (batch.length === 0 && alone.length === 0) break;
    for (const request of alone) await talkAlone(job, request);
    if (batch.length > 0) line = await talkPiped(job, line?.isOpen ? line : openLine(job.port), batch);
  }
  line?.destroy();
}

/** Some requests for one connection; those that want one of their own go to `alone`. */
function batchOf({ next, tally }: Job, alone: FuzzRequest[]): FuzzRequest[] {
  const batch: FuzzRequest[] = [];
  for (let left = 1 + (tally.requests % MOST_PIPED); left > 0; left--) {
    const request = next();
    if (!request) break;
    (request.wire === 'piped' ? batch : alone).push(request);
  }
  return batch;
}

/** Every request of the batch is answered, in order. What a connection that was closed left over goes out again on another one. */
async function talkPiped(job: Job, first: Line, batch: readonly FuzzRequest[]): Promise<Line> {
  let line = first;
  let left = [...batch];
  let isFresh = false;
  while (left.length > 0) {
    line.write(Buffer.concat(left.map((r) => r.bytes)));
    const answered = await answersTo(job, line, left);
    if (answered === left.length) return line;
    // Closed before the first answer although the connection was new: nobody will ever answer this one.
    if (answered === 0 && isFresh) judge(job, left[0]!, undefined, ['the connection was closed without an answer']);
    left = left.slice(answered === 0 && isFresh ? 1 : answered);
    line.destroy();
    line = openLine(job.port);
    isFresh = true;
  }
  return line;
}

async function answersTo(job: Job, line: Line, requests: readonly FuzzRequest[]): Promise<number> {
  for (const [i, request] of requests.entries()) {
    const response = await answer(job, line, request);
    if (response === 'failed') return i + 1;
    if (response === undefined) return i;
    judge(job, request, response);
  }
  return requests.length;
}

async function answer(job: Job, line: Line, request: FuzzRequest): Promise<Response | 'failed' | undefined> {
  try {
    return await line.next(request.method, ANSWER_MS);
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof NoAnswer)) throw error;
    judge(job, request, undefined, [error.message]);
    line.destroy();
    return 'failed';
  }
}

/** On a connection of its own: any number of answers, and then its end. */
async function talkAlone(job: Job, request: FuzzRequest): Promise<void> {
  const line = openLine(job.port);
  const isCut = request.wire === 'cut';
  line.write(isCut ? request.bytes : Buffer.concat([request.bytes, SENTINEL.bytes]));
  const end = { isOurs: false };
  const quiet = setTimeout(() => {
    end.isOurs = true;
    line.end();
  }, isCut ? 0 : QUIET_MS);
  try {
    await answersAlone(job, line, request);
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof NoAnswer)) throw error;
    judge(job, request, undefined, end.isOurs && error instanceof CutShort ? [] : [error.message]);
  } finally {
    clearTimeout(quiet);
    line.destroy();
  }
}

/** Whose answer each is cannot be known any more, only that it must be one. */
async function answersAlone(job: Job, line: Line, request: FuzzRequest): Promise<void> {
  let answers = 0;
  for (let response = await line.next(request.method, ANSWER_MS); response; response = await line.next('GET', ANSWER_MS)) {
    answers += 1;
    judge(job, { ...request, requestId: undefined, route: undefined }, response, [], answers === 1);
  }
  if (answers === 0) judge(job, request, undefined, []);
}

function judge({ oracle, tally }: Job, request: FuzzRequest, response: Response | undefined, more: readonly string[] = [], isCounted = true): void {
  if (isCounted) count(tally, request, response);
  const faults = [...more, ...(response ? oracle.faultsOf(request, response) : [])];
  if (faults.length === 0 || tally.findings.length >= MOST_FINDINGS) return;
  const isKnown = tally.findings.some((f) => f.request.route === request.route && f.faults.join() === faults.join());
  if (!isKnown) tally.findings.push({ faults, request, response });
}

function count(tally: Tally, { isGood }: FuzzRequest, response: Response | undefined): void {
  const status = response?.status ?? 0;
  tally.requests += 1;
  tally.statuses[String(status)] = (tally.statuses[String(status)] ?? 0) + 1;
  if (!isGood) return;
  tally.good += 1;
  if (status > 0 && status < 400) tally.served += 1;
}

/** Each finding with the exact bytes in a file, and how to send them again. */
export function reportOf(findings: readonly Finding[], seed: number, log: readonly string[]): string {
  const saidOf = (response: Response | undefined): string[] => {
    const id = response && headerOf(response, 'x-request-id');
    return log.filter((l) => id !== undefined && id !== SENTINEL.requestId && l.includes(id)).slice(0, 1).map((l) => `its log: ${l.slice(0, 2500)}`);
  };
  const folder = join(tmpdir(), `kubernaut-fuzz-${String(seed)}`);
  return findings.map(({ faults, request, response }, i) => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${String(i).padStart(2, '0')}.http`);
    writeFileSync(file, request.bytes);
    return [`${request.about}: ${faults.join('; ')}`, escaped(request.bytes), ...(response ? [`→ ${String(response.status)} ${escaped(response.body, 600)}`] : []), ...saidOf(response), `again: FUZZ_REPLAY=${file} npm run test:fuzz`].join('\n');
  }).join('\n\n');
}
