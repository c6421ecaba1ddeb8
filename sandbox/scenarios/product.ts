import { setTimeout as sleep } from 'node:timers/promises';
import type { Remediation } from '../../src/contracts/remediation.js';
import { KubernautError } from '../../src/domain/errors.js';

/** A running installation, as `run.json` describes it. */
export interface Installation {
  gateway: string;
  token: string;
  kubeconfig: string;
}

export interface Product {
  sendAlerts(body: object): Promise<void>;
  /** Remediations started since, newest first, of all namespaces. */
  remediationsSince(since: string): Promise<Remediation[]>;
  decide(remediation: Remediation, kind: 'approve' | 'reject', candidate?: number): Promise<void>;
  cancel(id: string): Promise<void>;
  setPolicy(namespace: string, policy: object): Promise<void>;
  removePolicy(namespace: string): Promise<void>;
  /** Makes the installation work with this model. Throws Unsupported when it cannot. */
  useModel(model: 'none' | 'scripted'): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const TRIES = 5;
const MAX_PAGES = 10;

interface Answer {
  status: number;
  body: unknown;
}

async function request({ gateway, token }: Installation, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(new URL(path, gateway), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  return { status: response.status, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // an empty answer, or a proxy's page: shown as it is
  }
}

const refused = (method: string, path: string, { status, body }: Answer): KubernautError =>
  new KubernautError(status === 404 ? 'NotFound' : status >= 500 ? 'Overloaded' : 'BadRequest', {
    message: `${method} ${path} answered ${status}: ${JSON.stringify(body)?.slice(0, 300)}`,
    httpStatus: status,
  });

/** Senders try 5xx and lost connections again; so does this one. */
async function persistently(run: Installation, method: string, path: string, body?: unknown): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await request(run, method, path, body);
      if (answer.status < 400) return answer;
      if (answer.status < 500 || tries >= TRIES) throw refused(method, path, answer);
    } catch (error) {
      if (error instanceof KubernautError) throw error;
      if (tries >= TRIES) throw new KubernautError('DependencyMissing', `the gateway ${run.gateway} is out of reach; is "kubernaut up" running?`, error);
    }
    await sleep(300 * tries);
  }
}

/** The product's own HTTP surface, as any user has it. */
export function productAt(run: Installation): Product {
  const decisionBody = (r: Remediation) => ({ by: 'scenario', reason: 'decided by the scenario runner', ...(r.plan ? { plan: r.plan.hash } : {}) });
  const policyPath = (namespace: string) => `/api/v1/sandbox/policy/${encodeURIComponent(namespace)}`;
  return {
    sendAlerts: async (body) => void (await persistently(run, 'POST', '/alerts', body)),
    remediationsSince: async (since) => {
      const items: Remediation[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query = new URLSearchParams({ since, limit: '100', ...(cursor ? { cursor } : {}) });
        const { body } = await persistently(run, 'GET', `/api/v1/remediations?${query}`);
        const { items: more = [], next } = body as { items?: Remediation[]; next?: string | null };
        items.push(...more);
        if (!next) break;
        cursor = next;
      }
      return items;
    },
    decide: async (r, kind, candidate) => {
      const path = `/api/v1/remediations/${r.id}/${kind}`;
      const answer = await request(run, 'POST', path, { ...decisionBody(r), ...(candidate ? { candidate } : {}) });
      // Somebody or something else decided first, or the plan moved: the next look shows it.
      if (answer.status >= 400 && answer.status !== 409) throw refused('POST', path, answer);
    },
    cancel: async (id) => {
      const path = `/api/v1/remediations/${id}/cancel`;
      const answer = await request(run, 'POST', path, { by: 'scenario', reason: 'the scenario is over' });
      if (answer.status >= 400 && answer.status !== 409 && answer.status !== 404) throw refused('POST', path, answer);
    },
    setPolicy: async (namespace, policy) => void (await persistently(run, 'PUT', policyPath(namespace), policy)),
    removePolicy: async (namespace) => {
      const answer = await request(run, 'DELETE', policyPath(namespace));
      if (answer.status >= 400 && answer.status !== 404) throw refused('DELETE', policyPath(namespace), answer);
    },
    useModel: (model) => useModel(run, model),
  };
}

async function useModel(run: Installation, model: 'none' | 'scripted'): Promise<void> {
  const { body } = await persistently(run, 'GET', '/api/v1/info');
  if (model === 'none' && (body as { has_model?: boolean }).has_model === false) return;
  const { status } = await request(run, 'PUT', '/api/v1/sandbox/model', { model });
  if (status >= 400) {
    const how = model === 'none' ? 'without LLM_PROVIDER' : 'with LLM_PROVIDER=scripted';
    throw new KubernautError('Unsupported', `this installation cannot change its model while it runs; start it ${how} and leave --model out`);
  }
}
